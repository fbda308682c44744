"""Progress of a job, slowed down to what a person can follow."""

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from studio.worker.preview_sound import save_sound
from studio.worker.protocol import Step, WorkerEvent

_STEP_EVERY = 0.02
_PREVIEW_EVERY = 0.25
_PREVIEW_SIZE = 384
_KEPT = 8
"""Previews that stay; whoever reads the newest is never that far behind."""


class Progress:
    """Passes steps on, at most 50 a second and 4 previews a second; never drops the last step."""

    def __init__(self, job: str, scratch: Path, emit: Callable[[WorkerEvent], None]) -> None:
        self._job = job
        self._folder = scratch / "previews"
        self._emit = emit
        self._last_step = self._last_preview = -1.0
        self._count = 0

    def report(self, done: int, total: int, preview: Any) -> None:
        """Report `done` of `total` steps; see `JobContext.step`."""
        now = time.monotonic()
        path = None
        if preview is not None and now - self._last_preview >= _PREVIEW_EVERY:
            path = self._save_preview(preview)
            self._last_preview = time.monotonic()
        if path or done >= total or now - self._last_step >= _STEP_EVERY:
            self._last_step = now
            self._emit(Step(job=self._job, done=int(done), total=int(total), preview=path))

    def _save_preview(self, preview: Any) -> str | None:
        """Write a preview; one that cannot be written never costs the job."""
        is_sound = isinstance(preview, tuple)
        path = self._folder / f"{self._count:05d}.{'wav' if is_sound else 'webp'}"
        try:
            self._folder.mkdir(exist_ok=True)
            if is_sound:
                save_sound(path, *preview)
            else:
                small = preview.convert("RGB")
                small.thumbnail((_PREVIEW_SIZE, _PREVIEW_SIZE))
                small.save(path, quality=80)
            for old in self._folder.glob(f"{self._count - _KEPT:05d}.*"):
                old.unlink()
        except Exception:
            logging.getLogger("studio.job").warning("a preview could not be saved", exc_info=True)
            return None
        self._count += 1
        return str(path)
