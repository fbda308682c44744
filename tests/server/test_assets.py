import shlex

import pytest
from pydantic import TypeAdapter

from studio.cli.main import cli
from studio.media import MediaType
from studio.server.models_assets import AssetData, AssetPage, LineageData
from studio.store import NewAsset

API = "/api/v1"
MISSING = "0" * 26
HARD_TITLES = ["\"quotes\" 'both'", "🧱 emoji", "שלום עולם", "<script>alert(1)</script>", "a/../b"]


def get_titles(answer):
    return [item["title"] for item in answer.json()["items"]]


@pytest.fixture
def fill(studio, tmp_path):
    """`fill(title, ...)`: texts in the library, without a run."""
    source = tmp_path / "one.txt"
    source.write_text("one\n")
    store = studio.assets.store
    number = iter(range(10_000))

    def add(*titles, **fields):
        made = []
        for title in titles:
            fields.setdefault("kind", MediaType.TEXT)
            digest = f"{next(number):064x}"
            new = NewAsset(files={"main": source}, payload_hash=digest, title=title, **fields)
            made.append(store.add(new, move=False))
        return made

    return add


def test_an_asset_is_told_in_full(client, upload):
    made = upload(client, name="Old Brick.png", title="Brick", tags="wall, red")
    got = client.get(f"{API}/assets/{made['id']}").json()
    assert got == made
    TypeAdapter(AssetData).validate_python(got)
    assert set(got) == set(AssetData.model_fields)
    assert (got["title"], got["tags"], got["kind"]) == ("Brick", ["red", "wall"], "image")
    assert (got["width"], got["height"], got["main"]) == (16, 16, "main")
    size = got["files"]["main"]["size"]
    assert got["files"]["main"] == {"suffix": ".png", "size": size, "type": "image/png"}
    assert got["size"] == size > 0


def test_pages_go_on_by_key(client, fill):
    fill(*(f"text {i}" for i in range(7)))
    seen, cursor = [], ""
    while True:
        page = client.get(f"{API}/assets", params={"limit": 3, "cursor": cursor}).json()
        AssetPage.model_validate(page)
        seen += [item["title"] for item in page["items"]]
        cursor = page["next_cursor"]
        if not cursor:
            break
        fill("a new one does not disturb")
    assert seen == [f"text {i}" for i in reversed(range(7))]


def test_filters(client, fill, upload):
    fill("moss wall", tags=("green",))
    fill("moss floor")
    brick = upload(client, name="brick.png", tags="green", colour="#c02010")
    client.patch(f"{API}/assets/{brick['id']}", json={"rating": 4})

    def find(**params):
        answer = client.get(f"{API}/assets", params=params)
        assert answer.status_code == 200, answer.text
        count = client.get(f"{API}/assets/count", params=params).json()["count"]
        assert count == len(answer.json()["items"])
        return sorted(get_titles(answer))

    assert find(text="mo") == ["moss floor", "moss wall"]
    assert find(text="mo", tag="green") == ["moss wall"]
    assert find(kind="image") == find(rating_min=3) == find(colour="red") == ["brick"]
    assert find(colour="#ff0000", text="brick", tag="green") == ["brick"]
    assert find(colour="blue") == []
    assert find(created_after=brick["created"]) == ["brick"]
    assert find(created_before=brick["created"]) == ["moss floor", "moss wall"]
    assert find(text='") OR 1=1 --') == []
    for wrong in ({"colour": "loud"}, {"kind": "smell"}, {"cursor": "zz"}, {"limit": 1001}):
        answer = client.get(f"{API}/assets", params=wrong)
        assert answer.status_code == 422, wrong


@pytest.mark.parametrize("title", HARD_TITLES)
def test_hard_titles_come_back_as_they_are(client, upload, title):
    asset = upload(client)
    got = client.patch(f"{API}/assets/{asset['id']}", json={"title": title, "notes": title}).json()
    assert (got["title"], got["notes"]) == (title, title)
    address = f"{API}/assets/{asset['id']}/files/main"
    saved = client.get(address, params={"download": True}).headers["content-disposition"]
    assert saved.startswith("attachment; filename")
    assert not set(saved.partition("=")[2]) & set("<>/\\\r\n")


