"""Settings of one server, from the command line."""

import ipaddress
from dataclasses import dataclass

from studio.observe.server import is_loopback

WILDCARDS = ("0.0.0.0", "::", "")


@dataclass(frozen=True)
class ServerSettings:
    """Where and how to serve.

    Attributes:
        host: address to listen on.
        port: TCP port; 0 takes a free one.
        names: host names by which browsers reach this server, besides the address.
        is_https: a proxy in front speaks HTTPS; the session cookie is for HTTPS only then.
        largest_upload: bytes one request may bring.
        mcp: offer tools to assistants at /mcp.
    """

    host: str = "127.0.0.1"
    port: int = 7860
    names: tuple[str, ...] = ()
    is_https: bool = False
    largest_upload: int = 2 << 30
    mcp: bool = False

    @property
    def is_private(self) -> bool:
        """Only this machine can reach it."""
        return is_loopback(self.host) and not self.names

    def knows(self, host: str) -> bool:
        """Tell whether a `Host` header means this server, and no name led here by a stranger."""
        name = split_host(host)
        if is_loopback(name) or name in {self.host.lower(), *(n.lower() for n in self.names)}:
            return True
        return self.host in WILDCARDS and _is_address(name)


def split_host(host: str) -> str:
    """Return the name of a `Host` header without port and brackets, in lower case."""
    name = host.strip().lower()
    if name.startswith("["):
        return name[1:].partition("]")[0]
    return name.partition(":")[0].removesuffix(".")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
