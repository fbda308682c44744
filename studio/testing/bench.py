"""Runs a generator the way a worker does, and notes everything about it."""

import hashlib
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from studio.codecs import Codecs
from studio.errors import CheckpointError
from studio.generator import Checkpoint, Generator, InputAsset, JobContext
from studio.params import Params
from studio.recipe import CheckpointRef, Recipe
from studio.spec import GeneratorSpec, build_spec
from studio.testing.samples import Inputs, make_inputs
from studio.testing.watch import WriteWatch
from studio.validation import validate_params
from studio.worker.outputs import encode_yield
from studio.worker.protocol import EncodedData

InputMap = Mapping[str, Sequence[InputAsset]]


@dataclass
class Trial:
    """One run.

    Attributes:
        outputs: one list of artifacts, as files, per seed.
        extra: things yielded beyond the last seed.
        steps: (done, total) of every call of `job.step`.
        longest_step: seconds between two calls, at most.
    """

    seeds: tuple[int, ...]
    outputs: list[list[EncodedData]] = field(default_factory=list)
    extra: int = 0
    steps: list[tuple[int, int]] = field(default_factory=list)
    longest_step: float = 0.0

    def get_hashes(self, seed: int) -> list[str]:
        """Return the payload hashes that answered a seed."""
        return [item.payload_hash for item in self.outputs[self.seeds.index(seed)]]


@dataclass(frozen=True)
class Request:
    """What a generator is checked with.

    Attributes:
        params: JSON values, over those of `Generator.testing_params`.
        inputs: slot name -> files or assets; samples where nothing is given.
        checkpoint: weights that the plugin does not ship.
        seeds: two or more different ones.
        package: folder of the plugin's package; None takes the top package of the class.
        quiet: folders in which no run may change anything.
    """

    params: Mapping[str, Any] = field(default_factory=dict)
    inputs: Inputs = field(default_factory=dict)
    checkpoint: Checkpoint | Path | None = None
    seeds: tuple[int, ...] = (1, 2, 3)
    package: Path | None = None
    quiet: tuple[Path, ...] = ()


@dataclass
class Bench:
    """A generator with all that a run of it needs.

    Attributes:
        folder: empty; scratch folders and samples go below it.
        written: paths that runs wrote outside their scratch folders.
    """

    generator: type[Generator]
    request: Request
    folder: Path
    codecs: Codecs = field(default_factory=Codecs)
    written: list[str] = field(default_factory=list)
    _count: int = 0

    @property
    def plugin(self) -> str:
        """What the id begins with."""
        return self.generator.id.partition(".")[0]

    @cached_property
    def spec(self) -> GeneratorSpec:
        """The generator as the host sees it."""
        return build_spec(self.generator, f"studio-{self.plugin}", "0", self.plugin, "")

    @cached_property
    def values(self) -> dict[str, Any]:
        """Params as JSON values, defaults filled in by the host's validator."""
        given = {**self.generator.testing_params, **self.request.params}
        return validate_params(self.generator.id, self.spec.params_schema, given)

    @cached_property
    def params(self) -> Params:
        """Params as the generator gets them."""
        return self.generator.Params.model_validate(self.values)

    @cached_property
    def inputs(self) -> dict[str, list[InputAsset]]:
        """Slot name -> assets."""
        folder = self.folder / "inputs"
        folder.mkdir()
        return make_inputs(self.generator, folder, self.request.inputs)

    @cached_property
    def checkpoint(self) -> Checkpoint | None:
        """The weights that the params name."""
        request = self.request
        return find_checkpoint(self.generator, self.params, request.checkpoint, request.package)

    @cached_property
    def recipe(self) -> Recipe:
        """The recipe of the runs; its seed is filled in per result."""
        checkpoint = self.checkpoint
        return Recipe(
            generator=self.generator.id,
            plugin=self.spec.plugin,
            plugin_version=self.spec.plugin_version,
            params=self.values,
            inputs={
                slot: [self.spec.identify_input(item.payload_hash, item.title) for item in items]
                for slot, items in self.inputs.items()
            },
            checkpoint=CheckpointRef(name=checkpoint.name, sha256=checkpoint.sha256)
            if checkpoint
            else None,
        )

    @cached_property
    def instance(self) -> Generator:
        """The resident instance that most runs share."""
        return self.build_instance()

    @cached_property
    def main(self) -> Trial:
        """The main run: all seeds at once."""
        return self.run(self.request.seeds)

    def build_instance(self) -> Generator:
        """Load a fresh instance."""
        with self._watch(self._make_scratch()):
            return self.generator(self.checkpoint, "cpu")

    def run(
        self,
        seeds: Sequence[int],
        *,
        instance: Generator | None = None,
        inputs: InputMap | None = None,
        on_step: Callable[[Trial], bool] = lambda trial: False,
    ) -> Trial:
        """Run for some seeds and encode what is yielded. Raises whatever the generator raises.

        Args:
            seeds: what is asked for.
            instance: runs it; the shared one by default.
            inputs: other inputs than usual.
            on_step: told of every step before it is noted; True cancels the job there.
        """
        scratch = self._make_scratch()
        trial = Trial(tuple(seeds))
        clock = _Clock(trial)
        job = JobContext(
            trial.seeds,
            self.inputs if inputs is None else inputs,
            scratch,
            lambda done, total, preview: clock.note(done, total),
            lambda: on_step(trial),
        )
        chosen = instance or self.instance
        with self._watch(scratch):
            results = iter(chosen.generate(self.params, job))
            try:
                for position, value in enumerate(results):
                    if position >= len(trial.seeds):
                        trial.extra += 1
                        continue
                    recipe = self.recipe.with_seed(trial.seeds[position])
                    trial.outputs.append(
                        encode_yield(value, recipe, self.codecs, scratch, position)
                    )
            finally:
                close = getattr(results, "close", None)
                if close is not None:
                    close()
        return trial

    def _make_scratch(self) -> Path:
        self._count += 1
        scratch = self.folder / f"scratch{self._count}"
        scratch.mkdir()
        return scratch

    def _watch(self, scratch: Path) -> "_Collector":
        return _Collector(scratch, self.request.quiet, self.written)


