import io
import zipfile

import pytest
from PIL import Image

from studio.errors import InvalidInputError
from studio.server.uploads import clean_name, find_common_name

API = "/api/v1"


@pytest.fixture
def count(client):
    return lambda: client.get(f"{API}/assets/count").json()["count"]


@pytest.fixture
def nothing_left(home):
    """Called at the end: no upload is still lying about."""

    def check():
        folders = [home / "uploads", home / "blobs" / "incoming"]
        left = [path for folder in folders if folder.exists() for path in folder.iterdir()]
        assert left == []

    yield check
    check()


def send(client, *files, **fields):
    return client.post(f"{API}/assets", files=[("files", file) for file in files], data=fields)


def test_two_files_are_two_assets(client, png, count, nothing_left):
    answer = send(client, ("a.png", png("red")), ("note.txt", b"hello\n"), tags="x, y,,")
    assert answer.status_code == 201
    items = answer.json()["items"]
    assert [(item["title"], item["kind"]) for item in items] == [("a", "image"), ("note", "text")]
    assert all(item["tags"] == ["x", "y"] for item in items)
    assert count() == 2


def test_the_same_again_is_the_same(client, png, count):
    first = send(client, ("a.png", png())).json()["items"][0]
    again = send(client, ("other.png", png())).json()["items"][0]
    assert (again["id"], count()) == (first["id"], 1)


def test_maps_are_one_material(client, png, count, nothing_left):
    maps = [("Brick_Color.png", png("#804030")), ("Brick_NormalGL.png", png("#8080ff")),
            ("Brick_Roughness.png", png("#909090"))]  # fmt: skip
    (made,) = send(client, *maps).json()["items"]
    assert (made["kind"], made["title"]) == ("texture", "Brick")
    assert set(made["files"]) == {"albedo", "normal_gl", "roughness"}
    assert made["main"] == "albedo"
    assert count() == 1
    two = send(client, ("Moss_Color.png", png("green")), ("cat.png", png("blue")))
    assert [item["kind"] for item in two.json()["items"]] == ["image", "image"]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("fake.png", b"not a picture at all"),
        ("cut.png", None),
        ("empty.png", b""),
        ("program.exe", b"MZ"),
        ("no_ending", b"data"),
        ("bad.mid", b"MThd nonsense"),
        ("bad.zip", b"PK nonsense"),
    ],
)
def test_bad_files_leave_nothing(client, png, count, nothing_left, name, data, home):
    good = ("good.png", png("blue"))
    before = sorted(path.name for path in (home / "blobs").rglob("*") if path.is_file())
    bad = (name, png(side=64)[:90] if data is None else data)
    answer = send(client, good, bad)
    assert answer.status_code == 422
    assert name in answer.json()["message"]
    assert str(home) not in answer.json()["message"]
    assert count() == 0
    assert sorted(path.name for path in (home / "blobs").rglob("*") if path.is_file()) == before


def test_a_bomb_of_a_picture_is_refused(client, nothing_left, count):
    stream = io.BytesIO()
    Image.new("1", (17000, 17000)).save(stream, "PNG")
    answer = send(client, ("bomb.png", stream.getvalue()))
    assert (answer.status_code, count()) == (422, 0)


def test_what_is_too_large_is_refused(client, nothing_left, count):
    big = send(client, ("big.txt", b"x" * (5 << 20)))
    assert big.status_code == 413
    assert "4 MiB" in big.json()["message"]

    def drip():
        yield b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\n'
        for _ in range(80):
            yield b"x" * (1 << 16)

    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    assert client.post(f"{API}/assets", content=drip(), headers=kind).status_code == 413
    assert count() == 0


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b"{}"),
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=b", b"--wrong"),
        ("multipart/form-data; boundary=b", b"--b--\r\n"),
        ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="files"'),
        ("multipart/form-data; boundary=" + "b" * 400, b"--b--"),
    ],
)
def test_damaged_forms_are_refused(client, nothing_left, kind, body):
    for path in ("assets", "assets/bundle"):
        answer = client.post(f"{API}/{path}", content=body, headers={"Content-Type": kind})
        assert answer.status_code in (400, 422), answer.text


