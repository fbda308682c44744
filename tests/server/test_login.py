import pytest
from starlette.requests import Request

from studio import Studio
from studio.server.access import COOKIE, find_user
from studio.server.app import build_app
from studio.server.login import clean_next
from studio.server.settings import ServerSettings

ASSETS = "/api/v1/assets"
PASSWORD = "correct horse"


def test_without_users_this_machine_may(client):
    assert client.get(ASSETS).status_code == 200
    assert client.get("/login").headers["location"] == "/"


def test_with_a_user_nobody_else_may(client, accounts, browse):
    accounts.add_user("ann", PASSWORD)
    assert client.get(ASSETS).status_code == 401
    assert client.get(ASSETS).headers["www-authenticate"] == "Bearer"
    page = browse(Accept="text/html").get("/?view=library")
    assert (page.status_code, page.headers["location"]) == (303, "/login?next=/%3Fview%3Dlibrary")
    assert client.get("/gradio_api/info").status_code == 401
    assert client.get("/config", headers={"Accept": "*/*"}).status_code == 401
    assert client.get("/static/core.js").status_code == 200
    assert client.post(f"{ASSETS}/trash", json={"ids": []}).status_code == 401


def test_login_and_logout(log_in, browse):
    browser = log_in("ann")
    assert browser.get(ASSETS).status_code == 200
    assert browser.get("/login?next=/x").headers["location"] == "/x"
    secret = browser.cookies[COOKIE]
    assert browser.post("/logout").json() == {"count": 1}
    assert COOKIE not in browser.cookies
    thief = browse(Cookie=f"{COOKIE}={secret}")
    assert thief.get(ASSETS).status_code == 401


def test_the_cookie_is_well_kept(accounts, browse, studio):
    accounts.add_user("ann", PASSWORD)
    data = {"name": "ann", "password": PASSWORD}
    cookie = browse().post("/login", data=data).headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "secure" not in cookie
    behind_proxy = browse(build_app(studio, ServerSettings(is_https=True)))
    assert "; secure" in behind_proxy.post("/login", data=data).headers["set-cookie"].lower()


def test_a_wrong_password_is_told_in_place(accounts, browse):
    accounts.add_user("ann", PASSWORD)
    answer = browse().post("/login", data={"name": '"><b>ann', "password": "nope"})
    assert answer.status_code == 401
    assert 'role="alert"' in answer.text
    assert "<b>" not in answer.text
    assert COOKIE not in answer.cookies


def test_guessing_is_slowed_down(accounts, browse):
    accounts.add_user("ann", PASSWORD)
    browser = browse()
    statuses = [
        browser.post("/login", data={"name": "ann", "password": f"guess {i}"}).status_code
        for i in range(8)
    ]
    assert statuses[:5] == [401] * 5
    last = browser.post("/login", data={"name": "ann", "password": PASSWORD})
    assert last.status_code == 429
    assert int(last.headers["retry-after"]) >= 1


def test_another_site_cannot_log_somebody_in(accounts, browse):
    accounts.add_user("ann", PASSWORD)
    data = {"name": "ann", "password": PASSWORD}
    answer = browse(Origin="https://evil.example").post("/login", data=data)
    assert answer.status_code == 403


@pytest.mark.parametrize("wanted", ["//evil.example", "https://evil.example", "/\\evil.example",
                                    "\\\\evil", "javascript:alert(1)", "", "/a\nb"])  # fmt: skip
def test_the_login_leads_nowhere_else(wanted):
    assert clean_next(wanted) == "/"
    assert clean_next("/?a=1#b") == "/?a=1#b"


def test_the_page_speaks_the_language_and_loads_nothing_from_elsewhere(accounts, browse):
    accounts.add_user("ann", PASSWORD)
    page = browse(Accept_Language="es").get("/login")
    assert '<html lang="es">' in page.text
    assert "://" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]


def test_tokens_open_the_api(accounts, browse):
    accounts.add_user("ann", PASSWORD)
    _, secret = accounts.add_token("ann", "script")
    program = browse(Authorization=f"Bearer {secret}")
    assert program.get(ASSETS).status_code == 200
    assert program.post(f"{ASSETS}/trash", json={"ids": []}).json() == {"count": 0}  # no X-Studio
    liar = browse(Authorization="Bearer studio_nonsense")
    assert liar.get(ASSETS).status_code == 401
    assert liar.post(f"{ASSETS}/trash", json={"ids": []}).status_code == 403


def test_a_session_outlives_the_server(home, routes, log_in, browse, sample_path):
    browser = log_in("ann")
    secret = browser.cookies[COOKIE]
    with Studio(home, workers="inline", schedules=False) as again:
        restarted = browse(build_app(again, ServerSettings()), Cookie=f"{COOKIE}={secret}")
        assert restarted.get(ASSETS).status_code == 200


def test_a_public_address_is_closed_without_users(studio, browse):
    settings = ServerSettings(host="0.0.0.0")
    browser = browse(build_app(studio, settings), X_Studio="1")
    assert browser.get(ASSETS).status_code == 401


def test_gradio_is_told_the_user(app, log_in):
    asked = []

    @app.get("/who")
    def who(request: Request) -> str:
        asked.append(find_user(request))
        return "ok"

    log_in("ann").get("/who")
    assert asked == ["ann"]
