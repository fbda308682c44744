"""The application: REST, events, files, static files and login, behind one gate."""

from importlib import import_module
from importlib.util import find_spec

import anyio
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

import studio as package
from studio.app.studio import Studio
from studio.errors import StudioError
from studio.server.access import Door, Languages
from studio.server.accounts import Accounts
from studio.server.answers import answer_http, answer_invalid, answer_studio_error
from studio.server.apart import LongCalls
from studio.server.gate import Gate
from studio.server.settings import ServerSettings
from studio.server.throttle import Throttle

PREFIX = "/api/v1"
ROUTES = (
    "uploads", "bulk", "assets", "files", "collections", "lineage",
    "generators", "jobs", "queue", "events", "pipelines", "runs", "presets", "checkpoints", "system", "texts",
    "waiting", "upkeep",
)  # fmt: skip


def build_app(studio: Studio, settings: ServerSettings) -> FastAPI:
    """Build the server of a home; whoever calls closes the home."""
    app = FastAPI(
        title="Studio",
        version=package.__version__,
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    accounts = Accounts(studio.assets.store.database)
    door = Door(studio, settings, accounts, Languages(studio.config.language))
    app.state.door = door
    app.state.long_calls = LongCalls()
    app.state.throttle = Throttle()
    app.state.login_limit = anyio.Semaphore(2)  # a password check takes 64 MiB
    app.add_middleware(Gate, door=door)
    app.add_exception_handler(StudioError, answer_studio_error)
    app.add_exception_handler(RequestValidationError, answer_invalid)
    app.add_exception_handler(HTTPException, answer_http)
    for name in ROUTES:
        module = f"studio.server.routes_{name}"
        if find_spec(module):
            app.include_router(import_module(module).router, prefix=PREFIX)
    for name in ("static", "login"):
        module = f"studio.server.{name}"
        if find_spec(module):
            app.include_router(import_module(module).router)
    return app
