import numpy as np
import pytest
from scipy import ndimage
from studio_textures.courses import find_wall
from studio_textures.rectify import _largest_rectangle, straighten


def blobs(size=160, seed=0):
    noise = np.random.default_rng(seed).standard_normal((size, size, 3))
    smooth = ndimage.gaussian_filter(noise, (2, 2, 0), mode="nearest")
    return (0.5 + 0.2 * smooth / smooth.std()).clip(0, 1).astype(np.float32)


def test_a_wall_seen_at_an_angle_is_turned_to_the_front(tilted_wall):
    assert find_wall(tilted_wall) is None or find_wall(tilted_wall).bricks == ()
    result = straighten(tilted_wall)
    assert result.applied
    assert result.gain > 1.3
    seen = find_wall(result.image)
    assert seen is not None
    assert not seen.upright
    heights = [brick.bottom - brick.top for brick in seen.bricks]
    assert np.std(heights) < 0.06 * np.mean(heights)  # the same height near and far
    lengths = [brick.length for brick in seen.bricks]
    assert np.std(lengths) < 0.08 * np.mean(lengths)


def test_a_turned_wall_is_turned_back(wall):
    turned = ndimage.rotate(wall, 5, order=1, reshape=False, mode="reflect")
    result = straighten(np.clip(turned[24:-24, 24:-24], 0, 1))
    assert result.applied
    assert find_wall(result.image) is not None


def test_what_is_straight_or_has_no_lines_comes_back_as_it_is(wall):
    for img in (wall, blobs(), np.full((64, 64, 3), 0.5, np.float32)):
        result = straighten(img)
        assert not result.applied
        assert result.image is img


def test_it_can_be_stopped(tilted_wall):
    def stop():
        raise InterruptedError

    with pytest.raises(InterruptedError):
        straighten(tilted_wall, on_step=stop)


def test_the_crop_lies_inside_what_was_seen():
    quad = np.array([[-1.0, -1.0], [1.0, -0.8], [0.7, 1.0], [-0.7, 0.9]])
    left, top, right, bottom = _largest_rectangle(quad)
    assert left >= -1.0 and right <= 1.0 and top >= -1.0 and bottom <= 1.0
    assert (right - left) * (bottom - top) > 2.0
    for x, y in ((left, top), (right, top), (right, bottom), (left, bottom)):
        for (x0, y0), (x1, y1) in zip(quad, np.roll(quad, -1, axis=0), strict=True):
            assert (x1 - x0) * (y - y0) - (y1 - y0) * (x - x0) > -0.03
