"""Requests to a server; what it refuses becomes the error that it was there."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from studio import errors
from studio.errors import StudioError

try:
    import httpx
except ImportError as error:
    raise StudioError(
        "the client needs httpx; install it with: pip install 'generative-media-studio[client]'"
    ) from error

Params = Mapping[str, Any]

_TRIES = 3
_PAUSE = 0.3  # seconds before another try


class Connection:
    """A server's REST API.

    Args:
        url: of the server, e.g. "http://127.0.0.1:7860".
        token: of a user, where the server has users.
        timeout: seconds for an answer.
        transport: of httpx, for tests.
    """

    def __init__(
        self,
        url: str,
        token: str | None = None,
        *,
        timeout: float = 60.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        headers = {"X-Studio": "1"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self.url = url.rstrip("/")
        self._http = httpx.Client(
            base_url=f"{self.url}/api/v1/", headers=headers, timeout=timeout, transport=transport
        )

    def close(self) -> None:
        """Close it."""
        self._http.close()

    def get(self, path: str, params: Params | None = None) -> Any:
        """Read; tried again when the line breaks."""
        return self._repeat("GET", path, params=clean(params))

    def post(
        self, path: str, body: Any = None, *, key: str = "", files: Sequence[Any] | None = None
    ) -> Any:
        """Change something. With an idempotency key it is tried again when the line breaks."""
        headers = {"Idempotency-Key": key} if key else {}
        if files is not None:
            return self._send("POST", path, files=files, data=body, timeout=None)
        send = self._repeat if key else self._send
        return send("POST", path, json=body if body is not None else {}, headers=headers)

    def put(self, path: str, body: Any) -> Any:
        """Keep something."""
        return self._send("PUT", path, json=body)

    def patch(self, path: str, body: Any) -> Any:
        """Change fields."""
        return self._send("PATCH", path, json=body)

    def delete(self, path: str) -> Any:
        """Remove something."""
        return self._send("DELETE", path)

    def read_text(self, path: str) -> str:
        """Read text."""
        return str(self.get(path))

    @contextmanager
    def stream(
        self, path: str, params: Params | None = None, *, timeout: float | None = None
    ) -> Iterator[httpx.Response]:
        """Read an answer as it comes.

        Raises:
            httpx.TransportError: the line broke.
        """
        patience = httpx.Timeout(10.0, read=timeout)
        with self._http.stream("GET", path, params=clean(params), timeout=patience) as response:
            if response.is_error:
                response.read()
                raise build_error(response)
            yield response

    def _repeat(self, method: str, path: str, **options: Any) -> Any:
        for left in reversed(range(_TRIES)):
            try:
                return self._send(method, path, **options)
            except UnreachableError:
                if not left:
                    raise
                time.sleep(_PAUSE)
        raise AssertionError

    def _send(self, method: str, path: str, **options: Any) -> Any:
        try:
            response = self._http.request(method, path, **options)
        except httpx.TransportError as error:
            raise UnreachableError(
                "{url}: {fault}; does `studio serve` run there?",
                url=self.url,
                fault=str(error) or type(error).__name__,
            ) from error
        if response.is_error:
            raise build_error(response)
        is_json = "json" in response.headers.get("content-type", "")
        return response.json() if is_json else response.text


class UnreachableError(StudioError):
    """No answer came."""


def build_error(response: httpx.Response) -> StudioError:
    """Turn an answer into the error that it tells of."""
    try:
        body = response.json()
        name, message = str(body["error"]), str(body["message"])
        field = str(body.get("field", ""))
    except (ValueError, KeyError, TypeError, AttributeError):
        name, field = "", ""
        message = f"HTTP {response.status_code} {response.reason_phrase}"
    kind = getattr(errors, name, StudioError) if name.endswith("Error") else StudioError
    if not (isinstance(kind, type) and issubclass(kind, StudioError)):
        kind = StudioError
    return kind(
        message.replace("{", "{{").replace("}", "}}"), field=field, status=response.status_code
    )


def clean(params: Params | None) -> dict[str, Any]:
    """Leave out what is not given."""
    return {
        name: value
        for name, value in (params or {}).items()
        if value is not None and value not in ("", [], ())
    }
