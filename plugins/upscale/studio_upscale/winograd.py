"""Convolutions by Winograd's way (Lavin and Gray, arXiv 1509.09308), which PyTorch has in NNPACK.

On one thread a 3 x 3 convolution of 64 channels takes half the time of oneDNN's, which is what
`nn.Conv2d` calls. NNPACK does not gain from more threads beside PyTorch's; so pictures are run in
bands, one thread each (`run_in_bands`).
"""

import threading
from collections.abc import Callable
from functools import cache
from typing import Final

import torch
from studio_training.side_by_side import map_side_by_side
from torch import Tensor, nn

_LOCK: Final = threading.Lock()
OVERLAP: Final = 1.5
"""At most so many times the rows of a picture are worked out in its bands."""
LARGE: Final = 1 << 17
"""Pixels above which NNPACK's own memory, a kilobyte for each at 64 channels, is too much."""


def convolve(layer: nn.Conv2d, x: Tensor) -> Tensor:
    """Do what a 3 x 3 convolution with a rim of one zero does: (N, C, H, W) of any layout.

    By Winograd where nothing is learnt, on one thread, in float32; sums differ in the last digits.
    """
    if not is_quick(x):
        return torch.as_tensor(layer(x))
    # Contiguous is what NNPACK reads; weights may lie channels last.
    weight, bias = layer.weight.contiguous(), layer.bias
    call = torch._nnpack_spatial_convolution  # public is only that there is one
    return torch.as_tensor(call(x.contiguous(), weight, bias, [1, 1], [1, 1]))


def is_quick(x: Tensor) -> bool:
    """Tell whether `convolve` goes by Winograd here."""
    is_plain = x.dtype == torch.float32 and x.is_cpu and not torch.is_autocast_enabled("cpu")
    is_alone = torch.is_inference_mode_enabled() and torch.get_num_threads() == 1
    is_small = x.shape[2] * x.shape[3] <= LARGE
    return is_plain and is_alone and is_small and has_nnpack()


def run_in_bands(call: Callable[[Tensor], Tensor], x: Tensor, radius: int, fold: int = 1) -> Tensor:
    """Run a net over a picture, in as many bands as there are threads if that is quicker.

    Args:
        call: (N, C, H, W) to (N, C, scale H, scale W), with zeros around.
        x: float32.
        radius: pixels around a pixel that can change what becomes of it; whole folds.
        fold: bands, like the picture, are as high as some of these.
    """
    count, height = torch.get_num_threads(), x.shape[2]
    tallest = -(-height // count) + radius * min(2, count - 1)
    if count == 1 or tallest * count > OVERLAP * height or not has_nnpack():
        return call(x)
    edges = [height // fold * number // count * fold for number in range(count + 1)]

    def run(number: int) -> Tensor:
        start, stop = edges[number], edges[number + 1]
        first, last = max(0, start - radius), min(height, stop + radius)
        made = call(x[:, :, first:last])
        scale = made.shape[2] // (last - first)
        return made[:, :, (start - first) * scale : (stop - first) * scale]

    return torch.cat(map_side_by_side(run, range(count)), 2)


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
