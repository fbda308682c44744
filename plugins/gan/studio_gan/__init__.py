"""Generative adversarial networks, to draw with and to train: a plugin of Studio."""

from collections.abc import Callable

from studio.generator import Generator
from studio.hookspecs import hookimpl
from studio_gan.image import Image, Texture
from studio_gan.train import Train
from studio_gan.translate import Translate
from studio_gan.translate_train import TranslateTrain
from studio_gan.vae import Vae

GENERATORS = (Texture, Image, Train, Translate, TranslateTrain, Vae)


@hookimpl
def register_generators(register: Callable[[type[Generator]], None]) -> None:
    """Offer them all."""
    for generator in GENERATORS:
        register(generator)
