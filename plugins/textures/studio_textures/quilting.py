"""Image quilting (Efros & Freeman, SIGGRAPH 2001) on a torus: any size, no border anywhere.

Patches of the exemplar are laid in raster order, each chosen to fit what lies there and cut in
along the least visible path. The last column also fits the first and the last row the first, so
the wrap is solved like every other overlap. Then the worst cuts are covered again with patches
that fit on all four sides.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from studio_textures.blending import feather, heal
from studio_textures.mincut import Sides
from studio_textures.patch_search import Choice, PatchSearch
from studio_textures.period import find_period, fit_period
from studio_textures.pictures import flatten_lighting, has_palette
from studio_textures.quality import find_quiet_origin, measure_seams
from studio_textures.repair import repair
from studio_textures.torus_canvas import TorusCanvas

OnStep = Callable[[int, int, NDArray[np.float32] | None], None]
"""(done, total, preview or None): called after every patch; raise from it to cancel."""

PREVIEW_EVERY = 12
"""Patches between two previews."""

CROP = 1024
"""Longest side in pixels of the part of a large exemplar that is used."""


LARGEST_PATCH = 160.0
"""Longest side in pixels of a patch chosen automatically."""

FREE = Choice()
"""Enough freedom for another result with every seed."""


@dataclass(frozen=True)
class QuiltSettings:
    """How to quilt; the defaults suit photographs and pixel art alike."""

    patch: int | None = None
    """Patch side in pixels; None derives it from the exemplar (about a sixth of it)."""
    overlap: float = 0.33
    """Overlap of neighbouring patches, share of the patch, 0.15..0.5."""
    choice: Choice = FREE
    """How freely a patch is picked: more tolerance gives more variety and worse cuts."""
    repairs: float = 1.0
    """Attempts at covering bad cuts, per patch laid."""
    blend: bool | None = None
    """Fade the cuts; None does so unless the exemplar is pixel art, whose palette is kept."""
    flatten: float = 0.0
    """How much uneven light to take out of the exemplar first, 0..1."""
    fit: bool = True
    """Stretch a regular exemplar by a few per cent so that whole periods fill the output."""


DEFAULTS = QuiltSettings()


def quilt(
    exemplar: NDArray[np.float32],
    size: tuple[int, int],
    rng: np.random.Generator,
    settings: QuiltSettings = DEFAULTS,
    on_step: OnStep | None = None,
) -> NDArray[np.float32]:
    """Synthesise a seamless picture of `size` (height, width) that looks like `exemplar`.

    `exemplar` is (h, w, C), at least 8 x 8, the result (height, width, C).
    Keeps the exemplar's scale; `rng` makes every result a different one.
    """
    palette = has_palette(exemplar)
    source = prepare(exemplar, size, rng, settings)
    patch = settings.patch or default_patch(source, size)
    patch = _legal_patch(patch, source, size)
    source = _extend(source, exemplar, patch)
    canvas = TorusCanvas(source, *size)
    search = PatchSearch(source, patch)
    watch = _Watch(canvas, patch, settings, on_step)
    laid = _lay_patches(canvas, search, settings, rng, watch)
    tries = round(laid * settings.repairs)
    repair(canvas, search, tries, settings.choice, rng, on_try=watch.note_repair)
    blend = not palette if settings.blend is None else settings.blend
    if not blend:
        return quiet_origin(canvas.render())
    return quiet_origin(feather(canvas) if palette else heal(canvas))


class _Watch:
    """Reports patches laid and then repairs tried as one count."""

    def __init__(
        self, canvas: TorusCanvas, patch: int, settings: QuiltSettings, on_step: OnStep | None
    ) -> None:
        self._canvas, self._on_step = canvas, on_step
        rows = len(_grid(canvas.height, patch, settings.overlap))
        self._laid = rows * len(_grid(canvas.width, patch, settings.overlap))
        self._total = self._laid + round(self._laid * settings.repairs)

    def note_patch(self, done: int) -> None:
        """Tell that `done` patches lie."""
        if self._on_step is None:
            return
        shown = self._canvas.render() if done % PREVIEW_EVERY == 0 else None
        self._on_step(done, self._total, shown)

    def note_repair(self, tried: int) -> None:
        """Tell that `tried` repairs were tried."""
        self.note_patch(min(self._laid + tried, self._total))


def quiet_origin(img: NDArray[np.float32]) -> NDArray[np.float32]:
    """Roll a torus so that its border falls where neighbours differ as much as they usually do."""
    return np.roll(img, find_quiet_origin(img), axis=(0, 1))


def prepare(
    exemplar: NDArray[np.float32],
    size: tuple[int, int],
    rng: np.random.Generator,
    settings: QuiltSettings = DEFAULTS,
) -> NDArray[np.float32]:
    """The exemplar as it is copied from: cropped if large, evenly lit, whole periods.

    Pixel art is only cropped, since resampling would invent colours.
    """
    source = typical_crop(exemplar, CROP, rng)
    if has_palette(exemplar):
        return source
    if settings.flatten > 0:
        source = flatten_lighting(source, settings.flatten)
    return fit_period(source, *size) if settings.fit else source


def typical_crop(
    img: NDArray[np.float32], side: int, rng: np.random.Generator
) -> NDArray[np.float32]:
    """A crop of at most side x side whose mean and contrast are closest to the whole's."""
    height, width = img.shape[:2]
    if height <= side and width <= side:
        return img
    whole = np.concatenate([img[::4, ::4].mean(axis=(0, 1)), img[::4, ::4].std(axis=(0, 1))])
    best, best_distance = img, np.inf
    for _ in range(8):
        y = int(rng.integers(max(height - side, 0) + 1))
        x = int(rng.integers(max(width - side, 0) + 1))
        crop = img[y : y + side, x : x + side]
        few = crop[::4, ::4]
        own = np.concatenate([few.mean(axis=(0, 1)), few.std(axis=(0, 1))])
        distance = float(np.abs(own - whole).sum())
        if distance < best_distance:
            best, best_distance = crop, distance
    return np.ascontiguousarray(best)


