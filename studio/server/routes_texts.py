"""`/texts`: what the page says, in other languages."""

import json
from importlib.resources import files
from typing import Annotated

from fastapi import APIRouter, Path, Response

from studio.server.access import CurrentVisitor
from studio.server.errors import NotFoundError
from studio.server.replies import READ

router = APIRouter(prefix="/texts", tags=["system"])


@router.get("/{language}", operation_id="get_texts", summary="Return a translation table.",
            responses=READ)  # fmt: skip
def get_texts(
    visitor: CurrentVisitor,
    language: Annotated[str, Path(pattern=r"^[a-z]{2,3}$")],
    response: Response,
) -> dict[str, str]:
    """Return English text -> text; English itself is empty."""
    if language == "en":
        return {}
    path = files("studio.translations") / f"{language}.json"
    if not path.is_file():
        raise NotFoundError("no language '{language}'", language=language)
    table: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    response.headers["Cache-Control"] = "private, max-age=300"
    return table
