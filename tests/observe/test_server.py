import threading
import urllib.error
import urllib.request

import pytest

from studio.errors import ConfigError, StoreError
from studio.observe.server import build_server, is_loopback


@pytest.fixture
def serve():
    servers = []

    def start(read):
        server = build_server("127.0.0.1", 0, read)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        servers.append((server, thread))
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()


def fetch(url):
    with urllib.request.urlopen(url, timeout=60) as answer:
        return answer.status, answer.headers["Content-Type"], answer.read().decode()


def test_metrics_are_read_anew_each_time(serve):
    count = iter(range(9))
    url = serve(lambda: f"a {next(count)}\n")
    assert fetch(f"{url}/metrics") == (200, "text/plain; version=0.0.4; charset=utf-8", "a 0\n")
    assert fetch(f"{url}/metrics?x=1")[2] == "a 1\n"
    assert fetch(f"{url}/healthz")[2] == '{"status": "ok"}'


def test_other_paths_are_not_there(serve):
    with pytest.raises(urllib.error.HTTPError) as error:
        fetch(serve(lambda: "") + "/etc/passwd")
    assert error.value.code == 404
    error.value.close()


def test_a_broken_home_is_said(serve):
    def read():
        raise StoreError("{path}: is damaged", path="studio.db")

    with pytest.raises(urllib.error.HTTPError) as error:
        fetch(serve(read) + "/healthz")
    assert error.value.code == 503
    assert b"studio.db: is damaged" in error.value.read()
    error.value.close()


@pytest.mark.parametrize("host", ["0.0.0.0", "", "::", "192.168.1.1", "example.org"])
def test_other_machines_need_a_flag(host):
    with pytest.raises(ConfigError, match="--allow-remote"):
        build_server(host, 0, str)
    assert not is_loopback(host)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_loopback(host):
    assert is_loopback(host)


def test_remote_is_allowed_by_flag():
    build_server("0.0.0.0", 0, str, allow_remote=True).server_close()


def test_a_port_that_is_taken():
    first = build_server("127.0.0.1", 0, str)
    with pytest.raises(ConfigError, match=f"{first.server_port}: .*another port"):
        build_server("127.0.0.1", first.server_port, str)
    first.server_close()
