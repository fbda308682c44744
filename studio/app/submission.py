"""From what a user asks for to a job request: validated, resolved, identified."""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from studio.app.inputs import InputValues, resolve_inputs
from studio.checkpoints import CheckpointBook
from studio.config import Config
from studio.errors import InvalidParamsError
from studio.presets import PresetBook
from studio.recipe import CheckpointRef, Recipe
from studio.registry import Registry
from studio.scheduler.job import JobRequest, Priority
from studio.scheduler.receipts import Receipt
from studio.spec import GeneratorSpec
from studio.store import AssetRecord, Store
from studio.validation import validate_params

MAX_SEED = 2**32 - 1
MAX_COUNT = 10_000


@dataclass(frozen=True)
class Ask:
    """What a user asks for, as given.

    Attributes:
        seed: the first seed; None picks one by chance.
        count: how many results; seeds go up from `seed`.
        seeds: instead of seed and count, the very seeds.
        preset: named params, overridden by `params`.
    """

    generator: str
    params: Mapping[str, Any] = field(default_factory=dict)
    inputs: InputValues = field(default_factory=dict)
    seed: int | None = None
    count: int = 1
    seeds: Sequence[int] | None = None
    preset: str | None = None
    titles: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tray:
    """How jobs are queued.

    Attributes:
        reuse: results made before count as made.
        with_trash: so do those in the trash.
        trashed: store the results in the trash.
        receipt: who asks, under which key, so that asking twice queues once.
    """

    priority: Priority = Priority.NORMAL
    batch: str = ""
    tags: tuple[str, ...] = ()
    reuse: bool = False
    with_trash: bool = False
    trashed: bool = False
    receipt: Receipt | None = None


class Submission:
    """Builds job requests. Everything wrong is told here, before anything is queued."""

    def __init__(
        self,
        config: Config,
        store: Store,
        registry: Registry,
        presets: PresetBook,
        checkpoints: CheckpointBook,
    ) -> None:
        self._config = config
        self._store = store
        self._registry = registry
        self._presets = presets
        self._checkpoints = checkpoints

    def build(self, ask: Ask, tray: Tray) -> JobRequest:
        """Validate and resolve one ask.

        Raises:
            StudioError: unknown generator, wrong params, inputs, preset or checkpoint.
        """
        spec = self._registry.get(ask.generator)
        values = dict(ask.params)
        if ask.preset is not None:
            values = {**self._presets.get(ask.preset, spec.id).params, **values}
        params = validate_params(spec.id, spec.params_schema, values)
        seeds = choose_seeds(spec, ask)
        # Last, because files are imported into the store here.
        inputs = resolve_inputs(self._store, spec, ask.inputs, self._config.user)
        recipe = Recipe(
            generator=spec.id,
            plugin=spec.plugin,
            plugin_version=spec.plugin_version,
            params=params,
            inputs={
                name: [spec.identify_input(record.payload_hash, record.title) for record in records]
                for name, records in inputs.items()
            },
            checkpoint=self._find_checkpoint(spec, params),
        )
        return build_request(spec, recipe, inputs, seeds, tray).model_copy(
            update={"user": self._config.user, "titles": ask.titles}
        )

    def chunk(self, request: JobRequest) -> list[JobRequest]:
        """Split a request with many seeds, so that a batch spreads over workers."""
        size = self._config.batch_chunk
        return [
            request.model_copy(
                update={
                    "seeds": request.seeds[start : start + size],
                    "titles": request.titles[start : start + size],
                }
            )
            for start in range(0, len(request.seeds), size)
        ]

    def find_answers(self, request: JobRequest, *, with_trash: bool) -> dict[int, list[str]]:
        """Return position -> assets of the store that answer a seed already."""
        answers = {}
        for position, seed in enumerate(request.seeds):
            key = request.recipe.with_seed(seed).key
            # Another user's result is as good, but not to be seen by this one.
            records = [
                record
                for record in self._store.find_by_recipe(key, with_trash=with_trash)
                if record.user == self._config.user
            ]
            if records:
                same_job = [record for record in records if record.job == records[0].job]
                answers[position] = [record.id for record in same_job]
        return answers

    def _find_checkpoint(
        self, spec: GeneratorSpec, params: Mapping[str, Any]
    ) -> CheckpointRef | None:
        chosen = [str(params[field]) for field in spec.checkpoint_from if params.get(field)]
        name = "/".join(chosen)
        if not name:
            return None
        found = self._checkpoints.resolve(name, spec)
        return CheckpointRef(name=name, sha256=found.sha256)


