"""The footprint book: what runs took, measured, kept for the next time.

Key: generator, checkpoint, dtype, shape bucket, lane; a row of it per batch bucket. A shape that
was never run is scaled from the nearest one of the same instance; an instance that was never run
goes by what its generator declares.
"""

import json
import math
import time
from dataclasses import dataclass, replace
from typing import Any

from studio.database import Database, Row
from studio.scheduler.costs import OFFLOAD, TILE, Cost
from studio.scheduler.job import JobRequest

_SCHEMA = """
CREATE TABLE footprints(
    shape TEXT NOT NULL,
    batch INTEGER NOT NULL,
    active INTEGER NOT NULL,
    seconds REAL NOT NULL,
    runs INTEGER NOT NULL,
    PRIMARY KEY(shape, batch)
) WITHOUT ROWID;
CREATE TABLE load_costs(
    instance TEXT PRIMARY KEY,
    weights INTEGER NOT NULL,
    seconds REAL NOT NULL
) WITHOUT ROWID;
"""
_STARVED = "ALTER TABLE footprints ADD COLUMN starved REAL NOT NULL DEFAULT 0"

MARGIN = 1.15
"""Factor on measured bytes: runs of one bucket differ."""

_SIZES = {
    "width", "height", "size", "num_frames", "duration", "seconds", "max_new_tokens",
    "block_size", "scale", "num_inference_steps", "steps", "resolution", "length",
}  # fmt: skip
"""Names of params that change how much a run takes."""

_MODE_FACTOR = {TILE: 0.35, OFFLOAD: 0.4}  # until they are measured
FORGET = 600.0
"""Seconds in which a belief halves that no run confirmed: one leak does not refuse for ever."""
_NEWS = 0.05  # changes smaller than this part are not worth a write


def describe_shape(request: JobRequest) -> str:
    """Return the key of a request's cost: JSON, the same for runs that take about as much."""
    params = request.recipe.params
    sizes = {
        name: round(2 * math.log2(value)) / 2
        for name, value in sorted(params.items())
        if name in _SIZES and isinstance(value, int | float) and value > 0
    }
    dtype = str(params.get("dtype") or "")
    return json.dumps([request.resident, dtype, request.lane, sizes], separators=(",", ":"))


@dataclass(frozen=True)
class _Run:
    """Measured for a batch: bytes beyond the instance, seconds per seed, how many runs.

    Attributes:
        starved: unix time at which `active` was guessed because a run was starved; 0: measured.
    """

    active: int
    seconds: float
    runs: int
    starved: float = 0.0

    def get_active(self) -> int:
        """Return the bytes believed now."""
        if not self.starved:
            return self.active
        return int(self.active * 0.5 ** (max(time.time() - self.starved, 0.0) / FORGET))


