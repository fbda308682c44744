"""`/static/NAME`: the page's scripts and styles, by name out of one folder.

The page asks for them below `/static-VERSION/`: with a version in the address a browser keeps them
for ever, and never mixes those of two versions.
"""

from importlib.resources import files

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from studio.server.errors import NotFoundError
from studio.server.shelf import ASK_AGAIN, FOR_EVER, Shelf, send_item

router = APIRouter(include_in_schema=False)


def build_shelf() -> Shelf:
    """Return the page's own files, as they are now."""
    return Shelf(files("studio.data.assets.ui"))


def get_folder(shelf: Shelf) -> str:
    """Return the address under which browsers may keep the files for ever."""
    return f"/static-{shelf.version}"


async def get_static(request: Request) -> Response:
    """Send a file; asked again with its ETag, say that it is still the same."""
    shelf: Shelf = request.app.state.shelf
    item = shelf.find(request.path_params["name"])
    if item is None:
        raise NotFoundError("there is nothing at this address")
    # A page of another version asks for what it knew: better the new file than none.
    is_known = request.path_params.get("version") == shelf.version
    return send_item(request, item, FOR_EVER if is_known else ASK_AGAIN)


router.add_route("/static/{name}", get_static)
router.add_route("/static-{version}/{name}", get_static)
