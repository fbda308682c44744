"""Laying a new wall, brick by brick, from the bricks of a picture.

Quilting cuts bricks in two, because it does not know them. Here whole bricks are the patches:
every course of the result is a ring of them that closes exactly, its head joints keep the
distances to those of its neighbours that the picture shows (its bond), and each brick is cut in
along the least visible path through its own mortar (Efros & Freeman 2001). The result tiles by
construction.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from studio_textures.blending import heal
from studio_textures.courses import BOND_BINS, Brick, Wall, scale_wall
from studio_textures.mincut import Sides, cut_mask
from studio_textures.torus_canvas import TorusCanvas

Floats = NDArray[np.float64]
OnStep = Callable[[int, int, NDArray[np.float32] | None], None]

STRETCH = 0.15
"""Largest change of scale that makes courses fit."""

TRIES = 24
"""Rings made up for each course, of which the best is laid."""


@dataclass(frozen=True)
class _Ring:
    """One course of the result."""

    bricks: tuple[int, ...]
    joints: Floats
    """(n,) left joint of each brick, pixels, unwrapped and rising."""


def fit_wall(wall: Wall, size: tuple[int, int]) -> tuple[Wall, int] | None:
    """The wall scaled so that courses fill `size` (height, width), and their number.

    None where that takes too much stretch, or where the picture is too small for its bricks.
    """
    height, width = size[::-1] if wall.upright else size
    even_bond = wall.is_even and float(wall.bond[: BOND_BINS // 4].sum()) < 0.5
    courses = round(height / wall.pitch)
    if even_bond:
        courses = 2 * round(height / wall.pitch / 2)
    if courses < 2 or width < 1.6 * wall.length:
        return None
    zoom_y = height / courses / wall.pitch
    zoom_x = zoom_y
    if wall.is_even:
        zoom_x = width / round(width / wall.length) / wall.length
    if max(abs(zoom_y - 1.0), abs(zoom_x - 1.0)) > STRETCH:
        return None
    return scale_wall(wall, zoom_y, zoom_x), courses


def lay_wall(
    wall: Wall,
    courses: int,
    size: tuple[int, int],
    rng: np.random.Generator,
    on_step: OnStep | None = None,
) -> TorusCanvas:
    """Lay `courses` courses of a fitted wall on a torus of `size` (height, width).

    The canvas is transposed where the wall is `upright`, as the wall's own picture is.
    """
    height, width = size[::-1] if wall.upright else size
    canvas = TorusCanvas(wall.image, height, width)
    rings: list[_Ring] = []
    used = np.zeros(len(wall.bricks))
    for course in range(courses):
        neighbours = rings[-1:] + (rings[:1] if course == courses - 1 else [])
        rings.append(_make_ring(wall, width, used, neighbours, rng))
        if on_step is not None:
            on_step(course + 1, 3 * courses, None)
    edges = [round(course * height / courses) for course in range(courses + 1)]
    for course, ring in enumerate(rings):
        _place_ring(canvas, wall, ring, (edges[course], edges[course + 1]), 0)
    margin = int(np.ceil(wall.joint / 2)) + 2
    for course, ring in enumerate(rings):
        _place_ring(canvas, wall, ring, (edges[course], edges[course + 1]), margin)
        if on_step is not None:
            on_step(courses + 2 * (course + 1), 3 * courses, None)
    return canvas


def render_wall(canvas: TorusCanvas, upright: bool) -> NDArray[np.float32]:
    """The picture (H, W, C), joints blended, the way up that the exemplar was."""
    picture = heal(canvas)
    return np.ascontiguousarray(picture.transpose(1, 0, 2)) if upright else picture


def _make_ring(
    wall: Wall, width: int, used: Floats, neighbours: list[_Ring], rng: np.random.Generator
) -> _Ring:
    """The best of several closed courses: fits the width, keeps the bond, uses other bricks."""
    penalties = [_bond_penalty(wall, ring.joints, width) for ring in neighbours]
    penalty = np.sum(penalties, axis=0) if penalties else np.zeros(width)
    best, best_score = None, np.inf
    for _ in range(TRIES):
        bricks = _pick_bricks(wall, width, used, rng)
        lengths = np.array([wall.bricks[i].length for i in bricks])
        misfit = abs(float(lengths.sum()) - width) / (len(bricks) * wall.joint)
        starts = np.concatenate([[0.0], np.cumsum(lengths)[:-1]]) * (width / lengths.sum())
        if wall.is_even:
            starts = np.arange(len(bricks)) * (width / len(bricks))
        step = _find_bond_step(wall)
        if neighbours and step is not None:
            shift, bond = float(neighbours[0].joints[0]) + step * width / len(bricks), 0.0
        else:
            shift, bond = _best_shift(starts, penalty, rng)
        score = bond / len(bricks) + 4.0 * misfit + 0.3 * float(used[list(bricks)].mean())
        if score < best_score:
            best, best_score = _Ring(bricks, starts + shift), score
    assert best is not None
    np.add.at(used, list(best.bricks), 1.0)
    return best


def _find_bond_step(wall: Wall) -> float | None:
    """Offset of neighbouring courses in brick lengths where it is always 0 or 1/2."""
    if not wall.is_even:
        return None
    if float(wall.bond[:2].sum()) > MOSTLY:
        return 0.0
    return 0.5 if float(wall.bond[HALF - 1 : HALF + 1].sum()) > MOSTLY else None


HALF = BOND_BINS // 2
MOSTLY = 0.7
"""Share of head joints that decides a bond."""


def _pick_bricks(wall: Wall, width: int, used: Floats, rng: np.random.Generator) -> tuple[int, ...]:
    """Runs of neighbouring bricks, the less used ones rather, until the course is full."""
    picked: list[int] = []
    total = 0.0
    while total < width - 0.5 * wall.length:
        weight = np.exp(-1.5 * (used - used.min()))
        for brick in picked:
            weight[brick] *= 0.05
        brick = int(rng.choice(len(weight), p=weight / weight.sum()))
        for _ in range(int(rng.integers(1, 4))):
            length = wall.bricks[brick].length
            if picked and total + 0.5 * length > width:
                return tuple(picked)
            picked.append(brick)
            total += length
            if not _follows(wall.bricks, brick):
                break
            brick += 1
    return tuple(picked)


def _follows(bricks: tuple[Brick, ...], index: int) -> bool:
    """Whether the next brick of the list is the right neighbour of this one."""
    if index + 1 >= len(bricks):
        return False
    here, there = bricks[index], bricks[index + 1]
    return here.course == there.course and here.right == there.left


def _bond_penalty(wall: Wall, joints: Floats, width: int) -> Floats:
    """(width,): how unusual a head joint would be at each place, given a neighbouring course."""
    x = np.arange(width)[:, None]
    apart = np.abs((x - joints[None, :] + width / 2) % width - width / 2).min(axis=1)
    bins = np.minimum((apart / wall.length * BOND_BINS).astype(np.intp), BOND_BINS - 1)
    return np.asarray(-np.log(wall.bond[bins] + 0.01))


def _best_shift(starts: Floats, penalty: Floats, rng: np.random.Generator) -> tuple[float, float]:
    """The turn of a ring that suits its neighbours, any of the good ones, and its penalty."""
    width = len(penalty)
    shifts = np.arange(0, width, 2)
    places = (starts[None, :] + shifts[:, None]).astype(np.intp) % width
    cost = penalty[places].sum(axis=1)
    good = np.flatnonzero(cost <= cost.min() + 0.15 * len(starts))
    chosen = int(good[rng.integers(len(good))])
    return float(shifts[chosen]), float(cost[chosen])


def _place_ring(
    canvas: TorusCanvas, wall: Wall, ring: _Ring, rows: tuple[int, int], margin: int
) -> None:
    """Copy a course's bricks to rows `rows`, each reaching `margin` over its joints' middles."""
    edges = np.append(ring.joints, ring.joints[0] + canvas.width)
    for index, left, right in zip(ring.bricks, edges, edges[1:], strict=False):
        brick = wall.bricks[index]
        at = (rows[0] - margin, round(left) - margin)
        size = (rows[1] - rows[0] + 2 * margin, round(right) - round(left) + 2 * margin)
        place = (
            round((brick.top + brick.bottom - size[0]) / 2),
            round((brick.left + brick.right - size[1]) / 2),
        )
        _paste_box(canvas, at, place, size, 2 * margin)


def _paste_box(
    canvas: TorusCanvas,
    at: tuple[int, int],
    place: tuple[int, int],
    size: tuple[int, int],
    band: int,
) -> None:
    """Copy a box, cut along all four sides within `band` pixels (0 copies it whole)."""
    height, width = canvas.exemplar.shape[:2]
    rows = (at[0] + np.arange(size[0]))[:, None] % canvas.height
    columns = (at[1] + np.arange(size[1]))[None, :] % canvas.width
    from_y = np.clip(place[0] + np.arange(size[0], dtype=np.int32), 0, height - 1)[:, None]
    from_x = np.clip(place[1] + np.arange(size[1], dtype=np.int32), 0, width - 1)[None, :]
    old = canvas.source[:, rows, columns]
    if band:
        below = canvas.exemplar[old[0], old[1]]
        error = ((canvas.exemplar[from_y, from_x] - below) ** 2).sum(axis=-1)
        shown = cut_mask(error + np.float32(1e-5), Sides(band, band, band, band))
    else:
        shown = np.ones(size, dtype=np.bool_)
    new = np.stack(np.broadcast_arrays(from_y, from_x))
    canvas.source[:, rows, columns] = np.where(shown, new, old)
