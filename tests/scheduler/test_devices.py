"""Finding devices without torch."""

import os
import sys

import pytest

from studio.scheduler.devices import find_devices, get_thread_count


def install_program(folder, text):
    path = folder / "nvidia-smi"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


@pytest.fixture
def programs(tmp_path, monkeypatch):
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return folder


def test_named_devices_are_taken_as_they_are(config):
    config = config.model_copy(update={"devices": ("cuda:1", "cpu", "cuda:1"), "cpu_workers": 3})
    assert find_devices(config) == {"cuda:1": 1, "cpu": 3}


def test_auto_lists_gpus_and_keeps_a_cpu_lane(config, programs):
    install_program(programs, "echo 'GPU 0: H200 (UUID: x)'; echo 'GPU 1: H200 (UUID: y)'")
    assert list(find_devices(config)) == ["cuda:0", "cuda:1", "cpu"]


@pytest.mark.parametrize("text", ["exit 9", "echo 'No devices were found'"])
def test_without_gpus_there_is_the_cpu(config, programs, text):
    install_program(programs, text)
    expected = ["mps", "cpu"] if sys.platform == "darwin" else ["cpu"]
    assert list(find_devices(config)) == expected


def test_threads_are_shared_out(config):
    assert get_thread_count(config.model_copy(update={"worker_threads": 5})) == 5
    share = config.model_copy(update={"worker_threads": 0, "cpu_workers": 64})
    assert get_thread_count(share) == max(1, (os.cpu_count() or 1) // 64)
