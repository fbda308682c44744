from pathlib import Path

import pytest

from studio.config import Config
from studio.errors import PipelineError
from studio.pipelines import PipelineBook
from studio.pipelines.book import get_shipped_folder

STEP = '[[steps]]\nname = "dream"\ngenerator = "toys.dream"\n'


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Folders of the user, of a plugin, and what ships."""
    found = {
        "user": tmp_path / "pipelines",
        "plugin": tmp_path / "plugin",
        "shipped": tmp_path / "data",
    }
    for name, folder in found.items():
        folder.mkdir()
        (folder / f"{name}.toml").write_text(f'title = "{name}"\n{STEP}')
        (folder / "both.toml").write_text(f'title = "from {name}"\n{STEP}')
    monkeypatch.setattr("studio.pipelines.book.get_shipped_folder", lambda: found["shipped"])
    return found


def test_the_user_wins(folders: dict[str, Path], tmp_path: Path) -> None:
    book = PipelineBook(Config(home=tmp_path), [folders["plugin"]])
    assert [found.name for found in book.find()] == ["both", "plugin", "shipped", "user"]
    assert book.get("both").title == "from user"
    (folders["user"] / "both.toml").unlink()
    assert book.get("both").title == "from plugin"


def test_by_path(folders: dict[str, Path], tmp_path: Path) -> None:
    book = PipelineBook(Config(home=tmp_path))
    assert book.get(folders["plugin"] / "plugin.toml").title == "plugin"
    with pytest.raises(PipelineError, match=r"nowhere\.toml"):
        book.get(tmp_path / "nowhere.toml")


def test_unknown_name(folders: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match=r"'shiped'; did you mean shipped\?"):
        PipelineBook(Config(home=tmp_path)).get("shiped")


def test_a_broken_one_costs_only_itself(folders: dict[str, Path], tmp_path: Path) -> None:
    (folders["user"] / "broken.toml").write_text("title =")
    book = PipelineBook(Config(home=tmp_path))
    assert "broken" not in [found.name for found in book.find()]
    (fault,) = book.find_faults()
    assert "broken" in str(fault)


def test_no_folders_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.pipelines.book.get_shipped_folder", lambda: tmp_path / "none")
    assert PipelineBook(Config(home=tmp_path)).find() == []


def test_shipped_recipes_are_found_where_they_are_installed() -> None:
    pytest.importorskip("studio.data.pipelines", reason="the project is not installed")
    assert (get_shipped_folder() / "texture-pack.toml").is_file()
