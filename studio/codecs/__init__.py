"""Codecs: how each media type is written, read, pictured and marked with its recipe.

Worker side they turn an `Artifact` into files; host side they look at files a user imports.
One file a media type; a name is resolved on use, so the host pays only for what it touches.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from studio.codecs.base import Codec, Codecs, Encoded, encode_artifact

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["Codec", "Codecs", "Encoded", "encode_artifact", "load_image"]


def load_image(path: Path | str, *, deep: bool = False) -> "Image":
    """Open any picture a user may bring; see `studio.codecs.image.load_image`."""
    # Pillow is imported with the first picture, not with the host.
    from studio.codecs import image

    return image.load_image(path, deep=deep)
