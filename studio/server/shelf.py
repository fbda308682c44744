"""Files that never change while the server runs: read once, packed once, cached by browsers."""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.resources.abc import Traversable

from starlette.requests import Request
from starlette.responses import Response

TYPES: Mapping[str, str] = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webp": "image/webp",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".json": "application/json",
    ".hdr": "application/octet-stream",
    ".wasm": "application/wasm",
}
"""What is sent; other endings are not there."""

FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"

_PACKED = ("text/", "application/json", "image/svg", "application/wasm")
_SMALL = 1000
"""Bytes that are not worth packing."""
_HERE = ("127.0.0.1", "::1", "testclient")


@dataclass(frozen=True)
class Item:
    """A file: its bytes and media type."""

    body: bytes
    kind: str

    @cached_property
    def tag(self) -> str:
        """The ETag."""
        return f'"{hashlib.sha256(self.body).hexdigest()[:32]}"'

    @cached_property
    def packed(self) -> bytes | None:
        """The bytes for gzip; None where it does not pay."""
        if len(self.body) < _SMALL or not self.kind.startswith(_PACKED):
            return None
        return gzip.compress(self.body, 6, mtime=0)


class Shelf:
    """The files of a folder, by name. No path is ever made of what a client sends.

    Args:
        folder: its files are those that are there now.
    """

    def __init__(self, folder: Traversable) -> None:
        self._files = {
            item.name: item
            for item in sorted(folder.iterdir(), key=lambda item: item.name)
            if get_kind(item.name) and item.is_file()
        }
        self._items: dict[str, Item] = {}

    @property
    def names(self) -> list[str]:
        """Of its files."""
        return list(self._files)

    @cached_property
    def version(self) -> str:
        """A few letters that change whenever a file does."""
        digest = hashlib.sha256()
        for name in self._files:
            item = self.find(name)
            digest.update(f"{name} {item.tag if item else ''}\n".encode())
        return digest.hexdigest()[:12]

    def find(self, name: str) -> Item | None:
        """Return a file, if it is there."""
        if name not in self._items:
            file = self._files.get(name)
            if file is None:
                return None
            try:
                self._items[name] = Item(file.read_bytes(), get_kind(name))
            except OSError:
                return None
        return self._items[name]


def get_kind(name: str) -> str:
    """Return the media type of a file, or "" if it is not to be sent."""
    return TYPES.get(name[name.rfind(".") :], "")


def send_item(request: Request, item: Item, caching: str) -> Response:
    """Send a file; packed, if it goes to another machine; or say that it is still the same."""
    headers = {"ETag": item.tag, "Cache-Control": caching, "Vary": "Accept-Encoding"}
    if request.headers.get("if-none-match") == item.tag:
        return Response(status_code=304, headers=headers)
    if item.packed is not None and wants_packed(request):
        headers["Content-Encoding"] = "gzip"
        return Response(item.packed, headers=headers, media_type=item.kind)
    return Response(item.body, headers=headers, media_type=item.kind)


def wants_packed(request: Request) -> bool:
    """Tell whether packing pays: within one machine the bytes are free and the packing is not."""
    host = request.client.host if request.client else ""
    is_near = host in _HERE and "x-forwarded-for" not in request.headers
    return not is_near and "gzip" in request.headers.get("accept-encoding", "")
