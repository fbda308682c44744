import os
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.config import Config
from studio.errors import (
    ConfigError,
    InvalidParamsError,
    StudioError,
    UnknownGeneratorError,
)
from studio.media import MediaType
from studio.presets import PresetBook, format_presets, get_shipped_folder, load_presets, make_name
from studio.registry import Registry
from studio.spec import GeneratorSpec


def make_spec(id: str) -> GeneratorSpec:
    properties = {
        "material": {"enum": ["brick", "stone"], "default": "brick"},
        "strength": {"type": "number", "minimum": 0, "maximum": 4, "default": 1.0},
    }
    return GeneratorSpec(
        id=id, title=id, summary="", output=MediaType.TEXTURE, inputs=(), seeded=False,
        params_schema={"type": "object", "properties": properties, "required": ["material"]},
        checkpoint_from=(), checkpoints=(), plugin="toys", plugin_version="1", entry_point="toys",
    )  # fmt: skip


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "shipped"
    folder.mkdir()
    (folder / "bricks.toml").write_text(
        '[[presets]]\nname = "old"\ngenerator = "toys.pbr"\ntitle = "Old brick"\n'
        "params = { strength = 2 }\n"
        '[[presets]]\nname = "new"\ngenerator = "toys.pbr"\nparams = { strength = 0.5 }\n'
    )
    monkeypatch.setattr("studio.presets.get_shipped_folder", lambda: folder)
    return folder


@pytest.fixture
def book(tmp_path: Path, shipped: Path) -> PresetBook:
    registry = Registry([make_spec("toys.pbr"), make_spec("toys.other")], [])
    plugin = tmp_path / "plugin"
    plugin.mkdir()
    (plugin / "slate.toml").write_text('generator = "toys.pbr"\n[params]\nmaterial = "stone"\n')
    return PresetBook(Config(home=tmp_path / "home"), registry, [plugin])


def user_file(book: PresetBook, name: str, text: str | bytes) -> Path:
    folder = book._user_folder
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_all_sources_are_found(book: PresetBook) -> None:
    found = {preset.name: preset for preset in book.find("toys.pbr")}
    assert list(found) == ["new", "old", "slate"]
    assert found["old"].title == "Old brick" and found["old"].source == "shipped"
    assert found["slate"].title == "slate" and found["slate"].source == "plugin"
    assert book.find("toys.other") == []
    assert book.find_faults() == []
    assert dict(book.get("slate", "toys.pbr").params) == {"material": "stone"}


def test_the_user_wins(book: PresetBook) -> None:
    saved = book.save("Old", "toys.pbr", {"strength": 3.0})
    assert book.get("old") == saved
    assert len(book.find("toys.pbr")) == 3
    book.delete("old", "toys.pbr")
    assert book.get("old").source == "shipped"


def test_unknown_name(book: PresetBook) -> None:
    with pytest.raises(InvalidParamsError, match="'odl'; did you mean old"):
        book.get("odl", "toys.pbr")
    with pytest.raises(InvalidParamsError, match="no preset 'old'"):
        book.get("old", "toys.other")


