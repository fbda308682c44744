"""The one contract: assets and params in, artifacts out.

Everything that makes, edits, enlarges, analyses, exports or trains is a `Generator`. This module
is imported inside workers by plugins, and is light: no torch, no numpy.
"""

import json
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from studio.errors import JobCancelledError
from studio.media import MediaType
from studio.params import Params

FIGURES = "figures: "
"""What begins a line of `JobContext.measure` in a job's log."""

FINISH = "finish"
"""File in the scratch folder of a job that somebody wants to end early, with its result."""


@dataclass(frozen=True)
class Input:
    """A named asset slot of a generator."""

    name: str
    kinds: tuple[MediaType, ...]
    many: bool = False
    optional: bool = False
    summary: str = ""


@dataclass(frozen=True)
class InputAsset:
    """An asset as a generator sees it: local, read-only files and what is known of them."""

    id: str
    kind: MediaType
    path: Path  # the main file: the picture, the score; a texture's albedo
    files: Mapping[str, Path]  # every file by name; a texture's maps
    payload_hash: str = ""
    title: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)  # params, metrics, info


@dataclass(frozen=True)
class Artifact:
    """A result in memory; the codec of its kind writes it to files.

    Attributes:
        payload: what the codec takes. IMAGE: a `PIL.Image` or uint8/uint16 array (H, W[, C]);
            TEXTURE: map name -> `PIL.Image` or array; TEXT: `str`; REPORT: a JSON value;
            any kind: a `Path` inside `scratch`, or name -> `Path`.
        kind: media type; usually the generator's `output`.
        metrics: figures kept with the asset and usable as pipeline gates, e.g. `seam_ratio`.
        info: further plain facts, e.g. the method chosen or the memory ladder's rungs.
        title: a short name; file names are made from it.
        licence: SPDX id, where the generator knows better than "as its inputs".
        params: of a job that ended early (`JobContext.is_finishing`): what, in place of the same
            params of the job, would have given this very result.
        seconds: its share, where several seeds were drawn at once; else that is measured.
    """

    payload: Any
    kind: MediaType
    metrics: Mapping[str, float] = field(default_factory=dict)
    info: Mapping[str, Any] = field(default_factory=dict)
    title: str = ""
    licence: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    seconds: float | None = None


@dataclass(frozen=True)
class Footprint:
    """Bytes a job needs: weights + peak activation on the device, and memory of the host."""

    device_bytes: int = 0
    host_bytes: int = 256 << 20


@dataclass(frozen=True)
class Checkpoint:
    """Resolved weights: what `Generator.__init__` loads.

    Attributes:
        name: as asked for.
        path: a local file or folder.
        sha256: of the file; of the sorted `name hash` lines for a folder.
    """

    name: str
    path: Path
    sha256: str


@dataclass(frozen=True)
class BundledCheckpoint:
    """Weights that a plugin ships: a path relative to the plugin's package."""

    name: str
    path: str
    licence: str
    summary: str = ""


class JobContext:
    """All that a generator sees of the host.

    Attributes:
        seeds: one artifact (or group of artifacts) is wanted per seed, in order.
        inputs: slot name -> assets; a slot left empty is missing.
        scratch: a folder for temporary files, removed afterwards.
        kept: a folder that outlives the worker: a job that was cut off (killed, preempted, no
            room) finds there what its last run left. Gone when the job is done or cancelled.
            Not made beforehand.
        logs: a folder that stays beside the job's log, for files other programs read. Not made
            beforehand.
        log: goes to the job's log file.
        memory_modes: of the generator's own, those it must use this time.
    """

    def __init__(
        self,
        seeds: Sequence[int],
        inputs: Mapping[str, Sequence[InputAsset]],
        scratch: Path,
        report: Callable[[int, int, Any], None],
        is_cancelled: Callable[[], bool],
    ) -> None:
        self.seeds = tuple(seeds)
        self.inputs = {name: list(assets) for name, assets in inputs.items()}
        self.scratch = scratch
        self.kept = scratch / "kept"
        self.logs = scratch / "logs"
        self.log = logging.getLogger("studio.job")
        self.memory_modes: tuple[str, ...] = ()
        self._report = report
        self._is_cancelled = is_cancelled

    def step(self, done: int, total: int, preview: Any = None) -> None:
        """Report progress, and stop here if the job was cancelled. Call it once a step.

        Args:
            done: steps taken so far, over ALL seeds of the job.
            total: steps in all; the last call has `done == total`.
            preview: a `PIL.Image` of the work so far, or (samples, sample_rate) of a sound; may be
                dropped when they come too fast.

        Raises:
            JobCancelledError: let it pass through.
        """
        if self._is_cancelled():
            raise JobCancelledError("the job was cancelled")
        self._report(done, total, preview)

    @property
    def is_finishing(self) -> bool:
        """Somebody wants the result as it is now: end early, and say so in `Artifact.params`.

        For trainers with a param `stop_after`; the recipe of what they made has it.
        """
        return (self.scratch / FINISH).exists()

    def measure(self, step: int, **figures: float) -> None:
        """Note figures of a training, for its curves: `job.measure(200, loss=0.04)`.

        Each is a line in the job's log. Some hundred in a job are enough.

        Args:
            step: of the training, going up.
            figures: name -> value; what is not finite is left out of the curve.
        """
        row = {"step": step, **{name: float(value) for name, value in figures.items()}}
        self.log.info("%s%s", FIGURES, json.dumps(row))