def build_request(
    spec: GeneratorSpec,
    recipe: Recipe,
    inputs: Mapping[str, Sequence[AssetRecord]],
    seeds: tuple[int, ...],
    tray: Tray,
) -> JobRequest:
    """Put a job request together."""
    return JobRequest(
        recipe=recipe,
        seeds=seeds,
        inputs={name: [record.id for record in records] for name, records in inputs.items()},
        entry_point=spec.entry_point,
        environment=spec.environment,
        resident=spec.get_resident_key(recipe.params),
        priority=tray.priority,
        batch=tray.batch,
        tags=tray.tags,
        trashed=tray.trashed,
        lane="gpu" if spec.device_bytes else "cpu",
        footprint=spec.device_bytes or spec.host_bytes,
        memory_modes=spec.memory_modes,
    )


def choose_seeds(spec: GeneratorSpec, ask: Ask) -> tuple[int, ...]:
    """Settle the seeds of an ask.

    Raises:
        InvalidParamsError: a seed or the count is out of range.
    """
    if not spec.seeded:
        if ask.count > 1 or len(ask.seeds or ()) > 1:
            raise InvalidParamsError(
                "{generator}: 'count' must be 1: it gives the same for every seed",
                generator=spec.id,
                field="count",
            )
        return (0,)
    if not 1 <= ask.count <= MAX_COUNT:
        raise InvalidParamsError(
            "{generator}: 'count' must be 1 to {most}, not {count}",
            generator=spec.id,
            most=MAX_COUNT,
            count=ask.count,
            field="count",
        )
    if ask.seeds is not None:
        seeds = tuple(ask.seeds)
    else:
        first = secrets.randbelow(2**31) if ask.seed is None else ask.seed
        seeds = tuple(range(first, first + ask.count))
    if not seeds or not all(0 <= seed <= MAX_SEED for seed in seeds):
        raise InvalidParamsError(
            "{generator}: 'seed' must be 0 to {most}",
            generator=spec.id,
            most=MAX_SEED,
            field="seed",
        )
    if len(set(seeds)) != len(seeds):
        raise InvalidParamsError(
            "{generator}: a seed is named twice", generator=spec.id, field="seed"
        )
    return seeds


def name_batch(requests: Sequence[JobRequest]) -> str:
    """Name a batch by what it asks for: the same batch again has the same name."""
    digest = hashlib.sha256()
    for request in requests:
        digest.update(f"{request.recipe.key}{request.seeds}".encode())
    return digest.hexdigest()[:16]


def get_priority(name: str) -> Priority:
    """Turn "interactive", "normal" or "batch" into a class.

    Raises:
        InvalidParamsError: it is none of them.
    """
    try:
        return Priority[name.upper()]
    except KeyError:
        raise InvalidParamsError(
            "priority '{name}': must be interactive, normal or batch",
            name=name,
            field="priority",
        ) from None


def build_ask(index: int, request: Mapping[str, Any]) -> Ask:
    """Turn a request of a batch into an ask.

    Raises:
        InvalidParamsError: a key is unknown or missing; names the place in the batch.
    """
    known = {"generator", "params", "inputs", "seed", "count", "seeds", "preset", "titles"}
    unknown = set(request) - known
    if unknown or "generator" not in request:
        raise InvalidParamsError(
            "batch request {index}: {fault}; it may have {known}",
            index=index,
            fault=f"unknown key '{sorted(unknown)[0]}'" if unknown else "no 'generator'",
            known=", ".join(sorted(known)),
        )
    return Ask(**request)