def test_changes_are_all_or_none(client, upload):
    asset = upload(client)
    address = f"{API}/assets/{asset['id']}"
    wrong = client.patch(address, json={"title": "new", "add_tags": ["x" * 100]})
    assert wrong.status_code == 422
    assert client.get(address).json() == asset
    for body in ({"rating": 9}, {"colour": "red"}, {"title": 5}, []):
        assert client.patch(address, json=body).status_code == 422, body
    got = client.patch(address, json={"rating": 5, "add_tags": ["Wall", "b"]}).json()
    assert (got["rating"], got["tags"]) == (5, ["b", "wall"])
    assert client.patch(address, json={"remove_tags": ["b"]}).json()["tags"] == ["wall"]


def test_bulk(client, fill):
    ids = [record.id for record in fill("a", "b", "c")]

    def post(what, **body):
        return client.post(f"{API}/assets/{what}", json={"ids": ids, **body}).json()

    assert post("tag", add_tags=["x", "y"]) == {"count": 3}
    assert post("tag", remove=["y"]) == {"count": 3}
    assert client.get(f"{API}/tags").json() == {"items": [{"tag": "x", "count": 3}]}
    assert client.get(f"{API}/tags?prefix=y").json() == {"items": []}
    assert post("rate", rating=2) == {"count": 3}
    assert post("trash") == {"count": 3}
    assert post("trash") == {"count": 0}
    assert client.get(f"{API}/assets/count?trashed=true").json() == {"count": 3}
    assert post("restore") == {"count": 3}
    assert client.get(f"{API}/assets/count?rating_min=2").json() == {"count": 3}
    assert post("trash") and post("purge") == {"count": 3}
    assert client.get(f"{API}/assets/{ids[0]}").status_code == 404
    assert post("trash")["error"] == "AssetNotFoundError"


def test_bulk_is_all_or_none(client, fill):
    (record,) = fill("a")
    answer = client.post(f"{API}/assets/trash", json={"ids": [record.id, MISSING]})
    assert answer.status_code == 404
    assert not client.get(f"{API}/assets/{record.id}").json()["trashed"]


def test_only_what_is_in_the_trash_is_purged(client, upload, studio):
    kept, gone = upload(client, name="kept.png"), upload(client, name="gone.png", colour="blue")
    other = upload(client, name="other.png", colour="green")
    client.post(f"{API}/assets/trash", json={"ids": [gone["id"], other["id"]]})
    body = {"ids": [kept["id"], gone["id"]]}
    assert client.post(f"{API}/assets/purge", json=body).json() == {"count": 1}
    assert client.get(kept["thumbnail"]).status_code == 200
    assert client.get(f"{API}/assets/{other['id']}").json()["trashed"]
    assert not studio.assets.check().problems


def test_collections(client, fill):
    ids = [record.id for record in fill("a", "b")]
    name = "Walls “old” 🧱"
    assert client.post(f"{API}/collections/{name}/add", json={"ids": ids}).json() == {"count": 2}
    (item,) = client.get(f"{API}/collections").json()["items"]
    assert item == {"name": name, "count": 2}
    got = client.get(f"{API}/assets/{ids[0]}").json()
    assert (got["tags"], got["collections"]) == ([], [name])
    assert client.get(f"{API}/tags").json() == {"items": []}
    found = client.get(f"{API}/assets", params={"collection": name})
    assert get_titles(found) == ["b", "a"]
    client.post(f"{API}/collections/{name}/remove", json={"ids": ids[:1]})
    assert client.get(f"{API}/collections").json()["items"][0]["count"] == 1
    assert client.post(f"{API}/collections/{'x' * 60}/add", json={"ids": ids}).status_code == 422


def list_collections(client):
    return client.get(f"{API}/collections").json()["items"]


