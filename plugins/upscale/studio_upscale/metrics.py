"""How near an enlarged picture is to the true one: fidelity by the field's protocol, and texture.

The protocol of the published x4 tables: the true picture is cropped to a multiple of 4, reduced by
antialiased bicubic, enlarged, rounded to 8 bits; luma by BT.601, rounded to whole numbers like
MATLAB's `rgb2ycbcr` (without this, bicubic on Set5 is 0.01 dB above the published 28.42); 4 pixels
cut off on each side.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy import ndimage

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]

LUMA: Final = (65.481, 128.553, 24.966)
SSIM_SIGMA: Final = 1.5
SSIM_RADIUS: Final = 5


def reduce_bicubic(image: Image.Image, scale: int) -> tuple[Image.Image, Image.Image]:
    """Return the picture cropped to a multiple of `scale`, and its antialiased reduction."""
    width, height = (side - side % scale for side in image.size)
    high = image.convert("RGB").crop((0, 0, width, height))
    size = (width // scale, height // scale)
    return high, high.resize(size, Image.Resampling.BICUBIC)


def get_luma(picture: Bytes) -> Floats:
    """Turn RGB (H, W, 3) uint8 into Y of BT.601, whole numbers 16..235."""
    return np.asarray(np.round(16 + picture.astype(np.float64) @ np.array(LUMA) / 255))


def measure_psnr(made: Bytes, true: Bytes, border: int) -> float:
    """Return PSNR of luma in dB, peak 255; inf where equal."""
    difference = _cut(get_luma(made) - get_luma(true), border)
    error = float(np.mean(difference**2))
    return float("inf") if error == 0 else 10 * float(np.log10(255**2 / error))


def measure_ssim(made: Bytes, true: Bytes, border: int) -> float:
    """Return SSIM of luma: 11x11 Gaussian of sigma 1.5, whole windows only."""
    a, b = _cut(get_luma(made), border), _cut(get_luma(true), border)
    low, high = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    mean_a, mean_b = _smooth(a), _smooth(b)
    var_a = _smooth(a * a) - mean_a**2
    var_b = _smooth(b * b) - mean_b**2
    both = _smooth(a * b) - mean_a * mean_b
    top = (2 * mean_a * mean_b + low) * (2 * both + high)
    ratio = top / ((mean_a**2 + mean_b**2 + low) * (var_a + var_b + high))
    return float(np.mean(_cut(ratio, SSIM_RADIUS)))


def measure_patch_swd(made: Bytes, true: Bytes, *, side: int = 7, seed: int = 0) -> float:
    """Return the sliced Wasserstein distance of the patches' distributions, 0..255.

    Where detail is does not matter, whether it is of the right kind does: blur is punished.
    """
    rng = np.random.default_rng(seed)
    directions = rng.standard_normal((side * side, 64))
    directions -= directions.mean(0)
    directions /= np.linalg.norm(directions, axis=0)
    projected = [np.sort(_patches(get_luma(p), side) @ directions, axis=0) for p in (made, true)]
    return float(np.mean(np.abs(projected[0] - projected[1])))


def measure_spectrum_error(made: Bytes, true: Bytes) -> float:
    """Return the mean |log10 ratio| of the radial power spectra above half of low's Nyquist."""
    spectra = [_radial_power(get_luma(picture)) for picture in (made, true)]
    first = len(spectra[0]) // 8
    return float(np.mean(np.abs(np.log10(spectra[0][first:] / spectra[1][first:]))))


def _cut(values: Floats, border: int) -> Floats:
    return values[border:-border, border:-border] if border else values


def _smooth(values: Floats) -> Floats:
    truncate = SSIM_RADIUS / SSIM_SIGMA
    return np.asarray(ndimage.gaussian_filter(values, SSIM_SIGMA, truncate=truncate))


def _patches(luma: Floats, side: int) -> Floats:
    """Return every second patch (N, side * side)."""
    windows = np.lib.stride_tricks.sliding_window_view(luma, (side, side))[::2, ::2]
    return windows.reshape(-1, side * side)


def _radial_power(luma: Floats) -> Floats:
    """Return mean power by frequency, up to Nyquist; a Hann window keeps the border out."""
    height, width = luma.shape
    window = np.outer(np.hanning(height), np.hanning(width))
    power = np.abs(np.fft.fft2((luma - luma.mean()) * window)) ** 2
    radius = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None, :])
    bins = max(8, min(height, width) // 4)
    place = np.minimum((radius * 2 * bins).astype(int), bins)
    total = np.bincount(place.ravel(), power.ravel(), bins + 1)[:bins]
    count = np.bincount(place.ravel(), minlength=bins + 1)[:bins]
    return np.asarray(total / np.maximum(count, 1) + 1e-6)
