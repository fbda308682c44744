"""Settings: files, variables, flags, in that order."""

import os
from pathlib import Path

import pytest

from studio.config import Config, load_config
from studio.errors import ConfigError


def test_defaults_make_the_home(tmp_path):
    config = load_config(environ={}, home=tmp_path / "a" / "b")
    assert config.home == tmp_path / "a" / "b"
    assert config.home.is_dir()
    assert config.workers == "process"
    assert list(config.home.iterdir()) == []


def test_later_wins(tmp_path):
    (tmp_path / "config.toml").write_text('cpu_workers = 2\nuser = "file"\nlanguage = "es"\n')
    environ = {"STUDIO_USER": "variable", "STUDIO_LANGUAGE": "en"}
    config = load_config(environ=environ, home=tmp_path, language="es")
    assert (config.cpu_workers, config.user, config.language) == (2, "variable", "es")


def test_the_home_comes_from_the_variable(tmp_path):
    assert load_config(environ={"STUDIO_HOME": str(tmp_path / "x")}).home == tmp_path / "x"


def test_lists_in_variables(tmp_path):
    folders = os.pathsep.join(["/a", "/b"])
    environ = {
        "STUDIO_CHECKPOINT_FOLDERS": folders,
        "STUDIO_DEVICES": "cuda:0, cpu",
        "STUDIO_ENVIRONMENTS": "old=/opt/old/bin/python",
    }
    config = load_config(environ=environ, home=tmp_path)
    assert config.checkpoint_folders == (Path("/a"), Path("/b"))
    assert config.devices == ("cuda:0", "cpu")
    assert config.environments == {"old": "/opt/old/bin/python"}


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("cpu_worker = 2", "cpu_worker"),
        ("cpu_workers = 0", "cpu_workers"),
        ('language = "fr"', "language"),
        ("cpu_workers = [", "config.toml"),
        ("\xff", "config.toml"),
    ],
)
def test_a_wrong_file_is_named(tmp_path, text, word):
    (tmp_path / "config.toml").write_bytes(text.encode("latin-1"))
    with pytest.raises(ConfigError, match=word):
        load_config(environ={}, home=tmp_path)


def test_a_wrong_variable_is_named(tmp_path):
    with pytest.raises(ConfigError, match="STUDIO_CPU_WORKERS"):
        load_config(environ={"STUDIO_CPU_WORKERS": "many"}, home=tmp_path)


def test_a_home_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="--home"):
        load_config(environ={}, home=tmp_path / "file" / "home")
    with pytest.raises(ConfigError, match="--home"):
        load_config(environ={}, home="/proc/nowhere")


def test_every_setting_is_described():
    assert all(field.description for field in Config.model_fields.values())
    with pytest.raises(Exception, match="frozen"):
        load_config(environ={}, home="/tmp").user = "x"  # type: ignore[misc]
