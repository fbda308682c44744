"""Super-resolution for photographs, textures and pixel art: a plugin of Studio."""

from collections.abc import Callable

from studio.generator import Generator
from studio.hookspecs import hookimpl
from studio_upscale.community import Community
from studio_upscale.evaluate import Evaluate
from studio_upscale.pixelart import PixelArt
from studio_upscale.srgan import Srgan
from studio_upscale.train import Train


@hookimpl
def register_generators(register: Callable[[type[Generator]], None]) -> None:
    """Offer the five generators."""
    for generator in (Srgan, PixelArt, Community, Train, Evaluate):
        register(generator)
