"""`/texts`: what the page says, in other languages."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from studio.server.access import CurrentVisitor, get_door
from studio.server.errors import NotFoundError
from studio.server.replies import READ

router = APIRouter(prefix="/texts", tags=["system"])


@router.get("/{language}", operation_id="get_texts", summary="Return a translation table.",
            responses=READ)  # fmt: skip
def get_texts(
    request: Request,
    visitor: CurrentVisitor,
    language: Annotated[str, Path(pattern=r"^[a-z]{2,3}$")],
    response: Response,
) -> dict[str, str]:
    """Return English text -> text, of Studio and its plugins; English itself is empty."""
    if language == "en":
        return {}
    translator = get_door(request).languages.find(language)
    if translator is None:
        raise NotFoundError("no language '{language}'", language=language)
    response.headers["Cache-Control"] = "private, max-age=300"
    return dict(translator.table)
