"""Runs one job after another: the core that process workers and inline workers share."""

import gc
import logging
import os
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from studio.codecs import Codecs
from studio.errors import (
    InvalidInputError,
    JobCancelledError,
    JobFailedError,
    UnknownGeneratorError,
)
from studio.generator import Checkpoint, Generator, InputAsset, JobContext
from studio.params import Params
from studio.plugins import Plugin, load_plugin
from studio.worker.encoding import Encoding
from studio.worker.faults import (
    DeviceLostError,
    build_error,
    build_params_error,
    format_traceback,
    is_device_lost,
    is_out_of_memory,
)
from studio.worker.measure import (
    find_versions,
    free_device_memory,
    read_memory_now,
    read_memory_peak,
    reset_memory,
)
from studio.worker.outputs import encode_yield, read_share
from studio.worker.progress import Progress
from studio.worker.protocol import (
    Cancelled,
    Done,
    Failed,
    InputData,
    Loaded,
    Output,
    Run,
    WorkerEvent,
)

Emit = Callable[[WorkerEvent], None]


class Runner:
    """Holds loaded plugins and resident generators of one device.

    Attributes:
        device: "cpu", "cuda:0", "mps".
        residents: resident key -> instance.
    """

    def __init__(self, device: str, make_codecs: Callable[[], Codecs] = Codecs) -> None:
        self.device = device
        self.residents: dict[str, Generator] = {}
        self._make_codecs = make_codecs
        self._plugins: dict[str, Plugin] = {}
        self._parked: dict[str, Generator] = {}
        self._base = 0  # bytes taken when the run began, with its instance

    def run(self, order: Run, emit: Emit, is_cancelled: Callable[[], bool]) -> None:
        """Run a job to its end: `Loaded`, `Step`s, an `Output` per seed, then `Done`.

        Whatever the generator does ends in `Failed` or `Cancelled`; never raises but
        `DeviceLostError`, when the process is of no more use.
        """
        generator = order.recipe.generator
        start = time.monotonic()
        reset_memory(self.device)
        final: WorkerEvent
        try:
            self._run_checked(order, emit, is_cancelled)
            seconds, peak = time.monotonic() - start, read_memory_peak(self.device)
            base = min(self._base, peak)
            final = Done(job=order.job, seconds=seconds, peak_bytes=peak, base_bytes=base)
        except BaseException as error:  # sys.exit() and the like cost the job, not the worker
            if is_device_lost(error):
                raise DeviceLostError(format_traceback(error)) from None
            if isinstance(error, JobCancelledError) and is_cancelled():
                final = Cancelled(job=order.job)
            else:
                fault = build_error(error, generator, self.device).to_dict()
                text = format_traceback(error)
                final = Failed(job=order.job, error=fault, traceback=text)
            is_starved = is_out_of_memory(error)
            error.__traceback__ = None  # its frames hold the job's memory
            if is_starved:
                gc.collect()
                free_device_memory()
        emit(final)

    def evict(self, resident: str, *, is_kept: bool = False) -> None:
        """Close an instance, if it is here; `is_kept`: park it in host memory if it can be."""
        instance = self.residents.pop(resident, None) or self._parked.pop(resident, None)
        if instance is None:
            return
        if is_kept and self._park(resident, instance):
            return
        try:
            instance.close()
        except Exception:
            logging.getLogger("studio.job").exception("%s failed in close()", resident)
        del instance
        gc.collect()
        free_device_memory()

    def close(self) -> None:
        """Close every instance."""
        for resident in [*self.residents, *self._parked]:
            self.evict(resident)

    def _park(self, resident: str, instance: Generator) -> bool:
        try:
            is_parked = instance.park()
        except Exception:
            logging.getLogger("studio.job").exception("%s failed in park()", resident)
            is_parked = False
        if is_parked:
            self._parked[resident] = instance
            free_device_memory()
        return is_parked

    def _run_checked(self, order: Run, emit: Emit, is_cancelled: Callable[[], bool]) -> None:
        plugin = self._get_plugin(order.entry_point)
        cls = plugin.generators.get(order.recipe.generator)
        if cls is None:
            raise UnknownGeneratorError(
                "plugin '{plugin}' has no generator '{id}'",
                plugin=order.entry_point,
                id=order.recipe.generator,
            )
        params = _build_params(cls, order)
        inputs = {
            slot: [_build_input(slot, item) for item in items]
            for slot, items in order.inputs.items()
        }
        instance = self._get_resident(cls, order, emit)
        scratch = Path(order.scratch)
        scratch.mkdir(parents=True, exist_ok=True)
        report = Progress(order.job, scratch, emit).report
        job = JobContext(order.seeds, inputs, scratch, report, is_cancelled)
        job.kept, job.logs = Path(order.kept), Path(order.log).with_suffix("")
        job.memory_modes = tuple(order.memory_modes)
        self._base = read_memory_now(self.device)
        results = iter(instance.generate(params, job))
        try:
            self._collect(order, results, plugin.codecs, emit, is_cancelled)
        finally:
            close = getattr(results, "close", None)
            if close is not None:
                close()

    def _collect(
        self,
        order: Run,
        results: Iterator[Any],
        codecs: Codecs,
        emit: Emit,
        is_cancelled: Callable[[], bool],
    ) -> None:
        """Match what is yielded with the seeds, one by one."""
        name = order.recipe.generator
        with Encoding(len(order.seeds) > 1) as encoding:
            for seed, position in zip(order.seeds, order.positions, strict=True):
                start = time.monotonic()
                try:
                    value = next(results)
                except StopIteration:
                    raise _build_count_error(name, order, "fewer") from None
                made = read_share(value, time.monotonic() - start)
                deliver = partial(_deliver, order, (seed, position, made), codecs, emit)
                encoding.add(value, deliver)
                if is_cancelled() and position != order.positions[-1]:
                    raise JobCancelledError("the job was cancelled")
            for _ in results:
                raise _build_count_error(name, order, "more")

    def _get_plugin(self, entry_point: str) -> Plugin:
        if entry_point not in self._plugins:
            # Its own codecs: what one plugin registers must not change another's results.
            self._plugins[entry_point] = load_plugin(entry_point, self._make_codecs())
        return self._plugins[entry_point]

    def _get_resident(self, cls: type[Generator], order: Run, emit: Emit) -> Generator:
        """Return the instance, loading its checkpoint if it is not resident."""
        seconds, size = 0.0, 0
        if order.resident not in self.residents:
            start, before = time.monotonic(), read_memory_now(self.device)
            data = order.checkpoint
            checkpoint = Checkpoint(data.name, Path(data.path), data.sha256) if data else None
            parked = self._parked.pop(order.resident, None)
            if parked is not None:
                parked.unpark()
            self.residents[order.resident] = parked or cls(checkpoint, self.device)
            seconds = time.monotonic() - start
            size = max(read_memory_now(self.device) - before, 0)
        emit(Loaded(job=order.job, resident=order.resident, seconds=seconds, size=size))
        return self.residents[order.resident]


