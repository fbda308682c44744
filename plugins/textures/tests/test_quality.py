import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from studio_textures.pictures import flatten_lighting, has_palette
from studio_textures.quality import (
    measure,
    measure_clipping,
    measure_repetition,
    measure_seams,
)


def sine(height=64, width=64, cycles=(3, 5)):
    y, x = np.mgrid[:height, :width]
    wave = np.sin(2 * np.pi * (cycles[0] * y / height + cycles[1] * x / width) + 0.4)
    return (0.5 + 0.4 * wave).astype(np.float32)[..., None]


@settings(max_examples=25)
@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 63), st.integers(0, 63))
def test_a_periodic_picture_has_no_seam_wherever_it_is_cut(cy, cx, dy, dx):
    seams = measure_seams(np.roll(sine(cycles=(cy, cx)), (dy, dx), axis=(0, 1)))
    assert seams.x == pytest.approx(1.0, abs=0.1)
    assert seams.y == pytest.approx(1.0, abs=0.1)


def test_a_ramp_has_a_seam_on_its_own_axis_only():
    ramp = np.linspace(0, 1, 64, dtype=np.float32)[None, :, None].repeat(64, axis=0)
    seams = measure_seams(ramp)
    assert seams.x == pytest.approx(63.0, rel=1e-3)
    assert seams.y == 1.0
    assert seams.worst == seams.x


def test_a_flat_picture_is_seamless():
    assert measure_seams(np.full((8, 8, 3), 0.3, np.float32)) == (1.0, 1.0)


def test_a_step_in_an_otherwise_flat_picture_is_a_seam():
    img = np.zeros((32, 32, 1), np.float32)
    img[:, :3] = 0.5
    assert measure_seams(img).x > 100


def test_what_is_transparent_cannot_have_a_seam():
    img = np.random.default_rng(0).random((32, 32, 4)).astype(np.float32)
    img[..., 3] = 0.0
    assert measure_seams(img) == (1.0, 1.0)


def test_clipping_counts_black_and_white():
    img = np.full((10, 10, 3), 0.5, np.float32)
    img[:2] = 0.0
    img[2:3] = 1.0
    img[3, :, 0] = 1.0  # one channel alone is a colour, not clipping
    assert measure_clipping(img) == pytest.approx(0.3)


def test_repetition_tells_copies_from_noise():
    noise = np.random.default_rng(0).random((32, 32, 1)).astype(np.float32)
    assert measure_repetition(np.tile(noise, (2, 2, 1))) > 0.99
    assert measure_repetition(np.kron(noise, np.ones((2, 2, 1), np.float32))) < 0.2
    assert measure_repetition(np.full((16, 16, 1), 0.5, np.float32)) == 0.0


def test_measure_names_the_worst_axis():
    found = measure(sine())
    assert found["seam_ratio"] == max(found["seam_x"], found["seam_y"])
    assert found["contrast"] == pytest.approx(0.4 / np.sqrt(2), abs=0.01)


def test_flattening_removes_a_gradient_and_keeps_grain_and_alpha():
    rng = np.random.default_rng(1)
    light = np.linspace(0.5, 1.0, 96, dtype=np.float32)[None, :, None]
    grain = 0.5 + 0.1 * rng.standard_normal((96, 96, 4)).astype(np.float32)
    img = np.clip(grain * light, 0, 1)
    img[..., 3] = 0.7
    flat = flatten_lighting(img, 1.0)
    sides = [abs(float(p[:, :16, :3].mean() - p[:, -16:, :3].mean())) for p in (img, flat)]
    assert sides[1] < 0.4 * sides[0]
    assert flat[..., :3].std() > 0.04
    assert (flat[..., 3] == np.float32(0.7)).all()
    np.testing.assert_array_equal(flatten_lighting(img, 0.0), img)


def test_pixel_art_is_recognised_by_its_palette():
    rng = np.random.default_rng(2)
    palette = rng.random((16, 3)).astype(np.float32)
    assert has_palette(palette[rng.integers(16, size=(300, 300))])
    assert not has_palette(rng.random((32, 32, 3)).astype(np.float32))


def test_a_plain_wall_is_not_pixel_art():
    wall = np.random.default_rng(3).normal(0.5, 0.03, (96, 96, 1)).astype(np.float32)
    assert len(np.unique(np.rint(wall * 255))) < 96
    assert not has_palette(wall)
