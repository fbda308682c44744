"""Where damaged things go: nothing is ever deleted, and everything can be looked at."""

import json
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from studio.store.files import as_store_errors


class Quarantine:
    """A folder for one run of fsck: `quarantine/<date and time>/`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}"

    def take(self, path: Path) -> None:
        """Move a file here."""
        with as_store_errors(path):
            self.folder.mkdir(parents=True, exist_ok=True)
            target = self.folder / path.name
            number = 1
            while target.exists():
                target = self.folder / f"{path.name}.{number}"
                number += 1
            if path.exists() or path.is_symlink():
                shutil.move(path, target)

    def keep_json(self, name: str, rows: Sequence[Any]) -> None:
        """Write rows down before they are taken out of a table."""
        path = self.folder / name
        with as_store_errors(path):
            self.folder.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(rows, indent=1, default=str), encoding="utf-8")
