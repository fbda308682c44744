import hashlib
import json
import stat
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.codecs import Codecs
from studio.database import Database
from studio.errors import AssetNotFoundError, InvalidInputError, StoreError
from studio.media import MediaType
from studio.recipe import Recipe
from studio.store import (
    AssetRecord,
    Disk,
    Edge,
    NewAsset,
    SearchQuery,
    Store,
    check_store,
    export_bundle,
    import_bundle,
)

MakeAsset = Callable[..., NewAsset]
ListBlobs = Callable[[Store], list[str]]
BuildRecipe = Callable[..., Recipe]
Change = Callable[[dict[str, Any], dict[str, bytes]], None]


def fill(store: Store, make: MakeAsset, build_recipe: BuildRecipe) -> list[AssetRecord]:
    """Make a photo, a material from it, and a sheet of both."""
    photo = store.add(make(b"photo", title="Photo", tags=("real",), source="imported"))
    material = store.add(
        make(
            {"albedo": b"a", "height": b"h"},
            kind=MediaType.TEXTURE,
            recipe=build_recipe(4, prompt="brick"),
            parents=(("image", photo.id),),
            metrics={"seam_ratio": 1.2},
            info={"rungs": [1, 2]},
            job="j",
            output_index=0,
        )
    )
    parents = (("all", material.id), ("all", photo.id))
    sheet = store.add(make(b"sheet", recipe=build_recipe(5), parents=parents))
    store.rate(material.id, 5)
    store.note(material.id, "for the castle")
    return [store.get(record.id) for record in (photo, material, sheet)]


def describe(record: AssetRecord) -> dict[str, Any]:
    """Return what must survive a move from home to home."""
    data = dict(vars(record))
    for name in ("job", "output_index", "source"):
        del data[name]
    data["files"] = {name: path.read_bytes() for name, path in record.files.items()}
    return data


def test_there_and_back(
    store: Store, other: Store, make: MakeAsset, build_recipe: BuildRecipe, tmp_path: Path
) -> None:
    records = fill(store, make, build_recipe)
    assert export_bundle(store, [records[2].id], tmp_path / "b.zip") == 3
    got = import_bundle(other, tmp_path / "b.zip")
    assert [describe(record) for record in got] == [describe(record) for record in records]
    assert {record.source for record in got} == {"imported"}
    assert got[1].job is None
    photo, material, sheet = (record.id for record in records)
    assert set(other.get_lineage(sheet).edges) == {
        Edge(photo, material, "image"), Edge(material, sheet, "all"), Edge(photo, sheet, "all"),
    }  # fmt: skip
    assert other.count(SearchQuery(text="castle", rating_min=5)) == 1
    assert check_store(other, deep=True).is_clean
    assert list(other.blobs.incoming.iterdir()) == []