def test_hostile_names_do_no_harm(client, png, home, nothing_left):
    before = set(home.parent.iterdir())
    names = ["../../evil.png", "/etc/evil.png", "..\\evil.png", "a\u202egnp.png", "🧱.png",
             "'; rm -rf ~;.png", "%2e%2e%2fx.png", "x" * 400 + ".png", "CON.png"]  # fmt: skip
    for number, name in enumerate(names):
        answer = send(client, (name, png((number, 9, 9))))
        assert answer.status_code == 201, (name, answer.text)
        title = answer.json()["items"][0]["title"]
        assert "/" not in title
        assert "\\" not in title
    assert set(home.parent.iterdir()) == before


def test_names_are_cleaned():
    assert clean_name("C:\\photos\\brick.png") == "brick.png"
    assert clean_name("..") == clean_name("") == clean_name("\0") == "file"
    assert clean_name("é" * 200 + ".png").endswith("é.png")
    assert len(clean_name("é" * 200 + ".png").encode()) <= 120
    assert find_common_name(["brick_Color", "brick_NormalGL"]) == "brick"
    assert find_common_name(["Color", "NormalGL"]) == ""


def test_a_bundle_there_and_back(client, studio, png, count, nothing_left):
    (first,) = studio.generate("sample.noise", seed=1, size=8)
    (second,) = studio.generate("sample.invert", inputs={"image": first.id})
    answer = client.get(f"{API}/assets/bundle", params={"id": second.id})
    assert answer.headers["content-type"] == "application/zip"
    assert "studio-bundle.zip" in answer.headers["content-disposition"]
    nothing_left()
    alone = client.get(f"{API}/assets/bundle", params={"id": second.id, "ancestors": False})
    assert len(alone.content) < len(answer.content)
    ids = [first.id, second.id]
    client.post(f"{API}/assets/trash", json={"ids": ids})
    client.post(f"{API}/assets/purge", json={"ids": ids})
    assert count() == 0
    back = client.post(f"{API}/assets/bundle", files={"file": ("b.zip", answer.content)})
    assert back.status_code == 201
    assert [item["id"] for item in back.json()["items"]] == ids
    assert len(client.get(f"{API}/assets/{second.id}/lineage").json()["edges"]) == 1


def test_a_bundle_of_many_is_prepared_and_fetched(client, studio, png, tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    ids = []
    for colour in ("red", "green", "blue"):
        path.write_bytes(png(colour))
        ids.append(studio.assets.import_file(path).id)
    place = f"{API}/assets/bundle/prepare"
    ready = client.post(place, json={"ids": ids})
    assert ready.status_code == 201, ready.text
    address, size = ready.json()["address"], ready.json()["size"]
    whole = client.get(address)
    assert len(whole.content) == size
    part = client.get(address, headers={"Range": "bytes=2-5"})
    assert (part.status_code, part.content) == (206, whole.content[2:6])
    with zipfile.ZipFile(io.BytesIO(whole.content)) as bundle:
        assert len(bundle.namelist()) == 4  # and a manifest

    more = [client.post(place, json={"ids": ids[:1]}).json()["address"] for _ in range(4)]
    assert client.get(address).status_code == 404
    assert [client.get(each).status_code for each in more] == [200] * 4
    assert len(list((studio.config.home / "uploads").iterdir())) == 4
    monkeypatch.setattr("studio.server.routes_bundles.KEPT", -1.0)
    late = client.post(place, json={"ids": ids}).json()["address"]
    assert client.get(late).status_code == 404
    assert client.post(place, json={"ids": []}).status_code == 422
    assert client.post(place, json={"ids": ["0" * 26]}).status_code == 404
    assert client.get(f"{API}/assets/bundle/none").json()["error"] == "NotFoundError"


def test_bad_bundles_are_refused(client, nothing_left, count):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", b" " * (8 << 20))
    for data in (b"no zip", stream.getvalue(), b""):
        answer = client.post(f"{API}/assets/bundle", files={"file": ("b.zip", data)})
        assert answer.status_code == 422, answer.text
        assert "b.zip" in answer.json()["message"]
    files = [("file", ("a.zip", b"x")), ("file", ("b.zip", b"x"))]
    assert client.post(f"{API}/assets/bundle", files=files).status_code == 400
    assert count() == 0


def test_a_full_disk_is_told(client, png, monkeypatch, count):
    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("studio.server.uploads._Reader._write", refuse)
    answer = send(client, ("a.png", png()))
    assert answer.status_code == 507
    assert "disk is full" in answer.json()["message"]


def test_what_is_wrong_is_told_as_the_same_error(client):
    answer = send(client, ("fake.png", b"no"))
    assert answer.json()["error"] == InvalidInputError.__name__
