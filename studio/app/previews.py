"""The newest preview of a running job: a picture or sound its worker left in its scratch folder."""

import re
from pathlib import Path

from studio.scheduler.job import JobRecord, JobStatus

_NAME = re.compile(r"\d{1,9}\.(webp|png|jpg|wav)")


def find_preview(home: Path, record: JobRecord) -> Path | None:
    """Return the file; None if the job does not run or has shown nothing yet."""
    if record.status is not JobStatus.RUNNING:
        return None
    return find_newest(home, record.id, record.token)


def find_newest(home: Path, job: str, token: int) -> Path | None:
    """Return the newest preview of a lease."""
    folder = home / "scratch" / f"{job}-{token}" / "previews"
    try:
        names = [path.name for path in folder.iterdir() if _NAME.fullmatch(path.name)]
    except OSError:
        return None
    if not names:
        return None
    path = folder / max(names, key=lambda name: int(name.partition(".")[0]))
    return None if path.is_symlink() else path


def build_address(job: str, token: int, path: Path) -> str:
    """Return where a preview is read; it changes with the preview, and says if it is a sound."""
    kind = "&kind=audio" if path.suffix == ".wav" else ""
    return f"/api/v1/jobs/{job}/preview?v={token}-{path.stem}{kind}"
