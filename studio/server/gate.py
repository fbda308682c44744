"""The gate every request passes, those to Gradio too: host, origin, login, headers, last resort.

- A page of a stranger whose name leads to this machine (DNS rebinding) has the wrong `Host`.
- A page of a stranger that sends requests here (CSRF) cannot set `X-Studio`, which `/api/` asks of
  everything that changes something; elsewhere the `Origin` tells.
"""

import logging
import time
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from studio.errors import StudioError
from studio.server.access import Door, get_door
from studio.server.answers import build_error
from studio.server.bodies import check_length, get_limit, limit_body
from studio.server.errors import ForbiddenError, LoginError
from studio.translation import Translator

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
PUBLIC = ("/static/", "/static-", "/login", "/healthz")
API = "/api/"

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "SAMEORIGIN",
    "Content-Security-Policy": "frame-ancestors 'self'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Gate:
    """ASGI middleware; see the module.

    Args:
        app: what is behind it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._log = logging.getLogger("studio.server")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        has_begun, begun = False, time.perf_counter()

        async def send_on(message: Message) -> None:
            nonlocal has_begun
            if message["type"] == "http.response.start":
                has_begun = True
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                # Shown by the developer tools of browsers (W3C Server Timing), in milliseconds.
                spent = (time.perf_counter() - begun) * 1000
                headers.append("Server-Timing", f"app;dur={spent:.1f}")
            await send(message)

        connection = HTTPConnection(scope)
        limit = get_limit(scope, get_door(connection).settings.largest_upload)
        answer = self._refuse(connection, limit)
        if answer is not None:
            await self._answer(answer, scope, receive, send_on)
            return
        try:
            await self._app(scope, limit_body(receive, limit), send_on)
        except ClientDisconnect:
            return  # whoever asked is gone
        except Exception:
            self._log.exception("%s %s", scope.get("method"), scope["path"])
            if has_begun or scope["type"] != "http":
                raise
            await self._build_fault(connection)(scope, receive, send_on)

    def _refuse(self, connection: HTTPConnection, limit: int) -> Response | None:
        """Return the answer to what must not pass; None lets it pass."""
        headers, door = connection.headers, get_door(connection)
        try:
            _check_host(headers, door)
            check_length(headers, limit)
            user = door.find_user(headers, connection.cookies)
            self._check_origin(connection, has_token=user is not None and _has_token(headers))
        except StudioError as error:
            return build_error(error, _choose(connection))
        path = connection.scope["path"]
        if user is not None:
            connection.state.visitor = door.build_visitor(user, headers)
            return None
        if path.startswith(PUBLIC):
            return None
        return self._ask_for_login(connection, path)

    def _check_origin(self, connection: HTTPConnection, *, has_token: bool) -> None:
        """Refuse what another site's page sends."""
        headers, scope = connection.headers, connection.scope
        if has_token:
            return
        method = scope.get("method", "WEBSOCKET")
        site = headers.get("sec-fetch-site", "")
        if method in SAFE_METHODS:
            if site == "cross-site" and headers.get("sec-fetch-mode") != "navigate":
                raise ForbiddenError("requests from pages of other sites are refused")
            return
        if scope["path"].startswith(API):
            if headers.get("x-studio") != "1":
                raise ForbiddenError(
                    "a request that changes something needs the header `X-Studio: 1` or a token"
                )
        elif site == "cross-site" or not _is_own(connection):
            raise ForbiddenError("requests from pages of other sites are refused")

    def _ask_for_login(self, connection: HTTPConnection, path: str) -> Response:
        headers = connection.headers
        is_page = connection.scope.get("method") == "GET" and not path.startswith(API)
        if is_page and "text/html" in headers.get("accept", ""):
            query = connection.scope.get("query_string", b"").decode("latin-1")
            wanted = quote(f"{path}?{query}" if query else path)
            return RedirectResponse(f"/login?next={wanted}", 303)
        error = LoginError("log in, or send a token: `Authorization: Bearer TOKEN`")
        answer = build_error(error, _choose(connection))
        answer.headers["WWW-Authenticate"] = "Bearer"
        return answer

    async def _answer(self, answer: Response, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        await answer(scope, receive, send)

    def _build_fault(self, connection: HTTPConnection) -> Response:
        text = _choose(connection).text("the server failed; logs/studio.log in the home says how")
        return JSONResponse({"error": "ServerFault", "message": text, "field": ""}, 500)


def _check_host(headers: Headers, door: Door) -> None:
    host = headers.get("host", "")
    if not door.settings.knows(host):
        raise ForbiddenError(
            "host '{host}' is not known here; if it is meant to be, start the server with "
            "--name {host}",
            host=host[:100],
        )


def _is_own(connection: HTTPConnection) -> bool:
    """Tell whether a page of this server sent it, or a program, which has no origin."""
    headers = connection.headers
    if "origin" not in headers:
        return True
    place = urlsplit(headers["origin"]).netloc.lower()
    return place == headers.get("host", "").lower() or place in get_door(connection).settings.names


def _has_token(headers: Headers) -> bool:
    return headers.get("authorization", "").lower().startswith("bearer ")


def _choose(connection: HTTPConnection) -> Translator:
    return get_door(connection).languages.choose(connection.headers.get("accept-language", ""))
