"""What every algorithm here does to a picture first: luma, alpha, frequency split, lighting.

Pictures are float32 (H, W, C), sRGB-encoded, 0..1, C = 1 (grey), 3 (RGB) or 4 (RGBA).
"""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

PALETTE_LIMIT = 96
"""A picture with at most this many colours is treated as pixel art: copied, never blended."""

FEW_SHADES = 12
"""Span of brightness, in 8-bit steps, too short to tell gaps from a lack of contrast."""

DENSE = 0.7
"""Share of all shades between darkest and brightest from which on they are a photograph's."""

LUMA = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)
"""Rec. 709 weights, applied to encoded values (good enough to compare pictures)."""


def luma(img: NDArray[np.float32]) -> NDArray[np.float32]:
    """Brightness (H, W) of a grey or colour picture; alpha is ignored."""
    if img.shape[-1] < 3:
        return img[..., 0]
    return np.asarray(img[..., :3] @ LUMA, dtype=np.float32)


def premultiplied(img: NDArray[np.float32]) -> NDArray[np.float32]:
    """RGBA with its colour multiplied by alpha; other pictures unchanged."""
    if img.shape[-1] != 4:
        return img
    return np.concatenate([img[..., :3] * img[..., 3:], img[..., 3:]], axis=-1)


def is_colourless(img: NDArray[np.float32]) -> bool:
    """Whether an RGB picture without alpha holds nothing but exact greys."""
    return img.shape[-1] == 3 and bool((img == img[..., :1]).all())


def has_palette(img: NDArray[np.float32]) -> bool:
    """Whether the picture is pixel art: few colours, and those not just every shade in a row.

    (A photograph of a plain wall has few colours as well, but no gaps between its shades.)
    """
    if max(img.shape[:2]) > 256 and not has_palette(img[::8, ::8]):
        return False  # a sample decides most photographs
    levels = np.rint(img * 255.0).astype(np.int64)
    packed = np.zeros(levels.shape[:2], dtype=np.int64)
    for channel in range(levels.shape[-1]):
        packed = packed * 256 + levels[..., channel]
    if len(np.unique(packed)) > PALETTE_LIMIT:
        return False
    shades = np.unique(np.rint(luma(img) * 255.0))
    span = float(shades[-1] - shades[0]) + 1.0
    return span <= FEW_SHADES or len(shades) < DENSE * span


def blur(img: NDArray[np.float32], sigma: float, wrap: bool) -> NDArray[np.float32]:
    """Gaussian blur of a (H, W) or (H, W, C) picture; `sigma` in pixels, 0 copies.

    Uses three box passes, whose cost does not grow with `sigma`, once that is large.
    """
    mode = "wrap" if wrap else "nearest"
    if sigma <= 0:
        return img.copy()
    if sigma < BOX_FROM:
        return np.asarray(ndimage.gaussian_filter(img, sigma, mode=mode, axes=(0, 1)))
    # Three boxes of width w have variance (w^2 - 1) / 4.
    width = max(3, 2 * round((np.sqrt(4.0 * sigma**2 + 1.0) - 1.0) / 2.0) + 1)
    out = img
    for _ in range(3):
        out = ndimage.uniform_filter(out, width, mode=mode, axes=(0, 1))
    return np.asarray(out, dtype=np.float32)


BOX_FROM = 6.0
"""Above this sigma (pixels) three box filters are indistinguishable from a Gaussian."""


def flatten_lighting(
    img: NDArray[np.float32], strength: float = 1.0, *, wrap: bool = False
) -> NDArray[np.float32]:
    """Divide out slow brightness changes (uneven light), which would show as repeats.

    `strength` 0..1 is how much of the unevenness goes. Brightness only: the ratio is the same
    for every channel, so hue stays. Alpha is kept.
    """
    if strength <= 0:
        return img.copy()
    colours = img.shape[-1] if img.shape[-1] != 4 else 3
    grey = luma(img)
    sigma = max(img.shape[:2]) / 6.0
    slow = blur(grey, sigma, wrap)
    # The floor keeps a black corner from being amplified into noise.
    gain = (grey.mean() + 0.02) / (slow + 0.02)
    out = img.copy()
    out[..., :colours] = np.clip(img[..., :colours] * (gain**strength)[..., None], 0.0, 1.0)
    return out
