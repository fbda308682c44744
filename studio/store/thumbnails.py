"""Thumbnails: a cache of small pictures, made again whenever one is missing."""

import logging
import os
import shutil
from pathlib import Path
from uuid import uuid4

from studio.codecs import Codecs
from studio.store.records import AssetRecord


class Thumbnails:
    """The folder `thumbnails/<id>.webp`. Nothing here is synced, and no failure matters."""

    def __init__(self, folder: Path, codecs: Codecs) -> None:
        self.folder = folder
        self._codecs = codecs

    def find(self, id: str) -> Path | None:
        """Return the picture of an asset if it is there."""
        # A page asks for sixty: `Path` comes after the answer.
        path = f"{self.folder}/{id}.webp"
        return Path(path) if os.path.isfile(path) else None

    def keep(self, id: str, source: Path) -> None:
        """Copy a picture that the worker made."""
        temporary = self._get_temporary()
        try:
            self.folder.mkdir(exist_ok=True)
            shutil.copyfile(source, temporary)
            temporary.replace(self._get_path(id))
        except OSError:
            temporary.unlink(missing_ok=True)
            logging.getLogger("studio.store").warning("no thumbnail kept for %s", id)

    def make(self, record: AssetRecord) -> Path | None:
        """Return the picture of an asset, drawn now if need be; None where that cannot be."""
        path = self.find(record.id)
        if path is not None:
            return path
        temporary = self._get_temporary()
        try:
            picture = self._codecs.get(record.kind).make_thumbnail(record.files)
            if picture is None:
                return None
            self.folder.mkdir(exist_ok=True)
            picture.save(temporary, format="WEBP", quality=85)
            return temporary.replace(self._get_path(record.id))
        except Exception:  # a plugin's codec may raise anything, and a picture is a nicety
            temporary.unlink(missing_ok=True)
            log = logging.getLogger("studio.store")
            log.warning("no thumbnail of %s", record.id, exc_info=True)
            return None

    def remove(self, id: str) -> None:
        """Forget the picture of an asset that is gone."""
        self._get_path(id).unlink(missing_ok=True)

    def _get_path(self, id: str) -> Path:
        return self.folder / f"{id}.webp"

    def _get_temporary(self) -> Path:
        return self.folder / f"{uuid4().hex}.tmp"
