"""What others do, in the same simulator: first come first served, with three eviction rules.

One job at a time a device, in order; the rules differ in who leaves memory. `BELADY` knows the
whole future of the trace: of four full-knowledge orders (farthest next use, alone and weighed by
size and reload cost), each with and without sparing what need not leave, the best per trace is
reported, so that ours is compared with the strongest.
"""

import math
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from studio.scheduler.costs import Cost
from studio.scheduler.messages import (
    Action,
    Assign,
    Ended,
    Event,
    Evict,
    Limits,
    Queued,
    StartWorker,
    Waiting,
    WorkerReady,
)

Rule = Callable[[str, "Fifo"], float]
"""Instance -> how much it is missed; the smallest leaves first."""


@dataclass
class Fifo:
    """First come, first served, on one worker a device; evicts by a rule.

    Attributes:
        future: for rules with full knowledge: instance -> places in the trace that use it.
        spares: of those picked to leave, keep the ones that turn out not to be needed.
    """

    limits: Limits
    costs: Mapping[str, Cost]
    rule: Rule
    future: Mapping[str, list[int]] = field(default_factory=dict)
    spares: bool = False
    queue: list[Waiting] = field(default_factory=list)
    residents: dict[str, dict[str, int]] = field(default_factory=dict)
    busy: dict[str, Waiting | None] = field(default_factory=dict)
    devices: dict[str, int] = field(default_factory=dict)
    place: int = 0

    def decide(self, event: Event) -> list[Action]:
        """Do as the class says."""
        actions: list[Action] = []
        match event:
            case Queued(_, jobs):
                self.queue += jobs
                if not self.devices:
                    actions += self._start()
            case WorkerReady(_, worker):
                self.busy[worker] = None
            case Ended(_, worker):
                self.busy[worker] = None
            case _:
                return actions
        for worker, job in self.busy.items():
            if job is None and self.queue:
                actions += self._give(worker, self.queue.pop(0))
        return actions

    def _start(self) -> list[Action]:
        actions: list[Action] = []
        for i, device in enumerate(self.limits.devices):
            self.devices[f"w{i}"] = device.capacity
            self.residents[f"w{i}"] = {}
            actions.append(StartWorker(f"w{i}", "main", device.name))
        return actions

    def _give(self, worker: str, job: Waiting) -> list[Action]:
        cost, residents = self.costs[job.shape], self.residents[worker]
        batch = job.seeds
        while batch > 1 and cost.get_total(batch) > self.devices[worker]:
            batch = (batch + 1) // 2
        self.place = int(job.order)
        actions: list[Action] = []
        held = residents.pop(job.resident, None)
        need = cost.get_active(batch) + cost.weights
        surplus = sum(residents.values()) + need - self.devices[worker]
        for victim in self._pick_victims(residents, surplus):
            del residents[victim]
            actions.append(Evict(worker, victim))
        residents[job.resident] = held or cost.weights
        self.busy[worker] = job
        return [*actions, Assign(job.id, worker, batch)]

    def _pick_victims(self, residents: Mapping[str, int], surplus: int) -> list[str]:
        victims: list[str] = []
        for name in sorted(residents, key=lambda name: self.rule(name, self)):
            if surplus <= 0:
                break
            victims.append(name)
            surplus -= residents[name]
        for name in list(reversed(victims)) if self.spares else ():
            if surplus + residents[name] <= 0:
                victims.remove(name)
                surplus += residents[name]
        return victims

    def get_next_use(self, name: str) -> float:
        """Return the place in the trace of the next use, infinity if there is none."""
        places = self.future.get(name, [])
        i = bisect_right(places, self.place)
        return places[i] if i < len(places) else math.inf


def keep_recent(name: str, fifo: Fifo) -> float:
    """LRU: instances are kept in order of use."""
    for residents in fifo.residents.values():
        if name in residents:
            return list(residents).index(name)
    return 0.0


def keep_large(name: str, fifo: Fifo) -> float:
    """Evict the smallest first."""
    return fifo.costs[name].weights


def keep_soon(name: str, fifo: Fifo) -> float:
    """Belady: evict what is used farthest in the future."""
    return -fifo.get_next_use(name)


def keep_soon_per_cost(name: str, fifo: Fifo) -> float:
    """Belady, distance weighed by reload seconds per byte."""
    cost = fifo.costs[name]
    return cost.load_seconds / cost.weights / max(_get_distance(name, fifo), 1e-9)


def keep_soon_per_second(name: str, fifo: Fifo) -> float:
    """Belady, distance weighed by reload seconds."""
    return fifo.costs[name].load_seconds / max(_get_distance(name, fifo), 1e-9)


def keep_soon_small(name: str, fifo: Fifo) -> float:
    """Belady, distance weighed by size: large ones that are wanted late go first."""
    return 1 / (fifo.costs[name].weights * max(_get_distance(name, fifo), 1e-9))


BELADY: tuple[Rule, ...] = (keep_soon, keep_soon_per_cost, keep_soon_per_second, keep_soon_small)


def find_future(jobs: list[Waiting]) -> dict[str, list[int]]:
    """Return instance -> places that use it."""
    future: dict[str, list[int]] = {}
    for job in sorted(jobs, key=lambda item: item.order):
        future.setdefault(job.resident, []).append(int(job.order))
    return future


def _get_distance(name: str, fifo: Fifo) -> float:
    return fifo.get_next_use(name) - fifo.place
