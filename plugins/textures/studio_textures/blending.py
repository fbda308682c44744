"""Hiding the cuts of an assembled picture without blurring it elsewhere."""

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from studio_textures.torus_canvas import TorusCanvas


def feather(canvas: TorusCanvas, radius: int = 1) -> NDArray[np.float32]:
    """Each pixel is the mean of what it would be if it came from where a neighbour came from.

    Inside a patch all neighbours agree, so nothing changes there; across a cut the two patches
    cross-fade over 2 `radius` + 1 pixels. Returns (H, W, C).
    """
    height, width = canvas.exemplar.shape[:2]
    total = np.zeros((canvas.height, canvas.width, canvas.exemplar.shape[-1]), dtype=np.float32)
    count = 0
    for dy in range(-radius, radius + 1):
        for dx in range(-radius, radius + 1):
            moved = np.roll(canvas.source, (dy, dx), axis=(1, 2))
            rows = np.clip(moved[0] + dy, 0, height - 1)
            columns = np.clip(moved[1] + dx, 0, width - 1)
            total += canvas.exemplar[rows, columns]
            count += 1
    return total / np.float32(count)


def heal(canvas: TorusCanvas, reach: float = 24.0) -> NDArray[np.float32]:
    """Gradient-domain blend: the exemplar's gradients everywhere, its colours on average.

    Solves the screened Poisson equation on the torus by FFT (Bhat et al. 2008). At a cut the
    wanted gradient is the mean of what both sides would continue with, so a step in brightness
    fades over about `reach` pixels instead of ending in a line. Returns (H, W, C), 0..1.
    """
    picture = feather(canvas)
    right = _wanted_step(canvas, picture, (0, 1))
    down = _wanted_step(canvas, picture, (1, 0))
    divergence = right - np.roll(right, 1, axis=1) + down - np.roll(down, 1, axis=0)
    screen = 1.0 / reach**2
    fy = 2.0 * np.cos(2.0 * np.pi * np.arange(canvas.height) / canvas.height) - 2.0
    fx = 2.0 * np.cos(2.0 * np.pi * np.arange(canvas.width // 2 + 1) / canvas.width) - 2.0
    laplace = (fy[:, None] + fx[None, :]).astype(np.float32)
    wanted = np.moveaxis(screen * picture - divergence, -1, 0)
    solved = fft.irfft2(fft.rfft2(wanted) / (screen - laplace), s=(canvas.height, canvas.width))
    return np.asarray(np.clip(np.moveaxis(solved, 0, -1), 0.0, 1.0), dtype=np.float32)


def _wanted_step(
    canvas: TorusCanvas, picture: NDArray[np.float32], step: tuple[int, int]
) -> NDArray[np.float32]:
    """Colour change (H, W, C) from each pixel to the next along `step`."""
    back = (-step[0], -step[1])
    after = np.roll(canvas.source, back, axis=(1, 2))
    shift = np.array(step, dtype=np.int32)[:, None, None]
    cut = ((canvas.source + shift) != after).any(axis=0)
    wanted = np.roll(picture, back, axis=(0, 1)) - picture
    limit = np.array(canvas.exemplar.shape[:2])[:, None] - 1
    here, there = canvas.source[:, cut], after[:, cut]
    shift = shift[..., 0]
    own = _colour(canvas, np.minimum(here + shift, limit)) - _colour(canvas, here)
    other = _colour(canvas, there) - _colour(canvas, np.maximum(there - shift, 0))
    wanted[cut] = 0.5 * (own + other)
    return wanted


def _colour(canvas: TorusCanvas, at: NDArray[np.int32]) -> NDArray[np.float32]:
    return np.asarray(canvas.exemplar[at[0], at[1]])
