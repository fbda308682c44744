"""The application: REST, events, files, static files and login, behind one gate."""

import anyio
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

import studio as package
from studio.app.studio import Studio
from studio.errors import StudioError
from studio.server import (
    login,
    routes_assets,
    routes_bulk,
    routes_bundles,
    routes_checkpoints,
    routes_collections,
    routes_events,
    routes_files,
    routes_generators,
    routes_jobs,
    routes_lineage,
    routes_pipelines,
    routes_presets,
    routes_queue,
    routes_runs,
    routes_system,
    routes_texts,
    routes_upkeep,
    routes_uploads,
    routes_waiting,
    static,
)
from studio.server.access import Door, Languages
from studio.server.accounts import Accounts
from studio.server.answers import answer_http, answer_invalid, answer_studio_error
from studio.server.apart import LongCalls
from studio.server.gate import Gate
from studio.server.mcp_http import add_mcp
from studio.server.settings import ServerSettings
from studio.server.throttle import Throttle

PREFIX = "/api/v1"

ROUTES = (
    # Before those that take an id where these have a word.
    routes_uploads,
    routes_bundles,
    routes_bulk,
    routes_assets,
    routes_files,
    routes_collections,
    routes_lineage,
    routes_generators,
    routes_jobs,
    routes_queue,
    routes_waiting,
    routes_events,
    routes_pipelines,
    routes_runs,
    routes_presets,
    routes_checkpoints,
    routes_system,
    routes_upkeep,
    routes_texts,
)


def build_app(studio: Studio, settings: ServerSettings) -> FastAPI:
    """Build the server of a home; whoever calls closes the home."""
    app = build_routes()
    equip(app, studio, settings)
    if settings.mcp:
        add_mcp(app)
    return app


def build_routes() -> FastAPI:
    """Build a server that has no home yet."""
    app = FastAPI(
        title="Studio",
        version=package.__version__,
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.add_middleware(Gate)
    app.add_exception_handler(StudioError, answer_studio_error)
    app.add_exception_handler(RequestValidationError, answer_invalid)
    app.add_exception_handler(HTTPException, answer_http)
    for module in ROUTES:
        app.include_router(module.router, prefix=PREFIX)
    app.include_router(static.router)
    app.include_router(login.router)
    return app


def equip(app: FastAPI, studio: Studio, settings: ServerSettings) -> None:
    """Give a server its home, and all it remembers while it runs."""
    accounts = Accounts(studio.assets.store.database)
    app.state.door = Door(studio, settings, accounts, Languages(studio.config.language))
    app.state.shelf = static.build_shelf()
    app.state.long_calls = LongCalls()
    app.state.prepared = routes_bundles.Prepared()
    app.state.throttle = Throttle()
    app.state.login_limit = anyio.Semaphore(2)  # a password check takes 64 MiB
