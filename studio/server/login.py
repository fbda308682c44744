"""`/login` and `/logout`: a small page of our own, from this server alone."""

import html
from string import Template
from typing import Annotated

import anyio
from fastapi import APIRouter, Form, Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from studio.errors import StudioError
from studio.server.access import COOKIE, get_door
from studio.server.accounts import LONGEST_PASSWORD, SESSION_SECONDS
from studio.server.answers import find_translator, get_status
from studio.server.throttle import Throttle
from studio.translation import Translator

router = APIRouter(include_in_schema=False)

_PAGE = Template("""<!doctype html>
<html lang="$language">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Studio – $title</title>
<link rel="stylesheet" href="/static/theme.css">
<link rel="stylesheet" href="/static/login.css">
<script src="/static/login.js"></script>
</head>
<body class="s-login">
<main>
<h1>Studio</h1>
$error
<form method="post" action="/login">
<input type="hidden" name="next" value="$next">
<label for="name">$name</label>
<input id="name" name="name" value="$given" autocomplete="username" autocapitalize="none"
 spellcheck="false" required maxlength="64"$focus_name>
<label for="password">$password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required
 maxlength="1024"$focus_password>
<button type="submit">$title</button>
</form>
</main>
</body>
</html>
""")

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; font-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
}


@router.get("/login")
def show_login(request: Request, next: str = "/") -> Response:
    """Show the page, or go on where somebody is logged in already."""
    if getattr(request.state, "visitor", None):
        return RedirectResponse(clean_next(next), 303)
    return _build_page(find_translator(request), next=next)


@router.post("/login")
async def log_in(
    request: Request,
    name: Annotated[str, Form(max_length=64)],
    password: Annotated[str, Form(max_length=LONGEST_PASSWORD)],
    next: Annotated[str, Form(max_length=2000)] = "/",
) -> Response:
    """Check name and password, and open a session."""
    door = get_door(request)
    throttle: Throttle = request.app.state.throttle
    address = request.client.host if request.client else ""
    try:
        throttle.check(address, name)
        throttle.note_failure(address, name)  # before the slow check: tries may come abreast
        async with request.app.state.login_limit:
            user = await anyio.to_thread.run_sync(door.accounts.check_login, name, password)
    except StudioError as error:
        return _build_page(find_translator(request), next=next, name=name, error=error)
    throttle.forgive(address, name)
    secret = await anyio.to_thread.run_sync(door.accounts.open_session, user.name)
    answer = RedirectResponse(clean_next(next), 303)
    answer.set_cookie(
        COOKIE,
        secret,
        max_age=SESSION_SECONDS,
        httponly=True,
        samesite="lax",
        secure=door.settings.is_https or request.url.scheme == "https",
    )
    return answer


@router.post("/logout")
def log_out(request: Request) -> Response:
    """Close the session of this browser."""
    secret = request.cookies.get(COOKIE)
    if secret:
        get_door(request).accounts.close_session(secret)
    answer: Response = RedirectResponse("/login", 303)
    if "text/html" not in request.headers.get("accept", ""):
        answer = JSONResponse({"count": int(bool(secret))})
    answer.delete_cookie(COOKIE, httponly=True, samesite="lax")
    return answer


@router.get("/healthz")
def get_health() -> dict[str, str]:
    """Say that the server lives."""
    return {"status": "ok"}


def clean_next(wanted: str) -> str:
    """Return where to go after the login: a place on this server, whatever was asked for."""
    is_plain = wanted.isprintable() and "\\" not in wanted
    return wanted if is_plain and wanted.startswith("/") and not wanted.startswith("//") else "/"


def _build_page(
    translator: Translator, *, next: str, name: str = "", error: StudioError | None = None
) -> HTMLResponse:
    said = html.escape(translator.error(error)) if error else ""
    body = _PAGE.substitute(
        language=translator.language,
        title=html.escape(translator.text("Log in")),
        name=html.escape(translator.text("Name")),
        password=html.escape(translator.text("Password")),
        next=html.escape(clean_next(next)),
        given=html.escape(name[:64]),
        error=f'<p class="error" role="alert">{said}</p>' if error else "",
        focus_name="" if name else " autofocus",
        focus_password=" autofocus" if name else "",
    )
    headers = dict(_HEADERS)
    if error and "seconds" in error.values:
        headers["Retry-After"] = error.values["seconds"]
    return HTMLResponse(body, get_status(error) if error else 200, headers=headers)
