"""Finding the bricks of a wall: bed joints that run through, head joints between two of them.

Works on frontal pictures of anything laid in courses of one height: bricks, pavers, tiles, planks
with visible ends. Whatever is not clearly that (cobbles, herringbone, fabric) is not a wall.
"""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from studio_textures.pictures import blur

Floats = NDArray[np.float64]

FEWEST = 8
"""Whole bricks that must be seen."""

UNEVEN = 0.1
"""Largest deviation of course heights, share of the mean."""

CONTINUOUS = 0.75
"""Share of a bed joint that must look like a joint."""

CLEAR = 1.8
"""Least difference of joint and brick, in deviations within bricks."""


@dataclass(frozen=True)
class Brick:
    """A brick from the middle of its joints to the middle of the next ones, pixels."""

    course: int
    top: float
    bottom: float
    left: float
    right: float

    @property
    def length(self) -> float:
        """Along its course."""
        return self.right - self.left


@dataclass(frozen=True)
class Wall:
    """What was seen of a wall; its courses are rows of the picture."""

    image: NDArray[np.float32]
    """(H, W, C), transposed if the courses ran down the picture."""
    upright: bool
    """Courses ran down: results must be transposed back."""
    bricks: tuple[Brick, ...]
    pitch: float
    """Height of a course with one joint, pixels."""
    joint: float
    """Thickness of the joints, pixels."""
    bond: Floats
    """(16,) how often a head joint lies so far from the nearest one of the next course."""
    sureness: float
    """Larger is clearer."""

    @property
    def length(self) -> float:
        """Median brick length, pixels."""
        return float(np.median([brick.length for brick in self.bricks]))

    @property
    def is_even(self) -> bool:
        """Whether all bricks have one length."""
        lengths = [brick.length for brick in self.bricks]
        return float(np.std(lengths)) < 0.1 * self.length


BOND_BINS = 16
"""Distances 0..1 brick lengths."""


def find_wall(img: NDArray[np.float32]) -> Wall | None:
    """The bricks of a frontal, evenly lit picture (H, W, C), or None if it is no wall."""
    if min(img.shape[:2]) < 48:
        return None
    found = [_find_courses(img, False), _find_courses(img.transpose(1, 0, 2), True)]
    walls = [wall for wall in found if wall is not None]
    return max(walls, key=lambda wall: wall.sureness, default=None)


def scale_wall(wall: Wall, zoom_y: float, zoom_x: float) -> Wall:
    """The same wall, resampled."""
    if abs(zoom_y - 1.0) < 1e-4 and abs(zoom_x - 1.0) < 1e-4:
        return wall
    height, width = wall.image.shape[:2]
    size = round(height * zoom_y), round(width * zoom_x)
    zoom_y, zoom_x = size[0] / height, size[1] / width
    image = ndimage.zoom(wall.image, (zoom_y, zoom_x, 1.0), order=3, mode="nearest", grid_mode=True)
    bricks = tuple(
        Brick(b.course, b.top * zoom_y, b.bottom * zoom_y, b.left * zoom_x, b.right * zoom_x)
        for b in wall.bricks
    )
    return replace(
        wall,
        image=np.clip(image, 0.0, 1.0).astype(np.float32),
        bricks=bricks,
        pitch=wall.pitch * zoom_y,
        joint=wall.joint * max(zoom_y, zoom_x),
    )


def _find_courses(img: NDArray[np.float32], upright: bool) -> Wall | None:
    """A wall whose courses are rows."""
    img = np.ascontiguousarray(img)
    mortar = _mortar_likeness(img)
    for sign in (1.0, -1.0):
        beds = _find_beds(sign * mortar)
        if beds is None:
            continue
        wall = _build_wall(img, sign * mortar, beds, upright)
        if wall is not None:
            return wall
    return None


def _mortar_likeness(img: NDArray[np.float32]) -> Floats:
    """(H, W): the colour in which rows differ most; joints are at one end of it."""
    colour = img[..., :3].astype(np.float64)
    colour -= blur(colour.astype(np.float32), min(img.shape[:2]) / 5, wrap=False)
    rows = colour.mean(axis=1)
    _, _, axes = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
    return np.asarray(ndimage.gaussian_filter(colour @ axes[0], 0.7))


def _find_peaks(profile: Floats, **limits: float) -> NDArray[np.intp]:
    """Places (n,) of peaks; its library takes half a second to import, so not with the plugin."""
    from scipy.signal import find_peaks

    return np.asarray(find_peaks(profile, **limits)[0])


