"""What jobs left for their next run (`JobContext.kept`): kept while there can be one."""

import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from studio.errors import StoreError, StudioError
from studio.scheduler.job import JobStatus
from studio.scheduler.jobs import JobTable

FOLDER: Final = "kept"
WEEK: Final = 7 * 24 * 3600
"""How long a job that failed may take to be tried again, seconds."""


class KeptFolders:
    """One folder a job, below the home."""

    def __init__(self, home: Path, jobs: JobTable) -> None:
        self._folder = home / FOLDER
        self._jobs = jobs

    def find(self, job: str) -> Path:
        """Return where a job's folder is, or would be."""
        return self._folder / job

    def sweep(self) -> None:
        """Remove the folders of jobs that are done, cancelled, forgotten, or failed a week ago."""
        with suppress(FileNotFoundError):
            for folder in self._folder.iterdir():
                if not self._is_wanted(folder):
                    shutil.rmtree(folder, ignore_errors=True)

    def _is_wanted(self, folder: Path) -> bool:
        try:
            status = self._jobs.get_status(folder.name)
        except StoreError:
            return True  # whether it is wanted cannot be told now
        except StudioError:
            return False
        if status in (JobStatus.FAILED, JobStatus.DEAD):
            return time.time() - folder.stat().st_mtime < WEEK
        return not status.is_final
