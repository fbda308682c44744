import pytest


@pytest.fixture
def asset(run, make_image):
    return run("assets", "import", make_image("brick wall.png"), "--json").data[0]


def test_import_knows_what_is_there(run, asset, make_image):
    again = run("assets", "import", make_image("brick wall.png"), "--tag", "a,b", "--json").data
    assert again[0]["id"] == asset["id"]
    assert len(run("assets", "list", "--json").data) == 1


def test_search_and_filters(run, asset, make_image):
    run("assets", "import", make_image("grass.png", (0, 200, 0)), "--tag", "green")
    assert [a["id"] for a in run("assets", "search", "bri", "--json").data] == [asset["id"]]
    assert run("assets", "search", "bri", "wal", "--json").data
    assert run("assets", "search", "nothing", "--json").data == []
    (green,) = run("assets", "list", "--tag", "green", "--kind", "image", "--json").data
    assert green["title"] == "grass"
    assert run("assets", "list", "--kind", "audio", "--json").data == []
    limited = run("assets", "list", "--limit", 1)
    assert len(limited.out.splitlines()) == 2 and "--limit" in limited.err


def test_tag_rate_note_trash_restore(run, asset):
    id = asset["id"]
    changed = run("assets", "tag", id, "--add", "a,b", "--remove", "c", "--json").data[0]
    assert changed["tags"] == ["a", "b"]
    run("assets", "rate", id, 4)
    run("assets", "note", id, "from the garden")
    shown = run("assets", "show", id[:20], "--json").data
    assert (shown["rating"], shown["notes"]) == (4, "from the garden")
    assert "from the garden" in run("assets", "show", id).out
    assert run("assets", "trash", id, "--json").data == {"trashed": 1}
    assert run("assets", "list", "--json").data == []
    assert len(run("assets", "list", "--trash", "--json").data) == 1
    assert "1" in run("assets", "restore", id).out
    assert run("assets", "rate", id, 6, code=2).err


def test_bundle_and_files(run, asset, tmp_path, monkeypatch):
    bundle = tmp_path / "pack.zip"
    assert run("assets", "export", asset["id"], "--out", bundle, "--json").data == [str(bundle)]
    (copy,) = run("assets", "export", asset["id"], "--out", tmp_path / "x", "--json").data
    assert copy.endswith(".png")
    other = tmp_path / "other"
    (there,) = run("assets", "import", bundle, "--tag", "new", "--home", other, "--json").data
    assert there["payload_hash"] == asset["payload_hash"]
    assert there["tags"] == ["new"]


@pytest.mark.parametrize("args", [["show"], ["tag"], ["trash"], ["export"], ["reproduce"]])
def test_unknown_asset(run, args):
    assert "zzz" in run("assets", *args, "zzz", code=2).err


def test_import_of_nothing_and_of_rubbish(run, tmp_path):
    assert "gone.png" in run("assets", "import", tmp_path / "gone.png", code=2).err
    (tmp_path / "bad.zip").write_text("rubbish")
    assert "bad.zip" in run("assets", "import", tmp_path / "bad.zip", code=2).err


def test_export_to_a_place_that_is_a_file(run, asset, tmp_path):
    (tmp_path / "file").touch()
    result = run("assets", "export", asset["id"], "--out", tmp_path / "file" / "x", code=2)
    assert "file" in result.err


def test_reproduce(run, asset):
    (made,) = run("generate", "sample.noise", "--seed", 1, "--json").data
    assert run("assets", "reproduce", made["id"]).out == "bit-equal\n"
    result = run("assets", "reproduce", asset["id"], "--json", code=1).data
    assert result["verdict"] == "impossible"


def test_fsck(run, asset, home):
    assert run("fsck", "--deep", "--json").data["is_clean"]
    (blob,) = (home / "blobs").rglob("*.png")
    blob.chmod(0o644)
    blob.write_bytes(b"damaged")
    assert run("fsck", "--json", code=1).data["problems"]
    run("fsck", "--repair")
    assert list((home / "quarantine").rglob("*"))
