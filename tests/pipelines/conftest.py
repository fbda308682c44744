"""A host in memory: results are dicts, jobs are futures done on demand."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from studio.errors import InvalidParamsError, JobFailedError, UnknownGeneratorError
from studio.media import MediaType
from studio.pipelines.host import Call, StepAsset
from studio.spec import GeneratorSpec, InputSpec


@dataclass(frozen=True)
class FakeAsset:
    id: str
    kind: MediaType
    title: str
    payload_hash: str
    seed: int | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    trashed: bool = False


def make_spec(
    id: str,
    output: MediaType,
    inputs: Sequence[InputSpec] = (),
    properties: Mapping[str, Any] | None = None,
    *,
    seeded: bool = True,
) -> GeneratorSpec:
    schema = {"type": "object", "properties": dict(properties or {}), "additionalProperties": False}
    return GeneratorSpec(
        id=id, title=id, summary="", output=output, inputs=tuple(inputs), params_schema=schema,
        seeded=seeded, checkpoint_from=(), checkpoints=(), plugin="studio-toys",
        plugin_version="1", entry_point="toys",
    )  # fmt: skip


IMAGE, TEXTURE, ARCHIVE, TEXT = (
    MediaType.IMAGE, MediaType.TEXTURE, MediaType.ARCHIVE, MediaType.TEXT,
)  # fmt: skip
SPECS = [
    make_spec(
        "toys.vary",
        IMAGE,
        [
            InputSpec(name="image", kinds=(IMAGE,)),
            InputSpec(name="extra", kinds=(IMAGE,), many=True, optional=True),
        ],
        {
            "size": {"type": "integer", "minimum": 8, "maximum": 64, "default": 16},
            "method": {"enum": ["a", "b"], "default": "a"},
            "prompt": {"type": "string", "default": ""},
            "strength": {
                "anyOf": [{"type": "number", "minimum": 0.0}, {"type": "null"}],
                "default": None,
            },
        },
    ),
    make_spec("toys.dream", IMAGE, [], {"prompt": {"type": "string", "default": ""}}),
    make_spec("toys.pbr", TEXTURE, [InputSpec(name="image", kinds=(IMAGE,))], {}, seeded=False),
    make_spec(
        "toys.export",
        ARCHIVE,
        [InputSpec(name="texture", kinds=(TEXTURE,))],
        {"engine": {"enum": ["godot", "unity", "gltf"], "default": "gltf"}},
        seeded=False,
    ),
    make_spec(
        "toys.sheet",
        IMAGE,
        [InputSpec(name="pictures", kinds=(IMAGE, TEXTURE), many=True)],
        {"columns": {"type": "integer", "minimum": 0, "default": 0}},
        seeded=False,
    ),
]


def digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


class FakeHost:
    """Implements `PipelineHost`. `work()` does the queued jobs; without it they are done at once.

    `judge(call, seed)` gives metrics; `broken(call)` says which calls fail.
    """

    def __init__(self, *, manual: bool = False) -> None:
        self.specs = {spec.id: spec for spec in SPECS}
        self.presets = {("toys.vary", "big"): {"size": 64}, ("toys.vary", "bad"): {"size": 1}}
        self.library: dict[str, FakeAsset] = {}
        self.by_recipe: dict[str, list[str]] = {}
        self.calls: list[Call] = []
        self.ran: list[tuple[str, int]] = []
        self.cancelled: list[Call] = []
        self.tags: dict[str, str] = {}
        self.manual = manual
        self.queue: list[tuple[Call, Future[Sequence[StepAsset]]]] = []
        self.judge: Callable[[Call, int], Mapping[str, float]] = lambda call, seed: {}
        self.broken: Callable[[Call], bool] = lambda call: False

    def get_spec(self, generator: str) -> GeneratorSpec:
        if generator not in self.specs:
            raise UnknownGeneratorError(
                "no generator '{id}'; did you mean 'toys.vary'?", id=generator
            )
        return self.specs[generator]

    def get_preset(self, generator: str, name: str) -> Mapping[str, Any]:
        if (generator, name) not in self.presets:
            raise InvalidParamsError("no preset '{name}'", name=name)
        return self.presets[generator, name]

    def submit(self, call: Call) -> "Future[Sequence[StepAsset]]":
        self.calls.append(call)
        future: Future[Sequence[StepAsset]] = Future()
        if self.manual:
            self.queue.append((call, future))
        else:
            self.work(call, future)
        return future

    def work(self, call: Call, future: "Future[Sequence[StepAsset]]") -> None:
        if self.broken(call):
            future.set_exception(JobFailedError("it broke"))
            return
        future.set_result([self.make(call, n) for n in range(len(call.seeds))])

    def make(self, call: Call, position: int) -> FakeAsset:
        seed = call.seeds[position]
        hashes = {
            name: [asset.payload_hash for asset in assets] for name, assets in call.inputs.items()
        }
        key = digest(call.generator, call.params, hashes, seed)
        found = [self.library[id] for id in self.by_recipe.get(key, ())]
        found = [asset for asset in found if call.with_trash or not asset.trashed]
        if found:
            return found[0]
        self.ran.append((call.step, seed))
        spec = self.specs[call.generator]
        asset = FakeAsset(
            f"a{len(self.library)}", spec.output, call.titles[position], key, seed,
            self.judge(call, seed),
        )  # fmt: skip
        self.library[asset.id] = asset
        self.by_recipe.setdefault(key, []).append(asset.id)
        return asset

    def cancel(self, call: Call) -> None:
        self.cancelled.append(call)

    def trash(self, ids: Sequence[str]) -> None:
        for id in ids:
            self.library[id] = replace(self.library[id], trashed=True)

    def restore(self, ids: Sequence[str]) -> None:
        for id in ids:
            self.library[id] = replace(self.library[id], trashed=False)

    def tag(self, ids: Sequence[str], tag: str) -> None:
        self.tags.update(dict.fromkeys(ids, tag))


def make_picture(name: str) -> FakeAsset:
    return FakeAsset(f"in-{name}", IMAGE, name, digest(name))


@pytest.fixture
def host() -> FakeHost:
    return FakeHost()


@pytest.fixture
def manual_host() -> FakeHost:
    return FakeHost(manual=True)


@pytest.fixture
def picture() -> Callable[[str], FakeAsset]:
    return make_picture


PACK = """
title = "Pack"
[inputs.pictures]
kinds = ["image"]
many = true
[params.variations]
type = "integer"
default = 2
minimum = 1
maximum = 50
[params.engines]
type = "array"
default = ["godot", "unity"]
[[steps]]
name = "vary"
generator = "toys.vary"
foreach = "pictures"
inputs = { image = "$each" }
count = "${variations}"
GATE
[[steps]]
name = "material"
generator = "toys.pbr"
foreach = "vary"
inputs = { image = "$each" }
[[steps]]
name = "export"
generator = "toys.export"
foreach = "material"
inputs = { texture = "$each" }
matrix = { engine = "${engines}" }
[[steps]]
name = "sheet"
generator = "toys.sheet"
inputs = { pictures = "$vary" }
"""


@pytest.fixture
def pack() -> str:
    """The TOML of a small texture pack; GATE marks where a gate may go."""
    return PACK
