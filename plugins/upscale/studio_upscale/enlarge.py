"""Enlarging of any size in bounded memory: window by window, each with all that can change it.

Windows overlap by the net's receptive field, so that a pixel does not depend on where the cuts
are: over tile sizes, results differ by rounding only (at most one level of 255).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from studio_upscale.bands import run_in_bands
from studio_upscale.network import EnlargingNet
from studio_upscale.pictures import take_around, take_mirrored
from studio_upscale.resample import Axis, plan_axis, reduce_part

Floats = npt.NDArray[np.float32]
Pixels = npt.NDArray[Any]

TILE: Final = 192
"""Side of a window in pixels of the small picture, without overlap."""
SMALL_TILE: Final = 64
"""The same when memory is short."""
MIN_TILE: Final = 16
MIRRORED: Final = 4
"""Pixels around a picture with a border. Nets have learnt from patches with nothing around them,
but what is flat stays flat only with something around it; more than this changes nothing."""

WIDE: Final = 32
"""Channels of a net from which bands pay; a narrow one waits for memory in either way."""


@dataclass(frozen=True)
class Style:
    """How to enlarge.

    Attributes:
        wraps: the picture tiles, and shall go on tiling.
        tile: side of a window, pixels of the small picture.
        is_vector: channels are a direction around 0.5, of unit length (normal maps).
        half: compute in bf16.
        ensemble: compute eight times, turned and mirrored, and take the mean (EDSR+).
    """

    wraps: bool = False
    tile: int = TILE
    is_vector: bool = False
    half: bool = False
    ensemble: bool = False


def choose_tile(tile: int, memory_modes: Sequence[str]) -> int:
    """Return the side of windows that was asked for, or a small one when memory is short."""
    return min(tile, SMALL_TILE) if "tile" in memory_modes else tile


def count_tiles(height: int, width: int, scale: int, factor: float, tile: int) -> int:
    """Return how often `enlarge` will report for such a picture."""
    total = 0
    for step in plan_steps(scale, factor):
        total += -(-height // tile) * -(-width // tile)
        height, width = grow(height, step), grow(width, step)
    return total


def plan_steps(scale: int, factor: float) -> list[float]:
    """Split a factor into passes of the net, each of at most its scale, the last one the rest."""
    steps = []
    while factor > scale * (1 + 1e-9):
        steps.append(float(scale))
        factor /= scale
    return [*steps, factor]


def grow(side: int, factor: float) -> int:
    """Return how long a side becomes; never nothing."""
    return max(1, round(side * factor))


def enlarge(
    network: EnlargingNet,
    picture: Pixels,
    factor: float,
    style: Style,
    on_tile: Callable[[], None] = lambda: None,
) -> Pixels:
    """Enlarge uint8 or uint16 (H, W, 1|3); keeps type and channels.

    Args:
        network: of colour pictures; grey is given to it three times.
        picture: not empty.
        factor: above 1; what the net's scale is not, is made by antialiased reduction.
        style: how.
        on_tile: called after every window; may raise to stop.
    """
    for step in plan_steps(network.config.scale, factor):
        picture = _enlarge_once(network, picture, step, style, on_tile)
    return picture


def _enlarge_once(
    network: EnlargingNet,
    picture: Pixels,
    factor: float,
    style: Style,
    on_tile: Callable[[], None],
) -> Pixels:
    height, width, channels = picture.shape
    shape = (grow(height, factor), grow(width, factor), channels)
    made = np.empty(shape, picture.dtype)
    for top, bottom in _cut(height, style.tile, shape[0]):
        rows = plan_axis(top, bottom, height * network.config.scale / shape[0])
        for left, right in _cut(width, style.tile, shape[1]):
            columns = plan_axis(left, right, width * network.config.scale / shape[1])
            part = _enlarge_part(network, picture, rows, columns, style)
            made[top:bottom, left:right] = _quantise(part, picture.dtype)
            on_tile()
    return made


def _cut(small: int, tile: int, large: int) -> Iterator[tuple[int, int]]:
    """Cut a side of the result where every `tile` pixels of the small one end."""
    for start in range(0, small, tile):
        stop = min(start + tile, small)
        yield start * large // small, stop * large // small


def _enlarge_part(
    network: EnlargingNet, picture: Pixels, rows: Axis, columns: Axis, style: Style
) -> Floats:
    scale = network.config.scale
    height, width = picture.shape[:2]
    top, bottom = _surround(network, rows, None if style.wraps else height)
    left, right = _surround(network, columns, None if style.wraps else width)
    if style.wraps:
        window = take_around(picture, (top, bottom), (left, right), True)
    else:
        window = take_mirrored(picture, (top, bottom), (left, right))
    peak = np.float32(np.iinfo(picture.dtype).max)
    fine = _run(network, window.astype(np.float32) / peak, style)
    first_row, first_column = rows.start - top * scale, columns.start - left * scale
    fine = fine[
        first_row : first_row + rows.stop - rows.start,
        first_column : first_column + columns.stop - columns.start,
    ]
    part = reduce_part(fine, rows, columns)
    return _straighten(part) if style.is_vector else part


def _surround(network: EnlargingNet, axis: Axis, side: int | None) -> tuple[int, int]:
    """Say from where to where the small picture is needed, in whole folds of the net.

    Args:
        network: that will see it.
        axis: what is needed of the fine picture.
        side: of a small picture that has a border; None if it tiles.
    """
    scale, radius, fold = network.config.scale, network.config.radius, network.config.fold
    start, stop = axis.start // scale - radius, -(-axis.stop // scale) + radius
    if side is not None:
        start, stop = max(-MIRRORED, start), min(side + MIRRORED, stop)
    return start // fold * fold, -(-stop // fold) * fold


def _run(network: EnlargingNet, window: Floats, style: Style) -> Floats:
    """Run the net on (H, W, 1|3), returning (scale H, scale W, the same)."""
    is_grey = window.shape[2] == 1
    values = torch.from_numpy(window).permute(2, 0, 1)[None]
    values = values.expand(-1, 3, -1, -1).contiguous(memory_format=torch.channels_last)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=style.half):
        # An equivariant net gives eight times the same.
        is_turned = style.ensemble and not network.config.equivariant
        run = _run_turned if is_turned else run_once
        fine = run(network, values, style.half)
    if is_grey:
        fine = fine.mean(0, keepdim=True)
    return np.asarray(fine.permute(1, 2, 0).numpy(), np.float32)


def run_once(network: EnlargingNet, values: Tensor, half: bool) -> Tensor:
    """Enlarge (1, 3, H, W) to (3, scale H, scale W)."""
    if half or network.config.channels < WIDE:
        return torch.as_tensor(network(values)[0].float())
    return run_in_bands(network, values, network.config.radius, network.config.fold)[0]


def _run_turned(network: EnlargingNet, values: Tensor, half: bool) -> Tensor:
    """Return the mean over the eight ways to lay (1, 3, H, W): (3, scale H, scale W)."""
    views = []
    for turns in range(4):
        for sides in ((), (3,)):
            view = torch.rot90(values.flip(sides), turns, (2, 3))
            made = run_once(network, view.contiguous(memory_format=torch.channels_last), half)
            views.append(torch.rot90(made, -turns, (1, 2)).flip([side - 1 for side in sides]))
    return torch.stack(views).mean(0)


def _straighten(part: Floats) -> Floats:
    """Bring every direction back to unit length; what has none points up."""
    vectors = part * 2 - 1
    length = np.linalg.norm(vectors, axis=2, keepdims=True)
    up = np.array([0, 0, 1], np.float32)
    unit = np.where(length > 1e-3, vectors / np.maximum(length, 1e-3), up)
    return np.asarray((unit + 1) / 2, np.float32)


def _quantise(part: Floats, dtype: np.dtype[Any]) -> Pixels:
    peak = np.iinfo(dtype).max
    return np.asarray(np.rint(np.clip(part, 0, 1) * np.float32(peak)), dtype)
