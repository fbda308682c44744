"""`GET /metrics` and `/healthz` for Prometheus; imported on use."""

import ipaddress
import json
import logging
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from studio.errors import ConfigError, StudioError
from studio.observe.exposition import CONTENT_TYPE

_PATIENCE = 5.0  # seconds a client may take


def build_server(
    host: str, port: int, read_metrics: Callable[[], str], *, allow_remote: bool = False
) -> HTTPServer:
    """Open the port; call `serve_forever()` on what is returned.

    One request at a time, in one thread: a scrape is milliseconds, and the database's connections
    belong to threads.

    Raises:
        ConfigError: the address is not this machine's own, or the port cannot be had.
    """
    if not allow_remote and not is_loopback(host):
        raise ConfigError(
            "{host}: other machines could read the metrics; give --allow-remote if that is meant",
            host=host or "*",
        )

    class Handler(_Handler):
        read = staticmethod(read_metrics)

    try:
        return HTTPServer((host, port), Handler)
    except OSError as error:
        raise ConfigError(
            "{host}:{port}: {fault}; choose another port",
            host=host,
            port=port,
            fault=error.strerror or error,
        ) from error


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class _Handler(BaseHTTPRequestHandler):
    server_version = "studio"
    sys_version = ""
    timeout = _PATIENCE
    read: Callable[[], str]

    def do_GET(self) -> None:  # the name is that of the standard library
        """Answer."""
        path = self.path.partition("?")[0]
        if path not in ("/metrics", "/healthz"):
            self._send(404, "text/plain; charset=utf-8", "/metrics or /healthz\n")
            return
        try:
            text = self.read()
        except StudioError as error:
            self._send(503, "application/json", json.dumps({"status": str(error)}))
            return
        if path == "/metrics":
            self._send(200, CONTENT_TYPE, text)
        else:
            self._send(200, "application/json", json.dumps({"status": "ok"}))

    def log_message(self, format: str, *args: Any) -> None:
        """Log instead of writing to stderr."""
        logging.getLogger("studio.observe").debug(format, *args)

    def _send(self, status: int, kind: str, text: str) -> None:
        body = text.encode("utf-8")
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
