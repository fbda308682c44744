"""`/assets/bundle`: assets out of the library, with what they were made from, as one zip.

A few are named in an address. Many are sent first; the answer names an address from which the
bundle can be fetched for an hour, by the same user.
"""

import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi import Path as InPath
from starlette.background import BackgroundTask
from starlette.responses import FileResponse

from studio.server.access import CurrentVisitor, Visitor
from studio.server.errors import NotFoundError
from studio.server.models_assets import API, BundleIds, BundleReady
from studio.server.replies import LIBRARY
from studio.server.uploads import FOLDER

router = APIRouter(tags=["assets"], responses=LIBRARY)

KEPT = 3600.0
"""Seconds for which a prepared bundle can be fetched."""
MOST_KEPT = 4
"""Prepared bundles of one user; the oldest gives way."""

_NAME = "bundle.zip"


@dataclass
class _Prepared:
    user: str
    folder: Path
    until: float


@dataclass
class Prepared:
    """The bundles of a server that wait to be fetched; the files lie among the uploads."""

    _items: dict[str, _Prepared] = field(default_factory=dict)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def add(self, user: str, folder: Path) -> str:
        """Keep a bundle's folder for a while; return the token."""
        token = secrets.token_urlsafe(24)
        with self._guard:
            now = time.monotonic()
            self._items[token] = _Prepared(user, folder, now + KEPT)
            mine = [name for name, item in self._items.items() if item.user == user]
            over = {name for name, item in self._items.items() if item.until < now}
            for name in over | set(mine[:-MOST_KEPT]):
                shutil.rmtree(self._items.pop(name).folder, ignore_errors=True)
        return token

    def get(self, user: str, token: str) -> Path:
        """Return the path of a bundle.

        Raises:
            NotFoundError: there is none, or it is another user's.
        """
        item = self._items.get(token)
        if item is None or item.user != user or item.until < time.monotonic():
            raise NotFoundError("this bundle is no longer here; export it again")
        return item.folder / _NAME


@router.get("/assets/bundle", response_class=FileResponse)
def download_bundle(
    visitor: CurrentVisitor,
    id: Annotated[list[str], Query(min_length=1, max_length=1000)],
    ancestors: bool = True,
) -> FileResponse:
    """Send assets, with all they were made from, as one bundle (zip)."""
    folder = _write(visitor, id, with_ancestors=ancestors)
    return _send(folder / _NAME, BackgroundTask(shutil.rmtree, folder, True))


@router.post("/assets/bundle/prepare", status_code=201)
def prepare_bundle(request: Request, visitor: CurrentVisitor, body: BundleIds) -> BundleReady:
    """Write a bundle of many assets; the answer says where it can be fetched within the hour."""
    folder = _write(visitor, body.ids, with_ancestors=body.ancestors)
    prepared: Prepared = request.app.state.prepared
    size = (folder / _NAME).stat().st_size
    token = prepared.add(visitor.name, folder)
    return BundleReady(address=f"{API}/assets/bundle/{token}", size=size)


@router.get("/assets/bundle/{token}", response_class=FileResponse)
def fetch_bundle(
    request: Request, visitor: CurrentVisitor, token: Annotated[str, InPath(max_length=64)]
) -> FileResponse:
    """Send a bundle that was prepared, or a range of it."""
    prepared: Prepared = request.app.state.prepared
    return _send(prepared.get(visitor.name, token))


def _write(visitor: Visitor, ids: Sequence[str], *, with_ancestors: bool) -> Path:
    """Write a bundle into a folder of its own."""
    visitor.check_assets(ids)
    place = visitor.home.config.home / FOLDER
    place.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=place))
    try:
        visitor.studio.assets.export(list(ids), folder / _NAME, with_ancestors=with_ancestors)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


def _send(path: Path, after: BackgroundTask | None = None) -> FileResponse:
    try:
        status = path.stat()
    except OSError:
        raise NotFoundError("this bundle is no longer here; export it again") from None
    return FileResponse(
        path,
        media_type="application/zip",
        filename="studio-bundle.zip",
        headers={"Cache-Control": "no-store"},
        background=after,
        stat_result=status,
    )
