"""What pictures suffer before they are small: blur, noise, JPEG, in any order."""

import io
from collections.abc import Callable, Mapping
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

Bytes = npt.NDArray[np.uint8]
Damage = Literal["none", "light", "compressed", "strong", "noise", "jpeg"]
Harm = Callable[[Image.Image, np.random.Generator, float], Image.Image]

FILTERS: Final = (
    Image.Resampling.BICUBIC,
    Image.Resampling.BILINEAR,
    Image.Resampling.BOX,
    Image.Resampling.LANCZOS,
)
HARM: Final = {
    "none": 0.0,
    "light": 0.35,
    "compressed": 0.6,
    "strong": 1.0,
    "noise": 4.0,
    "jpeg": 1.4,
}


def degrade(high: Bytes, scale: int, damage: Damage, rng: np.random.Generator) -> Bytes:
    """Reduce patches (N, sP, sP, 3) to (N, P, P, 3), hurting each in its own way.

    Args:
        high: the true patches.
        scale: s.
        damage: none is plain bicubic; light a little blur, noise and JPEG; compressed JPEG only;
            strong all of them, in random order, before and after reducing; noise up to a standard
            deviation of 48; jpeg down to a quality of 11.
        rng: decides everything.
    """
    return np.stack([_degrade_one(Image.fromarray(p), scale, damage, rng) for p in high])


def _degrade_one(image: Image.Image, scale: int, damage: Damage, rng: np.random.Generator) -> Bytes:
    size = (image.width // scale, image.height // scale)
    strength = HARM[damage]
    if damage in ALONE:
        image = image.resize(size, Image.Resampling.BICUBIC)
        return np.asarray(ALONE[damage](image, rng, strength))
    before, after = [_blur], [_add_noise, _compress]
    if damage == "strong":
        harms = [_blur, _add_noise, _compress, _add_noise]
        order = rng.permutation(len(harms))
        cut = int(rng.integers(1, 3))
        before, after = [harms[i] for i in order[:cut]], [harms[i] for i in order[cut:]]
    for harm in before:
        image = harm(image, rng, strength)
    image = image.resize(size, FILTERS[int(rng.integers(len(FILTERS)))])
    for harm in after:
        image = harm(image, rng, strength)
    return np.asarray(image)


def _blur(image: Image.Image, rng: np.random.Generator, strength: float) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(float(rng.uniform(0, 3 * strength))))


def _add_noise(image: Image.Image, rng: np.random.Generator, strength: float) -> Image.Image:
    values = np.asarray(image, np.float32)
    channels = 1 if rng.random() < 0.4 else 3
    noise = rng.standard_normal((*values.shape[:2], channels)).astype(np.float32)
    values = values + noise * np.float32(rng.uniform(0, 12 * strength))
    return Image.fromarray(np.clip(np.rint(values), 0, 255).astype(np.uint8))


def _compress(image: Image.Image, rng: np.random.Generator, strength: float) -> Image.Image:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=int(rng.integers(int(95 - 60 * strength), 96)))
    again: Image.Image = Image.open(io.BytesIO(file.getvalue())).convert("RGB")
    return again


def _leave(image: Image.Image, rng: np.random.Generator, strength: float) -> Image.Image:
    return image


ALONE: Final[Mapping[str, Harm]] = {
    "none": _leave,
    "compressed": _compress,
    "noise": _add_noise,
    "jpeg": _compress,
}
"""Damages of one sort, after reducing by bicubic."""
