import os
import subprocess
import sys

import pytest

from studio.observe import machine
from studio.observe.machine import (
    DeviceView,
    find_devices,
    is_running,
    parse_gpus,
    parse_meminfo,
    read_start,
)


def test_memory_of_the_machine():
    text = "MemTotal:       1000 kB\nMemFree: 1 kB\nMemAvailable:    400 kB\nHugePages_Total: 0\n"
    assert parse_meminfo(text) == (600 * 1024, 1000 * 1024)


@pytest.mark.parametrize("text", ["", "MemTotal: 5 kB", "MemTotal: x\nMemAvailable: y", "junk"])
def test_a_strange_meminfo_is_unknown(text):
    assert parse_meminfo(text) is None


def test_gpus():
    text = "0, NVIDIA H200, 1024, 143771\n1, Other, [N/A], 100\n\nNVIDIA-SMI has failed\n"
    assert parse_gpus(text) == [
        DeviceView("cuda:0", "NVIDIA H200", 1024 << 20, 143771 << 20),
        DeviceView("cuda:1", "Other", None, 100 << 20),
    ]


def test_the_cpu_is_always_there():
    first = find_devices()[0]
    assert first.name == "cpu"
    assert first.total is None or first.total > 1 << 20


@pytest.mark.parametrize(
    ("script", "names", "patience"),
    [
        ("echo '0, Card, 5, 10'", ["cpu", "cuda:0"], 60),
        ("echo '0, Card, 5, 10'; exit 9", ["cpu"], 60),
        ("echo nonsense", ["cpu"], 60),
        ("exec sleep 30", ["cpu"], 0.5),
    ],
)
def test_whatever_nvidia_smi_does(tmp_path, monkeypatch, script, names, patience):
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(machine, "_PATIENCE", patience)
    assert [device.name for device in find_devices()] == names


def test_a_process_is_known_by_pid_and_start():
    start = read_start(os.getpid())
    assert is_running(os.getpid(), start)
    assert not is_running(os.getpid(), start + 1), "a pid that came back is somebody else"
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    child.wait()
    assert not is_running(child.pid, 0)
    assert read_start(child.pid) == 0
