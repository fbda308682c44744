"""Thumbnails: a cache of small pictures, made again whenever one is missing."""

import logging
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final
from uuid import uuid4

from studio.codecs import Codecs
from studio.store.records import AssetRecord

ENDINGS: Final = (".jpeg", ".webp")
"""Opaque pictures have the first; all of older versions have the second."""


class Thumbnails:
    """The folder `thumbnails/<id>.jpeg` or `.webp`; nothing in it is synced, no failure matters."""

    def __init__(self, folder: Path, codecs: Codecs) -> None:
        self.folder = folder
        self._codecs = codecs

    def find(self, id: str) -> Path | None:
        """Return the picture of an asset if it is there."""
        # A page asks for sixty: `Path` comes after the answer.
        for ending in ENDINGS:
            path = f"{self.folder}/{id}{ending}"
            if os.path.isfile(path):
                return Path(path)
        return None

    def keep(self, id: str, source: Path) -> None:
        """Take a picture that the worker made, and leave it where it is."""
        with suppress(OSError):  # another file system, or the folder is not there yet
            os.link(source, self._get_path(id, source.suffix))
            return
        temporary = self.folder / f"{uuid4().hex}.tmp"
        try:
            self.folder.mkdir(exist_ok=True)
            shutil.copyfile(source, temporary)
            temporary.replace(self._get_path(id, source.suffix))
        except OSError:
            temporary.unlink(missing_ok=True)
            logging.getLogger("studio.store").warning("no thumbnail kept for %s", id)

    def make(self, record: AssetRecord) -> Path | None:
        """Return the picture of an asset, drawn now if need be; None where that cannot be."""
        path = self.find(record.id)
        if path is not None:
            return path
        # Pillow is imported with the first picture, not with the host.
        from studio.codecs.small import save_small

        try:
            picture = self._codecs.get(record.kind).make_thumbnail(record.files)
            if picture is None:
                return None
            self.folder.mkdir(exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self.folder) as draft:
                made = save_small(picture, Path(draft))
                return made.replace(self._get_path(record.id, made.suffix))
        except Exception:  # a plugin's codec may raise anything, and a picture is a nicety
            log = logging.getLogger("studio.store")
            log.warning("no thumbnail of %s", record.id, exc_info=True)
            return None

    def remove(self, id: str) -> None:
        """Forget the picture of an asset that is gone."""
        for ending in ENDINGS:
            self._get_path(id, ending).unlink(missing_ok=True)

    def _get_path(self, id: str, ending: str) -> Path:
        return self.folder / f"{id}{ending if ending in ENDINGS else ENDINGS[-1]}"
