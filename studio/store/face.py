"""The store as everybody else sees it."""

from collections.abc import Iterable
from pathlib import Path

from studio.store.assets import Assets
from studio.store.importing import import_file
from studio.store.records import AssetRecord


class Store(Assets):
    """Every asset of a home, and the way in for the user's own files."""

    def import_file(
        self, path: Path, *, title: str = "", tags: Iterable[str] = (), user: str = "local"
    ) -> AssetRecord:
        """Add a file, or a folder with the maps of one material; see `importing.import_file`."""
        return import_file(self, path, title=title, tags=tags, user=user)
