"""A real server over a home with the sample plugin, and a client of it."""

import threading

import pytest

from studio import Studio
from studio.client import StudioClient
from studio.server.app import build_app
from studio.server.run import build_server, open_socket
from studio.server.settings import ServerSettings


class Server:
    """Uvicorn in a thread; `start` and `stop` as often as you like, at the same port."""

    def __init__(self, home):
        self.home = home
        self.listener = open_socket("127.0.0.1", 0)
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.studio = self.server = self.thread = None

    def start(self):
        if self.listener is None:
            self.listener = open_socket("127.0.0.1", self.port)
        self.studio = Studio(self.home, workers="inline")
        app = build_app(self.studio, ServerSettings(port=self.port))
        ready = threading.Event()
        self.server = build_server(app, ready.set)
        self.thread = threading.Thread(target=self.server.run, args=([self.listener],))
        self.thread.start()
        assert ready.wait(60)

    def stop(self):
        if self.server is None:
            return
        self.server.should_exit = True
        self.thread.join()
        self.listener.close()
        self.studio.close()
        self.server = self.listener = None


@pytest.fixture(scope="session")
def server(tmp_path_factory, sample_path):
    """A server that runs the sample plugin; one for all tests, for it takes long to start."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(sample_path))
        patch.setenv("PYTHONPATH", str(sample_path), prepend=":")
        running = Server(tmp_path_factory.mktemp("client") / "home")
        running.start()
        yield running
        running.stop()


@pytest.fixture
def client(server):
    """A client of `server`."""
    with StudioClient(server.url) as opened:
        yield opened
