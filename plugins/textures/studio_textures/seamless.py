"""Make a given picture tile while changing as little of it as possible.

The picture is laid on a torus as it is, so the only visible cut is its border. Patches of the
picture itself are quilted over that border (Efros & Freeman 2001), each fitting what lies on both
sides of it; the worst cuts left are covered again; a brightness step fades out by a screened
Poisson blend. Pixels away from the border stay.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from studio_textures.blending import heal
from studio_textures.mincut import Sides
from studio_textures.patch_search import Choice, PatchSearch
from studio_textures.period import whole_periods
from studio_textures.pictures import blur, has_palette, luma
from studio_textures.quality import SeamRatio, find_quiet_origin, measure_seams
from studio_textures.repair import repair
from studio_textures.torus_canvas import TorusCanvas

UNEVEN = 0.02
"""Brightness step across the border, after a blur, that is lighting rather than structure."""

ACCEPTABLE = 1.3
"""Seam ratio that passes; only above it is a result compared with the original."""

NOTICEABLE = 1.5 / 255.0
"""A pixel that moved by more than this in some channel counts as changed."""


BEST_FIT = Choice(tolerance=0.0, reuse=0.1)
"""A border is closed once, and as well as can be."""


@dataclass(frozen=True)
class SeamlessSettings:
    """How to close the border."""

    patch: int | None = None
    """Side of the patches over the border in pixels; None takes a sixth of the picture."""
    good: float = 1.1
    """Seam ratio up to which a picture is returned untouched."""
    choice: Choice = BEST_FIT
    """How freely a patch is picked."""
    regular: bool = False
    """First crop bricks, tiles or threads to whole periods (enlarges everything a little)."""
    blend: bool | None = None
    """Fade the cuts; None does so unless the picture is pixel art, whose palette is kept."""


DEFAULTS = SeamlessSettings()


@dataclass(frozen=True)
class Seamless:
    """A tile and what it cost."""

    image: NDArray[np.float32]
    """(H, W, C) like the input."""
    changed: float
    """Share of pixels that differ noticeably from the input, 0..1."""
    before: SeamRatio
    after: SeamRatio
    shift: tuple[int, int] = (0, 0)
    """Rows and columns the tile was rolled by, so that its border lies along a usual line."""
    closed: SeamRatio | None = None
    """At the picture's own border once closed, before any roll; None where nothing was done.

    After a roll `after` is near 1 by construction; this is what says how well the border closed.
    """


def make_seamless(
    img: NDArray[np.float32],
    rng: np.random.Generator,
    settings: SeamlessSettings = DEFAULTS,
) -> Seamless:
    """Close the border of a picture (H, W, C).

    One that tiles already, or that would not tile better, comes back untouched.
    """
    before = measure_seams(img)
    if before.worst <= settings.good:
        return Seamless(img, 0.0, before, before)
    palette = has_palette(img)
    blend = not palette if settings.blend is None else settings.blend
    source = whole_periods(img) if settings.regular and not palette else img
    if blend and _is_uneven(source):
        side = min(source.shape[:2])
        source = heal(_as_it_is(source), reach=side / 4)
    out, after = _close(source, rng, settings, blend)
    if not settings.regular and after.worst > max(before.worst, ACCEPTABLE):
        return Seamless(img, 0.0, before, before)
    changed = float((np.abs(out - img) > NOTICEABLE).any(axis=-1).mean())
    shift, closed = (0, 0), after
    if after.worst > ACCEPTABLE:
        # A joint of bricks or the edge of a plank lies along the border; the tile is whole.
        shift = find_quiet_origin(out)
        out = np.roll(out, shift, axis=(0, 1))
        after = measure_seams(out)
    return Seamless(out, changed, before, after, shift, closed)


ATTEMPTS = ((1.0, 2), (1.6, 3), (0.7, 4))
"""Patch side relative to the one wished for, and repairs per patch: tried until one is good."""


def _close(
    source: NDArray[np.float32], rng: np.random.Generator, settings: SeamlessSettings, blend: bool
) -> tuple[NDArray[np.float32], SeamRatio]:
    """The first acceptable, else the best, of some attempts at covering the border."""
    best: tuple[NDArray[np.float32], SeamRatio] | None = None
    patch = _patch_side(settings.patch, source)
    for factor, repairs in ATTEMPTS:
        canvas = _as_it_is(source)
        search = PatchSearch(source, _patch_side(round(patch * factor), source))
        laid = _cover_border(canvas, search, settings.choice, rng)
        repair(canvas, search, repairs * laid, settings.choice, rng)
        out = _fade(canvas, source) if blend else canvas.render()
        after = measure_seams(out)
        if best is None or after.worst < best[1].worst:
            best = out, after
        if after.worst <= ACCEPTABLE:
            break
    assert best is not None
    return best


def _as_it_is(img: NDArray[np.float32]) -> TorusCanvas:
    """A torus showing every pixel of the picture where it was."""
    canvas = TorusCanvas(img, *img.shape[:2])
    canvas.source[:] = np.indices(img.shape[:2], dtype=np.int32)
    return canvas


def _fade(canvas: TorusCanvas, source: NDArray[np.float32]) -> NDArray[np.float32]:
    """Blend what was replaced into its surroundings; the rest is exactly the source."""
    replaced = (canvas.source != np.indices(source.shape[:2])).any(axis=0)
    reach = min(24.0, min(source.shape[:2]) / 8)
    near = blur(replaced.astype(np.float32), reach / 2, wrap=True)
    weight = np.clip(4.0 * near, 0.0, 1.0)[..., None]
    return np.asarray(source + weight * (heal(canvas, reach) - source), dtype=np.float32)


def _patch_side(wanted: int | None, img: NDArray[np.float32]) -> int:
    """A multiple of 4 that fits the picture three times."""
    side: int = min(img.shape[:2])
    patch = side // 6 if wanted is None else wanted
    return max(4, min(max(patch, 12), 256, side // 3) // 4 * 4)


def _is_uneven(img: NDArray[np.float32]) -> bool:
    """Whether the borders differ in brightness by light, not by chance.

    Compares the step across each border with the usual difference between lines half a picture
    apart, fine structure averaged out: a gradient of light makes twice that at the border.
    """
    slow = blur(luma(img), min(img.shape[:2]) / 12, wrap=False)
    for lines in (slow, slow.T):
        half = len(lines) // 2
        step = float(np.abs(lines[0] - lines[-1]).mean())
        usual = float(np.abs(lines[:-half] - lines[half:]).mean())
        if step > max(UNEVEN, 1.7 * usual):
            return True
    return False


def _cover_border(
    canvas: TorusCanvas, search: PatchSearch, choice: Choice, rng: np.random.Generator
) -> int:
    """Quilt one strip of patches over each border; returns the number of patches."""
    size, ring = search.patch, search.patch // 3
    laid = 0
    for length, down in ((canvas.height, True), (canvas.width, False)):
        count = max(2, -(-length // (size - ring)))
        starts = [i * length // count for i in range(count)]
        for i, start in enumerate(starts):
            before = 0 if i == 0 else starts[i - 1] + size - start
            after = 0 if i < count - 1 else start + size - length
            sides = Sides(ring, ring, before, after) if down else Sides(before, after, ring, ring)
            at = (start, -size // 2) if down else (-size // 2, start)
            target, _ = canvas.look(at, size)
            place = search.find(target, _overlap_weight(size, sides), choice, rng)
            canvas.paste(at, place, size, sides)
            laid += 1
    return laid


def _overlap_weight(size: int, sides: Sides) -> NDArray[np.float32]:
    """(P, P): 1 where a patch overlaps what it has to fit."""
    weight = np.zeros((size, size), dtype=np.float32)
    weight[:, : sides.left] = 1.0
    weight[:, size - sides.right :] = 1.0
    weight[: sides.top] = 1.0
    weight[size - sides.bottom :] = 1.0
    return weight