def test_one_name_for_two_generators(book: PresetBook) -> None:
    book.save("old", "toys.other", {})
    with pytest.raises(InvalidParamsError, match=r"toys\.pbr, toys\.other"):
        book.get("old")
    assert book.get("old", "toys.other").generator == "toys.other"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('generator = "toys.pbr"\n[params]\nstrenght = 1', ["mine", "strenght", "strength"]),
        ('generator = "toys.pbr"\n[params]\nstrength = 9', ["mine.toml", "strength", "at most 4"]),
        ('generator = "toys.pbr"\n[params]\nstrength = "x"', ["mine.toml", "strength", "number"]),
    ],
)
def test_params_that_do_not_fit(book: PresetBook, text: str, words: list[str]) -> None:
    user_file(book, "mine.toml", text)
    with pytest.raises(InvalidParamsError) as caught:
        book.get("mine")
    for word in words:
        assert word in str(caught.value)
    assert [str(fault) for fault in book.find_faults()] == [str(caught.value)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("generator =", ["mine.toml", "Invalid value"]),
        (b'generator = "\xff"', ["mine.toml", "utf-8"]),
        ('generatr = "toys.pbr"', ["mine.toml", "generator"]),
        ('generator = "toys.pbr"\nparam = {}', ["mine.toml", "'param'", "params"]),
        ('[[presets]]\nname = "a"\ngenerator = 3', ["mine.toml", "preset 1", "generator"]),
        ('[[presets]]\nname = "../a"\ngenerator = "toys.pbr"', ["mine.toml", "name"]),
        ("presets = [3]", ["mine.toml", "preset 1"]),
        ('presets = 3\ngenerator = "toys.pbr"', ["mine.toml", "presets"]),
    ],
)
def test_files_that_are_wrong(book: PresetBook, text: str | bytes, words: list[str]) -> None:
    path = user_file(book, "mine.toml", text)
    with pytest.raises(ConfigError) as caught:
        load_presets(path, "user")
    for word in words:
        assert word in str(caught.value)
    assert len(book.find()) == 3, "the others are still there"
    assert len(book.find_faults()) == 1
    with pytest.raises(ConfigError):
        book.get("mine")
    with pytest.raises(InvalidParamsError):
        book.get("something-else")


def test_a_generator_that_is_not_installed(book: PresetBook) -> None:
    user_file(book, "far.toml", 'generator = "far.away"')
    assert book.find_faults() == []
    with pytest.raises(UnknownGeneratorError):
        book.get("far")


# Saving


def test_save_and_load(book: PresetBook) -> None:
    saved = book.save("  Très vieux / mur? ", "toys.pbr", {"strength": 2.5}, summary='a "wall"\n')
    assert saved.name == "très-vieux-mur"
    assert saved.path.name == "toys.pbr.très-vieux-mur.toml"
    assert book.get("très-vieux-mur") == saved
    assert [path.name for path in saved.path.parent.iterdir()] == [saved.path.name]


def test_save_refuses(book: PresetBook) -> None:
    with pytest.raises(InvalidParamsError, match="strength"):
        book.save("bad", "toys.pbr", {"strength": 9})
    with pytest.raises(UnknownGeneratorError):
        book.save("bad", "toys.pbx", {})
    with pytest.raises(ConfigError, match="letter"):
        book.save("../..", "toys.pbr", {})
    book.save("mine", "toys.pbr", {"strength": 1})
    with pytest.raises(InvalidParamsError, match="exists"):
        book.save("Mine", "toys.pbr", {"strength": 2})
    assert book.save("Mine", "toys.pbr", {"strength": 2}, overwrite=True).params["strength"] == 2
    assert dict(book.get("mine").params) == {"strength": 2}


