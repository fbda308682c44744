"""A server over the home with the sample plugin, and browsers that talk to it."""

import io
from contextlib import ExitStack

import pytest
from anyio.from_thread import start_blocking_portal
from PIL import Image
from starlette.testclient import TestClient

from studio.server.access import COOKIE
from studio.server.app import build_routes, equip
from studio.server.settings import ServerSettings

BASE = "http://127.0.0.1:7860"
API = "/api/v1"
PASSWORD = "correct horse"


@pytest.fixture(scope="session")
def routes():
    """A server without a home: building it takes longer than most tests."""
    return build_routes()


@pytest.fixture
def app(routes, studio):
    """The server of `studio`, for this machine alone."""
    equip(routes, studio, ServerSettings(largest_upload=4 << 20))
    return routes


@pytest.fixture
def browse(app):
    """`browse(**headers)`: another browser (or program) at the same server."""
    with ExitStack() as stack, start_blocking_portal() as portal:

        def start(server=app, **headers):
            names = {name.replace("_", "-"): value for name, value in headers.items()}
            client = TestClient(server, base_url=BASE, headers=names, follow_redirects=False)
            client.portal = portal  # otherwise a thread and a loop for every request
            stack.callback(client.close)
            return client

        yield start


@pytest.fixture
def client(browse):
    """The page of this server, which sends `X-Studio`."""
    return browse(X_Studio="1")


@pytest.fixture
def accounts(app):
    """Users of the server."""
    return app.state.door.accounts


@pytest.fixture
def log_in(accounts, browse):
    """`log_in(name, admin=False)`: a browser in which a new user is logged in."""

    def start(name, admin=False):
        accounts.add_user(name, PASSWORD, is_admin=admin)
        browser = browse(X_Studio="1")
        answer = browser.post("/login", data={"name": name, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        assert COOKIE in browser.cookies
        return browser

    return start


@pytest.fixture
def png():
    """`png(colour, side=16)`: the bytes of a picture."""

    def make(colour="red", side=16):
        stream = io.BytesIO()
        Image.new("RGB", (side, side), colour).save(stream, "PNG")
        return stream.getvalue()

    return make


@pytest.fixture
def upload(png):
    """`upload(client, name="a.png", colour="red", **fields)`: the asset a picture became."""

    def send(browser, name="a.png", colour="red", **fields):
        files = [("files", (name, png(colour), "image/png"))]
        answer = browser.post(f"{API}/assets", files=files, data=fields)
        assert answer.status_code == 201, answer.text
        return answer.json()["items"][0]

    return send
