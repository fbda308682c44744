"""A new plugin works as written: its tests, the check, and a picture in the library."""

import importlib.util
import tomllib

import pytest

from studio.app.studio import Studio
from studio.errors import InvalidInputError, InvalidParamsError
from studio.kit import write_skeleton
from studio.testing import check_plugin


def install(project):
    """Make a plugin's folder importable and known, as `pip install -e` would."""
    data = tomllib.loads((project / "pyproject.toml").read_text())["project"]
    stem = data["name"].replace("-", "_")
    info = project / f"{stem}-{data['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {data['name']}\nVersion: {data['version']}\n"
    )
    points = data["entry-points"]["studio"]
    lines = [f"{name} = {target}\n" for name, target in points.items()]
    (info / "entry_points.txt").write_text("[studio]\n" + "".join(lines))
    return project


@pytest.fixture
def project(tmp_path, use_plugins):
    """The folder of a new plugin `pixel_art`, installed."""
    first, *_ = write_skeleton("pixel_art", tmp_path)
    use_plugins(install(first.parent))
    return first.parent


def test_files_are_where_people_look(tmp_path):
    written = write_skeleton("pixel_art", tmp_path)
    assert [str(path.relative_to(tmp_path)) for path in written] == [
        "studio-pixel-art/pyproject.toml",
        "studio-pixel-art/README.md",
        "studio-pixel-art/studio_pixel_art/__init__.py",
        "studio-pixel-art/tests/test_pixel_art.py",
    ]
    assert not any("${" in path.read_text() for path in written)


@pytest.mark.parametrize(
    "name", ["", "Pixel", "1st", "a-b", "a__b", "_a", "a_", "class", "../x", "é", "a" * 41]
)
def test_bad_names_are_refused(name, tmp_path):
    with pytest.raises(InvalidParamsError, match="plugin name"):
        write_skeleton(name, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_nothing_is_overwritten(tmp_path):
    (path, *_) = write_skeleton("rocks", tmp_path)
    path.write_text("mine")
    with pytest.raises(InvalidInputError, match="is there already"):
        write_skeleton("rocks", tmp_path)
    assert path.read_text() == "mine"


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(InvalidInputError, match="cannot be written"):
        write_skeleton("rocks", tmp_path / "file")


def test_its_own_tests_pass(project, tmp_path):
    path = project / "tests" / "test_pixel_art.py"
    spec = importlib.util.spec_from_file_location("new_tests", path)
    tests = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tests)
    tests.test_marble_keeps_the_contract()
    tests.test_marble_tiles(tmp_path)
    tests.test_palette_sets_the_colours(tmp_path)
    written = [name for name in vars(tests) if name.startswith("test_")]
    assert len(written) == 3  # those above


def test_it_passes_the_check(project):
    rows = check_plugin("pixel_art")
    assert len(rows) > 20
    assert [row for row in rows if not row.passed] == []


def test_it_makes_pictures_in_the_library(project, tmp_path):
    with Studio(tmp_path / "home", worker_threads=1) as studio:
        (asset,) = studio.generate("pixel_art.marble", seed=1, size=48, palette="verde")
        assert asset.image().size == (48, 48)
        assert asset.title == "verde marble 1"
        assert asset.record.plugin == "studio-pixel-art"
        assert asset.reproduce().verdict == "bit-equal"
