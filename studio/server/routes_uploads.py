"""`POST /assets`: files and bundles into the library."""

from collections.abc import Sequence
from typing import Any

import anyio
from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from studio.app.asset import Asset
from studio.errors import StudioError
from studio.server.access import CurrentVisitor, Visitor
from studio.server.errors import ServerError
from studio.server.models_assets import AssetItems, build_assets
from studio.server.replies import LIBRARY
from studio.server.uploads import Upload, as_sent, plan_imports, receive_upload

router = APIRouter(tags=["assets"], responses=LIBRARY)

_FILE = {"type": "string", "contentMediaType": "application/octet-stream"}


def _describe_form(**fields: Any) -> dict[str, Any]:
    """Describe a form in OpenAPI's words; its first field is needed."""
    schema = {"type": "object", "required": [next(iter(fields))], "properties": fields}
    return {
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}
    }


@router.post(
    "/assets",
    status_code=201,
    responses={201: {"model": AssetItems}},
    openapi_extra=_describe_form(
        files={"type": "array", "items": _FILE, "minItems": 1},
        title={"type": "string", "maxLength": 300},
        tags={"type": "string", "description": "separated by commas"},
    ),
)
async def upload_assets(request: Request, visitor: CurrentVisitor) -> JSONResponse:
    """Add files; several are one asset each, or one material if they are named as its maps."""
    async with receive_upload(request, visitor.home.config.home) as upload:
        return await anyio.to_thread.run_sync(_import_files, visitor, upload)


@router.post(
    "/assets/bundle",
    status_code=201,
    responses={201: {"model": AssetItems}},
    openapi_extra=_describe_form(file=_FILE),
)
async def upload_bundle(request: Request, visitor: CurrentVisitor) -> JSONResponse:
    """Add the assets of a bundle, all or none."""
    async with receive_upload(request, visitor.home.config.home) as upload:
        return await anyio.to_thread.run_sync(_import_bundle, visitor, upload)


def _import_files(visitor: Visitor, upload: Upload) -> JSONResponse:
    title = upload.get_text("title", 300)
    tags = [tag.strip() for tag in upload.get_text("tags", 5000).split(",") if tag.strip()]
    library = visitor.studio.assets
    first = library.store.ids.new_id()
    made: list[Asset] = []
    try:
        with as_sent(upload):
            for path in plan_imports(upload):
                made.append(library.import_file(path, title=title, tags=tags))
    except StudioError:
        # All or none: those that were in the library before have smaller ids.
        fresh = [asset.id for asset in made if asset.id > first]
        library.trash(fresh)
        library.store.purge(fresh)
        raise
    return _answer(made)


def _import_bundle(visitor: Visitor, upload: Upload) -> JSONResponse:
    if len(upload.files) != 1:
        raise ServerError("one bundle at a time")
    with as_sent(upload):
        return _answer(visitor.studio.assets.import_bundle(upload.files[0], adopt=True))


def _answer(made: Sequence[Asset]) -> JSONResponse:
    return JSONResponse({"items": build_assets(asset.record for asset in made)}, 201)
