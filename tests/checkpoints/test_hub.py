import hashlib
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from studio.checkpoints.hub import HubId, get_shared_cache, parse_hub_id
from studio.errors import CheckpointError

NEW, OLD = "a" * 40, "b" * 40


@dataclass
class FakeHub:
    """Stands for `huggingface_hub`: one repository, its cache layout, its errors."""

    make: Any
    repo: str = "maker/net"
    refs: dict[str, str] = field(default_factory=lambda: {"main": NEW, "v1": OLD})
    files: dict[str, bytes] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)
    error: Exception | None = None
    break_after: int = 99

    def model_info(self, repo: str, *, revision: str | None, files_metadata: bool) -> Any:
        if self.error is not None:
            raise self.error
        commit = self.refs.get(revision or "main", revision)
        siblings = [
            SimpleNamespace(
                rfilename=name, size=len(data),
                lfs=SimpleNamespace(sha256=hashlib.sha256(data).hexdigest()),
            )
            for name, data in self.files.items()
        ]  # fmt: skip
        card = SimpleNamespace(license="openrail")
        return SimpleNamespace(sha=commit, siblings=siblings, card_data=card)

    def download(
        self, repo: str, name: str, *, revision: str, cache_dir: Path, tqdm_class: Any
    ) -> str:
        if len(self.fetched) >= self.break_after:
            raise ConnectionError("the line\nbroke")
        folder = cache_dir / f"models--{repo.replace('/', '--')}"
        path = folder / "snapshots" / revision / name
        if not path.exists():
            data = self.files[name]
            blob = folder / "blobs" / hashlib.sha256(data).hexdigest()
            blob.parent.mkdir(parents=True, exist_ok=True)
            bar = tqdm_class(total=len(data), initial=0, desc=name, name="x")
            blob.write_bytes(data)
            bar.update(len(data))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(blob)
            self.fetched.append(name)
        return str(path)


class FakeBar:
    def __init__(
        self, *, total: int = 0, initial: int = 0, desc: str = "", disable: bool = False
    ) -> None:
        assert disable


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, weights: Any, tmp_path: Path) -> FakeHub:
    fake = FakeHub(weights)
    for name in ("model.safetensors", "unet/model.safetensors"):
        fake.files[name] = weights(tmp_path / "source" / name, name.encode()).read_bytes()
    fake.files |= {
        "config.json": b'{"_class_name": "ToyPipeline"}',
        "README.md": b"---\nlicense: mit\n---",
    }
    fake.files |= {"pytorch_model.bin": b"pickle", "run.py": b"import os"}
    module = ModuleType("huggingface_hub")
    module.HfApi = lambda: fake  # type: ignore[attr-defined]
    module.hf_hub_download = fake.download  # type: ignore[attr-defined]
    bars = ModuleType("tqdm.auto")
    bars.tqdm = FakeBar  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "huggingface_hub", module)
    monkeypatch.setitem(sys.modules, "tqdm.auto", bars)
    return fake


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("maker/net", ("maker/net", "", "")),
        ("maker/net@v1.2", ("maker/net", "v1.2", "")),
        (
            "maker/net@refs/pr/1:sub/model.safetensors",
            ("maker/net", "refs/pr/1", "sub/model.safetensors"),
        ),
        ("maker/net:a b.safetensors", ("maker/net", "", "a b.safetensors")),
    ],
)
def test_ids(text: str, parts: tuple[str, str, str]) -> None:
    assert parse_hub_id(text) == HubId(*parts)
    assert str(parse_hub_id(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "net",
        "a/b/c",
        "/abs/path",
        "../up",
        "a/b@../x",
        "a/b:../../etc",
        "a/b@",
        "a b/c",
        "a/b:",
        "C:\\x",
    ],
)
def test_what_is_no_id(text: str) -> None:
    assert parse_hub_id(text) is None


def test_a_repository(place: Any, hub: FakeHub) -> None:
    seen: list[tuple[int, int]] = []
    info = place.book.add("maker/net", on_progress=lambda done, total: seen.append((done, total)))
    assert (info.name, info.source, info.revision, info.licence) == (
        "maker/net",
        "hub",
        NEW,
        "openrail",
    )
    assert info.generators == ("toys.net",) and info.problem == ""
    assert set(hub.fetched) == {
        "model.safetensors",
        "unet/model.safetensors",
        "config.json",
        "README.md",
    }
    total = sum(len(hub.files[name]) for name in hub.fetched)
    assert seen[-1] == (total, total) and [done for done, _ in seen] == sorted(d for d, _ in seen)
    found = place.book.resolve("maker/net", place.spec)
    assert found.path == place.home / "checkpoints/hub/models--maker--net/snapshots" / NEW
    assert found.sha256 == info.sha256
    assert [i.name for i in place.book.list()] == ["tiny", "maker/net"], "and not its files"
    assert place.book.verify("maker/net").is_ok


def test_pinned_until_added_again(place: Any, hub: FakeHub) -> None:
    place.book.add("maker/net")
    hub.refs["main"] = "c" * 40
    assert NEW in str(place.book.resolve("maker/net").path)
    assert place.book.add("maker/net").revision == "c" * 40
    assert "c" * 40 in str(place.book.resolve("maker/net").path)


