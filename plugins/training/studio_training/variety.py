"""Are layouts new? Of one picture, whether it repeats itself; of several, whether they are alike.

Both are correlations of brightness at SIDE x SIDE, over all rolls: colours, mean and contrast do
not count, nor detail finer than a 64th of a picture. Rows of bricks or planks repeat themselves by
nature, and what is smooth all over is like anything smooth. Turned copies are not looked for.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

SIDE: Final = 64
NEAR: Final = SIDE // 8
"""Shifts shorter than this are grain, not repetition (as in the textures plugin)."""
FLAT: Final = 0.5
"""Of 255: what has a spread below this is flat, and all flat pictures are the same one."""
CHUNK: Final = 1000
"""Pictures compared at once."""
ENOUGH: Final = 64
"""Pictures of a class whose pairs are compared; of more, as many are taken evenly."""
Spectra = npt.NDArray[Any]


def measure_repetition(picture: Image.Image) -> float:
    """Return the highest correlation of a picture with itself, rolled by an eighth or more."""
    spectrum = find_spectra([picture])
    if not spectrum.any():
        return 1.0
    found = correlate_rolls(spectrum, spectrum)[0]
    steps = np.minimum(np.arange(SIDE), SIDE - np.arange(SIDE))
    is_far = (steps[:, None] >= NEAR) | (steps[None] >= NEAR)
    return float(found[is_far].max())


def measure_sameness(pictures: Sequence[Image.Image]) -> float:
    """Return the mean, over all pairs, of the highest correlation of two pictures.

    Raises:
        ValueError: fewer than two.
    """
    if len(pictures) < 2:
        raise ValueError("sameness is of two pictures or more")
    spectra = find_spectra(pictures)
    best = [
        correlate_rolls(spectra[row + 1 :], one).max((1, 2)) for row, one in enumerate(spectra[:-1])
    ]
    is_flat = np.asarray(~spectra.any((1, 2)))
    flat = [is_flat[row + 1 :] & is_flat[row] for row in range(len(spectra) - 1)]
    best = [np.where(both, 1.0, found) for both, found in zip(flat, best, strict=True)]
    return float(np.concatenate(best).mean())


def measure_variety(pictures: Sequence[Image.Image], names: Sequence[str]) -> dict[str, float]:
    """Return the median repetition, and the mean sameness of the classes with two and more.

    Args:
        pictures: (N,).
        names: of their classes (N,), "" where nobody knows.
    """
    found = [measure_repetition(picture) for picture in pictures]
    figures = {"repetition": float(np.median(found))}
    classes = [
        [picture for picture, own in zip(pictures, names, strict=True) if own == name]
        for name in sorted({*names} - {""})
    ]
    same = [measure_sameness(take_evenly(own)) for own in classes if len(own) > 1]
    return {**figures, "sameness": float(np.mean(same))} if same else figures


def take_evenly(pictures: Sequence[Image.Image]) -> list[Image.Image]:
    """Return ENOUGH of them, or all."""
    rows = np.linspace(0, len(pictures) - 1, min(len(pictures), ENOUGH)).round().astype(int)
    return [pictures[row] for row in rows.tolist()]


def find_spectra(pictures: Sequence[Image.Image], side: int = SIDE) -> Spectra:
    """Return what `correlate_rolls` compares: (N, side, side // 2 + 1), of brightness alone."""
    return np.stack([_find_spectrum(picture, side) for picture in pictures])


def correlate_rolls(spectra: Spectra, one: Spectra) -> npt.NDArray[np.float64]:
    """Return correlations (N, side, side), -1..1, of pictures with one, over all rolls of it."""
    side = spectra.shape[1]
    return np.fft.irfft2(spectra * one.conj(), s=(side, side))


def find_likest(spectra: Spectra, one: Spectra) -> tuple[int, float]:
    """Return which picture is most like one, over all rolls, and their correlation."""
    peaks = [
        correlate_rolls(part, one).max((1, 2))
        for part in np.array_split(spectra, -(-len(spectra) // CHUNK))
    ]
    best = np.concatenate(peaks)
    return int(best.argmax()), float(best.max())


def _find_spectrum(picture: Image.Image, side: int) -> Spectra:
    small = picture.convert("RGB").convert("L").resize((side, side), Image.Resampling.BOX)
    grey = np.asarray(small, np.float64)
    grey = grey - grey.mean()
    spread = float(grey.std())
    return np.fft.rfft2(grey / (spread * side) if spread >= FLAT else 0 * grey)
