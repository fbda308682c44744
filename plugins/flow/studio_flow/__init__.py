"""Textures and sprites by rectified flow, trained here: a plugin of Studio."""

from collections.abc import Callable

from studio.generator import Generator
from studio.hookspecs import hookimpl
from studio_flow.evaluate import Evaluate
from studio_flow.sprite import Sprite
from studio_flow.texture import Texture
from studio_flow.train import Train

GENERATORS: tuple[type[Generator], ...] = (Texture, Sprite, Train, Evaluate)


@hookimpl
def register_generators(register: Callable[[type[Generator]], None]) -> None:
    """Offer them all."""
    for generator in GENERATORS:
        register(generator)