class Generator(ABC):
    """A class is a definition; an instance IS a loaded checkpoint on a device.

    Same (generator, checkpoint, params, inputs, one seed) gives the same payload, alone or in a
    batch of 64, on the same device type; `studio.testing.check_generator` checks it.

    Attributes:
        id: plugin, dot, name; stable for ever.
        output: media type of what it makes.
        inputs: named asset slots.
        Params: drives CLI options, web form, presets, REST schema and saved metadata.
        seeded: False where every seed would give the same; then one run gives one result.
        reads_titles: True where titles of inputs get into the payload (labels, file names); they
            are part of the recipe then.
        checkpoint_from: names of the params that choose the weights; the host keeps one
            resident instance per combination of their values.
        checkpoints: weights shipped with the plugin.
        memory_modes: what `generate` can do when memory is short and `job.memory_modes` asks for
            it: "tile", "offload".
        testing_params: cheap params, with which `studio plugin check` and `check_generator` run it.
    """

    id: ClassVar[str]
    title: ClassVar[str]
    summary: ClassVar[str] = ""
    output: ClassVar[MediaType]
    inputs: ClassVar[tuple[Input, ...]] = ()
    Params: ClassVar[type[Params]]
    seeded: ClassVar[bool] = True
    reads_titles: ClassVar[bool] = False
    checkpoint_from: ClassVar[tuple[str, ...]] = ()
    checkpoints: ClassVar[tuple[BundledCheckpoint, ...]] = ()
    memory_modes: ClassVar[tuple[str, ...]] = ()
    testing_params: ClassVar[Mapping[str, Any]] = {}

    @classmethod
    def checkpoint(cls, params: Any) -> str:
        """Name the weights that `params` want: the values of `checkpoint_from`; "" for none.

        The host, which runs no plugin, reads the same from the spec: overriding changes nothing.
        """
        chosen = (getattr(params, name) for name in cls.checkpoint_from)
        return "/".join(str(value) for value in chosen if value)

    @classmethod
    def footprint(cls, params: Any) -> Footprint:
        """Guess what one seed needs; the scheduler measures and remembers the truth."""
        return Footprint()

    def __init__(self, checkpoint: Checkpoint | None, device: str) -> None:
        """Load the weights. The one place where torch is imported.

        Args:
            checkpoint: None where `checkpoint()` said "".
            device: "cpu", "cuda:0", "mps".
        """
        self.device = device

    @abstractmethod
    def generate(self, params: Any, job: JobContext) -> Iterator[Artifact | Sequence[Artifact]]:
        """Yield once per seed of `job.seeds`, in order: an artifact, or a group of them.

        Every yield is stored at once: what is done is kept if a later seed fails.
        """

    def park(self) -> bool:
        """Move the weights to pinned host memory; False: it cannot, and is closed instead."""
        return False

    def unpark(self) -> None:  # noqa: B027 - only called after `park` said True
        """Move the weights back to the device."""

    def close(self) -> None:  # noqa: B027 - freeing nothing is a fine default
        """Free what `__init__` took."""
