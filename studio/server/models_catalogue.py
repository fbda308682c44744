"""What the routes of generators, presets and checkpoints give."""

from typing import Any

from pydantic import BaseModel, Field

from studio.media import MediaType
from studio.server.models_jobs import Body


class SlotView(BaseModel):
    """A named asset slot of a generator or a pipeline."""

    name: str
    kinds: list[MediaType]
    many: bool
    optional: bool
    summary: str


class BundledView(BaseModel):
    """A checkpoint that ships with a plugin."""

    name: str
    licence: str
    summary: str


class GeneratorView(BaseModel):
    """A generator; `params_schema` is the JSON Schema of its params."""

    id: str
    title: str
    summary: str
    output: MediaType
    inputs: list[SlotView]
    params_schema: dict[str, Any]
    seeded: bool
    checkpoints: list[BundledView]
    checkpoint_from: list[str] = Field(description="params that choose the checkpoint")
    plugin: str
    plugin_version: str


class GeneratorList(BaseModel):
    """Generators, by id."""

    items: list[GeneratorView]


class PresetView(BaseModel):
    """Saved params of one generator; `source` is "user", "plugin" or "shipped"."""

    name: str
    generator: str
    title: str
    summary: str
    params: dict[str, Any]
    source: str


class PresetList(BaseModel):
    """Presets, and, if it is a list of all, what is wrong with files that cannot be read."""

    items: list[PresetView]
    faults: list[str]


class PresetBody(Body):
    """Params to keep. `title` is what people read; without one the name is."""

    params: dict[str, Any]
    title: str = Field("", max_length=100)
    summary: str = Field("", max_length=1000)


class PresetText(Body):
    """The text of a preset file. `keep`: false only checks it."""

    toml: str = Field(max_length=200_000)
    overwrite: bool = Field(False, description="replace one of yours of the same name")
    keep: bool = True


class PresetItems(BaseModel):
    """Presets."""

    items: list[PresetView]


class CheckpointView(BaseModel):
    """Weights on this machine. `problem`: why they cannot be used, or ""."""

    name: str
    source: str
    size: int
    sha256: str | None
    licence: str
    generators: list[str]
    revision: str
    problem: str


class CheckpointList(BaseModel):
    """Checkpoints."""

    items: list[CheckpointView]


class CheckpointBody(Body):
    """A path on the server's machine, or a hub id `owner/name[@revision][:file]`."""

    source: str = Field(min_length=1, max_length=1000)
    revision: str = Field("", max_length=200)
    copy_files: bool = Field(False, description="copy files into the home")


class Deleted(BaseModel):
    """What was deleted."""

    deleted: str
