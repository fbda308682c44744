"""`studio metrics`."""

import click

from studio.cli.command import Command, WrongUseError, option
from studio.cli.context import Session

_PORT = 9642


@click.command("metrics", cls=Command)
@option("--serve", "address", is_flag=False, flag_value=str(_PORT), metavar="[HOST:]PORT",
        help="Serve them at /metrics until Ctrl-C; 127.0.0.1:9642 if nothing is said.")  # fmt: skip
@option("--allow-remote", is_flag=True, help="Let other machines read them too.")
@click.pass_obj
def command(session: Session, address: str | None, allow_remote: bool) -> None:
    """Write figures for Prometheus.

    Jobs, queue, workers, devices and the library in its text format. With --serve they are read
    anew for each GET of /metrics; /healthz says whether the home can be read.
    """
    if address is None:
        text = session.studio.monitor.format_metrics()
        if session.out.as_json:
            session.out.data({"metrics": text})
        else:
            click.echo(text, nl=False)
        return
    from studio.observe.server import build_server  # the http server is needed here only

    host, port = split_address(address)
    read = session.studio.monitor.format_metrics
    server = build_server(host, port, read, allow_remote=allow_remote)
    session.note("metrics at {address}; Ctrl-C ends", address=_format_url(host, server.server_port))
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        return
    finally:
        server.server_close()


def split_address(address: str) -> tuple[str, int]:
    """Split "[HOST:]PORT"; a host with colons stands in brackets.

    Raises:
        WrongUseError: it is not one.
    """
    host, _, port = address.rpartition(":")
    if not port.isdecimal() or int(port) > 65535:
        raise WrongUseError("--serve {address}: must be PORT or HOST:PORT", address=address)
    return host.strip("[]") or "127.0.0.1", int(port)


def _format_url(host: str, port: int) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/metrics"
