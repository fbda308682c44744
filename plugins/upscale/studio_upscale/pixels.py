"""Rule-based scaling of pixel art: no colour that was not there, save for xbr's half-tones.

Scale2x and Scale3x after Andrea Mazzoleni, Scale2x being Eric Johnston's EPX; xbr after Hyllian's
2xBR, level 1. Pictures are (H, W, C) uint8; two pixels are equal if all channels are.
"""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from studio.errors import InvalidParamsError

Pixels = npt.NDArray[np.uint8]
Around = Callable[[int, int], Pixels]
Mask = npt.NDArray[np.bool_]

LUMA: Final = (0.299, 0.587, 0.114)
CHROMA: Final = 0.5
"""What a difference of colour counts beside one of brightness, in xbr."""


def scale_pixels(picture: Pixels, factor: int, method: str, wraps: bool) -> Pixels:
    """Enlarge by a whole factor with "nearest", "scale" or "xbr".

    Raises:
        InvalidParamsError: the method has no such factor.
    """
    if method == "nearest":
        return picture.repeat(factor, axis=0).repeat(factor, axis=1)
    for step in plan_factors(factor, method):
        if method == "xbr":
            picture = scale_xbr(picture, wraps)
        else:
            picture = (scale_twice if step == 2 else scale_thrice)(picture, wraps)
    return picture


def plan_factors(factor: int, method: str) -> list[int]:
    """Split a factor into steps that a method has.

    Raises:
        InvalidParamsError: it cannot be.
    """
    primes = (3, 2) if method == "scale" else (2,)
    steps, rest = [], factor
    for prime in primes:
        while rest % prime == 0:
            steps.append(prime)
            rest //= prime
    if rest != 1:
        raise InvalidParamsError(
            "scale {factor} is not made of steps of {steps}; choose another, or method nearest",
            factor=factor,
            steps=" and ".join(map(str, sorted(primes))),
        )
    return steps


def scale_twice(picture: Pixels, wraps: bool) -> Pixels:
    """EPX: a corner takes its two neighbours' colour where they agree and the others do not."""
    at = _look_around(picture, wraps)
    here, up, left, right, down = at(0, 0), at(-1, 0), at(0, -1), at(0, 1), at(1, 0)
    clear = ~_same(up, down) & ~_same(left, right)
    corners = [
        [_pick(clear & _same(left, up), left, here), _pick(clear & _same(up, right), right, here)],
        [
            _pick(clear & _same(left, down), left, here),
            _pick(clear & _same(down, right), right, here),
        ],
    ]
    return _weave(corners)


def scale_thrice(picture: Pixels, wraps: bool) -> Pixels:
    """Scale3x: the same for 3x3, edges included."""
    at = _look_around(picture, wraps)
    a, b, c = at(-1, -1), at(-1, 0), at(-1, 1)
    d, e, f = at(0, -1), at(0, 0), at(0, 1)
    g, h, i = at(1, -1), at(1, 0), at(1, 1)
    clear = ~_same(b, h) & ~_same(d, f)
    db, bf = clear & _same(d, b), clear & _same(b, f)
    dh, hf = clear & _same(d, h), clear & _same(h, f)
    top = (db & ~_same(e, c)) | (bf & ~_same(e, a))
    left = (db & ~_same(e, g)) | (dh & ~_same(e, a))
    right = (bf & ~_same(e, i)) | (hf & ~_same(e, c))
    bottom = (dh & ~_same(e, i)) | (hf & ~_same(e, g))
    return _weave(
        [
            [_pick(db, d, e), _pick(top, b, e), _pick(bf, f, e)],
            [_pick(left, d, e), e, _pick(right, f, e)],
            [_pick(dh, d, e), _pick(bottom, h, e), _pick(hf, f, e)],
        ]
    )


def scale_xbr(picture: Pixels, wraps: bool) -> Pixels:
    """2xBR: a corner is mixed with its neighbours where an edge runs across it."""
    at = _look_around(picture, wraps)
    corners = [[_cut_corner(at, y, x) for x in (-1, 1)] for y in (-1, 1)]
    return _weave(corners)


def _cut_corner(at: Around, y: int, x: int) -> Pixels:
    """Decide one corner; `y` and `x` say which, and the rules are written for the lower right."""

    def look(down: int, right: int) -> Pixels:
        return at(down * y, right * x)

    e, f, h, i = look(0, 0), look(0, 1), look(1, 0), look(1, 1)
    along = (
        _far(e, look(-1, 1))
        + _far(e, look(1, -1))
        + _far(i, look(0, 2))
        + _far(i, look(2, 0))
        + 4 * _far(h, f)
    )
    across = (
        _far(h, look(0, -1))
        + _far(h, look(2, 1))
        + _far(f, look(1, 2))
        + _far(f, look(-1, 0))
        + 4 * _far(e, i)
    )
    nearer = _pick(_far(e, f) <= _far(e, h), f, h)
    return _pick(along < across, _mix(e, nearer), e)


def _look_around(picture: Pixels, wraps: bool) -> Around:
    """Return a function of (down, right), up to 2 each, giving every pixel's neighbour there."""
    height, width = picture.shape[:2]
    mode: Any = "wrap" if wraps else "edge"
    wide = np.pad(picture, ((2, 2), (2, 2), (0, 0)), mode=mode)

    def at(down: int, right: int) -> Pixels:
        return wide[2 + down : 2 + down + height, 2 + right : 2 + right + width]

    return at


def _same(a: Pixels, b: Pixels) -> Mask:
    return np.asarray((a == b).all(axis=2))


def _far(a: Pixels, b: Pixels) -> npt.NDArray[np.float32]:
    """How different two pixels look; alpha counts as brightness does."""
    difference = a.astype(np.float32) - b.astype(np.float32)
    if difference.shape[2] < 3:
        return np.asarray(np.abs(difference).sum(2), np.float32)
    luma = difference[..., :3] @ np.array(LUMA, np.float32)
    chroma = np.abs(difference[..., 0] - luma) + np.abs(difference[..., 2] - luma)
    alpha = np.abs(difference[..., 3]) if difference.shape[2] == 4 else np.float32(0)
    return np.asarray(np.abs(luma) + CHROMA * chroma + alpha, np.float32)


def _mix(a: Pixels, b: Pixels) -> Pixels:
    """Halfway between; what is transparent gives no colour."""
    first, second = a.astype(np.float32), b.astype(np.float32)
    mean = (first + second) / 2
    if a.shape[2] == 4:
        weight = first[..., 3:] + second[..., 3:]
        colour = first[..., :3] * first[..., 3:] + second[..., :3] * second[..., 3:]
        mean[..., :3] = colour / np.maximum(weight, 1)
    return np.asarray(np.rint(mean), np.uint8)


def _pick(where: Mask, yes: Pixels, no: Pixels) -> Pixels:
    return np.where(where[..., None], yes, no)


def _weave(parts: list[list[Pixels]]) -> Pixels:
    """Set n x n pictures into one n times larger."""
    count = len(parts)
    height, width, channels = parts[0][0].shape
    made = np.empty((height * count, width * count, channels), np.uint8)
    for row, line in enumerate(parts):
        for column, part in enumerate(line):
            made[row::count, column::count] = part
    return made
