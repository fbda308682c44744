"""Encoding beside making: a result becomes files while the generator is at the next.

Only where the generator says each result's share of the time (`Artifact.seconds`), as those do that
draw many quickly: a crash costs what is still to be written, which is drawn again. Every other
result is handed over before the next is begun.
"""

import contextvars
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from copy import deepcopy
from dataclasses import replace
from types import TracebackType
from typing import Any, Final, Self

from studio.errors import JobCancelledError
from studio.generator import Artifact

Encode = Callable[[Any, bool], None]
"""(value, whether the generator goes on meanwhile) -> nothing."""

MOST: Final = 16
"""Values that wait to be encoded."""
MOST_BYTES: Final = 32 << 20
"""Of their payloads; a larger one is encoded before the generator goes on."""


class Encoding:
    """Encodes values in the order they were yielded, one at a time.

    Values that say their share of the time are copied first: the generator may use its arrays
    again. All others, and what cannot be copied safely, are encoded before `add` returns.

    Args:
        is_beside: False does everything at once, in the caller's thread.
    """

    def __init__(self, is_beside: bool) -> None:
        self._is_beside = is_beside
        self._pool: ThreadPoolExecutor | None = None
        self._pending: deque[tuple[Future[None], int]] = deque()
        self._has_failed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Finish what was yielded, also where the generator failed after it.

        The generator's own error goes before one of encoding, which may follow from it; a job that
        is cancelled waits for one value, not for all.
        """
        try:
            if error is None:
                self.finish()
        finally:
            if self._pool is not None:
                self._pool.shutdown(cancel_futures=isinstance(error, JobCancelledError))

    def add(self, value: Any, encode: Encode) -> None:
        """Encode a value, sooner or later.

        Raises:
            Exception: whatever `encode` raised for this or an earlier value.
        """
        copied = copy_value(value) if self._is_beside else None
        if copied is None:
            self.finish()
            encode(value, False)
            return
        snapshot, size = copied
        while self._pending and self._must_wait(size):
            self._pending.popleft()[0].result()
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1, "studio-encode")
        context = contextvars.copy_context()
        task = self._pool.submit(context.run, self._encode, snapshot, encode)
        self._pending.append((task, size))

    def finish(self) -> None:
        """Wait for all; raise what the first that failed raised."""
        while self._pending:
            self._pending.popleft()[0].result()

    def _must_wait(self, size: int) -> bool:
        """Tell whether the oldest must be waited for; if it is done, that takes no time."""
        held = sum(size for _, size in self._pending)
        return self._pending[0][0].done() or len(self._pending) >= MOST or held + size > MOST_BYTES

    def _encode(self, value: Any, encode: Encode) -> None:
        if self._has_failed:
            return  # the job ends with the first fault
        try:
            encode(value, True)
        except BaseException:
            self._has_failed = True
            raise


def copy_value(value: Any) -> tuple[Any, int] | None:
    """Return a copy of an artifact or group that its maker cannot change, and its bytes.

    None for what is no artifact, says no share of the time, has other payloads than arrays,
    pictures and texts, or is large.
    """
    if isinstance(value, Artifact):
        copied = _copy_all([value])
        return copied and (copied[0][0], copied[1])
    if not isinstance(value, Sequence) or isinstance(value, str | bytes):
        return None
    return _copy_all(value)


def _copy_all(artifacts: Sequence[Any]) -> tuple[list[Artifact], int] | None:
    if not all(isinstance(artifact, Artifact) for artifact in artifacts):
        return None
    if all(artifact.seconds is None for artifact in artifacts):
        return None
    sizes = [_measure(artifact.payload) for artifact in artifacts]
    if -1 in sizes or sum(sizes) > MOST_BYTES:
        return None
    try:
        return [_copy_artifact(artifact) for artifact in artifacts], sum(sizes)
    except Exception:
        return None  # odd facts: whoever checks them says what is wrong


def _copy_artifact(artifact: Artifact) -> Artifact:
    payload = artifact.payload
    if isinstance(payload, Mapping):
        payload = {name: _copy(part) for name, part in payload.items()}
    else:
        payload = _copy(payload)
    facts = {name: deepcopy(getattr(artifact, name)) for name in ("metrics", "info", "params")}
    return replace(artifact, payload=payload, **facts)


def _copy(part: Any) -> Any:
    return part if isinstance(part, str) else part.copy()


def _measure(payload: Any) -> int:
    """Return the bytes of what can be copied, -1 for anything else."""
    if isinstance(payload, Mapping):
        sizes = [-1 if isinstance(part, Mapping) else _measure(part) for part in payload.values()]
        return -1 if -1 in sizes else sum(sizes)
    if isinstance(payload, str):
        return len(payload)
    # Neither is a dependency of every worker; who brings one has it loaded.
    numpy, pillow = sys.modules.get("numpy"), sys.modules.get("PIL.Image")
    if numpy is not None and type(payload) is numpy.ndarray and payload.dtype != object:
        return int(payload.nbytes)
    if pillow is not None and type(payload) is pillow.Image:
        return int(payload.width * payload.height * len(payload.getbands()) * 4)
    return -1