class _Clock:
    """Notes steps and the time between them."""

    def __init__(self, trial: Trial) -> None:
        self._trial = trial
        self._last = time.monotonic()

    def note(self, done: int, total: int) -> None:
        now = time.monotonic()
        self._trial.longest_step = max(self._trial.longest_step, now - self._last)
        self._last = now
        self._trial.steps.append((done, total))


class _Collector(WriteWatch):
    """Adds what it found to a list when it is left."""

    def __init__(self, scratch: Path, folders: tuple[Path, ...], written: list[str]) -> None:
        super().__init__(scratch, folders)
        self._written = written

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        self._written += [path for path in self.found if path not in self._written]


def find_checkpoint(
    generator: type[Generator], params: Params, given: Checkpoint | Path | None, folder: Path | None
) -> Checkpoint | None:
    """Find the weights that `params` name: those given, else those the plugin ships.

    Args:
        generator: whose weights.
        params: read through `Generator.checkpoint`.
        given: a file or folder, if the plugin ships none.
        folder: of the plugin's package; None takes the top package of the class.

    Raises:
        CheckpointError: none was given and none is bundled.
    """
    if isinstance(given, Checkpoint):
        return given
    name = generator.checkpoint(params)
    if given is not None:
        return Checkpoint(name or given.stem, given, _hash(given))
    if not name:
        return None
    module = sys.modules[generator.__module__.partition(".")[0]]
    package = folder or Path(str(module.__file__)).parent
    for item in generator.checkpoints:
        if item.name == name:
            path = package / item.path
            if path.exists():
                return Checkpoint(name, path, _hash(path))
    raise CheckpointError(
        "{generator}: checkpoint '{name}' is not bundled; give one with checkpoint=PATH",
        generator=generator.id,
        name=name,
    )


def _hash(path: Path) -> str:
    """Return sha256 of a file; of the sorted `name hash` lines of a folder."""
    if path.is_file():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    files = sorted(file for file in path.rglob("*") if file.is_file())
    lines = [f"{file.relative_to(path).as_posix()} {_hash(file)}\n" for file in files]
    return hashlib.sha256("".join(lines).encode()).hexdigest()
