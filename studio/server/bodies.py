"""How much a request may bring: counted as it arrives, whatever it says of itself."""

from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope

from studio.server.errors import TooLargeError

SMALL = 16 << 20
"""Bytes of JSON; files may have as many as the settings say."""

_UPLOADS = ("/api/v1/assets", "/api/v1/assets/bundle", "/gradio_api/upload")


def get_limit(scope: Scope, largest_upload: int) -> int:
    """Return how many bytes a request may bring."""
    return largest_upload if scope["path"] in _UPLOADS else SMALL


def check_length(headers: Headers, limit: int) -> None:
    """Refuse what says itself that it is too large.

    Raises:
        TooLargeError: it is.
    """
    length = headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > limit:
        raise _build_error(limit)


def limit_body(receive: Receive, limit: int) -> Receive:
    """Return a `receive` that raises `TooLargeError` once more than `limit` bytes came."""
    came = 0

    async def receive_some() -> Message:
        nonlocal came
        message = await receive()
        came += len(message.get("body", b""))
        if came > limit:
            raise _build_error(limit)
        return message

    return receive_some


def _build_error(limit: int) -> TooLargeError:
    return TooLargeError("this is too large; at most {megabytes} MiB", megabytes=limit >> 20)
