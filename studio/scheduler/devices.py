"""Which devices this machine has, found without importing torch."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping

from studio.config import Config
from studio.scheduler.messages import Device, Limits
from studio.worker.launch import get_memory_limit


def find_devices(config: Config) -> dict[str, int]:
    """Return device -> worker processes it may have.

    "auto" means every CUDA device that `nvidia-smi` lists, and the CPU beside them, so that a
    job that needs no GPU never waits for one. A GPU gets one worker.
    """
    names: list[str] = []
    for name in config.devices:
        names += _discover() if name == "auto" else [name]
    return {name: config.cpu_workers if name == "cpu" else 1 for name in dict.fromkeys(names)}


def get_thread_count(config: Config) -> int:
    """Return the threads each worker may use."""
    cores = os.cpu_count() or 1
    return config.worker_threads or max(1, cores // config.cpu_workers)


def build_limits(config: Config, slots: Mapping[str, int], names: str) -> Limits:
    """Return what the kernel must respect on these devices; `names` begins workers' names."""
    devices = []
    for name, count in slots.items():
        lane = "cpu" if name == "cpu" else "gpu"
        devices.append(Device(name, lane, _find_capacity(config, name), count))
    return Limits(tuple(devices), host_bytes=config.host_cache_mb << 20, names=f"{names}-")


def _find_capacity(config: Config, device: str) -> int:
    """Return the bytes that jobs may take on a device."""
    if config.device_memory_mb and device != "cpu":
        return config.device_memory_mb << 20
    program = shutil.which("nvidia-smi")
    found = re.fullmatch(r"cuda:(\d+)", device)
    if found and program is not None:
        query = [program, "--query-gpu=memory.total", "--format=csv,noheader,nounits"]
        asked = subprocess.run(
            [*query, f"--id={found[1]}"], capture_output=True, text=True, timeout=10, check=False
        )
        if asked.stdout.strip().isdigit():
            return int(asked.stdout) * 92 // 100 << 20
    return get_memory_limit(config)


def _discover() -> list[str]:
    program = shutil.which("nvidia-smi")
    if program is not None:
        found = subprocess.run(
            [program, "--list-gpus"], capture_output=True, text=True, timeout=10, check=False
        )
        count = sum(line.startswith("GPU ") for line in found.stdout.splitlines())
        if count:
            return [*(f"cuda:{i}" for i in range(count)), "cpu"]
    if sys.platform == "darwin" and os.uname().machine == "arm64":
        return ["mps", "cpu"]
    return ["cpu"]
