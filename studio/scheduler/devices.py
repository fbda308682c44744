"""Which devices this machine has, found without importing torch."""

import os
import shutil
import subprocess
import sys

from studio.config import Config


def find_devices(config: Config) -> dict[str, int]:
    """Return device -> worker processes it may have.

    "auto" means every CUDA device that `nvidia-smi` lists, else the CPU. A GPU gets one worker.
    """
    names: list[str] = []
    for name in config.devices:
        names += _discover() if name == "auto" else [name]
    return {name: config.cpu_workers if name == "cpu" else 1 for name in dict.fromkeys(names)}


def get_thread_count(config: Config) -> int:
    """Return the threads each worker may use."""
    cores = os.cpu_count() or 1
    return config.worker_threads or max(1, cores // config.cpu_workers)


def _discover() -> list[str]:
    program = shutil.which("nvidia-smi")
    if program is not None:
        found = subprocess.run(
            [program, "--list-gpus"], capture_output=True, text=True, timeout=10, check=False
        )
        count = sum(line.startswith("GPU ") for line in found.stdout.splitlines())
        if count:
            return [f"cuda:{i}" for i in range(count)]
    if sys.platform == "darwin" and os.uname().machine == "arm64":
        return ["mps"]
    return ["cpu"]
