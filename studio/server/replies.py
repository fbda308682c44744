"""What a route may answer besides its model: errors as OpenAPI describes them."""

from typing import Any

from pydantic import BaseModel

Responses = dict[int | str, dict[str, Any]]


class ErrorView(BaseModel):
    """What went wrong: class, message in the visitor's language, the field at fault or ""."""

    error: str
    message: str
    field: str = ""


_TEXTS = {
    400: "It cannot be done as asked.",
    401: "Nobody is logged in.",
    403: "The request is refused.",
    404: "There is no such thing, or none that you may see.",
    405: "This address does not take this method.",
    409: "It cannot be done as things stand.",
    413: "More than the server takes.",
    422: "A field is wrong; `field` names it.",
    503: "The home cannot be read or written.",
}


def build_responses(*codes: int) -> Responses:
    """Describe error answers; those that any request may get are always among them."""
    return {
        code: {"model": ErrorView, "description": _TEXTS[code]}
        for code in sorted({*codes, 400, 401, 403, 503})
    }


READ = build_responses(404, 422)
WRITE = build_responses(404, 409, 422)
LIST = build_responses(422)
LIBRARY = build_responses(404, 409, 413, 422)