class FootprintBook:
    """What is believed of costs; one per scheduler, persisted in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.migrate("footprints", (_SCHEMA, _STARVED))
        self._runs: dict[str, dict[int, _Run]] = {}
        self._loads: dict[str, tuple[int, float]] = {}
        for row in database.query("SELECT * FROM footprints"):
            self._runs.setdefault(row["shape"], {})[row["batch"]] = _build_run(row)
        for row in database.query("SELECT * FROM load_costs"):
            self._loads[row["instance"]] = (row["weights"], row["seconds"])

    def get_cost(self, request: JobRequest) -> Cost:
        """Return what a request is believed to take."""
        shape = describe_shape(request)
        weights, load_seconds = self._loads.get(_get_instance(shape), (0, 0.0))
        modes = request.memory_modes
        cost = Cost(
            weights=weights,
            load_seconds=load_seconds,
            wake_seconds=load_seconds / 4,
            tile=_MODE_FACTOR[TILE] if TILE in modes else 1.0,
            offload=_MODE_FACTOR[OFFLOAD] if OFFLOAD in modes else 1.0,
        )
        runs = self._runs.get(shape)
        if runs is not None:
            return replace(cost, margin=MARGIN, **_fit(runs))
        relative = self._find_relative(shape)
        if relative is not None:
            other, factor = relative
            fitted = _fit(self._runs[other])
            return replace(
                cost,
                margin=MARGIN,
                base=int(fitted["base"] * factor),
                each=int(fitted["each"] * factor),
                seconds=fitted["seconds"] * factor,
            )
        return replace(cost, each=max(request.footprint - weights, 0))

    def is_fading(self, shape: str) -> bool:
        """What is believed of a shape is a guess that loses weight: ask again for each job."""
        return any(run.starved for run in self._runs.get(shape, {}).values())

    def note_load(self, shape: str, size: int, seconds: float) -> None:
        """Enter what loading an instance took."""
        instance = _get_instance(shape)
        old = self._loads.get(instance, (0, 0.0))
        new = (size or old[0], seconds if not old[1] else (old[1] + seconds) / 2)
        self._loads[instance] = new
        if _is_news(old, new):
            with self._database.transaction(durable=False) as connection:
                connection.execute(
                    "INSERT OR REPLACE INTO load_costs VALUES(?, ?, ?)", (instance, *new)
                )

    def note_run(self, shape: str, batch: int, active: int, seconds: float) -> None:
        """Enter a run: bytes beyond the instance, seconds per seed."""
        bucket = _get_bucket(batch)
        runs = self._runs.setdefault(shape, {})
        old = runs.get(bucket, _Run(0, 0.0, 0))
        if old.starved:  # now there is a measurement
            old = _Run(0, 0.0, 0)
        peak = max(active, int(0.9 * old.active + 0.1 * active))
        pace = seconds if old.runs < 2 else 0.7 * old.seconds + 0.3 * seconds
        runs[bucket] = _Run(peak, pace, old.runs + 1)
        if _is_news((old.active, old.seconds), (peak, pace)):
            self._save(shape, bucket)

    def note_starved(self, shape: str, cost: Cost, batch: int) -> None:
        """Enter what must be believed after a run was starved."""
        runs = self._runs.setdefault(shape, {})
        bucket = _get_bucket(batch)
        seconds = runs[bucket].seconds if bucket in runs else cost.seconds
        runs[bucket] = _Run(int(cost.get_active(batch) / cost.margin), seconds, 1, time.time())
        self._save(shape, bucket)

    def _save(self, shape: str, bucket: int) -> None:
        run = self._runs[shape][bucket]
        with self._database.transaction(durable=False) as connection:
            connection.execute(
                "INSERT OR REPLACE INTO footprints VALUES(?, ?, ?, ?, ?, ?)",
                (shape, bucket, run.active, run.seconds, run.runs, run.starved),
            )

    def _find_relative(self, shape: str) -> tuple[str, float] | None:
        """Return the nearest measured shape of the instance, and how much larger this one is."""
        resident, dtype, lane, sizes = json.loads(shape)
        best: tuple[float, str] | None = None
        for other in self._runs:
            key = json.loads(other)
            if key[:3] != [resident, dtype, lane] or set(key[3]) != set(sizes):
                continue
            difference = sum(sizes[name] - key[3][name] for name in sizes)
            if best is None or abs(difference) < abs(best[0]):
                best = (difference, other)
        return (best[1], 2.0 ** best[0]) if best else None


def _get_instance(shape: str) -> str:
    return json.dumps(json.loads(shape)[:3], separators=(",", ":"))


def _get_bucket(batch: int) -> int:
    return 1 << max(batch - 1, 0).bit_length()


def _build_run(row: Row) -> _Run:
    return _Run(row["active"], row["seconds"], row["runs"], row["starved"])


def _fit(runs: dict[int, _Run]) -> dict[str, Any]:
    """Fit bytes = base + each * batch through the smallest and the largest batch measured."""
    low, high = min(runs), max(runs)
    if low == high:
        each, base = runs[low].get_active() / low, 0.0
    else:
        each = max(runs[high].get_active() - runs[low].get_active(), 0) / (high - low)
        base = max(run.get_active() - each * batch for batch, run in runs.items())
    seconds = runs[high].seconds or runs[low].seconds
    return {"base": int(max(base, 0)), "each": math.ceil(each), "seconds": seconds or 1e-3}


def _is_news(old: tuple[float, float], new: tuple[float, float]) -> bool:
    return any(abs(a - b) > _NEWS * max(a, b) for a, b in zip(old, new, strict=True))
