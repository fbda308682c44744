"""What a job took, with torch present only as a stand-in."""

import sys
from types import ModuleType, SimpleNamespace

import pytest

from studio.worker import measure


@pytest.fixture
def calls(monkeypatch):
    """A torch whose CUDA runs; returns what was called on it."""
    calls = []
    torch = ModuleType("torch")
    torch.__version__ = "2.13.0"
    torch.cuda = SimpleNamespace(
        is_initialized=lambda: True,
        reset_peak_memory_stats=lambda device: calls.append(("reset", device)),
        max_memory_allocated=lambda device: calls.append(("read", device)) or 77,
        empty_cache=lambda: calls.append("free"),
    )
    monkeypatch.setitem(sys.modules, "torch", torch)
    return calls


def test_a_gpu_is_asked_through_torch(calls):
    measure.reset_memory("cuda:1")
    assert measure.read_memory_peak("cuda:1") == 77
    measure.free_device_memory()
    assert calls == [("reset", "cuda:1"), ("read", "cuda:1"), "free"]
    assert measure.find_versions()["torch"] == "2.13.0"


def test_the_cpu_is_asked_even_if_torch_is_there(calls):
    measure.reset_memory("cpu")
    assert measure.read_memory_peak("cpu") > 1 << 20
    assert calls == []


def test_nothing_is_loaded_to_find_out(monkeypatch):
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    measure.free_device_memory()
    assert measure.read_memory_peak("cuda:0") > 1 << 20
    assert "torch" not in measure.find_versions()
    assert "torch" not in sys.modules
