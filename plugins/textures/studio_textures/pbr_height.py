"""Height of a surface estimated from its albedo alone.

Height is not in a photograph; what is there are cues. The picture is split into octaves; in each,
brightness and saturation are brought to equal strength (so a painted stripe does not become a
cliff), weighted by what is known of the material, and summed.
"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from studio_textures.materials import MaterialPreset
from studio_textures.pictures import blur, luma

REFERENCE = 512.0
"""Picture side in pixels for which the octave widths of a preset are given."""

AUDIBLE = 0.01
"""Standard deviation below which a cue fades out, so that noise is not amplified to relief."""


def estimate_height(
    albedo: NDArray[np.float32],
    preset: MaterialPreset,
    *,
    invert: bool = False,
    wrap: bool = True,
) -> NDArray[np.float32]:
    """Height (H, W, 1), 0..1, of an albedo (H, W, C); 0.5 everywhere if it is flat.

    `invert` swaps high and low. With `wrap` the result tiles when the albedo does.
    """
    colour = albedo[..., :3] if albedo.shape[-1] >= 3 else albedo[..., :1]
    cues = [_octaves(luma(colour), wrap), _octaves(_saturation(colour), wrap)]
    signs = (preset.brightness * _joint_sign(cues[0], preset), preset.saturation)
    total = np.zeros(colour.shape[:2], dtype=np.float32)
    for bands, sign in zip(cues, signs, strict=True):
        strength = float(np.sqrt(sum(float(band.var()) for band in bands)))
        trust = sign * min(1.0, strength / (3.0 * AUDIBLE))
        for band, weight in zip(bands, preset.octaves, strict=True):
            total += np.float32(trust * weight) * _even(band)
    return _spread(-total if invert else total)[..., None]


def _octaves(cue: NDArray[np.float32], wrap: bool) -> list[NDArray[np.float32]]:
    """Band-passed copies of a cue, fine to coarse; the mean and the slowest light are gone."""
    unit = min(cue.shape) / REFERENCE
    levels = [cue, *(blur(cue, unit * 2.0**k * 1.5, wrap) for k in range(6))]
    return [fine - coarse for fine, coarse in pairwise(levels)]


def _saturation(colour: NDArray[np.float32]) -> NDArray[np.float32]:
    """HSV saturation (H, W), calmed in the dark, where it is noise."""
    high, low = colour.max(axis=-1), colour.min(axis=-1)
    return np.asarray((high - low) / (high + 0.1), dtype=np.float32)


def _joint_sign(bands: list[NDArray[np.float32]], preset: MaterialPreset) -> float:
    """+1 if the rarer brightness is the dark one (dark joints), -1 if it is the bright one.

    Measured by skewness; between the two, brightness says nothing and counts less.
    """
    if not preset.joints:
        return 1.0
    band = sum(bands[2:], np.zeros_like(bands[0]))
    spread = float(band.std())
    if spread <= AUDIBLE / 10:
        return 1.0
    skewness = float(((band - band.mean()) ** 3).mean()) / spread**3
    return float(np.clip(-skewness / 0.5, -1.0, 1.0))


def _even(band: NDArray[np.float32]) -> NDArray[np.float32]:
    """A band at unit strength with its outliers bent back; faint bands stay faint."""
    scale = max(float(band.std()), AUDIBLE / 3)
    return np.asarray(np.tanh(band / (2.0 * scale)) * 2.0, dtype=np.float32)


def _spread(height: NDArray[np.float32]) -> NDArray[np.float32]:
    """Stretch to 0..1, a few outliers clipped."""
    low, high = (float(v) for v in np.percentile(height, (0.2, 99.8)))
    if high - low <= 1e-6:
        return np.full_like(height, 0.5)
    return np.asarray(np.clip((height - low) / (high - low), 0.0, 1.0), dtype=np.float32)
