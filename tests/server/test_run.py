"""The server as a process of its own: ports, addresses, the end."""

import os
import signal
import socket
import subprocess
import sys
import threading

import httpx
import pytest

from studio.errors import StudioError
from studio.server.app import build_app
from studio.server.run import build_server, check_public, get_url, open_socket
from studio.server.settings import ServerSettings

SERVE = """
import sys
from studio import Studio
from studio.server.app import build_app
from studio.server.run import serve_home
from studio.server.settings import ServerSettings
with Studio(sys.argv[1], workers="inline") as studio:
    serve_home(studio, build_app, ServerSettings(port=0), lambda url: print(url, flush=True))
print("closed", flush=True)
"""


def test_a_taken_port_is_told():
    with open_socket("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(StudioError, match="--port"):
            open_socket("127.0.0.1", port)
    for host, number in (("no such host.invalid", 0), ("192.0.2.1", 0), ("127.0.0.1", 70000)):
        with pytest.raises(StudioError, match="--host"):
            open_socket(host, number)


def test_other_machines_come_in_with_a_login_only(studio, accounts):
    check_public(studio, ServerSettings(host="localhost"))
    for settings in (
        ServerSettings(host="0.0.0.0"),
        ServerSettings(host="::"),
        ServerSettings(host="192.168.1.5"),
        ServerSettings(names=("studio.example",)),
    ):
        with pytest.raises(StudioError, match="studio user add"):
            check_public(studio, settings)
    accounts.add_user("ann", "password1")
    check_public(studio, ServerSettings(host="0.0.0.0"))


def test_addresses():
    assert get_url(ServerSettings(host="0.0.0.0", port=80)) == "http://127.0.0.1:80/"
    assert get_url(ServerSettings(host="::1", port=80)) == "http://[::1]:80/"


def test_a_server_in_a_thread_answers_and_ends(studio):
    ready = threading.Event()
    with open_socket("127.0.0.1", 0) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = build_server(build_app(studio, ServerSettings()), ready.set)
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            assert ready.wait(60)
            assert httpx.get(f"{url}/api/v1/assets", timeout=60).json()["items"] == []
        finally:
            server.should_exit = True
            thread.join(60)
    assert not thread.is_alive()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_though_somebody_listens(home, sample_path, use_plugins, number):
    use_plugins(sample_path)
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(home)], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    try:
        url = process.stdout.readline().strip()
        assert url.startswith("http://127.0.0.1:")
        with httpx.stream("GET", f"{url}api/v1/events", timeout=60) as events:
            next(events.iter_lines())
            process.send_signal(number)
            assert process.stdout.readline() == "closed\n"
            assert process.wait(60) == 0
    finally:
        process.kill()
        process.stdout.close()
        process.wait()


def test_the_port_is_free_again(home):
    with open_socket("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            pass
    open_socket("127.0.0.1", port).close()
