"""The codec contract and its table."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from studio.codecs.colours import find_colours
from studio.codecs.files import SIDECAR
from studio.errors import InvalidInputError
from studio.generator import Artifact
from studio.media import MediaType
from studio.recipe import Recipe

if TYPE_CHECKING:
    from PIL.Image import Image

THUMBNAIL_SIZE = 256
"""Longest side of a thumbnail, pixels."""

COLOURED: Final = (MediaType.IMAGE, MediaType.TEXTURE, MediaType.VIDEO)
"""What people look for by colour; drawings of sounds and words have none of their own."""


class Codec(Protocol):
    """Reads and writes one media type.

    `files` is name -> path, main file first; a file's name is what a texture calls its map
    ("albedo"), and "main" where there is only one.
    """

    kind: MediaType

    def encode(self, payload: Any, folder: Path) -> dict[str, Path]:
        """Write an `Artifact.payload` to new files in `folder`, deterministically."""
        ...

    def probe(self, files: Mapping[str, Path]) -> dict[str, Any]:
        """Check that the files are what they claim, and return facts (width, seconds, ...).

        Raises:
            InvalidInputError: corrupt, truncated, empty, too large, or something else.
        """
        ...

    def hash_payload(self, files: Mapping[str, Path]) -> str:
        """Return sha256 (hex) of the decoded content: pixels, samples, notes; not of metadata."""
        ...

    def make_thumbnail(self, files: Mapping[str, Path]) -> "Image | None":
        """Picture it, at most `THUMBNAIL_SIZE` on the longest side."""
        ...

    def embed_recipe(self, files: Mapping[str, Path], recipe: Recipe) -> dict[str, Path]:
        """Write the recipe into the files in place; return the files, with a sidecar if needed."""
        ...

    def extract_recipe(self, path: Path) -> Recipe | None:
        """Read a recipe back out of a file, or None."""
        ...


@dataclass(frozen=True)
class Encoded:
    """An artifact as files: what a worker hands to the host.

    Attributes:
        files: name -> path, main first, with the recipe embedded.
        thumbnail: path of a small picture, or None.
        facts: of `Codec.probe`, and the `colours` its picture shows.
    """

    kind: MediaType
    files: dict[str, Path]
    payload_hash: str
    thumbnail: Path | None
    facts: dict[str, Any]
    metrics: dict[str, float] = field(default_factory=dict)
    info: dict[str, Any] = field(default_factory=dict)
    title: str = ""
    licence: str = ""


class Codecs:
    """Media type -> codec; a plugin's registration replaces the built-in one."""

    _BUILT_IN: Final = {
        MediaType.IMAGE: "studio.codecs.image:ImageCodec",
        MediaType.TEXTURE: "studio.codecs.texture:TextureCodec",
        MediaType.AUDIO: "studio.codecs.audio:AudioCodec",
        MediaType.SCORE: "studio.codecs.score:ScoreCodec",
        MediaType.TEXT: "studio.codecs.text:TextCodec",
        MediaType.VIDEO: "studio.codecs.video:VideoCodec",
        MediaType.CHECKPOINT: "studio.codecs.checkpoint:CheckpointCodec",
        MediaType.REPORT: "studio.codecs.report:ReportCodec",
        MediaType.ARCHIVE: "studio.codecs.archive:ArchiveCodec",
    }

    def __init__(self) -> None:
        self._loaded: dict[MediaType, Codec] = {}

    def register(self, codec: Codec) -> None:
        """Use `codec` for its kind from now on."""
        self._loaded[codec.kind] = codec

    def get(self, kind: MediaType) -> Codec:
        """Return the codec of a kind, importing it on first use."""
        if kind not in self._loaded:
            module, _, name = self._BUILT_IN[kind].partition(":")
            self._loaded[kind] = getattr(import_module(module), name)()
        return self._loaded[kind]


def without_sidecar(files: Mapping[str, Path]) -> dict[str, Path]:
    """Leave the sidecar out.

    The library keeps recipes in its database; `Asset.save` writes the sidecar when files leave it.
    So it costs no sync per job.
    """
    return {name: path for name, path in files.items() if name != SIDECAR}


def encode_artifact(codecs: Codecs, artifact: Artifact, recipe: Recipe, folder: Path) -> Encoded:
    """Write an artifact to files in `folder`: payload, hash, facts, thumbnail, recipe.

    Raises:
        InvalidInputError: the payload is not what the codec of its kind takes.
    """
    codec = codecs.get(artifact.kind)
    # Pillow is imported with the first picture, not with the host.
    from studio.codecs.pictures import decode_once
    from studio.codecs.small import save_small

    with decode_once():
        files = codec.encode(artifact.payload, folder)
        if not files:
            raise InvalidInputError("{kind}: the generator yielded no file", kind=artifact.kind)
        payload_hash = codec.hash_payload(files)
        facts = codec.probe(files)
        picture = codec.make_thumbnail(files)
    thumbnail = None
    if picture is not None:
        if artifact.kind in COLOURED:
            is_sphere = artifact.kind is MediaType.TEXTURE
            facts = {**facts, "colours": find_colours(picture, centre=is_sphere)}
        thumbnail = save_small(picture, folder)
    return Encoded(
        kind=artifact.kind,
        files=without_sidecar(codec.embed_recipe(files, recipe)),
        payload_hash=payload_hash,
        thumbnail=thumbnail,
        facts=facts,
        metrics=dict(artifact.metrics),
        info=dict(artifact.info),
        title=artifact.title,
        licence=artifact.licence,
    )