def test_the_same_assets_make_the_same_bytes(
    store: Store, make: MakeAsset, build_recipe: BuildRecipe, tmp_path: Path
) -> None:
    ids = [record.id for record in fill(store, make, build_recipe)]
    export_bundle(store, ids, tmp_path / "a.zip")
    time.sleep(0.01)
    export_bundle(store, [ids[2], ids[0], ids[2][:25]], tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    assert sorted(path.name for path in tmp_path.glob("*.zip*")) == ["a.zip", "b.zip"]
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert names[0] == "manifest.json"
        assert names[1:] == sorted(names[1:])


def test_without_ancestors(
    store: Store, other: Store, make: MakeAsset, build_recipe: BuildRecipe, tmp_path: Path
) -> None:
    records = fill(store, make, build_recipe)
    assert export_bundle(store, [records[2].id], tmp_path / "b.zip", with_ancestors=False) == 1
    (sheet,) = import_bundle(other, tmp_path / "b.zip")
    assert other.get_lineage(sheet.id).edges == ()


def test_again_adds_nothing(
    store: Store, make: MakeAsset, build_recipe: BuildRecipe, tmp_path: Path, list_blobs: ListBlobs
) -> None:
    records = fill(store, make, build_recipe)
    export_bundle(store, [records[2].id], tmp_path / "b.zip")
    before = list_blobs(store), store.get_lineage(records[0].id)
    store.trash([records[1].id])
    got = import_bundle(store, tmp_path / "b.zip")
    assert [record.id for record in got] == [record.id for record in records]
    assert store.count(SearchQuery()) == 3
    assert (list_blobs(store), store.get_lineage(records[0].id)) == before


def test_dedup_is_by_content_and_recipe(
    store: Store, other: Store, make: MakeAsset, build_recipe: BuildRecipe, tmp_path: Path
) -> None:
    records = fill(store, make, build_recipe)
    known = other.add(make(b"photo"))
    other.add(make(b"sheet", recipe=build_recipe(99)))
    export_bundle(store, [records[2].id], tmp_path / "b.zip")
    got = import_bundle(other, tmp_path / "b.zip")
    assert got[0].id == known.id
    assert got[2].id == records[2].id
    assert other.count(SearchQuery()) == 4
    assert Edge(known.id, got[1].id, "image") in other.get_lineage(known.id).edges


def test_a_taken_id_is_not_taken_over(
    store: Store, other: Store, make: MakeAsset, tmp_path: Path
) -> None:
    id = store.add(make(b"mine")).id
    other.ids.new_id = lambda *_: id  # type: ignore[method-assign]
    theirs = other.add(make(b"theirs"))
    export_bundle(other, [id], tmp_path / "b.zip")
    (got,) = import_bundle(store, tmp_path / "b.zip")
    assert got.id != id
    assert got.created == theirs.created
    assert store.get(id).path.read_bytes() == b"mine"


def test_nothing_answers_for_a_run_here(
    store: Store, other: Store, make: MakeAsset, build_recipe: BuildRecipe, tmp_path: Path
) -> None:
    records = fill(store, make, build_recipe)
    export_bundle(store, [records[2].id], tmp_path / "b.zip")
    import_bundle(other, tmp_path / "b.zip")
    assert other.find_by_recipe(records[1].recipe_key) == []


def test_export_of_what_is_not_whole(store: Store, make: MakeAsset, tmp_path: Path) -> None:
    record = store.add(make(b"x"))
    (tmp_path / "b.zip").write_bytes(b"before")
    record.path.chmod(0o644)
    record.path.write_bytes(b"y")
    with pytest.raises(StoreError, match="damaged"):
        export_bundle(store, [record.id], tmp_path / "b.zip")
    record.path.unlink()
    with pytest.raises(StoreError, match=record.path.name):
        export_bundle(store, [record.id], tmp_path / "b.zip")
    with pytest.raises(AssetNotFoundError):
        export_bundle(store, ["zzz"], tmp_path / "b.zip")
    with pytest.raises(StoreError, match="nowhere"):
        export_bundle(store, [], tmp_path / "nowhere" / "b.zip")
    assert (tmp_path / "b.zip").read_bytes() == b"before"
    assert len(list(tmp_path.glob("*.zip*"))) == 1


# Hostile bundles: each is an honest one with something changed.


def unpack(path: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    return json.loads(entries.pop("manifest.json")), entries


def pack(path: Path, manifest: object, entries: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("manifest.json", json.dumps(manifest))
        for name, data in entries.items():
            archive.writestr(name, data)


@pytest.fixture(scope="module")
def honest(
    tmp_path_factory: pytest.TempPathFactory, codecs: Codecs, make: MakeAsset,
    build_recipe: BuildRecipe,
) -> bytes:  # fmt: skip
    home = tmp_path_factory.mktemp("honest")
    database = Database(home / "studio.db")
    store = Store(database, home, codecs)
    export_bundle(store, [fill(store, make, build_recipe)[2].id], home / "b.zip")
    database.close()
    return (home / "b.zip").read_bytes()


@pytest.fixture
def bundle(honest: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "b.zip"
    path.write_bytes(honest)
    return path


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory, codecs: Codecs) -> Iterator[Store]:
    """A home that every test leaves empty."""
    home = tmp_path_factory.mktemp("empty")
    database = Database(home / "studio.db")
    yield Store(database, home, codecs)
    database.close()


@pytest.fixture
def check_refused(empty: Store, list_blobs: ListBlobs) -> Callable[..., None]:
    def check(path: Path, fault: str | None = None) -> None:
        with pytest.raises(InvalidInputError, match=fault) as caught:
            import_bundle(empty, path)
        assert str(path) in str(caught.value)
        assert empty.count(SearchQuery()) == 0
        assert list_blobs(empty) == []
        assert list(empty.blobs.incoming.iterdir()) == []

    return check


CheckRefused = Callable[..., None]


@pytest.mark.parametrize(
    "name",
    ["../evil", "/etc/passwd", "blobs/../../evil", "C:\\evil", "blobs\\x", "blobs/", "evil.txt",
     "blobs/" + "0" * 63, "blobs/" + "0" * 64 + ".p/g", "BLOBS/" + "0" * 64, "manifest.json/x",
     "blobs/" + "0" * 64 + "\n", "./manifest.json"],
)  # fmt: skip
def test_names_that_lead_elsewhere(bundle: Path, check_refused: CheckRefused, name: str) -> None:
    manifest, entries = unpack(bundle)
    pack(bundle, manifest, {**entries, name: b"evil"})
    check_refused(bundle, "which no bundle has")


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFDIR, stat.S_IFCHR, stat.S_IFIFO])
def test_links_and_devices(bundle: Path, check_refused: CheckRefused, kind: int) -> None:
    manifest, entries = unpack(bundle)
    with zipfile.ZipFile(bundle, "w") as archive:
        archive.writestr("manifest.json", json.dumps(manifest))
        for name, data in entries.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = (kind | 0o777) << 16
            archive.writestr(info, data)
    check_refused(bundle, "is a link or a device")


def test_duplicate_names(bundle: Path, check_refused: CheckRefused) -> None:
    manifest, entries = unpack(bundle)
    pack(bundle, manifest, entries)
    with zipfile.ZipFile(bundle, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr(next(iter(entries)), b"evil")
    check_refused(bundle, "twice")


def test_a_bomb(bundle: Path, check_refused: CheckRefused) -> None:
    data = bytes(4 << 20)
    manifest, _ = unpack(bundle)
    sha256 = hashlib.sha256(data).hexdigest()
    manifest["assets"][0]["files"] = [
        {"name": "main", "sha256": sha256, "size": len(data), "suffix": ""}
    ]
    with zipfile.ZipFile(bundle, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", json.dumps(manifest))
        archive.writestr(f"blobs/{sha256}", data)
    check_refused(bundle, "beyond measure")


def test_more_than_the_disk_holds(
    bundle: Path, empty: Store, list_blobs: ListBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 3}))
    with pytest.raises(StoreError, match="disk is full"):
        import_bundle(empty, bundle)
    assert list_blobs(empty) == []


def patch_sizes(path: Path, name: str, size: int, *, stored: bool) -> None:
    """Rewrite the size an entry declares, in its local and central header."""
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo(name)
        start = archive.start_dir
    central = data.index(name.encode(), start) - 46
    for offset in (info.header_offset + 22, central + 24):
        data[offset : offset + 4] = size.to_bytes(4, "little")
        if stored:
            data[offset - 4 : offset] = size.to_bytes(4, "little")
    path.write_bytes(data)


@pytest.mark.parametrize("size", [1, 4, 50_000])
@pytest.mark.parametrize("agreed", [False, True])
def test_sizes_that_lie(bundle: Path, check_refused: CheckRefused, size: int, agreed: bool) -> None:
    manifest, entries = unpack(bundle)
    name = manifest["assets"][0]["files"][0]
    entry = f"blobs/{name['sha256']}{name['suffix']}"
    if agreed:  # the manifest tells the same lie
        name["size"] = size
    pack(bundle, manifest, entries)
    patch_sizes(bundle, entry, size, stored=True)
    check_refused(bundle)


def test_wrong_hash(bundle: Path, check_refused: CheckRefused) -> None:
    manifest, entries = unpack(bundle)
    name = next(iter(entries))
    pack(bundle, manifest, {**entries, name: bytes(len(entries[name]))})
    check_refused(bundle, "not the file its name says")


def test_not_a_zip_and_half_a_zip(bundle: Path, check_refused: CheckRefused) -> None:
    data = bundle.read_bytes()
    for broken in (
        b"",
        b"hello",
        data[:-30],
        data[: len(data) // 2],
        data[100:],
        b"PK\x05\x06" * 9,
    ):
        bundle.write_bytes(broken)
        check_refused(bundle, "not a bundle, or is damaged|no manifest|which no bundle has")


def test_every_truncation_is_refused(bundle: Path, check_refused: CheckRefused) -> None:
    data = bundle.read_bytes()
    for end in range(0, len(data), max(1, len(data) // 40)):
        bundle.write_bytes(data[:end])
        check_refused(bundle)


def test_not_a_file(tmp_path: Path, check_refused: CheckRefused) -> None:
    check_refused(tmp_path / "no.zip", "no such file")
    check_refused(tmp_path, "is a folder")


def asset(number: int) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda manifest: manifest["assets"][number]


CHANGES: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "newer": (lambda m: m.update(version=2, extra=1), "newer Studio"),
    "no format": (lambda m: m.pop("format"), "no manifest of a bundle"),
    "old format": (lambda m: m.update(version=0), "manifest at version"),
    "unknown field": (lambda m: m.update(evil=1), "manifest at evil"),
    "bad id": (lambda m: asset(0)(m).update(id="../x"), "manifest at assets.0.id"),
    "bad name": (lambda m: asset(0)(m)["files"][0].update(name="../x"), "files.0.name"),
    "bad suffix": (lambda m: asset(0)(m)["files"][0].update(suffix="/../x"), "files.0.suffix"),
    "bad hash": (lambda m: asset(0)(m)["files"][0].update(sha256="../x"), "files.0.sha256"),
    "no files": (lambda m: asset(0)(m).update(files=[]), "assets.0.files"),
    "bad kind": (lambda m: asset(0)(m).update(kind="virus"), "assets.0.kind"),
    "bad rating": (lambda m: asset(0)(m).update(rating=9), "assets.0.rating"),
    "bad recipe": (lambda m: asset(1)(m).update(recipe={"a": 1}), "assets.1.recipe"),
    "bad tag": (lambda m: asset(0)(m).update(tags=["x" * 99]), "assets.0.tags"),
    "one id twice": (lambda m: asset(0)(m).update(id=asset(1)(m)["id"]), "two assets of one id"),
    "one name twice": (
        lambda m: asset(1)(m)["files"][1].update(name="albedo"), "two files of one name",
    ),
    "missing entry": (
        lambda m: asset(0)(m)["files"][0].update(sha256="0" * 64), "disagree on 'blobs/00",
    ),
    "unlisted entry": (lambda m: m.update(assets=m["assets"][1:], lineage=[]), "disagree on"),
    "other size": (lambda m: asset(0)(m)["files"][0].update(size=99), "is not what the manifest"),
    "stranger": (lambda m: m["lineage"][0].update(parent="0" * 26), "not in it"),
    "place twice": (lambda m: m["lineage"].append(m["lineage"][0]), "one place twice"),
    "circle": (
        lambda m: m["lineage"].append(
            {"child": asset(0)(m)["id"], "slot": "x", "position": 0, "parent": asset(2)(m)["id"]}
        ),
        "in a circle",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CHANGES)
def test_manifests_that_lie(bundle: Path, check_refused: CheckRefused, case: str) -> None:
    change, fault = CHANGES[case]
    manifest, entries = unpack(bundle)
    change(manifest)
    pack(bundle, manifest, entries)
    check_refused(bundle, fault)


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000])
def test_manifests_that_are_none(bundle: Path, check_refused: CheckRefused, text: bytes) -> None:
    with zipfile.ZipFile(bundle, "w") as archive:
        archive.writestr("manifest.json", text)
    check_refused(bundle, "manifest")


def test_no_manifest(bundle: Path, check_refused: CheckRefused) -> None:
    with zipfile.ZipFile(bundle, "w"):
        pass
    check_refused(bundle, "no manifest")


def test_encrypted_or_oddly_packed(bundle: Path, check_refused: CheckRefused) -> None:
    manifest, entries = unpack(bundle)
    with zipfile.ZipFile(bundle, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("manifest.json", json.dumps(manifest))
    check_refused(bundle, "unknown way")
    pack(bundle, manifest, entries)
    data = bytearray(bundle.read_bytes())
    with zipfile.ZipFile(bundle) as archive:
        data[archive.start_dir + 8] |= 1
    bundle.write_bytes(data)
    check_refused(bundle, "encrypted")


def test_files_that_are_not_what_they_say(
    store: Store, make: MakeAsset, tmp_path: Path, check_refused: CheckRefused
) -> None:
    record = store.add(make(b"a bad picture"))
    export_bundle(store, [record.id], tmp_path / "b.zip")
    check_refused(tmp_path / "b.zip", f"asset {record.id} is damaged")


def test_a_packed_bundle_and_a_lying_payload_hash(bundle: Path, other: Store) -> None:
    manifest, entries = unpack(bundle)
    honest = manifest["assets"][0]["payload_hash"]
    manifest["assets"][0]["payload_hash"] = "f" * 64
    manifest["assets"][0]["id"] = "7" + manifest["assets"][0]["id"][1:]  # of the far future
    manifest["lineage"] = []
    with zipfile.ZipFile(bundle, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", json.dumps(manifest))
        for name, data in entries.items():
            archive.writestr(name, data)
    got = import_bundle(other, bundle)
    assert got[0].payload_hash == honest
    assert got[0].created <= time.time()


def test_a_failing_disk_takes_everything_back(
    bundle: Path, empty: Store, list_blobs: ListBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = iter(range(100))

    def rename(self: Disk, source: Path, target: Path) -> None:
        if next(calls) == 2:
            raise OSError(28, "no space left on device")
        source.replace(target)

    monkeypatch.setattr(Disk, "rename", rename)
    with pytest.raises(StoreError, match="free some space"):
        import_bundle(empty, bundle)
    assert list_blobs(empty) == []
    assert empty.count(SearchQuery()) == 0


@settings(max_examples=80)
@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=4))
def test_any_damage_is_told_or_harmless(
    honest: bytes, empty: Store, tmp_path: Path, changes: list[tuple[int, int]]
) -> None:
    data = bytearray(honest)
    for place, value in changes:
        # Where zips are fragile: the directory at the end, as often as anywhere.
        data[-(place % 600) - 1 if place % 2 else place % len(data)] = value
    (tmp_path / "b.zip").write_bytes(data)
    try:
        found = import_bundle(empty, tmp_path / "b.zip")
    except InvalidInputError:
        found = []
    assert len(found) in {0, 3}
    assert check_store(empty, deep=True).is_clean
    empty.trash([record.id for record in found])
    empty.purge_trash()
    assert empty.count(SearchQuery()) == 0


TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
ASSETS = st.lists(
    st.fixed_dictionaries(
        {
            "content": st.dictionaries(
                st.sampled_from(["main", "albedo", "height"]), st.binary(max_size=20), min_size=1
            ),
            "kind": st.sampled_from([MediaType.TEXTURE, MediaType.TEXT]),
            "title": TEXT,
            "info": st.dictionaries(TEXT, st.integers() | TEXT | st.lists(st.booleans())),
            "tags": st.sets(st.sampled_from(["a", "b c", "ö"])).map(tuple),
            "parents": st.sets(st.integers(0, 20)),
            "seed": st.none() | st.integers(0, 3),
            "trashed": st.booleans(),
        }
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=20)
@given(ASSETS)
def test_any_library_travels(
    store: Store, other: Store, make: MakeAsset, build_recipe: BuildRecipe, tmp_path: Path,
    drawn: list[dict[str, Any]],
) -> None:  # fmt: skip
    for place in (store, other):
        everything = [row["id"] for row in place.database.query("SELECT id FROM assets")]
        place.trash(everything)
        place.purge_trash()
    ids: list[str] = []
    seen = set()
    for fields in drawn:
        fields = dict(fields)
        parents = {number % len(ids) for number in fields.pop("parents")} if ids else set()
        seed = fields.pop("seed")
        fields.pop("parents", None)
        content = {name: data.replace(b"bad", b"") for name, data in fields.pop("content").items()}
        recipe = None if seed is None else build_recipe(seed)
        new = make(
            content, recipe=recipe, parents=tuple(("x", ids[i]) for i in sorted(parents)), **fields
        )
        if (new.kind, new.payload_hash, seed) in seen:
            continue  # two of these would come out as one
        seen.add((new.kind, new.payload_hash, seed))
        ids.append(store.add(new).id)
    export_bundle(store, ids, tmp_path / "b.zip")
    got = import_bundle(other, tmp_path / "b.zip")
    assert [describe(record) for record in got] == [describe(store.get(id)) for id in ids]
    for id in ids:
        assert other.get_lineage(id).edges == store.get_lineage(id).edges
    export_bundle(other, ids, tmp_path / "c.zip")
    assert [record.id for record in import_bundle(store, tmp_path / "c.zip")] == ids
