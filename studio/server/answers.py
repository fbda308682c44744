"""Errors as JSON: `{error, message, field}`, in the language of whoever asked."""

from collections.abc import Mapping

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from studio.errors import (
    AssetNotFoundError,
    CheckpointError,
    ConfigError,
    InvalidInputError,
    InvalidParamsError,
    JobCancelledError,
    OutOfMemoryError,
    PipelineError,
    StoreError,
    StudioError,
    UnknownGeneratorError,
)
from studio.scheduler.receipts import UsedKeyError
from studio.server.access import get_door
from studio.server.errors import ServerError
from studio.translation import Translator

STATUS: Mapping[type[StudioError], int] = {
    AssetNotFoundError: 404,
    UnknownGeneratorError: 404,
    InvalidParamsError: 422,
    InvalidInputError: 422,
    PipelineError: 422,
    CheckpointError: 409,
    JobCancelledError: 409,
    OutOfMemoryError: 409,
    ConfigError: 400,
    StoreError: 503,
    UsedKeyError: 409,
}
_FULL = "disk is full"
_WHERE = ("body", "query", "path", "header", "form", "cookie")


def get_status(error: StudioError) -> int:
    """Return the HTTP status of an error."""
    if isinstance(error, ServerError):
        return error.status
    if isinstance(error, StoreError) and _FULL in error.template:
        return 507
    return STATUS.get(type(error), 400)


def build_error(error: StudioError, translator: Translator) -> JSONResponse:
    """Say an error."""
    body = {
        "error": type(error).__name__,
        "message": translator.error(error),
        "field": error.values.get("field", ""),
    }
    return JSONResponse(body, get_status(error))


def find_translator(request: Request) -> Translator:
    """Return the translator for a request, whoever sent it."""
    return get_door(request).languages.choose(request.headers.get("accept-language", ""))


async def answer_studio_error(request: Request, error: Exception) -> Response:
    """Answer a `StudioError`."""
    assert isinstance(error, StudioError)
    return build_error(error, find_translator(request))


async def answer_invalid(request: Request, error: Exception) -> Response:
    """Answer a request whose shape is wrong."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    places = [str(part) for part in first["loc"]]
    field = ".".join(places[1:] if places[:1] and places[0] in _WHERE else places)
    fault = InvalidParamsError(
        "{field}: {fault}", field=field or "request", fault=first.get("msg", "is wrong")
    )
    return build_error(fault, find_translator(request))


async def answer_http(request: Request, error: Exception) -> Response:
    """Answer what the framework refuses: no such path, a wrong method."""
    assert isinstance(error, HTTPException)
    translator = find_translator(request)
    if isinstance(error.__cause__, StudioError):  # what went wrong while the body was read
        return build_error(error.__cause__, translator)
    known = {
        404: StudioError("there is nothing at this address"),
        405: StudioError("this address does not take {method}", method=request.method),
    }
    said = known.get(error.status_code) or StudioError("{fault}", fault=error.detail)
    body = {"error": "HTTPError", "message": translator.error(said), "field": ""}
    return JSONResponse(body, error.status_code, headers=error.headers)
