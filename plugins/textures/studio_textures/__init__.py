"""Seamless PBR game textures from one picture: a plugin of Studio."""

from collections.abc import Callable

from studio.generator import Generator
from studio.hookspecs import hookimpl
from studio_textures.engine import Export
from studio_textures.from_image import FromImage
from studio_textures.material import Pbr
from studio_textures.overview import Sheet
from studio_textures.tile import MakeSeamless


@hookimpl
def register_generators(register: Callable[[type[Generator]], None]) -> None:
    """Offer the five texture generators."""
    for generator in (FromImage, MakeSeamless, Pbr, Export, Sheet):
        register(generator)
