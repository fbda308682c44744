"""When things will be done: the kernel run forward on a copy, on virtual devices.

What it knows of costs is what the footprint book believes, so a forecast is as good as that.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from studio.scheduler.costs import Cost
from studio.scheduler.engine import Engine
from studio.scheduler.kernel import decide
from studio.scheduler.messages import Learned, Queued, Waiting
from studio.scheduler.state import State

_LOOK_AHEAD = 4_000  # events; beyond, the rest is taken to go at the same pace


@dataclass(frozen=True)
class Forecast:
    """What is to be expected.

    Attributes:
        ends: job -> seconds from now until it is done; those beyond the look-ahead are missing.
        seconds: until all is done.
        load_seconds: of that, spent on loading checkpoints.
        peak_bytes: device -> most memory in use.
        refused: jobs that can never fit.
    """

    ends: Mapping[str, float]
    seconds: float
    load_seconds: float
    peak_bytes: Mapping[str, int]
    refused: tuple[str, ...]


@dataclass(frozen=True)
class _Believed(Mapping[str, Cost]):
    """The costs a state believes in, as the truth of an engine."""

    state: State

    def __getitem__(self, shape: str) -> Cost:
        return self.state.costs.get(shape, self.state.limits.default_cost)

    def __iter__(self) -> Iterator[str]:
        return iter(self.state.costs)

    def __len__(self) -> int:
        return len(self.state.costs)


def compute_forecast(
    state: State,
    now: float,
    extra: Sequence[Waiting] = (),
    costs: Mapping[str, Cost] | None = None,
) -> Forecast:
    """Run the kernel forward until the queue is empty.

    Args:
        state: a fork, which is used up.
        now: on the clock of the state.
        extra: jobs that would be queued now.
        costs: shape -> cost, of the extra ones.
    """
    state.now = max(state.now, now)
    engine = Engine(lambda event: decide(state, event), state.limits, _Believed(state))
    engine.resume(state)
    peaks: dict[str, int] = {}
    engine.on_begin = lambda device, used: peaks.update({device: max(used, peaks.get(device, 0))})
    for shape, cost in (costs or {}).items():
        engine.tell(Learned(state.now, shape, cost))
    engine.expect(extra)
    engine.tell(Queued(state.now, tuple(extra)))
    engine.run(most=_LOOK_AHEAD)
    ends = {
        name: max(visit.end - now, 0.0)
        for name, visit in engine.visits.items()
        if visit.fate == "done"
    }
    refused = tuple(name for name, visit in engine.visits.items() if visit.fate == "refused")
    left = len(engine.visits) - len(ends) - len(refused)
    seconds = max(engine.now - now, 0.0)
    loads = sum(span.end - span.start for span in engine.spans if span.kind != "run")
    factor = 1 + left / len(ends) if ends else 1.0
    return Forecast(ends, seconds * factor, loads * factor, peaks, refused)
