"""The state of a run: steps, and the work on one call until every result is settled. No I/O."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from studio.errors import PipelineError
from studio.pipelines.bind import BoundStep
from studio.pipelines.expand import Item, Made, derive_seed
from studio.pipelines.gate import Attempt, Replacement, compute_excess, find_value, pick_best
from studio.pipelines.host import Call, StepAsset

Order = tuple[int, ...]


@dataclass
class Work:
    """One call of a step, with the further seeds that a gate asks for.

    Attributes:
        order: where its assets stand among those of the step.
        attempts: position -> what was tried so far, oldest first.
        kept: position -> the result.
        errors: position -> why there is none.
    """

    bound: BoundStep
    call: Call
    item: Item
    order: Order
    origins: frozenset[str]
    attempts: dict[int, list[Attempt]] = field(default_factory=dict)
    kept: dict[int, Attempt] = field(default_factory=dict)
    errors: dict[int, Exception] = field(default_factory=dict)

    def settle(self, call: Call, positions: Sequence[int], assets: Sequence[StepAsset]) -> None:
        """Book what a submission gave; `positions[i]` belongs to `call.seeds[i]`."""
        for position, seed in zip(positions, call.seeds, strict=True):
            one = len(call.seeds) == 1
            found = tuple(asset for asset in assets if one or asset.seed == seed)
            self._settle_one(position, Attempt(seed, found))

    def fail(self, positions: Sequence[int], error: Exception) -> None:
        """Book that a submission broke."""
        self.errors.update(dict.fromkeys(positions, error))

    def find_retry(self, seed: int) -> tuple[Call, tuple[int, ...]] | None:
        """Return the call for the positions that want another seed, or None.

        Args:
            seed: of the pipeline.
        """
        count = len(self.call.seeds)
        wanted = [n for n in range(count) if n not in self.kept and n not in self.errors]
        if not wanted:
            return None
        seeds = tuple(
            derive_seed(
                seed, self.call.step, self.item.identity, position, len(self.attempts[position])
            )
            for position in wanted
        )
        if len(set(seeds)) < len(seeds):  # two in 2**31: ask for the first alone, then again
            wanted, seeds = wanted[:1], seeds[:1]
        titles = tuple(self.call.titles[position] for position in wanted)
        return replace(self.call, seeds=seeds, titles=titles), tuple(wanted)

    def list_made(self) -> list[tuple[Order, Made]]:
        """Return the kept assets with their places."""
        return [
            (
                (*self.order, position, index),
                Made(asset, self.origins | {asset.id}),
            )
            for position, attempt in sorted(self.kept.items())
            for index, asset in enumerate(attempt.assets)
        ]

    def list_rejected(self) -> list[StepAsset]:
        """Return the assets that failed the gate and were not kept after all."""
        kept = {asset.id for attempt in self.kept.values() for asset in attempt.assets}
        return [
            asset
            for attempts in self.attempts.values()
            for attempt in attempts
            for asset in attempt.assets
            if asset.id not in kept
        ]

    def list_replacements(self) -> list[Replacement]:
        """Return what the gate did, one for each result it stopped at least once."""
        gate = self.bound.gate
        if gate is None:
            return []
        found = []
        for position, attempts in sorted(self.attempts.items()):
            last = self.kept.get(position, attempts[-1])
            rejected = tuple((a.seed, a.value) for a in attempts if a.seed != last.seed)
            passed = compute_excess(gate, last.value) == 0 and position in self.kept
            if rejected or not passed:
                found.append(
                    Replacement(
                        step=self.call.step,
                        item=self.call.titles[position],
                        metric=gate.metric,
                        rejected=rejected,
                        seed=last.seed,
                        value=last.value,
                        passed=passed,
                    )
                )
        return found

    def _settle_one(self, position: int, attempt: Attempt) -> None:
        gate = self.bound.gate
        if not attempt.assets:
            self.errors[position] = PipelineError(
                "{generator}: gave no result for seed {seed}; report it to the plugin's author",
                generator=self.call.generator,
                seed=attempt.seed,
            )
            return
        if gate is None:
            self.kept[position] = attempt
            return
        value = find_value(gate, attempt.assets)
        if value is None:
            known = {name for asset in attempt.assets for name in asset.metrics}
            self.errors[position] = PipelineError(
                "step '{step}': gate.metric: the result has no '{metric}'; it has {known}",
                step=self.call.step,
                metric=gate.metric,
                known=", ".join(sorted(known)) or "-",
            )
            return
        attempts = self.attempts.setdefault(position, [])
        attempts.append(replace(attempt, value=value))
        if compute_excess(gate, value) == 0:
            self.kept[position] = attempts[-1]
        elif len(attempts) >= gate.tries:
            best = pick_best(gate, attempts)
            if gate.required:
                self.errors[position] = PipelineError(
                    "step '{step}': gate: no seed of {tries} gave {metric} {low} to {high}; the "
                    "best was {best}",
                    step=self.call.step,
                    tries=gate.tries,
                    metric=gate.metric,
                    low=gate.low,
                    high=gate.high,
                    best=round(best.value, 4),
                )
            else:
                self.kept[position] = best


@dataclass
class StepState:
    """A step in a run.

    Attributes:
        works: item identity -> its calls.
        made: assets as they come, with their places.
        cursor: assets of the `foreach` step taken so far.
        open: calls not yet settled.
        incomplete: something that belongs here is missing because something failed.
        broken: origins of what failed.
    """

    bound: BoundStep
    works: dict[str, list[Work]] = field(default_factory=dict)
    made: list[tuple[Order, Made]] = field(default_factory=list)
    cursor: int = 0
    open: int = 0
    done: int = 0
    failed: int = 0
    started: float | None = None
    ended: bool = False
    incomplete: bool = False
    broken: list[frozenset[str]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Of the step."""
        return self.bound.step.name

    def list_sorted(self) -> list[Made]:
        """Return the assets in the order of the items they come from."""
        return [made for _, made in sorted(self.made, key=lambda pair: pair[0])]
