"""Codecs: how each media type is written, read, pictured and marked with its recipe.

Worker side they turn an `Artifact` into files; host side they look at files a user imports.
One file a media type; a name is resolved on use, so the host pays only for what it touches.
"""

from studio.codecs.base import Codec, Codecs, Encoded, encode_artifact

__all__ = ["Codec", "Codecs", "Encoded", "encode_artifact"]