def test_a_failed_write_leaves_the_old_file(
    book: PresetBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = book.save("mine", "toys.pbr", {"strength": 1}).path

    def fail(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(ConfigError, match="No space left"):
        book.save("mine", "toys.pbr", {"strength": 2}, overwrite=True)
    assert dict(book.get("mine").params) == {"strength": 1}
    assert list(path.parent.iterdir()) == [path]


def test_only_your_own_are_deleted(book: PresetBook, shipped: Path) -> None:
    with pytest.raises(InvalidParamsError, match="your own"):
        book.delete("old")
    assert (shipped / "bricks.toml").exists()


def test_deleting_one_of_a_file_keeps_the_rest(book: PresetBook) -> None:
    entries = [f'[[presets]]\nname = "{name}"\ngenerator = "toys.pbr"\n' for name in "ab"]
    path = user_file(book, "two.toml", "".join(entries))
    book.delete("a")
    assert [preset.name for preset in load_presets(path, "user")] == ["b"]


def test_share_by_file(book: PresetBook, tmp_path: Path) -> None:
    book.save("mine", "toys.pbr", {"strength": 1})
    path = book.export_file(["mine", "toys.pbr:old"], tmp_path / "shared.toml")
    other = PresetBook(Config(home=tmp_path / "other"), book._registry)
    assert [preset.name for preset in other.import_file(path)] == ["mine", "old"]
    assert other.get("mine").source == "user"
    with pytest.raises(InvalidParamsError, match=r"'mine'.*exists"):
        other.import_file(path)
    assert len(other.import_file(path, overwrite=True)) == 2


def test_an_import_is_all_or_nothing(book: PresetBook, tmp_path: Path) -> None:
    path = tmp_path / "shared.toml"
    path.write_text(
        '[[presets]]\nname = "good"\ngenerator = "toys.pbr"\n'
        '[[presets]]\nname = "bad"\ngenerator = "toys.pbr"\nparams = { strength = 9 }'
    )
    with pytest.raises(InvalidParamsError, match="'bad'"):
        book.import_file(path)
    assert all(preset.source != "user" for preset in book.find())


# Names and text

values = st.recursive(
    st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text("ab .é\"", max_size=4), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip


@given(st.dictionaries(st.text("abc-_ é.", min_size=1, max_size=5), values, max_size=4))
@settings(max_examples=80)
def test_values_survive_the_file(params: dict[str, Any]) -> None:
    from studio.presets import Preset

    preset = Preset("x", "toys.pbr", "T", "", params, "user", Path("x.toml"))
    assert tomllib.loads(format_presets([preset]))["presets"][0]["params"] == params


def test_a_value_that_toml_has_not(book: PresetBook) -> None:
    from studio.presets import Preset

    preset = Preset("x", "toys.pbr", "T", "", {"strength": None}, "user", Path("x.toml"))
    with pytest.raises(ConfigError, match="None"):
        format_presets([preset])


@given(st.text())
def test_names_are_safe_file_names(title: str) -> None:
    try:
        name = make_name(title)
    except ConfigError:
        return
    assert name == Path(name).name and not set(name) & set('/\\:*?"<>|. \0')
    assert 0 < len(name) <= 70
    assert make_name(name) == name


@pytest.mark.parametrize("title", ["CON", "lpt1", "nul"])
def test_names_that_windows_keeps(title: str) -> None:
    assert make_name(title).endswith("-preset")


def test_shipped_presets_can_be_read() -> None:
    files = sorted(get_shipped_folder().glob("*.toml"))
    presets = [preset for path in files for preset in load_presets(path, "shipped")]
    assert len(presets) >= 20
    keys = [(preset.generator, preset.name) for preset in presets]
    assert len(set(keys)) == len(keys)
    assert all(preset.title and preset.summary and preset.params for preset in presets)
    assert all(preset.name == make_name(preset.title) for preset in presets)


SHARED = '[[presets]]\nname = "Mossy"\ngenerator = "toys.pbr"\nparams = { strength = 3 }\n'


def test_a_pasted_text_is_checked_and_kept(book: PresetBook) -> None:
    (checked,) = book.import_text(SHARED, keep=False)
    assert (checked.name, checked.params) == ("Mossy", {"strength": 3})
    assert not checked.path.exists()
    (kept,) = book.import_text(SHARED)
    assert book.get("Mossy", "toys.pbr").params == kept.params
    with pytest.raises(InvalidParamsError, match="overwrite"):
        book.import_text(SHARED, keep=False)
    book.import_text(SHARED.replace("3", "4"), overwrite=True)
    assert book.get("Mossy", "toys.pbr").params == {"strength": 4}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "'generator'"),
        ("not a preset", "preset.toml"),
        ("x = " + "[" * 5000, "preset.toml"),
        (SHARED.replace("strength", "force"), "force"),
        (SHARED.replace("3", "9"), "at most 4"),
        (SHARED.replace("toys.pbr", "toys.none"), "toys.none"),
        (SHARED.replace("Mossy", "../../evil"), "name"),
        (SHARED + SHARED.replace("Mossy", "Other").replace("3", "9"), "Other"),
        ("presets = 5", "'generator'"),
    ],
)
def test_a_pasted_text_that_is_none(book: PresetBook, text: str, said: str) -> None:
    before = book.find()
    with pytest.raises(StudioError, match=re.escape(said)) as raised:
        book.import_text(text)
    assert str(book._user_folder) not in str(raised.value), "no path of the server"
    assert book.find() == before