def _deliver(
    order: Run,
    place: tuple[int, int, float],
    codecs: Codecs,
    emit: Emit,
    value: Any,
    is_beside: bool,
) -> None:
    """Write what was yielded for one seed to files, and hand it over.

    Args:
        order: that it answers.
        place: seed, position, and the seconds that making it took.
        codecs: write it.
        emit: takes it.
        value: as it was yielded.
        is_beside: the next one is made meanwhile, and takes that time too.
    """
    seed, position, made = place
    start = time.monotonic()
    recipe = order.recipe.with_seed(seed)
    artifacts = encode_yield(value, recipe, codecs, Path(order.scratch), position)
    written = time.monotonic() - start
    emit(
        Output(
            job=order.job,
            position=position,
            seed=seed,
            artifacts=artifacts,
            versions=find_versions(),
            seconds=max(made, written) if is_beside else made + written,
        )
    )


def _build_params(cls: type[Generator], order: Run) -> Params:
    """Validate once more with the real class: it may know more than its schema says."""
    try:
        return cls.Params.model_validate(order.recipe.params)
    except ValidationError as error:
        raise build_params_error(error, order.recipe.generator) from error


def _build_input(slot: str, data: InputData) -> InputAsset:
    for path in (data.path, *data.files.values()):
        if not os.access(path, os.R_OK):
            raise InvalidInputError(
                "input '{slot}': {path} is missing or unreadable", slot=slot, path=path
            )
    return InputAsset(
        id=data.id,
        kind=data.kind,
        path=Path(data.path),
        files={name: Path(path) for name, path in data.files.items()},
        payload_hash=data.payload_hash,
        title=data.title,
        metadata=data.metadata,
    )


def _build_count_error(generator: str, order: Run, more: str) -> JobFailedError:
    template = "{generator}: yielded fewer results than the {count} seeds it was given"
    if more == "more":
        template = "{generator}: yielded more results than the {count} seeds it was given"
    return JobFailedError(template, generator=generator, count=len(order.seeds))
