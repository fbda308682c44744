import hashlib
import os
import pickle
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from studio.checkpoints.book import CheckpointBook
from studio.checkpoints.records import CheckpointTable
from studio.errors import CheckpointError


def sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def names(book: CheckpointBook) -> list[str]:
    return [info.name for info in book.list()]


# Where they are


def test_bundled(place: Any) -> None:
    found = place.book.resolve("tiny", place.spec)
    assert found.path.name == "tiny.safetensors"
    assert found.sha256 == sha(found.path)
    (info,) = place.book.list()
    assert (info.source, info.licence, info.generators) == ("bundled", "MIT", ("toys.net",))
    assert info.size == found.path.stat().st_size and info.sha256 == found.sha256


def test_looking_for_one_measures_no_other(place: Any, monkeypatch: Any) -> None:
    """A form asks whether its checkpoint is here at every key; plugins ship many."""
    measured: list[Path] = []
    monkeypatch.setattr(
        "studio.checkpoints.locate.measure", lambda path: measured.append(path) or 1
    )
    (tiny,) = place.spec.checkpoints
    others = [
        tiny.model_copy(update={"name": f"other{n}", "path": f"/nowhere/{n}"}) for n in range(5)
    ]
    spec = place.spec.model_copy(update={"checkpoints": (*others, tiny)})
    place.book.check("tiny", spec)
    assert {path.name for path in measured} == {"tiny.safetensors"}


def test_folders_of_other_tools(place: Any, weights: Any, text_file: Any) -> None:
    weights(place.other / "Stable-diffusion" / "sd.safetensors")
    weights(place.other / "diffusers" / "toy" / "unet" / "model.safetensors")
    text_file(
        place.other / "diffusers" / "toy" / "model_index.json", '{"_class_name": "ToyPipeline"}'
    )
    text_file(
        place.other / "diffusers" / "toy" / "README.md", "---\nlicense: apache-2.0\n---\n# Toy"
    )
    text_file(place.other / "notes.txt")
    infos = {info.name: info for info in place.book.list()}
    assert set(infos) == {"tiny", "Stable-diffusion/sd.safetensors", "diffusers/toy"}
    toy = infos["diffusers/toy"]
    assert (toy.source, toy.licence, toy.generators) == ("folder", "apache-2.0", ("toys.net",))
    assert toy.sha256 is None and toy.size > 30
    for name in ("Stable-diffusion/sd.safetensors", "sd.safetensors", "sd", "Stable-diffusion/sd"):
        assert place.book.resolve(name).path == place.other / "Stable-diffusion/sd.safetensors"
    assert place.book.resolve("toy").path == place.other / "diffusers/toy"
    assert place.book.list()[-1].sha256 is not None, "hashed by resolving, known from now on"


def test_a_folder_is_hashed_by_names_and_contents(place: Any, weights: Any, text_file: Any) -> None:
    folder = place.other / "net"
    config, model = text_file(folder / "config.json", "{}"), weights(folder / "a" / "m.safetensors")
    weights(folder / "m.safetensors")
    text_file(folder / ".cache" / "junk")
    lines = f"a/m.safetensors {sha(model)}\nconfig.json {sha(config)}\nm.safetensors {sha(model)}\n"
    assert place.book.resolve("net").sha256 == hashlib.sha256(lines.encode()).hexdigest()


def test_the_same_name_twice(place: Any, weights: Any) -> None:
    mine = weights(place.home / "checkpoints" / "net.safetensors", b"mine")
    theirs = weights(place.other / "net.safetensors", b"theirs")
    assert place.book.resolve("net.safetensors").path == mine
    assert set(names(place.book)) == {"tiny", "net.safetensors", str(theirs)}
    assert place.book.resolve(str(theirs)).path == theirs