def test_a_revision_and_a_file(place: Any, hub: FakeHub) -> None:
    info = place.book.add("maker/net:model.safetensors", "v1")
    assert info.name == "maker/net@v1:model.safetensors" and info.revision == OLD
    assert hub.fetched == ["model.safetensors"]
    assert place.book.resolve(info.name).path.name == "model.safetensors"


def test_progress_goes_on_after_a_break(place: Any, hub: FakeHub) -> None:
    hub.break_after = 2
    with pytest.raises(
        CheckpointError, match=r"the line broke.*studio checkpoints add maker/net.*stopped"
    ) as caught:
        place.book.add("maker/net")
    assert "\n" not in str(caught.value)
    hub.break_after = 99
    place.book.add("maker/net")
    assert len(hub.fetched) == len(set(hub.fetched)) == 4


def test_only_safetensors(place: Any, hub: FakeHub) -> None:
    digest = hashlib.sha256(b"pickle").hexdigest()
    with pytest.raises(CheckpointError, match=f"any program.*approve {digest}"):
        place.book.add("maker/net:pytorch_model.bin")
    assert hub.fetched == []
    place.book.approve(digest)
    assert place.book.add("maker/net:pytorch_model.bin").problem == ""
    for name in list(hub.files):
        if name.endswith(".safetensors"):
            del hub.files[name]
    with pytest.raises(CheckpointError, match=r"no \.safetensors file"):
        place.book.add("maker/net")
    with pytest.raises(CheckpointError, match=r"no such file.*pytorch_model\.bin"):
        place.book.add("maker/net:model.safetensors")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("GatedRepoError", "agree on https://huggingface.co/maker/net"),
        ("RepositoryNotFoundError", "check the spelling"),
        ("ConnectError", "check the network"),
    ],
)
def test_errors_are_one_line_with_a_remedy(place: Any, hub: FakeHub, name: str, words: str) -> None:
    hub.error = type(name, (Exception,), {})("401 Client Error\n\nlong story")
    with pytest.raises(CheckpointError, match=words) as caught:
        place.book.add("maker/net")
    assert "\n" not in str(caught.value)


def test_not_installed(place: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(CheckpointError, match=r"pip install 'generative-media-studio\[hub\]'"):
        place.book.add("maker/net")


def test_offline(place: Any, hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    book = place.make_book(offline=True)
    with pytest.raises(
        CheckpointError, match="go online and run `studio checkpoints add maker/net`"
    ):
        book.add("maker/net")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(CheckpointError, match="go online"):
        place.book.add("maker/net")
    monkeypatch.delenv("HF_HUB_OFFLINE")
    place.book.add("maker/net")
    assert NEW in str(book.resolve("maker/net").path)
    assert hub.fetched


def test_what_other_tools_fetched_is_used(place: Any, weights: Any, tmp_path: Path) -> None:
    """Their cache is read without any library, and never deleted from."""
    folder = tmp_path / "shared" / "models--maker--net"
    path = weights(folder / "snapshots" / NEW / "model.safetensors")
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text(NEW)
    assert place.book.resolve("maker/net:model.safetensors").path == path
    assert place.book.resolve(f"maker/net@{NEW}").path == path.parent
    with pytest.raises(CheckpointError, match="not on this machine"):
        place.book.resolve("maker/net@v1")
    book = place.make_book(offline=True)
    assert book.add("maker/net").revision == NEW
    assert book.remove("maker/net") is None and path.exists()
    with pytest.raises(CheckpointError, match="another tool"):
        book.remove("maker/net")


def test_remove_keeps_what_others_share(place: Any, hub: FakeHub) -> None:
    place.book.add("maker/net")
    hub.files["model.safetensors"] = hub.make(place.home / "x.safetensors", b"other").read_bytes()
    place.book.add("maker/net@v1")
    cache = place.home / "checkpoints" / "hub" / "models--maker--net"
    assert len(list((cache / "blobs").iterdir())) == 5
    place.book.remove("maker/net@v1")
    assert len(list((cache / "blobs").iterdir())) == 4
    assert place.book.verify("maker/net").is_ok
    place.book.remove("maker/net")
    assert not cache.exists()
    with pytest.raises(CheckpointError, match="not on this machine"):
        place.book.resolve("maker/net")


def test_remove_keeps_a_commit_that_another_name_uses(place: Any, hub: FakeHub) -> None:
    place.book.add("maker/net")
    place.book.add("maker/net:model.safetensors")
    place.book.remove("maker/net")
    assert place.book.resolve("maker/net:model.safetensors").path.exists()


def test_where_the_shared_cache_is() -> None:
    assert get_shared_cache({"HF_HUB_CACHE": "/a"}) == Path("/a")
    assert get_shared_cache({"HF_HOME": "/a"}) == Path("/a/hub")
    assert get_shared_cache({"XDG_CACHE_HOME": "/a"}) == Path("/a/huggingface/hub")
    assert get_shared_cache({}) == Path.home() / ".cache/huggingface/hub"
