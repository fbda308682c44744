"""Convolutions by Winograd's way (Lavin and Gray, arXiv 1509.09308), which PyTorch has in NNPACK.

On one thread a 3 x 3 convolution of 64 channels takes half the time of oneDNN's, which is what
`nn.Conv2d` calls. NNPACK does not gain from more threads beside PyTorch's: large pictures are run
in bands and small ones side by side, one thread each.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Final

import torch
from torch import Tensor, nn

_LOCK: Final = threading.Lock()
_HERE: Final = threading.local()
LARGE: Final = 1 << 17
"""Pixels above which NNPACK's own memory, a kilobyte for each at 64 channels, is too much."""


def convolve(layer: nn.Conv2d, x: Tensor) -> Tensor:
    """Do what a 3 x 3 convolution with a rim of one zero does: (N, C, H, W) of any layout.

    By Winograd where nothing is learnt, on one thread, in float32; sums differ in the last digits.
    """
    return convolve_by(x, layer.weight, layer.bias, 1) if is_quick(x) else torch.as_tensor(layer(x))


def convolve_by(x: Tensor, weight: Tensor, bias: Tensor | None, rim: int) -> Tensor:
    """Convolve with 3 x 3 weights by Winograd, with a rim of 0 or 1 zeros, where `is_quick`."""
    # Contiguous is what NNPACK reads; weights may lie channels last.
    call = torch._nnpack_spatial_convolution  # public is only that there is one
    return torch.as_tensor(call(x.contiguous(), weight.contiguous(), bias, [rim, rim], [1, 1]))


@contextmanager
def lying_plainly() -> Iterator[None]:
    """Let `rows` convolve by Winograd here: for nets whose fields lie channel after channel.

    Where a field lies otherwise, turning it takes longer than is gained.
    """
    _HERE.is_plain = True
    try:
        yield
    finally:
        _HERE.is_plain = False


def is_wanted(x: Tensor) -> bool:
    """Tell whether `lying_plainly` holds on this thread, and Winograd is quick."""
    return getattr(_HERE, "is_plain", False) and is_quick(x)


def is_quick(x: Tensor) -> bool:
    """Tell whether `convolve` goes by Winograd here."""
    is_plain = x.dtype == torch.float32 and x.is_cpu and not torch.is_autocast_enabled("cpu")
    is_alone = torch.is_inference_mode_enabled() and torch.get_num_threads() == 1
    is_small = x.shape[2] * x.shape[3] <= LARGE
    return is_plain and is_alone and is_small and has_nnpack()


def has_nnpack() -> bool:
    """Tell whether NNPACK runs on this processor; the first call starts it."""
    with _LOCK:
        return _try_nnpack()


@cache
def _try_nnpack() -> bool:
    if not torch.backends.nnpack.is_available():  # type: ignore[no-untyped-call]
        return False
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # with its first convolution it starts as many of its own
    try:
        x, weight = torch.ones(1, 1, 8, 8), torch.ones(1, 1, 3, 3)
        made = torch._nnpack_spatial_convolution(x, weight, None, [1, 1], [1, 1])
        return abs(float(made[0, 0, 4, 4]) - 9) < 1e-3
    except (AttributeError, RuntimeError):
        return False
    finally:
        torch.set_num_threads(threads)
