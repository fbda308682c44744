"""Layouts: plans of joints drawn from a seed, on a torus: courses of bricks, tiles, planks.

Each layout gives every point the number of the stone it lies in; joints are where the number
changes. Whole numbers of stones fit the field, so the plan tiles.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor

from studio_training.joints import draw_pen

FINE: Final = 2
"""Points a pixel, each way, at which the stones are found."""
WAVES: Final = 3
"""Of the wobble of hand-laid joints."""
SHADES: Final = 4093
"""Different ones; some of very many stones share one."""
NEAR: Final = 2
"""Courses and stones around a point, among which the nearest one is."""
FAINT: Final = 0.75
"""Strength of the faintest joints."""
Points = np.ndarray
"""Coordinates in pixels, float (H, W)."""


@dataclass(frozen=True)
class Sheet:
    """A field to be laid out.

    Attributes:
        width: pixels.
        height: pixels.
        stone: height of a course wanted, pixels; a whole number of courses is laid.
        rng: of the layout.
    """

    width: int
    height: int
    stone: float
    rng: np.random.Generator

    def count_rows(self, multiple: int = 1, size: float = 1.0) -> int:
        """Return a number of courses of `size` stones that fits: a multiple of `multiple`."""
        return _fit(self.height / (self.stone * size), multiple)

    def count_columns(self, size: float, multiple: int = 1) -> int:
        """Return how many stones of `size` times the height of a course fit in a course."""
        return _fit(self.width / (self.stone * size), multiple)


Layout = Callable[[Sheet, Points, Points], np.ndarray]
"""(sheet, x, y) -> number of the stone at each point, int64 (H, W)."""


@dataclass(frozen=True)
class Laid:
    """A layout drawn.

    Attributes:
        joints: (1, 1, H, W), 0..1.
        shades: (1, 1, H, W), about -2..2, one for each stone: no two are fired alike.
    """

    joints: Tensor
    shades: Tensor


def draw_layout(name: str, sheet: Sheet, wobble: float = 0.0) -> Laid:
    """Draw a layout.

    Args:
        name: of LAYOUTS.
        sheet: the field.
        wobble: how far joints stray from straight lines, pixels.
    """
    y, x = np.meshgrid(
        (np.arange(sheet.height * FINE) + 0.5) / FINE,
        (np.arange(sheet.width * FINE) + 0.5) / FINE,
        indexing="ij",
    )
    stray_x, stray_y = (_draw_waves(sheet, x, y) * wobble for _ in range(2))
    x, y = (x + stray_x) % sheet.width, (y + stray_y) % sheet.height
    stones = LAYOUTS[name](sheet, x, y)
    shades = sheet.rng.normal(size=SHADES).clip(-2, 2)[_mix(stones)]
    edge = (stones != np.roll(stones, 1, 0)) | (stones != np.roll(stones, 1, 1))
    lines = edge.reshape(sheet.height, FINE, sheet.width, FINE).mean((1, 3)) * FINE
    strength = sheet.rng.uniform(FAINT, 1.0)
    drawn = torch.from_numpy(np.minimum(lines, 1.0).astype(np.float32) * strength)
    return Laid(draw_pen(drawn[None, None]), _shrink(sheet, shades))


def _shrink(sheet: Sheet, values: np.ndarray) -> Tensor:
    """Return (1, 1, H, W) of values at all points."""
    small = values.reshape(sheet.height, FINE, sheet.width, FINE).mean((1, 3))
    return torch.from_numpy(small.astype(np.float32))[None, None]


def _mix(stones: np.ndarray) -> np.ndarray:
    """Return an index of a shade for each number of a stone; neighbours' are far apart."""
    return (stones * 2654435761 >> 7) % SHADES


def _fit(count: float, multiple: int) -> int:
    return max(1, round(count / multiple)) * multiple


def _draw_waves(sheet: Sheet, x: Points, y: Points) -> np.ndarray:
    """Return a smooth field on the torus, about -1..1."""
    total = np.zeros_like(x)
    for _ in range(WAVES):
        across, down = sheet.rng.integers(-4, 5, 2)
        phase = sheet.rng.uniform(0, 2 * np.pi)
        total += np.sin(2 * np.pi * (across * x / sheet.width + down * y / sheet.height) + phase)
    return total / WAVES


