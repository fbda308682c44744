"""Pictures in bands, a thread each: Winograd's convolutions do not gain from more threads."""

from collections.abc import Callable
from typing import Final

import torch
from studio_training.side_by_side import map_side_by_side
from studio_training.winograd import has_nnpack
from torch import Tensor

OVERLAP: Final = 1.5
"""At most so many times the rows of a picture are worked out in its bands."""


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
