"""`/assets/{id}/files/{name}` and `/assets/{id}/thumbnail`: the only way to a file's bytes.

What a client sends is an id and a key of the asset's files; no path is ever made of it.
"""

from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import FileResponse, Response

from studio.app.asset import build_file_stem
from studio.media import MediaType
from studio.server.access import CurrentVisitor
from studio.server.errors import NotFoundError
from studio.server.models_assets import get_type
from studio.server.replies import LIBRARY
from studio.store import AssetRecord

router = APIRouter(tags=["files"], responses=LIBRARY)

MAIN = "main"

_HEADERS = {
    "Cache-Control": "private, max-age=31536000, immutable",
    "Vary": "Cookie, Authorization",
    # A picture (SVG) or a page that is opened by itself may run nothing and ask for nothing.
    "Content-Security-Policy": (
        "sandbox; default-src 'none'; img-src 'self' data:; media-src 'self'; "
        "style-src 'unsafe-inline'; frame-ancestors 'self'"
    ),
}


@router.get("/assets/{id}/files/{name}", response_class=FileResponse)
def get_file(
    request: Request, visitor: CurrentVisitor, id: str, name: str, download: bool = False
) -> Response:
    """Send a file of an asset, or a range of it; `main` is the main file whatever its name."""
    record = visitor.check_asset(id).record
    path = record.path if name == MAIN else record.files.get(name)
    if path is None:
        raise NotFoundError("asset {id}: it has no file '{name}'", id=id, name=name[:100])
    return send_file(request, path, path.stem, build_name(record, path) if download else None)


@router.get(
    "/assets/{id}/thumbnail",
    response_class=FileResponse,
    responses={204: {"description": "There is no picture of this asset."}},
)
def get_thumbnail(request: Request, visitor: CurrentVisitor, id: str) -> Response:
    """Send a small picture of an asset (JPEG or WebP), drawn now if it is missing."""
    visitor.check_asset(id)
    path = visitor.studio.assets.store.find_thumbnail(id)
    if path is None:
        return Response(status_code=204)  # 404 is for assets that are not there
    return send_file(request, path, f"{id}-thumbnail", None)


def send_file(request: Request, path: Path, tag: str, filename: str | None) -> Response:
    """Send a file that never changes; or say that the browser has it.

    Args:
        request: asks for it.
        path: of the file.
        tag: names its content.
        filename: to save it as; None shows it.
    """
    headers = {**_HEADERS, "ETag": f'"{tag}"'}
    if is_known(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=headers)
    try:
        status = path.stat()
    except OSError:
        raise NotFoundError("the file is gone from the library; `studio fsck` says more") from None
    return FileResponse(
        path,
        headers=headers,
        media_type=get_type(path.suffix),
        filename=filename,
        stat_result=status,
    )


def is_known(header: str, tag: str) -> bool:
    """Tell whether `If-None-Match` names a tag."""
    names = [part.strip().removeprefix("W/") for part in header.split(",")]
    return f'"{tag}"' in names or names == ["*"]


def build_name(record: AssetRecord, path: Path) -> str:
    """Return the readable name a file of an asset is saved under."""
    names = [name for name, file in record.files.items() if file == path]
    is_plain = record.kind is not MediaType.TEXTURE and path == record.path
    return f"{build_file_stem(record)}{'' if is_plain else '_' + names[0]}{path.suffix}"