def _find_beds(mortar: Floats) -> Floats | None:
    """Rows (n,) of the bed joints' middles if those are evenly spaced and narrow."""
    profile = mortar.mean(axis=1)
    profile = profile - ndimage.median_filter(profile, max(9, len(profile) // 5))
    low, high = np.quantile(profile, (0.1, 0.985))
    peaks = _find_peaks(profile, height=0.45 * high, prominence=0.5 * (high - low))
    if len(peaks) < 4 or (profile > 0.5 * (low + high)).mean() > 0.45:
        return None
    steps = np.diff(peaks)
    if steps.min() < 8 or steps.std() > UNEVEN * steps.mean():
        return None
    middle = [_centre(profile, int(peak)) for peak in peaks]
    return np.array(middle)


def _centre(profile: Floats, peak: int) -> float:
    """Middle of a peak at half its height."""
    half = 0.5 * profile[peak]
    left = right = peak
    while left > 0 and profile[left - 1] > half:
        left -= 1
    while right < len(profile) - 1 and profile[right + 1] > half:
        right += 1
    return (left + right) / 2


def _build_wall(
    img: NDArray[np.float32], mortar: Floats, beds: Floats, upright: bool
) -> Wall | None:
    pitch = float(np.diff(beds).mean())
    inner = np.concatenate(
        [mortar[round(a + 0.3 * pitch) : round(b - 0.3 * pitch)] for a, b in pairwise(beds)]
    )
    brick, spread = float(np.median(inner)), float(inner.std()) + 1e-4
    rows = np.array([mortar[max(0, round(bed) - 1) : round(bed) + 2].max(axis=0) for bed in beds])
    joint_level = float(np.median(rows))
    half = brick + 0.5 * (joint_level - brick)
    continuity = float((rows > brick + 0.4 * (joint_level - brick)).mean())
    robust = float(np.quantile(np.abs(inner - brick), 0.68)) + 1e-4
    clear = (joint_level - brick) / min(spread, robust)
    if continuity < CONTINUOUS or clear < CLEAR:
        return None
    joint = max(2.0, float((mortar.mean(axis=1) > half).mean()) * pitch)
    heads = [
        _find_heads(mortar[round(a + 0.6 * joint) : round(b - 0.6 * joint) + 1], half, pitch)
        for a, b in pairwise(beds)
    ]
    bricks = _cut_bricks(heads, beds, pitch)
    if len(bricks) < FEWEST or len({b.course for b in bricks}) < 3:
        return None
    length = float(np.median([b.length for b in bricks]))
    bond = _measure_bond(heads, length)
    return Wall(img, upright, tuple(bricks), pitch, joint, bond, continuity * min(clear, 6.0))


def _find_heads(course: Floats, half: float, pitch: float) -> Floats:
    """Places (n,) of the head joints: columns where nearly the whole course is mortar."""
    through = np.quantile(course, 0.2, axis=0)
    peaks = _find_peaks(through, height=half, distance=max(4, round(0.4 * pitch)))
    centres = []
    for peak in peaks:
        left = right = int(peak)
        while left > 0 and through[left - 1] > half:
            left -= 1
        while right < len(through) - 1 and through[right + 1] > half:
            right += 1
        if left > 0 and right < len(through) - 1:  # else cut off by the border
            centres.append((left + right) / 2)
    return np.array(centres)


def _cut_bricks(heads: list[Floats], beds: Floats, pitch: float) -> list[Brick]:
    bricks = []
    for course, joints in enumerate(heads):
        for left, right in pairwise(joints):
            if 0.6 * pitch <= right - left <= 14 * pitch:
                top, bottom = float(beds[course]), float(beds[course + 1])
                bricks.append(Brick(course, top, bottom, float(left), float(right)))
    if not bricks:
        return bricks
    # Two bricks whose joint was overlooked look like one of double length.
    usual = float(np.median([brick.length for brick in bricks]))
    return [brick for brick in bricks if brick.length < 1.7 * usual]


def _measure_bond(heads: list[Floats], length: float) -> Floats:
    """Histogram (16,) of distances from head joints to the nearest one of the next course."""
    counts = np.zeros(BOND_BINS)
    for joints, others in pairwise(heads):
        if len(others) < 2:
            continue
        for joint in joints:
            if others[0] <= joint <= others[-1]:
                distance = float(np.abs(others - joint).min()) / length
                counts[min(int(distance * BOND_BINS), BOND_BINS - 1)] += 1
    smooth = ndimage.gaussian_filter1d(counts, 0.6, mode="reflect")
    return np.asarray(smooth / max(smooth.sum(), 1e-9))
