"""Interpreter, arguments, environment variables."""

import os
import sys
from pathlib import Path

import pytest

import studio
from studio.errors import ConfigError
from studio.worker import launch, limits


def test_main_sees_what_this_process_sees(config, monkeypatch):
    monkeypatch.setenv("PYTHONHOME", "/odd")
    environ = launch.build_environ(config, "main")
    assert environ["PYTHONPATH"].split(os.pathsep) == [os.path.abspath(p) for p in sys.path]
    assert "PYTHONHOME" not in environ
    assert environ["OMP_NUM_THREADS"] == environ["MKL_NUM_THREADS"] == "1"
    assert environ["PYTHONHASHSEED"] == "0"


def test_waiting_threads_sleep_unless_told_otherwise(config, monkeypatch):
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    assert launch.build_environ(config, "main")["OMP_WAIT_POLICY"] == "PASSIVE"
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    assert launch.build_environ(config, "main")["OMP_WAIT_POLICY"] == "ACTIVE"


def test_another_environment_sees_only_studio(config):
    environ = launch.build_environ(config, "audio")
    folder = Path(environ["PYTHONPATH"])
    assert [path.name for path in folder.iterdir()] == ["studio"]
    assert (folder / "studio").resolve() == Path(studio.__file__).resolve().parent
    (folder / "studio").unlink()
    (folder / "studio").symlink_to("/nowhere")
    launch.build_environ(config, "audio")
    assert (folder / "studio" / "worker").is_dir()


def test_a_home_that_cannot_be_written(config):
    (config.home / "cache").write_text("in the way")
    with pytest.raises(ConfigError, match="the home must be writable"):
        launch.build_environ(config, "audio")


def test_unknown_environment(config):
    known = config.model_copy(update={"environments": {"audio": "~/audio/python"}})
    assert launch.get_interpreter(known, "audio") == str(Path.home() / "audio/python")
    with pytest.raises(ConfigError, match="no environment 'video'"):
        launch.build_command(known, "video")


def test_memory_limit(config, monkeypatch, tmp_path):
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    monkeypatch.setattr(limits, "_CGROUP_LIMITS", (tmp_path / "max",))
    assert launch.get_memory_limit(config) == total * 4 // 5
    (tmp_path / "max").write_text("1000000\n")
    assert launch.get_memory_limit(config) == 800_000
    (tmp_path / "max").write_text("max\n")
    assert launch.get_memory_limit(config) == total * 4 // 5
    fixed = config.model_copy(update={"worker_memory_mb": 3})
    assert launch.get_memory_limit(fixed) == 3 << 20


def test_thread_count(config):
    cores = len(os.sched_getaffinity(0))
    assert launch.get_thread_count(config.model_copy(update={"worker_threads": 3})) == 3
    shared = config.model_copy(update={"worker_threads": 0, "cpu_workers": 64})
    assert launch.get_thread_count(shared) == max(1, cores // 64)
    alone = config.model_copy(update={"worker_threads": 0, "cpu_workers": 1})
    assert launch.get_thread_count(alone) == cores
