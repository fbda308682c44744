"""What a job took, and with which libraries it was made."""

import sys
from typing import Any

from studio.worker.limits import read_memory, read_peak, reset_peak

_LIBRARIES = {
    "torch": "torch",
    "numpy": "numpy",
    "scipy": "scipy",
    "PIL": "Pillow",
    "diffusers": "diffusers",
    "transformers": "transformers",
}
"""Module name -> distribution name."""


def find_versions() -> dict[str, str]:
    """Return the versions of the libraries that are loaded; loads none."""
    versions = {}
    for module, name in _LIBRARIES.items():
        version = getattr(sys.modules.get(module), "__version__", None)
        if version is not None:
            versions[name] = str(version)
    return versions


def reset_memory(device: str) -> None:
    """Begin to measure the peak of `device` anew."""
    cuda = _find_cuda(device)
    if cuda is None:
        reset_peak()
    else:
        cuda.reset_peak_memory_stats(device)


def read_memory_peak(device: str) -> int:
    """Return the most bytes taken on `device` since `reset_memory`."""
    cuda = _find_cuda(device)
    return read_peak() if cuda is None else int(cuda.max_memory_allocated(device))


def read_memory_now(device: str) -> int:
    """Return the bytes taken on `device` now."""
    cuda = _find_cuda(device)
    return read_memory() if cuda is None else int(cuda.memory_allocated(device))


def free_device_memory() -> None:
    """Give cached memory back to the device, if torch is loaded."""
    cuda = _find_cuda("cuda")
    if cuda is not None:
        cuda.empty_cache()


def _find_cuda(device: str) -> Any:
    """Return torch.cuda where it runs; torch is never imported for this."""
    cuda = getattr(sys.modules.get("torch"), "cuda", None)
    return cuda if device.startswith("cuda") and cuda and cuda.is_initialized() else None
