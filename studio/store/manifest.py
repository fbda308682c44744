"""What a bundle says of itself: the form of its `manifest.json`."""

import re
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from studio.media import MediaType
from studio.recipe import Recipe

FORMAT: Final = "studio-bundle"
VERSION: Final = 1
MANIFEST_NAME = "manifest.json"
LARGEST_MANIFEST = 256 << 20
"""Bytes; some 100,000 assets."""

ENTRY_NAME = re.compile(r"blobs/[0-9a-f]{64}(\.[a-z0-9]{1,16})?")
"""The only names, besides the manifest's, that an entry may have."""

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
AssetId = Annotated[str, Field(pattern=r"^[0-7][0-9a-hjkmnp-tv-z]{25}$")]


class _Form(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class BundledFile(_Form):
    """A file of an asset; its bytes are the entry `entry_name`."""

    name: str = Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_. -]{0,99}$")
    sha256: Sha256
    size: int = Field(ge=0)
    suffix: str = Field(pattern=r"^(\.[a-z0-9]{1,16})?$")

    @property
    def entry_name(self) -> str:
        """Name of its entry in the zip."""
        return f"blobs/{self.sha256}{self.suffix}"


class BundledAsset(_Form):
    """An asset, all that goes with it from home to home; job and place in it do not."""

    id: AssetId
    kind: MediaType
    title: str
    files: tuple[BundledFile, ...] = Field(min_length=1)
    payload_hash: str
    recipe: Recipe | None
    facts: dict[str, Any]
    metrics: dict[str, float]
    info: dict[str, Any]
    licence: str
    source: Literal["generated", "imported"]
    tags: tuple[Annotated[str, Field(min_length=1, max_length=64)], ...]
    rating: int = Field(ge=0, le=5)
    notes: str
    user: str
    device: str
    versions: dict[str, str]
    seconds: float
    trashed: bool


class BundledEdge(_Form):
    """Asset `child` was made from asset `parent`, given as `slot` at `position`."""

    child: AssetId
    slot: str
    position: int = Field(ge=0, lt=1 << 31)
    parent: AssetId


class Manifest(_Form):
    """The whole: assets oldest first, and the lineage among them."""

    format: Literal["studio-bundle"] = FORMAT
    version: Literal[1] = VERSION
    assets: tuple[BundledAsset, ...]
    lineage: tuple[BundledEdge, ...]