def test_any_path(
    place: Any, weights: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = weights(tmp_path / "elsewhere" / "net.safetensors")
    assert place.book.resolve(str(path)).sha256 == sha(path)
    monkeypatch.chdir(path.parent)
    assert place.book.resolve("./net.safetensors").path.samefile(path)


def test_an_asset_of_one_file(place: Any, weights: Any, make_asset: Any, tmp_path: Path) -> None:
    blob = weights(tmp_path / "blobs" / "ab" / "abc.safetensors")
    id = "01j00000000000000000000000"
    place.assets[id] = make_asset(
        id, {"main": blob, "recipe": tmp_path / "r.json"}, info={"generators": ["toys.other"]}
    )
    assert place.book.resolve(id).path == blob
    info = place.book.list()[1]
    assert (info.name, info.source, info.licence, info.generators) == (
        id,
        "asset",
        "CC0-1.0",
        ("toys.other",),
    )


def test_an_asset_of_many_files(
    place: Any, weights: Any, text_file: Any, make_asset: Any, tmp_path: Path
) -> None:
    id = "01j00000000000000000000001"
    files = {
        "unet/model.safetensors": weights(tmp_path / "blobs" / "aa.safetensors"),
        "config.json": text_file(tmp_path / "blobs" / "bb.json", "{}"),
        "recipe": text_file(tmp_path / "blobs" / "cc.json", "{}"),
    }
    place.assets[id] = make_asset(id, files)
    found = place.book.resolve(id)
    inside = sorted(
        p.relative_to(found.path).as_posix() for p in found.path.rglob("*") if p.is_file()
    )
    assert inside == ["config.json", "unet/model.safetensors"]
    assert place.book.resolve(id) == found
    with pytest.raises(CheckpointError, match="studio assets trash"):
        place.book.remove(id)


def test_an_asset_with_a_hostile_name(
    place: Any, weights: Any, make_asset: Any, tmp_path: Path
) -> None:
    id = "01j00000000000000000000002"
    file = weights(tmp_path / "aa.safetensors")
    place.assets[id] = make_asset(id, {"../../evil": file, "config.json": file})
    with pytest.raises(CheckpointError, match="leads out"):
        place.book.resolve(id)


def test_a_name_that_fits_two_files(place: Any, weights: Any) -> None:
    weights(place.other / "a" / "net.safetensors")
    weights(place.other / "b" / "net.safetensors")
    with pytest.raises(CheckpointError, match="no checkpoint 'net'"):
        place.book.resolve("net")
    assert place.book.resolve("b/net").path.parent.name == "b"


def test_names_do_not_lead_out_of_a_folder(place: Any, weights: Any, tmp_path: Path) -> None:
    weights(tmp_path / "secret.safetensors")
    with pytest.raises(CheckpointError, match="no checkpoint"):
        place.book.resolve("../secret.safetensors")


def test_missing_names_say_what_to_do(place: Any) -> None:
    with pytest.raises(CheckpointError, match=r"'tinny'; did you mean tiny\?"):
        place.book.resolve("tinny")
    with pytest.raises(CheckpointError, match=r"run `studio checkpoints add some/model@v1`$"):
        place.book.resolve("some/model@v1")
    with pytest.raises(
        CheckpointError, match=r"offline.*studio checkpoints add some/model:a\.safetensors"
    ):
        place.make_book(offline=True).resolve("some/model:a.safetensors")
    with pytest.raises(CheckpointError):
        place.book.resolve("")
    for name in ("x" * 5000 + ".safetensors", "a\0.safetensors", "~nobody-here/x.safetensors"):
        with pytest.raises(CheckpointError):
            place.book.resolve(name)


def test_an_unreadable_folder_costs_only_itself(
    place: Any, weights: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights(place.other / "a" / "a.safetensors")
    weights(place.other / "b" / "b.safetensors")
    real = os.scandir

    def refuse(path: Any) -> Any:
        if str(path).endswith("/a"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert names(place.book) == ["tiny", "b/b.safetensors"]
    assert "Permission denied" in caplog.text


def test_links_in_a_circle(place: Any, weights: Any) -> None:
    weights(place.other / "real" / "a.safetensors")
    (place.other / "real" / "back").symlink_to(place.other)
    assert names(place.book) == ["tiny", "real/a.safetensors"]


# What may be loaded


@pytest.mark.parametrize("suffix", [".ckpt", ".pt", ".pth", ".bin", ".PT"])
def test_pickles_are_refused_until_approved(place: Any, suffix: str) -> None:
    path = place.other / f"old{suffix}"
    path.parent.mkdir()
    path.write_bytes(pickle.dumps([1]))
    assert place.book.list()[1].problem == "not safetensors, and not approved"
    with pytest.raises(CheckpointError, match="any program") as caught:
        place.book.resolve(path.name)
    assert f"studio checkpoints approve {sha(path)}" in str(caught.value)
    place.book.approve(sha(path).upper())
    assert place.book.resolve(path.name).sha256 == sha(path)
    os.utime(path, (1_600_000_000, 1_600_000_000))
    place.book.resolve(path.name)
    assert place.book.list()[1].problem == ""
    path.write_bytes(pickle.dumps([2]))
    with pytest.raises(CheckpointError, match="any program"):
        place.book.resolve(path.name)


def test_approve_wants_a_hash(place: Any) -> None:
    with pytest.raises(CheckpointError, match="'abc' is no sha256"):
        place.book.approve("abc")


def test_a_pickle_in_a_folder(place: Any, weights: Any, text_file: Any) -> None:
    folder = place.other / "net"
    text_file(folder / "config.json", "{}")
    weights(folder / "model.safetensors")
    text_file(folder / "pytorch_model.bin", "pickle")
    place.book.resolve("net")  # loaders take the safetensors beside it
    text_file(folder / "vae" / "model.bin", "pickle")
    with pytest.raises(CheckpointError, match=r"vae/model\.bin.*any program"):
        place.book.resolve("net")


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-1],
        lambda data: data + b"\0",
        lambda data: b"\xff" * 8 + data[8:],
        lambda data: data[:8] + b"[" + data[9:],
        lambda data: pickle.dumps([1]),
        lambda data: b"",
    ],
)
def test_damaged_safetensors_are_refused(place: Any, weights: Any, damage: Any) -> None:
    path = weights(place.other / "net.safetensors")
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(CheckpointError, match=r"net\.safetensors"):
        place.book.resolve("net.safetensors")
    assert "net.safetensors" in names(place.book)


