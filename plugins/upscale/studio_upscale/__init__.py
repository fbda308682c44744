"""Super-resolution for photographs, textures and pixel art: a plugin of Studio."""

from collections.abc import Callable

from studio.generator import Generator
from studio.hookspecs import hookimpl
from studio_upscale.colorize import Colorize
from studio_upscale.community import Community
from studio_upscale.evaluate import Evaluate
from studio_upscale.pixelart import PixelArt
from studio_upscale.restore import Deblock, Denoise
from studio_upscale.srgan import Material, Srgan
from studio_upscale.train import Train
from studio_upscale.video import Video

GENERATORS = (
    Srgan,
    Material,
    PixelArt,
    Video,
    Community,
    Denoise,
    Deblock,
    Colorize,
    Train,
    Evaluate,
)


@hookimpl
def register_generators(register: Callable[[type[Generator]], None]) -> None:
    """Offer them all."""
    for generator in GENERATORS:
        register(generator)
