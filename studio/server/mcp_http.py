"""`/mcp`: the tools over streamable HTTP, for whoever may use the server."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from importlib.util import find_spec

from fastapi import APIRouter, FastAPI

from studio.app.studio import Studio
from studio.errors import StudioError
from studio.server.access import Visitor
from studio.translation import Translator


def check_installed() -> None:
    """Refuse where the protocol's library is missing.

    Raises:
        StudioError: with the command that installs it.
    """
    if find_spec("mcp") is None:
        raise StudioError(
            "the tools for assistants need mcp; install it with: "
            "pip install 'generative-media-studio[mcp]'"
        )


def add_mcp(app: FastAPI) -> None:
    """Answer at `/mcp`; whoever is logged in there is who generates.

    Raises:
        StudioError: as `check_installed`.
    """
    check_installed()
    server = import_module("studio.server.mcp_tools").build_mcp(
        lambda context: context.request_context.request.state.visitor
    )
    routes = server.streamable_http_app().routes

    @asynccontextmanager
    async def run(app: FastAPI) -> AsyncIterator[None]:
        async with server.session_manager.run():
            yield

    app.router.routes.extend(routes)
    app.include_router(APIRouter(lifespan=run))


def serve_stdio(studio: Studio) -> None:
    """Answer on standard input and output until it ends, as the home's own user.

    Raises:
        StudioError: as `check_installed`.
    """
    check_installed()
    visitor = Visitor(studio.config.user, True, Translator(studio.config.language), studio)
    build_mcp = import_module("studio.server.mcp_tools").build_mcp
    build_mcp(lambda context: visitor).run("stdio")
