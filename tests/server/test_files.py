import random

import pytest

from studio.media import MediaType
from studio.server.models_assets import get_type
from studio.store import NewAsset

API = "/api/v1"
MISSING = "0" * 26
PIECES = (
    "..", "../", "..%2f", "%2e%2e%2f", "..%5c", "..\\", "/", "//", "%00", "etc/passwd", "main.png",
    "main", "studio.db", "blobs", "0", "~", "C:\\", "file://", "config.toml", ".", "%", "%25", "é",
    "\u202e", "a" * 300, "CON", "proc/self/environ", "thumbnails", "__init__.py",
)  # fmt: skip


@pytest.fixture
def asset(client, upload):
    return upload(client, name="brick.png")


@pytest.fixture
def file(asset):
    return f"{API}/assets/{asset['id']}/files/main"


def test_a_file_is_sent_once(client, file):
    answer = client.get(file)
    assert answer.headers["content-type"] == "image/png"
    assert answer.content.startswith(b"\x89PNG")
    assert "immutable" in answer.headers["cache-control"]
    assert "private" in answer.headers["cache-control"]
    assert "sandbox" in answer.headers["content-security-policy"]
    tag = answer.headers["etag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = client.get(file, headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b""), known
    assert client.get(file, headers={"If-None-Match": '"other"'}).status_code == 200


def test_ranges(client, file):
    whole = client.get(file).content

    def get(wanted, **headers):
        return client.get(file, headers={"Range": wanted, **headers})

    first = get("bytes=0-9")
    assert (first.status_code, first.content) == (206, whole[:10])
    assert first.headers["content-range"] == f"bytes 0-9/{len(whole)}"
    assert get("bytes=10-").content == whole[10:]
    assert get("bytes=-5").content == whole[-5:]
    assert get(f"bytes={len(whole)}-").status_code == 416
    tag = client.get(file).headers["etag"]
    assert get("bytes=0-9", **{"If-Range": tag}).status_code == 206
    assert get("bytes=0-9", **{"If-Range": '"other"'}).content == whole


def test_names_to_save_as(client, file, asset):
    shown = client.get(file).headers
    assert "content-disposition" not in shown
    saved = client.get(f"{file}?download=1").headers["content-disposition"]
    assert saved == f'attachment; filename="brick-{asset["id"][-6:]}.png"'


def test_no_picture_of_an_asset_is_not_no_asset(client, asset, monkeypatch):
    monkeypatch.setattr("studio.store.thumbnails.Thumbnails.make", lambda self, record: None)
    answer = client.get(asset["thumbnail"])
    assert (answer.status_code, answer.content) == (204, b"")
    missing = client.get(asset["thumbnail"].replace(asset["id"], "0" * 26))
    assert missing.status_code == 404
    assert missing.json()["error"] == "AssetNotFoundError"


def test_thumbnails_are_made_when_missing(client, asset, home):
    for path in (home / "thumbnails").iterdir():
        path.unlink()
    answer = client.get(asset["thumbnail"])
    assert answer.headers["content-type"] == "image/jpeg"
    tag = answer.headers["etag"]
    again = client.get(asset["thumbnail"], headers={"If-None-Match": tag})
    assert again.status_code == 304


def test_what_could_run_is_sent_as_text_or_in_a_sandbox(studio, client, tmp_path):
    page = tmp_path / "page.html"
    page.write_text("<script>alert(1)</script>")
    drawing = tmp_path / "drawing.svg"
    drawing.write_text('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')
    files = {"main": page, "drawing": drawing}
    new = NewAsset(kind=MediaType.REPORT, files=files, payload_hash="0" * 64)
    made = studio.assets.store.add(new, move=False)
    for name, kind in (("main", "text/plain; charset=utf-8"), ("drawing", "image/svg+xml")):
        answer = client.get(f"{API}/assets/{made.id}/files/{name}")
        assert answer.headers["content-type"] == kind
        assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert get_type(".exe") == "application/octet-stream"


def test_a_file_that_is_gone_is_told(client, file, studio, asset):
    path = studio.asset(asset["id"]).path
    path.parent.chmod(0o755)
    path.unlink()
    answer = client.get(file)
    assert answer.status_code == 404
    assert "fsck" in answer.json()["message"]


def test_missing_things(client):
    for path in ("", "/files/main", "/thumbnail", "/lineage", "/code"):
        for id in (MISSING, "x", "0", "%00", MISSING.upper()):
            assert client.get(f"{API}/assets/{id}{path}").status_code == 404, (id, path)


def test_a_beginning_of_an_id_names_nothing(client, asset):
    assert client.get(f"{API}/assets/{asset['id'][:20]}").status_code == 404


def build_names(count):
    chance = random.Random(5)
    for _ in range(count):
        yield "".join(chance.choice(PIECES) for _ in range(chance.randint(1, 5)))


def test_no_path_ever_comes_from_a_client(client, asset, home):
    """A thousand hostile names, on every route that sends a file."""
    home_files = {path.name for path in home.rglob("*") if path.is_file()}
    assert "studio.db" in home_files
    id = asset["id"]
    routes = (
        f"{API}/assets/{{}}/thumbnail",
        f"{API}/assets/{{}}/files/main",
        f"{API}/assets/{id}/files/{{}}",
        f"{API}/jobs/{{}}/preview",
        f"{API}/jobs/{{}}/log",
        f"{API}/texts/{{}}",
        "/static/{}",
    )
    tried = 0
    for name in build_names(1000):
        route = routes[tried % len(routes)]
        answer = client.get(route.format(name))
        tried += 1
        is_ours = route.endswith("files/{}") and name == "main"
        # A client takes `..` out of an address itself: what it asks for then is another route's.
        is_json = answer.headers.get("content-type") == "application/json"
        is_fine = answer.status_code in (400, 404, 422, 303) or is_ours or is_json
        assert is_fine, (route, name, answer.status_code)
        assert answer.status_code < 500, (route, name)
        assert b"root:" not in answer.content
        assert b"SQLite" not in answer.content
    assert tried == 1000
    for name in build_names(50):
        answer = client.get(f"{API}/assets/bundle", params={"id": name})
        assert answer.status_code == 404
