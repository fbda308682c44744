import logging

import pytest

from studio.server.app import build_app
from studio.server.gate import Gate
from studio.server.settings import ServerSettings

ASSETS = "/api/v1/assets"


def test_only_known_hosts_are_answered(client):
    for host in ("127.0.0.1", "localhost:7860", "LOCALHOST", "[::1]:7860", "127.9.9.9"):
        assert client.get(ASSETS, headers={"Host": host}).status_code == 200, host
    for host in ("evil.example", "127.0.0.1.evil.example", "", "10.0.0.1", "localhost.evil.com"):
        answer = client.get(ASSETS, headers={"Host": host})
        assert answer.status_code == 403, host
        assert "--name" in answer.json()["message"]


def test_names_that_were_given_are_known(studio, browse):
    settings = ServerSettings(host="0.0.0.0", names=("Studio.example",))
    build_app(studio, settings).state.door.accounts.add_user("ann", "password1")
    browser = browse(build_app(studio, settings))
    for host, status in (
        ("studio.example", 401),
        ("studio.example:443", 401),
        ("192.168.1.7:7860", 401),  # an address cannot be led astray by a name server
        ("other.example", 403),
    ):
        assert browser.get(ASSETS, headers={"Host": host}).status_code == status, host


def test_what_changes_something_needs_the_header(browse):
    stranger = browse()
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = stranger.request(method, f"{ASSETS}/trash", json={"ids": []})
        assert answer.status_code == 403, method
        assert answer.json()["error"] == "ForbiddenError"
    answer = stranger.post(f"{ASSETS}/trash", json={"ids": []}, headers={"X-Studio": "1"})
    assert answer.json() == {"count": 0}


def test_elsewhere_the_origin_tells(studio, browse):
    app = build_app(studio, ServerSettings())

    @app.post("/gradio_api/queue/join")
    def join() -> dict[str, bool]:
        return {"joined": True}

    browser = browse(app)
    address = "/gradio_api/queue/join"
    assert browser.post(address).status_code == 200  # a program: it has no cookies of a user's
    own = {"Origin": "http://127.0.0.1:7860", "Sec-Fetch-Site": "same-origin"}
    assert browser.post(address, headers=own).status_code == 200
    for headers in (
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Origin": "http://127.0.0.1:7860", "Sec-Fetch-Site": "cross-site"},
    ):
        assert browser.post(address, headers=headers).status_code == 403, headers


def test_other_sites_cannot_embed(client, upload):
    asset = upload(client)
    foreign = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
    assert client.get(asset["thumbnail"], headers=foreign).status_code == 403
    visit = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert client.get(asset["thumbnail"], headers=visit).status_code == 200


def test_every_answer_has_the_headers(client):
    for path in (ASSETS, "/static/core.js", "/api/v1/nothing", "/nothing", "/healthz"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff", path
        assert "frame-ancestors" in headers["content-security-policy"], path
        assert headers["referrer-policy"] == "same-origin", path
        assert float(headers["server-timing"].removeprefix("app;dur=")) >= 0, path


def test_an_answer_says_little_of_a_fault(studio, browse, caplog):
    app = build_app(studio, ServerSettings())

    @app.get("/api/v1/broken")
    def break_down() -> None:
        raise RuntimeError("secret of the house")

    with caplog.at_level(logging.ERROR, "studio.server"):
        answer = browse(app).get("/api/v1/broken")
    assert answer.status_code == 500
    assert set(answer.json()) == {"error", "message", "field"}
    assert "secret" not in answer.text
    assert "secret of the house" in caplog.text


@pytest.mark.parametrize(
    ("header", "language"),
    [("es", "es"), ("es-MX,en;q=0.5", "es"), ("fr, es;q=0.4, en;q=0.9", "en"), ("", "en"),
     ("xx;;;q=,*", "en"), ("es;q=0", "en")],
)  # fmt: skip
def test_the_language_is_the_browsers(app, header, language):
    assert app.state.door.languages.choose(header).language == language


def test_errors_have_one_shape(client):
    wrong = client.get(f"{ASSETS}?limit=0")
    assert wrong.status_code == 422
    assert wrong.json()["field"] == "limit"
    assert set(wrong.json()) == {"error", "message", "field"}
    assert client.get("/api/v1/nothing").json()["error"] == "HTTPError"
    assert client.put(ASSETS).status_code == 405
    bad = client.post(f"{ASSETS}/trash", content=b"{", headers={"Content-Type": "application/json"})
    assert bad.status_code == 422


def test_bodies_are_counted(client, app):
    big = client.post(f"{ASSETS}/trash", content=b"x" * (17 << 20))
    assert big.status_code == 413

    def drip():
        for _ in range(18):
            yield b" " * (1 << 20)

    slow = client.post(
        f"{ASSETS}/trash", content=drip(), headers={"Content-Type": "application/json"}
    )
    assert slow.status_code == 413
    assert any(middleware.cls is Gate for middleware in app.user_middleware)


def test_static_files(client):
    answer = client.get("/static/core.js")
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    tag = answer.headers["etag"]
    assert client.get("/static/core.js", headers={"If-None-Match": tag}).status_code == 304
    for name in ("__init__.py", "nothing.js", "..%2f__init__.py", "%2e%2e/sample.hdr", "a/core.js"):
        assert client.get(f"/static/{name}").status_code == 404, name


def test_openapi_and_no_page_from_elsewhere(client):
    document = client.get("/api/v1/openapi.json").json()
    assert f"{ASSETS}/{{id}}" in document["paths"]
    assert client.get("/docs").status_code == client.get("/redoc").status_code == 404
