import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch: idle threads spin on a busy machine

import numpy as np
import pytest
from PIL import Image


def draw_wall(courses=12, length=40, pitch=20, joint=4, seed=0, offset=0.5):
    """A wall with courses across, pale joints, a shade per brick; offset is in brick lengths."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: courses * pitch, : courses * pitch]
    course = y // pitch
    along = (x + (course * offset * length).astype(int)) % (10 * length)
    in_joint = (y % pitch < joint) | (along % length < joint)
    shade = rng.uniform(0.25, 0.4, size=(courses, 11))[course, along // length]
    grey = np.where(in_joint, 0.75, shade) + 0.02 * rng.standard_normal(x.shape)
    return np.repeat(grey.clip(0, 1)[..., None], 3, axis=-1).astype(np.float32)


def tilt(img, amount=0.16):
    """The picture as seen from below: its upper edge is further away."""
    height, width = img.shape[:2]
    pixels = Image.fromarray((img * 255).astype(np.uint8))
    inset = amount * width
    # PERSPECTIVE maps places of the result to places of the source.
    wide = [(-inset, 0), (width + inset, 0), (width, height), (0, height)]
    square = [(0, 0), (width, 0), (width, height), (0, height)]
    rows, right = [], []
    for (u, v), (x, y) in zip(wide, square, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        right += [u, v]
    factors = np.linalg.solve(np.array(rows, float), np.array(right, float))
    seen = pixels.transform(
        (width, height), Image.Transform.PERSPECTIVE, tuple(factors), Image.Resampling.BICUBIC
    )
    crop = round(inset) + 2
    return np.asarray(seen, np.float32)[:, crop:-crop] / 255


@pytest.fixture(scope="session")
def wall():
    return draw_wall()


@pytest.fixture(scope="session")
def tilted_wall():
    return tilt(draw_wall(courses=16))