def test_a_missing_shard(place: Any, weights: Any, text_file: Any) -> None:
    folder = place.other / "net"
    text_file(folder / "config.json", "{}")
    weights(folder / "model-1.safetensors")
    index = '{"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}'
    text_file(folder / "model.safetensors.index.json", index)
    with pytest.raises(CheckpointError, match=r"model-2\.safetensors is missing"):
        place.book.resolve("net")


def test_a_folder_without_weights(place: Any, text_file: Any, tmp_path: Path) -> None:
    text_file(tmp_path / "empty" / "config.json", "{}")
    with pytest.raises(CheckpointError, match="no checkpoint"):
        place.book.resolve(str(tmp_path / "empty"))
    with pytest.raises(CheckpointError, match=r"no \.safetensors"):
        place.book.add(str(tmp_path / "empty"))
    text_file(tmp_path / "empty" / "model_index.json", "{}")
    with pytest.raises(CheckpointError, match=r"no \.safetensors"):
        place.book.resolve(str(tmp_path / "empty"))


# Adding


def test_add_in_place(place: Any, weights: Any, tmp_path: Path) -> None:
    path = weights(
        tmp_path / "downloads" / "net.safetensors", license="mit", studio__generators="toys.other"
    )
    info = place.book.add(str(path))
    assert (info.name, info.path, info.sha256) == ("net.safetensors", path, sha(path))
    assert (info.licence, info.generators) == ("mit", ("toys.other",))
    assert place.book.resolve("net.safetensors").path == path
    assert place.book.remove("net.safetensors") is None
    assert path.exists() and names(place.book) == ["tiny"]


def test_add_a_copy(place: Any, weights: Any, tmp_path: Path) -> None:
    path = weights(tmp_path / "downloads" / "net.safetensors")
    info = place.book.add(str(path), copy=True)
    assert info.path == place.home / "checkpoints" / "net.safetensors"
    path.unlink()
    assert place.book.resolve("net.safetensors").path == info.path
    assert names(place.book) == ["tiny", "net.safetensors"]
    assert place.book.remove("net.safetensors") == info.path
    assert not info.path.exists()


def test_add_a_folder_as_a_copy(place: Any, weights: Any, text_file: Any, tmp_path: Path) -> None:
    weights(tmp_path / "downloads" / "net" / "m.safetensors")
    text_file(tmp_path / "downloads" / "net" / "config.json", '{"architectures": ["ToyPipeline"]}')
    info = place.book.add(str(tmp_path / "downloads" / "net"), copy=True)
    assert info.source == "folder" and info.generators == ("toys.net",)
    assert place.book.remove("net") == info.path and not info.path.exists()


