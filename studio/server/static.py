"""`/static/NAME`: the page's scripts and styles, by name out of one folder."""

import hashlib
from importlib.resources import files

from fastapi import APIRouter, Request
from starlette.responses import Response

from studio.server.errors import NotFoundError

router = APIRouter(include_in_schema=False)

TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webp": "image/webp",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".json": "application/json",
    ".hdr": "application/octet-stream",
}
"""What is sent; other endings are not there."""


@router.get("/static/{name}")
def get_static(request: Request, name: str) -> Response:
    """Send a file; asked again with its ETag, say that it is still the same."""
    folder = files("studio.data.assets.ui")
    # A name is looked up among those that are there; no path is made of it.
    known = {item.name: item for item in folder.iterdir() if item.is_file()}
    kind = TYPES.get(name[name.rfind(".") :])
    if name not in known or kind is None:
        raise NotFoundError("there is nothing at this address")
    body = known[name].read_bytes()
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=kind)