def _number(*parts: np.ndarray) -> np.ndarray:
    """Return one number for several (each below 2**15)."""
    total = np.zeros(parts[0].shape, np.int64)
    for part in parts:
        total = total * 32768 + part.astype(np.int64) % 32768
    return total


def _lay_courses(sheet: Sheet, x: Points, y: Points, size: float, shift: float) -> np.ndarray:
    """Courses of equal stones; each begins `shift` of a stone after the one above."""
    rows = sheet.count_rows(1 if shift == 0 else round(1 / shift))
    columns = sheet.count_columns(size)
    row = np.floor(y / sheet.height * rows)
    column = np.floor(x / sheet.width * columns + row * shift) % columns
    return _number(row, column)


def lay_bond(sheet: Sheet, x: Points, y: Points) -> np.ndarray:
    """Running bond: stones 2 to 3 times as long as high, each course half a stone on."""
    return _lay_courses(sheet, x, y, float(sheet.rng.uniform(2.0, 3.0)), 0.5)


def lay_grid(sheet: Sheet, x: Points, y: Points) -> np.ndarray:
    """Squares, one above the other."""
    return _lay_courses(sheet, x, y, 1.0, 0.0)


def lay_ashlar(sheet: Sheet, x: Points, y: Points) -> np.ndarray:
    """Courses of random heights, stones of random lengths."""
    heights = sheet.rng.uniform(0.6, 1.4, sheet.count_rows())
    return _lay_random(sheet, x, y, heights, (1.0, 3.0))


def lay_boards(sheet: Sheet, x: Points, y: Points) -> np.ndarray:
    """Long boards along the rows, with few ends."""
    return _lay_random(sheet, x, y, np.ones(sheet.count_rows()), (6.0, 14.0))


def lay_upright(sheet: Sheet, x: Points, y: Points) -> np.ndarray:
    """Long boards along the columns."""
    turned = Sheet(sheet.height, sheet.width, sheet.stone, sheet.rng)
    return lay_boards(turned, y, x)


def _lay_random(
    sheet: Sheet, x: Points, y: Points, heights: np.ndarray, lengths: tuple[float, float]
) -> np.ndarray:
    edges = np.concatenate([[0.0], np.cumsum(heights)]) / heights.sum() * sheet.height
    row = np.searchsorted(edges, y, side="right") - 1
    column = np.zeros(x.shape, np.int64)
    for index in range(len(heights)):
        mine = row == index
        if not mine.any():
            continue
        parts: list[float] = []
        while sum(parts) < sheet.width / sheet.stone:
            parts.append(float(sheet.rng.uniform(*lengths)))
        ends = np.cumsum(parts) / sum(parts) * sheet.width
        begin = sheet.rng.uniform(0, sheet.width)
        column[mine] = np.searchsorted(ends, (x[mine] + begin) % sheet.width, side="right")
        column[mine] %= len(parts)
    return _number(row, column)


def lay_herringbone(sheet: Sheet, x: Points, y: Points) -> np.ndarray:
    """Stones two by one, in a zigzag."""
    rows, columns = sheet.count_rows(4), sheet.count_columns(1.0, 4)
    across = np.floor(x / sheet.width * columns).astype(np.int64)
    down = np.floor(y / sheet.height * rows).astype(np.int64)
    place = (across - down) % 4
    # Of four cells in a row, two are halves of a lying stone, two are halves of standing ones.
    left = np.where(place == 1, across - 1, across) % columns
    top = np.where(place == 2, down - 1, down) % rows
    return _number(left, top, place >= 2)