def test_a_copy_that_fails_leaves_nothing(
    place: Any, weights: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = weights(tmp_path / "net.safetensors")

    def fill(source: Path, target: Path) -> None:
        Path(target).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copyfile", fill)
    with pytest.raises(CheckpointError, match="No space left"):
        place.book.add(str(path), copy=True)
    assert list((place.home / "checkpoints").iterdir()) == []
    assert names(place.book) == ["tiny"]


def test_add_refuses(place: Any, weights: Any, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no such file"):
        place.book.add("/no/such/file")
    path = tmp_path / "evil.pt"
    path.write_bytes(b"x")
    with pytest.raises(CheckpointError, match="any program"):
        place.book.add(str(path))
    weights(place.other / "net.safetensors", b"theirs")
    with pytest.raises(CheckpointError, match="that name already"):
        place.book.add(str(weights(tmp_path / "net.safetensors", b"mine")))
    assert len(names(place.book)) == 2


def test_a_changed_file_is_noticed(place: Any, weights: Any, tmp_path: Path) -> None:
    path = weights(tmp_path / "net.safetensors", b"one")
    place.book.add(str(path))
    weights(path, b"two!")
    with pytest.raises(CheckpointError, match="has changed since it was added"):
        place.book.resolve("net.safetensors")
    place.book.add(str(path))
    assert place.book.resolve("net.safetensors").sha256 == sha(path)
    path.unlink()
    with pytest.raises(CheckpointError, match=r"is gone.*studio checkpoints remove"):
        place.book.resolve("net.safetensors")
    assert next(i for i in place.book.list() if i.name == path.name).problem == "its files are gone"


# Verifying and removing


def test_verify(place: Any, weights: Any) -> None:
    path = weights(place.other / "net.safetensors")
    seen: list[tuple[int, int]] = []
    first = place.book.verify("net.safetensors", lambda done, total: seen.append((done, total)))
    assert first.is_ok and first.recorded is None and first.sha256 == sha(path)
    size = path.stat().st_size
    assert seen[-1] == (size, size)
    second = place.book.verify("net.safetensors")
    assert second.is_ok and second.recorded == first.sha256


def test_verify_finds_rot_again_and_again(place: Any, weights: Any) -> None:
    """Bytes change and neither size nor time tell: a failing disk."""
    path = weights(place.other / "net.safetensors", b"good")
    good = place.book.verify("net.safetensors").sha256
    weights(path, b"ggod")
    for _ in range(2):
        found = place.book.verify("net.safetensors")
        assert not found.is_ok and found.recorded == good and good in found.problem
        assert found.sha256 == sha(path)


def test_verify_tells_of_pickles(place: Any, text_file: Any) -> None:
    text_file(place.other / "old.ckpt")
    found = place.book.verify("old.ckpt")
    assert not found.is_ok and "any program" in found.problem


def test_hashes_are_kept_until_a_file_changes(
    place: Any, weights: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = weights(place.other / "net.safetensors")
    first = place.book.resolve("net.safetensors").sha256
    reads: list[Path] = []
    real = CheckpointTable._hash_file
    monkeypatch.setattr(
        CheckpointTable,
        "_hash_file",
        lambda self, file, *rest: reads.append(file) or real(self, file, *rest),
    )
    assert place.make_book().resolve("net.safetensors").sha256 == first
    assert reads == []
    weights(path, b"more bytes")
    assert place.book.resolve("net.safetensors").sha256 == sha(path) != first
    assert reads == [path]


def test_a_file_written_this_moment_is_hashed_again(
    place: Any, weights: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = weights(place.other / "net.safetensors", b"one")
    now = path.stat().st_mtime_ns
    os.utime(path)
    status = path.stat()
    second_later = SimpleNamespace(
        time=time.time, time_ns=lambda: status.st_mtime_ns + 1_000_000_000
    )
    monkeypatch.setattr("studio.checkpoints.records.time", second_later)
    first = place.book.resolve("net.safetensors").sha256
    weights(path, b"two")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert place.book.resolve("net.safetensors").sha256 == sha(path) != first
    assert now != status.st_mtime_ns


def test_a_file_that_changes_while_it_is_hashed_is_hashed_again(
    place: Any, weights: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another tool puts a file of an old date there: no time tells that it came this moment."""
    path = weights(place.other / "net.safetensors", b"one")
    real = CheckpointTable._hash_file

    def change(table: CheckpointTable, file: Path, *rest: Any) -> str:
        found = real(table, file, *rest)
        monkeypatch.setattr(CheckpointTable, "_hash_file", real)
        weights(path, b"another")
        return found

    monkeypatch.setattr(CheckpointTable, "_hash_file", change)
    first = place.book.resolve("net.safetensors").sha256
    assert place.book.resolve("net.safetensors").sha256 == sha(path) != first


def test_list_hashed(place: Any, weights: Any) -> None:
    path = weights(place.other / "net.safetensors")
    assert place.book.list()[1].sha256 is None
    assert place.book.list(hashed=True)[1].sha256 == sha(path)


def test_only_our_own_is_deleted(place: Any, weights: Any) -> None:
    theirs = weights(place.other / "net.safetensors")
    with pytest.raises(CheckpointError, match="another tool"):
        place.book.remove("net.safetensors")
    with pytest.raises(CheckpointError, match="plugin"):
        place.book.remove("tiny")
    assert theirs.exists()


def test_a_link_in_our_folder_loses_only_the_link(place: Any, weights: Any) -> None:
    theirs = weights(place.home.parent / "big" / "net.safetensors")
    ours = place.home / "checkpoints"
    ours.mkdir()
    (ours / "net.safetensors").symlink_to(theirs)
    (ours / "folder").symlink_to(theirs.parent)
    place.book.remove("net.safetensors")
    assert theirs.exists() and not (ours / "net.safetensors").exists()
    with pytest.raises(CheckpointError, match="another tool"):
        place.book.remove("folder/net.safetensors")
    assert theirs.exists()