def default_patch(source: NDArray[np.float32], size: tuple[int, int]) -> int:
    """A sixth of the exemplar (a third of a small one), but at least 1.5 periods of structure."""
    side = min(source.shape[:2])
    patch = max(side / 6, min(40, side / 3))
    for axis in (0, 1):
        period = find_period(source, axis)
        if period is not None:
            patch = max(patch, 1.5 * period)
    return int(min(max(patch, 12.0), LARGEST_PATCH, min(size) / 3))


def _legal_patch(patch: int, source: NDArray[np.float32], size: tuple[int, int]) -> int:
    """Small enough for exemplar and torus, and a multiple of 4 for the reduced-size search."""
    largest: int = min(min(source.shape[:2]) // 2, min(size) * 2 // 3)
    return max(4, min(patch, largest) // 4 * 4)


def _extend(
    source: NDArray[np.float32], exemplar: NDArray[np.float32], patch: int
) -> NDArray[np.float32]:
    """An exemplar that itself tiles has patches across its border too."""
    seams = measure_seams(source)
    if source.shape != exemplar.shape:
        return source
    pad = [(0, patch if ratio < TILES else 0) for ratio in (seams.y, seams.x)]
    return np.pad(source, [*pad, (0, 0)], mode="wrap")


TILES = 1.15
"""Seam ratio below which an exemplar is taken to be tileable already."""


def _lay_patches(
    canvas: TorusCanvas,
    search: PatchSearch,
    settings: QuiltSettings,
    rng: np.random.Generator,
    watch: _Watch,
) -> int:
    """Fill the torus in raster order; returns the number of patches."""
    size = search.patch
    rows = _grid(canvas.height, size, settings.overlap)
    columns = _grid(canvas.width, size, settings.overlap)
    for i, y in enumerate(rows):
        top, bottom = _overlaps(rows, i, size, canvas.height)
        for j, x in enumerate(columns):
            left, right = _overlaps(columns, j, size, canvas.width)
            if i == 0 and j == 0:
                place, sides = search.random(rng), Sides()
            else:
                target, known = canvas.look((y, x), size)
                place = search.find(target, known, settings.choice, rng)
                sides = Sides(left, right, top, bottom)
            canvas.paste((y, x), place, size, sides)
            watch.note_patch(i * len(columns) + j + 1)
    return len(rows) * len(columns)


def _grid(length: int, patch: int, overlap: float) -> list[int]:
    """Evenly spread patch positions around a circle of `length` pixels."""
    step = max(1, round(patch * (1.0 - overlap)))
    count = max(2, -(-length // step))
    return [i * length // count for i in range(count)]


def _overlaps(grid: list[int], i: int, patch: int, length: int) -> tuple[int, int]:
    """Overlap with the patch before, and (last one only) with the first one after the wrap."""
    before = 0 if i == 0 else grid[i - 1] + patch - grid[i]
    after = 0 if i < len(grid) - 1 else grid[i] + patch - length - grid[0]
    return before, after
