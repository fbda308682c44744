"""Traces for the simulator: sessions of users, models of Zipf popularity, sizes as they are met.

Of these nothing is measured from users; the shapes are those that public traces of serving show:
bursts of one model within a session, few models for most of the work, long tails of sizes. One
trace is derived from a public one.
"""

import csv
import math
import random
from dataclasses import dataclass, replace
from importlib.resources import files
from itertools import accumulate
from statistics import fmean

from studio.scheduler.costs import Cost
from studio.scheduler.messages import Rank, Waiting

GIB = 1 << 30
_DISK = 1.5 * GIB  # bytes a second from disk, decoding included
_BUS = 12.0 * GIB  # bytes a second from pinned host memory


@dataclass(frozen=True)
class Trace:
    """Jobs with their arrivals, and what they really take.

    Attributes:
        capacity: bytes of a device this trace is meant for.
    """

    name: str
    arrivals: tuple[tuple[float, Waiting], ...]
    truth: dict[str, Cost]
    capacity: int


@dataclass(frozen=True)
class TraceShape:
    """How a trace is drawn.

    Attributes:
        zipf: exponent of the models' popularity.
        stay: chance that a session's next job uses the model of the one before.
        sessions: how many run side by side.
        sizes: smallest and largest model, GiB; drawn log-uniformly.
        capacity: of the device, GiB.
        drift: jobs after which popularity is dealt anew; 0: never.
    """

    name: str
    models: int
    zipf: float
    stay: float
    sessions: int
    sizes: tuple[float, float]
    capacity: float
    jobs: int = 1500
    drift: int = 0


SHAPES = (
    TraceShape("sessions", 12, 0.9, 0.8, 6, (2, 8), 24),
    TraceShape("many models", 40, 0.8, 0.6, 10, (1, 6), 24),
    TraceShape("small and large", 16, 1.0, 0.7, 6, (0.5, 16), 24),
    TraceShape("no sessions", 12, 0.7, 0.0, 1, (2, 8), 24),
    TraceShape("drifting", 24, 1.1, 0.7, 8, (2, 10), 32, drift=200),
)


def build_models(rng: random.Random, count: int, sizes: tuple[float, float]) -> dict[str, Cost]:
    """Draw models: bytes spread evenly over the logarithm, load time by bandwidth."""
    models = {}
    low, high = sizes
    spread = [(i + rng.random()) / count for i in range(count)]
    rng.shuffle(spread)
    for i, place in enumerate(spread):
        weights = int(low * (high / low) ** place * GIB)
        models[f"model {i:02}"] = Cost(
            weights=weights,
            base=GIB // 4,
            each=int(rng.uniform(0.1, 0.5) * GIB),
            seconds=round(rng.uniform(0.5, 4.0), 3),
            load_seconds=0.4 + weights / _DISK,
            wake_seconds=0.05 + weights / _BUS,
        )
    return models


def build_trace(shape: TraceShape, seed: int) -> Trace:
    """Draw a trace in which every job is of one class and user and waits from the start."""
    rng = random.Random(f"{seed} {shape.name}")
    models = build_models(rng, shape.models, shape.sizes)
    picker = ZipfPicker(rng, list(models), shape.zipf)
    current = [picker.pick() for _ in range(shape.sessions)]
    arrivals = []
    for i in range(shape.jobs):
        if shape.drift and i and i % shape.drift == 0:
            picker.shuffle()
        session = rng.randrange(shape.sessions)
        if rng.random() >= shape.stay:
            current[session] = picker.pick()
        model = current[session]
        arrivals.append((0.0, _build_job(i, model)))
    return Trace(shape.name, tuple(arrivals), models, int(shape.capacity * GIB))


def build_public_trace(seed: int) -> Trace:
    """Derive a trace from one minute of Azure's LLM inference trace 2023 (CC BY 4.0).

    Order and lengths are real. The trace names no models: requests whose context is about as long
    (within half an octave) count as one application with a model of its own. Sizes are drawn.
    """
    text = (files("studio.data.assets.traces") / "azure-llm-2023.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))
    applications = [round(2 * math.log2(int(row["context_tokens"]))) for row in rows]
    tokens: dict[int, list[int]] = {}
    for application, row in zip(applications, rows, strict=True):
        tokens.setdefault(application, []).append(int(row["generated_tokens"]))
    drawn = build_models(random.Random(f"{seed} public"), len(tokens), (1, 8))
    names = dict(zip(sorted(tokens), drawn, strict=True))
    truth = {
        names[application]: replace(drawn[names[application]], seconds=0.02 * fmean(lengths))
        for application, lengths in tokens.items()
    }
    arrivals = tuple(
        (float(row["seconds"]), _build_job(place, names[application]))
        for place, (row, application) in enumerate(zip(rows, applications, strict=True))
    )
    return Trace("Azure LLM 2023", arrivals, truth, 24 * GIB)


def _build_job(place: int, model: str) -> Waiting:
    return Waiting(f"j{place:05}", place, Rank.NORMAL, "user", "main", model, model, lane="gpu")


def build_mix(seed: int, *, jobs: int = 1500, users: int = 6, load: float = 1.0) -> Trace:
    """Draw the saturated mix: three classes, equal users, 12 models, one device's worth of work.

    Interactive jobs arrive all along, one seed each; normal and batch ones fill every gap and are
    there early, so that the queue is never empty.

    Args:
        seed: of the draw.
        jobs: how many.
        users: equal ones.
        load: devices' worth of work offered; arrivals come so much faster.
    """
    rng = random.Random(f"{seed} mix")
    models = build_models(rng, 12, (2, 8))
    picker = ZipfPicker(rng, list(models), 0.9)
    current = {(user, rank): picker.pick() for user in range(users) for rank in Rank}
    arrivals = []
    span = 2.0 * jobs / load  # seconds over which interactive jobs come
    for i in range(jobs):
        kind = rng.random()
        rank = Rank.INTERACTIVE if kind < 0.25 else Rank.NORMAL if kind < 0.75 else Rank.BATCH
        user = i % users
        if rng.random() >= 0.7:
            current[user, rank] = picker.pick()
        model = current[user, rank]
        seeds = {Rank.INTERACTIVE: 1, Rank.NORMAL: rng.choice((1, 1, 2, 4)), Rank.BATCH: 4}[rank]
        when = rng.uniform(0, span if rank == Rank.INTERACTIVE else span / 4)
        arrivals.append((when, i, rank, f"user {user}", model, seeds))
    arrivals.sort()
    return Trace(
        "mix",
        tuple(
            (
                when,
                Waiting(f"j{i:05}", place, rank, user, "main", model, model, seeds, "gpu", when),
            )
            for place, (when, i, rank, user, model, seeds) in enumerate(arrivals)
        ),
        models,
        24 * GIB,
    )


class ZipfPicker:
    """Picks names with probability ~ 1 / rank^exponent, ranks dealt by chance."""

    def __init__(self, rng: random.Random, names: list[str], exponent: float) -> None:
        self._rng = rng
        self._names = list(names)
        self._sums = list(accumulate(1 / (i + 1) ** exponent for i in range(len(names))))
        self.shuffle()

    def shuffle(self) -> None:
        """Deal the ranks anew."""
        self._rng.shuffle(self._names)

    def pick(self) -> str:
        """Pick a name."""
        return self._rng.choices(self._names, cum_weights=self._sums)[0]