def test_a_collection_is_one_however_it_is_written(client, fill):
    ids = [record.id for record in fill("a", "b", "c")]
    client.post(f"{API}/collections/Old Walls/add", json={"ids": ids[:1]})
    client.post(f"{API}/collections/OLD walls/add", json={"ids": ids[1:2]})
    assert list_collections(client) == [{"name": "Old Walls", "count": 2}]
    got = client.get(f"{API}/assets/{ids[1]}").json()
    assert got["collections"] == ["Old Walls"]
    client.post(f"{API}/assets/trash", json={"ids": ids[:1]})
    assert list_collections(client) == [{"name": "Old Walls", "count": 1}]

    def rename(old, new):
        return client.post(f"{API}/collections/{old}/rename", json={"name": new}).json()

    assert rename("old walls", "oLd Walls") == {"count": 2}
    assert list_collections(client) == [{"name": "oLd Walls", "count": 1}]
    assert rename("old walls", "Bricks") == {"count": 2}
    client.post(f"{API}/assets/restore", json={"ids": ids[:1]})
    assert list_collections(client) == [{"name": "Bricks", "count": 2}]
    assert get_titles(client.get(f"{API}/assets", params={"text": "bricks"})) == ["b", "a"]
    client.post(f"{API}/collections/Other/add", json={"ids": ids[2:]})
    assert rename("bricks", "OTHER") == {"count": 2}
    assert list_collections(client) == [{"name": "OTHER", "count": 3}]
    assert client.delete(f"{API}/collections/other").json() == {"count": 3}
    assert list_collections(client) == []
    assert get_titles(client.get(f"{API}/assets", params={"text": "other"})) == []
    assert rename("gone", "away") == {"count": 0}
    assert client.get(f"{API}/assets/count").json() == {"count": 3}


def test_lineage(client, studio):
    (first,) = studio.generate("sample.noise", seed=1, size=8)
    (second,) = studio.generate("sample.invert", inputs={"image": first.id})
    got = client.get(f"{API}/assets/{first.id}/lineage").json()
    LineageData.model_validate(got)
    assert [node["id"] for node in got["nodes"]] == [first.id, second.id]
    assert got["edges"] == [{"parent": first.id, "child": second.id, "slot": "image"}]
    assert got["is_complete"]


def test_reproduce(client, studio, upload):
    (made,) = studio.generate("sample.noise", seed=4, size=8)
    got = client.post(f"{API}/assets/{made.id}/reproduce").json()
    assert (got["verdict"], got["distance"]) == ("bit-equal", 0.0)
    assert client.get(f"{API}/assets/{got['asset']}").json()["trashed"]
    imported = upload(client)
    assert client.post(f"{API}/assets/{imported['id']}/reproduce").json()["verdict"] == "impossible"


@pytest.mark.parametrize(
    "prompt", ["plain", 'it\'s "so" $HOME `x` \\ 🧱', "--flag", "-x", "a=b;c", "3"]
)
def test_code_makes_the_asset_again(client, studio, monkeypatch, prompt, home, capsys):
    (first,) = studio.generate("sample.noise", seed=1, size=8)
    (made,) = (
        studio.generate(
            "sample.blend",
            seed=9,
            params={"amount": 0.25},
            inputs={"first": first, "second": first},
        )
        if prompt == "plain"
        else studio.generate("sample.noise", seed=9, size=9, prompt=prompt)
    )
    monkeypatch.setenv("STUDIO_HOME", str(home))
    monkeypatch.setenv("STUDIO_WORKERS", "inline")

    def get_code(language):
        answer = client.get(f"{API}/assets/{made.id}/code", params={"language": language})
        return answer.json()["text"]

    namespace = {}
    exec(get_code("python"), namespace)
    (again,) = namespace["assets"]
    assert again.id != made.id
    assert again.payload_hash == made.payload_hash
    assert again.params == made.params
    words = shlex.split(get_code("cli"))
    assert words[:2] == ["studio", "generate"]
    assert cli.run(words[1:]) == 0
    capsys.readouterr()
    newest = next(iter(studio.assets.search()))
    assert newest.id > again.id
    assert (newest.payload_hash, newest.params) == (made.payload_hash, made.params)


def test_what_nothing_made_has_no_code(client, upload):
    asset = upload(client)
    assert client.get(f"{API}/assets/{asset['id']}/code").status_code == 409
    assert client.get(f"{API}/assets/{asset['id']}/code?language=cobol").status_code == 422
