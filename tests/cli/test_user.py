"""`studio user`, `studio token` and `studio serve`."""

import json

from studio.cli import serve


def test_users(run):
    assert (
        "ann"
        in run("user", "add", "Ann", "--admin", "--password-stdin", typed="correct horse\n").out
    )
    assert (
        "already"
        in run("user", "add", "ann", "--password-stdin", code=2, typed="correct horse\n").err
    )
    assert "8 to" in run("user", "add", "bob", "--password-stdin", code=2, typed="short\n").err
    (user,) = json.loads(run("user", "list", "--json").out)
    assert (user["name"], user["is_admin"]) == ("ann", True)
    run("user", "password", "ann", "--password-stdin", typed="battery staple\n")
    assert "there is none" in run("user", "password", "bob", "--password-stdin", code=2).err
    run("user", "remove", "ann")
    assert "there is none" in run("user", "remove", "ann", code=2).err
    assert json.loads(run("user", "list", "--json").out) == []


def test_without_a_terminal_nobody_is_asked(run):
    assert "--password-stdin" in run("user", "add", "ann", code=2, typed="").err


def test_tokens(run):
    run("user", "add", "ann", "--password-stdin", typed="correct horse\n")
    shown = run("token", "add", "ann", "--label", "laptop")
    assert shown.out.startswith("studio_")
    assert "not shown again" in shown.err
    (token,) = json.loads(run("token", "list", "--json").out)
    assert (token["user"], token["label"]) == ("ann", "laptop")
    assert "hash" not in token
    assert shown.out.strip() not in run("token", "list").out
    run("token", "remove", token["id"])
    assert "there is none" in run("token", "remove", token["id"], code=2).err
    assert "there is none" in run("token", "add", "bob", code=2).err


def test_serve_refuses_other_machines_without_users(run):
    assert "studio user add" in run("serve", "--host", "0.0.0.0", "--no-open", code=2).err


def test_serve_tells_the_address_and_opens_the_browser_only_where_it_can(run, monkeypatch):
    opened = []

    def answer(studio, *, on_ready, **settings):
        assert (settings["host"], settings["port"]) == ("127.0.0.1", 7999)
        on_ready("http://127.0.0.1:7999/")

    monkeypatch.setattr("studio.ui.serve", answer)
    monkeypatch.setattr(serve, "open_browser", opened.append)
    monkeypatch.setattr(serve, "has_display", lambda: False)
    assert "http://127.0.0.1:7999/" in run("serve", "--port", "7999").out
    assert opened == []
    monkeypatch.setattr(serve, "has_display", lambda: True)
    run("serve", "--port", "7999")
    assert opened == ["http://127.0.0.1:7999/"]
    assert json.loads(run("serve", "--port", "7999", "--no-open", "--json").out)["url"]
    assert len(opened) == 1


def test_a_broken_browser_is_nobodys_fault(monkeypatch):
    def fail(url):
        raise OSError("no browser")

    monkeypatch.setattr("webbrowser.open", fail)
    serve.open_browser("http://127.0.0.1:1/")
