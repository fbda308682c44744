"""Running the server: one process, from the bound port to the last answer."""

import contextlib
import gc
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import uvicorn
from fastapi import FastAPI

from studio.app.studio import Studio
from studio.errors import StudioError
from studio.server.accounts import Accounts
from studio.server.settings import WILDCARDS, ServerSettings
from studio.server.uploads import clear_uploads

Build = Callable[[Studio, ServerSettings], FastAPI]
OnReady = Callable[[str], None]
"""Called with the address once requests are answered."""

_PATIENCE = 1
"""Seconds that open requests are given at the end; event streams never end by themselves."""


def serve_home(
    studio: Studio, build: Build, settings: ServerSettings, on_ready: OnReady | None = None
) -> None:
    """Serve a home until SIGINT or SIGTERM; jobs that are queued go on at once.

    Args:
        studio: the home; whoever calls closes it.
        build: makes the application.
        settings: where to serve.
        on_ready: told the address.

    Raises:
        StudioError: others could come in without a login, or the port cannot be had.
    """
    check_public(studio, settings)
    with open_socket(settings.host, settings.port) as listener:
        bound = replace(settings, port=listener.getsockname()[1])
        clear_uploads(studio.config.home)
        studio.ensure_scheduler()
        app = build(studio, bound)
        settle_memory()
        run_server(app, listener, lambda: on_ready and on_ready(get_url(bound)))


def settle_memory() -> None:
    """Spare later collections of garbage what is there to stay.

    Modules and routes are a hundred thousand objects and more; a collection that looks at all of
    them in the middle of an answer makes one answer in twenty late.
    """
    gc.collect()
    gc.freeze()


def check_public(studio: Studio, settings: ServerSettings) -> None:
    """Refuse to let other machines in while there is nobody to log in.

    Raises:
        StudioError: there is no user.
    """
    accounts = Accounts(studio.assets.store.database)
    if not settings.is_private and not accounts.has_users():
        raise StudioError(
            "{host}: other machines could use this studio without a login; make a user first: "
            "`studio user add NAME --admin`",
            host=", ".join(settings.names) or settings.host,
        )


def open_socket(host: str, port: int) -> socket.socket:
    """Take the port.

    Raises:
        StudioError: it is taken, not allowed, or the address is not this machine's.
    """
    if not 0 <= port < 1 << 16:  # the resolver would take it modulo 65536
        raise _build_socket_error(host, port, ValueError("a port is 0 to 65535"))
    try:
        found = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        family, _, _, _, address = found[0]
        # asyncio turns Nagle's algorithm off only where the protocol is named; with it on, every
        # answer waits 40 ms for the browser's delayed acknowledgement of its head.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    except (OSError, UnicodeError, OverflowError) as error:
        raise _build_socket_error(host, port, error) from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise _build_socket_error(host, port, error) from error
    return listener


def run_server(
    app: FastAPI, listener: socket.socket, on_ready: Callable[[], Any] = lambda: None
) -> None:
    """Answer requests until SIGINT or SIGTERM (or, outside the main thread, for ever)."""
    with _clean_ending():
        build_server(app, on_ready).run([listener])


def build_server(app: FastAPI, on_ready: Callable[[], Any] = lambda: None) -> uvicorn.Server:
    """Return a server that is not running; `should_exit = True` ends it."""
    config = uvicorn.Config(
        app,
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        timeout_keep_alive=60,
        timeout_graceful_shutdown=_PATIENCE,
        ws="none",
        lifespan="on",
    )
    return _Server(config, on_ready)


def get_url(settings: ServerSettings) -> str:
    """Return the address to open in a browser."""
    host = "127.0.0.1" if settings.host in WILDCARDS else settings.host
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}/"


class _Server(uvicorn.Server):
    """Tells when it is ready."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], Any]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start."""
        await super().startup(sockets)
        if self.started:
            self._on_ready()


@contextlib.contextmanager
def _clean_ending() -> Iterator[None]:
    """Let SIGINT and SIGTERM end the server and nothing more: the home is closed after it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with contextlib.suppress(KeyboardInterrupt):
            yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _build_socket_error(host: str, port: int, error: Exception) -> StudioError:
    fault = getattr(error, "strerror", None) or error
    return StudioError(
        "{host}:{port}: {fault}; end the program that has it, or give another --port or --host",
        host=host,
        port=port,
        fault=fault,
    )