def lay_basket(sheet: Sheet, x: Points, y: Points) -> np.ndarray:
    """Blocks of boards, by turns lying and standing."""
    boards = int(sheet.rng.integers(2, 5))
    rows = sheet.count_rows(2, boards)
    columns = sheet.count_columns(boards, 2)
    across, down = x / sheet.width * columns, y / sheet.height * rows
    column, row = np.floor(across), np.floor(down)
    lies = (column + row) % 2 == 0
    board = np.floor(np.where(lies, down - row, across - column) * boards)
    return _number(row, column, board)


def lay_diamonds(sheet: Sheet, x: Points, y: Points) -> np.ndarray:
    """Squares standing on a corner."""
    rows, columns = sheet.count_rows(1, 1.4), sheet.count_columns(1.4)
    across, down = x / sheet.width * columns, y / sheet.height * rows
    rising, falling = np.floor(across + down), np.floor(across - down)
    # A diamond met again across the border has other numbers: these two are the same there.
    column = (rising + falling) % (2 * columns)
    row = (rising - falling) % (2 * rows)
    return _number(column, row)


def lay_hexagons(sheet: Sheet, x: Points, y: Points) -> np.ndarray:
    """Hexagons, point up."""
    rows, columns = sheet.count_rows(2, 0.87), sheet.count_columns(1.0)
    return _find_nearest(sheet, x, y, np.zeros((rows, columns, 2)))


def lay_cobbles(sheet: Sheet, x: Points, y: Points) -> np.ndarray:
    """Stones of many shapes, roughly in courses."""
    rows = sheet.count_rows(2)
    columns = sheet.count_columns(float(sheet.rng.uniform(1.0, 1.5)))
    return _find_nearest(sheet, x, y, sheet.rng.uniform(-0.3, 0.3, (rows, columns, 2)))


def lay_scales(sheet: Sheet, x: Points, y: Points) -> np.ndarray:
    """Rounded shingles, each row over the one below and half a shingle on."""
    rows, columns = sheet.count_rows(2), sheet.count_columns(1.2)
    down = y / sheet.height * rows
    row = np.floor(down)
    stone = np.zeros(x.shape, np.int64)
    found = np.zeros(x.shape, bool)
    for above in (-1, 0, 1):
        mine = row + above
        across = x / sheet.width * columns + 0.5 * (mine % 2)
        column = np.floor(across)
        bow = np.sqrt(np.maximum(0.0, 1 - (2 * (across - column) - 1) ** 2))
        covers = ~found & (down < mine + bow * 0.9)
        stone[covers] = _number(mine % rows, column % columns)[covers]
        found |= covers
    return stone


def _find_nearest(sheet: Sheet, x: Points, y: Points, stray: np.ndarray) -> np.ndarray:
    """Return the number of the nearest of middles in courses, every second half a stone on.

    Args:
        sheet: the field.
        x: of the points, pixels.
        y: of the points.
        stray: of the middles from their places, (rows, columns, 2), in stones along x and y.
    """
    rows, columns = stray.shape[:2]
    wide, high = sheet.width / columns, sheet.height / rows
    row = np.floor(y / high).astype(np.int32)
    best = np.full(x.shape, np.inf)
    stone = np.zeros(x.shape, np.int64)
    for down in range(-NEAR, NEAR + 1):
        other = row + down
        shift = 0.5 * (other % 2)
        column = np.floor(x / wide - shift).astype(np.int32)
        for across in range(-NEAR, NEAR + 1):
            place = (other % rows, (column + across) % columns)
            dx = (column + across + 0.5 + shift + stray[(*place, 0)]) * wide - x
            dy = (other + 0.5 + stray[(*place, 1)]) * high - y
            far = dx**2 + dy**2
            nearer = far < best
            best[nearer] = far[nearer]
            stone[nearer] = (place[0] * columns + place[1])[nearer]
    return stone


LAYOUTS: Final[Mapping[str, Layout]] = {
    "ashlar": lay_ashlar,
    "basket": lay_basket,
    "boards": lay_boards,
    "bond": lay_bond,
    "cobbles": lay_cobbles,
    "diamonds": lay_diamonds,
    "grid": lay_grid,
    "herringbone": lay_herringbone,
    "hexagons": lay_hexagons,
    "scales": lay_scales,
    "upright": lay_upright,
}
