import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from studio_textures.quality import measure_seams
from studio_textures.seamless import SeamlessSettings, make_seamless


def blobs(size=96, seed=0, mode="nearest"):
    noise = np.random.default_rng(seed).standard_normal((size, size, 3))
    smooth = ndimage.gaussian_filter(noise, (2, 2, 0), mode=mode)
    return (0.5 + 0.15 * smooth / smooth.std()).clip(0, 1).astype(np.float32)


def test_the_border_is_closed_and_the_middle_stays():
    img = blobs()
    result = make_seamless(img, np.random.default_rng(0))
    assert result.before.worst > 1.5
    assert result.after.worst < 1.3
    assert result.after == measure_seams(result.image)
    assert result.image.shape == img.shape
    assert 0.02 < result.changed < 0.5
    middle = slice(36, 60)
    np.testing.assert_allclose(result.image[middle, middle], img[middle, middle], atol=0.02)


def test_a_picture_that_tiles_is_returned_untouched():
    img = blobs(mode="wrap")
    result = make_seamless(img, np.random.default_rng(0))
    assert result.image is img
    assert result.changed == 0.0


def test_uneven_light_is_evened_across_the_border():
    img = blobs() * np.linspace(0.4, 1.0, 96, dtype=np.float32)[None, :, None]
    result = make_seamless(img, np.random.default_rng(0))
    assert result.after.worst < 1.3
    step = abs(float(result.image[:, :12].mean() - result.image[:, -12:].mean()))
    assert step < 0.5 * abs(float(img[:, :12].mean() - img[:, -12:].mean()))


@settings(max_examples=8)
@given(st.integers(0, 1000), st.integers(24, 64), st.integers(24, 64))
def test_pixel_art_keeps_its_palette(seed, height, width):
    rng = np.random.default_rng(seed)
    palette = rng.random((5, 4)).astype(np.float32)
    art = np.kron(rng.integers(5, size=(16, 16)), np.ones((4, 4), int))[:height, :width]
    img = palette[art]
    out = make_seamless(img, rng).image
    assert out.shape == img.shape
    assert {tuple(c) for c in out.reshape(-1, 4).tolist()} <= {tuple(c) for c in palette.tolist()}


def test_regular_structure_can_be_cropped_to_whole_periods():
    y, x = np.mgrid[:98, :98]
    stripes = (0.5 + 0.4 * np.sin(2 * np.pi * y / 20)) * (0.6 + 0.4 * np.sin(2 * np.pi * x / 20))
    img = np.repeat(stripes.astype(np.float32)[..., None], 3, axis=-1)
    noise = 0.02 * np.random.default_rng(0).standard_normal(img.shape).astype(np.float32)
    img = np.clip(img + noise, 0, 1)
    result = make_seamless(img, np.random.default_rng(0), SeamlessSettings(regular=True))
    rows = result.image.mean(axis=(1, 2))
    spectrum = np.abs(np.fft.rfft(rows - rows.mean()))
    assert spectrum.argmax() == 4  # whole waves
    assert spectrum[4] ** 2 > 0.95 * (spectrum**2).sum()


def test_same_seed_same_picture():
    first, second = (make_seamless(blobs(), np.random.default_rng(3)).image for _ in range(2))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("shape", [(16, 16, 1), (20, 90, 3)])
def test_small_and_long_pictures_work(shape):
    img = np.random.default_rng(0).random(shape).astype(np.float32)
    img += np.linspace(0, 1, shape[1], dtype=np.float32)[None, :, None]
    assert make_seamless(img / 2, np.random.default_rng(0)).image.shape == shape


def test_a_border_along_a_joint_is_moved_off_it(wall):
    img = wall[4:-7, 9:-14]  # courses and bricks cut in two
    result = make_seamless(img, np.random.default_rng(0))
    assert result.after.worst < 1.3
    assert result.changed < 0.8
    if result.shift != (0, 0):
        back = np.roll(result.image, (-result.shift[0], -result.shift[1]), axis=(0, 1))
        middle = slice(90, 110)
        assert np.abs(back[middle, middle] - img[middle, middle]).mean() < 0.05


def test_a_roll_does_not_hide_how_well_the_border_closed(wall):
    result = make_seamless(wall[4:-7, 9:-14], np.random.default_rng(0))
    unrolled = np.roll(result.image, (-result.shift[0], -result.shift[1]), axis=(0, 1))
    assert result.closed == measure_seams(unrolled)
    assert make_seamless(blobs(mode="wrap"), np.random.default_rng(0)).closed is None
