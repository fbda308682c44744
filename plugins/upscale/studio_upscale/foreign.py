"""Windows for nets whose reach is not known: an overlap is worked on and thrown away."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch

from studio_upscale.pictures import Pixels, bleed, take_around

Floats = npt.NDArray[np.float32]

LEAST: Final = 32
"""Shortest side given to a net, pixels; some refuse less."""


def count_windows(pixels: Pixels, tile: int) -> int:
    """Return how many windows a picture (H, W, C) is cut into."""
    height, width = pixels.shape[:2]
    passes = 2 if _is_see_through(pixels) else 1
    return passes * len(range(0, height, tile)) * len(range(0, width, tile))


def enlarge_foreign(
    model: Any, pixels: Pixels, tile: int, overlap: int, wraps: bool
) -> Iterator[Pixels]:
    """Enlarge uint8 (H, W, 1|3|4): yields the result, to be filled, then once for every window.

    Args:
        model: of spandrel, 3 channels in and out.
        pixels: the picture.
        tile: side of a window.
        overlap: pixels around it.
        wraps: the picture tiles.
    """
    height, width, channels = pixels.shape
    scale = int(model.scale)
    made = np.full((height * scale, width * scale, channels), 255, np.uint8)
    yield made
    if _is_see_through(pixels):
        yield from _fill(model, bleed(pixels, wraps), made[..., :3], (tile, overlap, wraps))
        yield from _fill(model, pixels[..., 3:], made[..., 3:], (tile, overlap, wraps))
    else:
        colours = min(channels, 3)
        yield from _fill(model, pixels[..., :colours], made[..., :colours], (tile, overlap, wraps))


def _is_see_through(pixels: Pixels) -> bool:
    return pixels.shape[2] == 4 and bool((pixels[..., 3] < 255).any())


def _fill(model: Any, pixels: Pixels, made: Pixels, cut: tuple[int, int, bool]) -> Iterator[Pixels]:
    tile, overlap, wraps = cut
    scale = int(model.scale)
    for top in range(0, pixels.shape[0], tile):
        bottom = min(top + tile, pixels.shape[0])
        rows = (top - overlap, max(bottom + overlap, top - overlap + LEAST))
        for left in range(0, pixels.shape[1], tile):
            right = min(left + tile, pixels.shape[1])
            columns = (left - overlap, max(right + overlap, left - overlap + LEAST))
            fine = _run(model, take_around(pixels, rows, columns, wraps))
            first = overlap * scale
            fine = fine[
                first : first + (bottom - top) * scale, first : first + (right - left) * scale
            ]
            made[top * scale : bottom * scale, left * scale : right * scale] = fine
            yield made


def _run(model: Any, window: Pixels) -> Pixels:
    values = torch.from_numpy(np.ascontiguousarray(window, np.float32)).div_(255)
    with torch.inference_mode():
        fine = model(values.permute(2, 0, 1)[None].expand(-1, 3, -1, -1).contiguous())[0]
    if window.shape[2] == 1:
        fine = fine.mean(0, keepdim=True)
    fine = fine.float().clamp(0, 1).mul(255).round()
    return np.asarray(fine.permute(1, 2, 0).to(torch.uint8).numpy())
