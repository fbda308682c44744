"""Assets as JSON says them. The models document and check; pages are built without them."""

from collections.abc import Iterable
from typing import Any

from pydantic import AliasChoices, BaseModel, ConfigDict, Field
from pydantic_core import to_json
from starlette.responses import JSONResponse

from studio.media import MediaType
from studio.store import AssetRecord
from studio.store.labels import COLLECTION

API = "/api/v1"

TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".bmp": "image/bmp",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".gif": "image/gif",
    ".svg": "image/svg+xml",
    ".wav": "audio/wav",
    ".flac": "audio/flac",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".mid": "audio/midi",
    ".midi": "audio/midi",
    ".musicxml": "application/vnd.recordare.musicxml+xml",
    ".mxl": "application/vnd.recordare.musicxml",
    ".txt": "text/plain; charset=utf-8",
    ".md": "text/plain; charset=utf-8",
    ".html": "text/plain; charset=utf-8",
    ".csv": "text/plain; charset=utf-8",
    ".toml": "text/plain; charset=utf-8",
    ".mp4": "video/mp4",
    ".webm": "video/webm",
    ".json": "application/json",
    ".zip": "application/zip",
    ".glb": "model/gltf-binary",
}
"""Ours and not the machine's: a browser is told the same everywhere, and never "a page"."""

OTHER = "application/octet-stream"


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FileData(BaseModel):
    """One file of an asset."""

    suffix: str
    size: int
    type: str


class CheckpointData(BaseModel):
    """Weights."""

    name: str
    sha256: str


class AssetData(BaseModel):
    """Everything known of an asset."""

    id: str
    kind: MediaType
    title: str
    created: float = Field(description="unix seconds")
    generator: str
    plugin: str
    checkpoint: CheckpointData | None
    seed: int | None
    params: dict[str, Any]
    metrics: dict[str, Any]
    facts: dict[str, Any]
    info: dict[str, Any] = Field(description="what its generator noted of it")
    tags: list[str]
    collections: list[str]
    rating: int
    notes: str
    licence: str
    source: str
    user: str
    seconds: float
    device: str
    job: str | None
    size: int = Field(description="bytes of all files")
    trashed: bool
    width: int | None
    height: int | None
    files: dict[str, FileData]
    thumbnail: str = Field(description="address of a small picture")
    main: str = Field(description="name of the main file")


class AssetPage(BaseModel):
    """Some assets, newest first, and where the next page starts."""

    items: list[AssetData]
    next_cursor: str | None


class AssetsResponse(JSONResponse):
    """Many assets at once: the standard library would take a sixth of a page's time to write."""

    def render(self, content: Any) -> bytes:
        """Return JSON; a figure that is no number is null."""
        return to_json(content, inf_nan_mode="null")


class AssetItems(BaseModel):
    """Assets."""

    items: list[AssetData]


class Count(BaseModel):
    """How many."""

    count: int


class EdgeData(BaseModel):
    """`child` was made from `parent`, given as `slot`."""

    parent: str
    child: str
    slot: str


class LineageData(BaseModel):
    """What an asset was made from, and what was made from it."""

    nodes: list[AssetData]
    edges: list[EdgeData]
    is_complete: bool


class ReproductionData(BaseModel):
    """What came of making an asset again."""

    verdict: str
    distance: float | None
    reason: str
    asset: str


class TextData(BaseModel):
    """A text."""

    text: str


class NameCount(BaseModel):
    """A collection and how many assets are in it."""

    name: str
    count: int


class NameCounts(BaseModel):
    """Collections."""

    items: list[NameCount]


class CollectionName(_Body):
    """Another name for a collection."""

    name: str = Field(min_length=1, max_length=50)


class TagCount(BaseModel):
    """A tag and how many assets have it."""

    tag: str
    count: int


class TagCounts(BaseModel):
    """Tags."""

    items: list[TagCount]


class AssetChange(_Body):
    """What to change of an asset; what is left out stays."""

    title: str | None = Field(None, max_length=300)
    rating: int | None = Field(None, ge=0, le=5)
    notes: str | None = Field(None, max_length=20_000)
    add_tags: list[str] = Field([], max_length=100)
    remove_tags: list[str] = Field([], max_length=100)


class Ids(_Body):
    """Some assets."""

    ids: list[str] = Field(max_length=10_000)


class BundleIds(Ids):
    """Assets for a bundle."""

    ids: list[str] = Field(min_length=1, max_length=10_000)
    ancestors: bool = Field(True, description="also what they were made from")


class BundleReady(BaseModel):
    """Where a bundle can be fetched, and its bytes."""

    address: str
    size: int


class IdsAndTags(Ids):
    """Tags to give to some assets and to take from them."""

    add_tags: list[str] = Field(
        [], max_length=100, validation_alias=AliasChoices("add_tags", "add")
    )
    remove_tags: list[str] = Field(
        [], max_length=100, validation_alias=AliasChoices("remove_tags", "remove")
    )


class IdsAndRating(Ids):
    """Stars for some assets."""

    rating: int = Field(ge=0, le=5)


def build_asset(record: AssetRecord) -> dict[str, Any]:
    """Return an asset as `AssetData` describes it."""
    facts = record.facts
    checkpoint = record.checkpoint
    return {
        "id": record.id,
        "kind": record.kind.value,
        "title": record.title,
        "created": record.created,
        "generator": record.generator,
        "plugin": record.plugin,
        "checkpoint": checkpoint.model_dump() if checkpoint else None,
        "seed": record.seed,
        "params": record.params,
        "metrics": record.metrics,
        "facts": facts,
        "info": record.info,
        "tags": [tag for tag in record.tags if not tag.startswith(COLLECTION)],
        "collections": list(record.collections),
        "rating": record.rating,
        "notes": record.notes,
        "licence": record.licence,
        "source": record.source,
        "user": record.user,
        "seconds": record.seconds,
        "device": record.device,
        "job": record.job,
        "size": record.size,
        "trashed": record.trashed,
        "width": _read_length(facts.get("width")),
        "height": _read_length(facts.get("height")),
        "files": {
            name: {"suffix": ref.suffix, "size": ref.size, "type": get_type(ref.suffix)}
            for name, ref in record.blobs.items()
        },
        "thumbnail": f"{API}/assets/{record.id}/thumbnail",
        "main": next(iter(record.files)),
    }


def build_assets(records: Iterable[AssetRecord]) -> list[dict[str, Any]]:
    """Return assets as `AssetData` describes them."""
    return [build_asset(record) for record in records]


def get_type(suffix: str) -> str:
    """Return the media type a file is sent as."""
    return TYPES.get(suffix.lower(), OTHER)


def _read_length(value: Any) -> int | None:
    return value if isinstance(value, int) else None
