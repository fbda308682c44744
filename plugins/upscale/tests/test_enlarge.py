import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import studio_upscale
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from studio_upscale.enlarge import Style, count_tiles, enlarge, plan_steps
from studio_upscale.network import NetworkConfig, build_network
from studio_upscale.resample import plan_axis, reduce_part
from studio_upscale.seams import measure_seam_step
from studio_upscale.weights import load_network

from studio.errors import JobCancelledError

SHIPPED = Path(studio_upscale.__file__).parent / "checkpoints"
NET = build_network(NetworkConfig(8, 1), seed=3).eval().requires_grad_(False)


def noise(height, width, channels=3, dtype=np.uint8, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, np.iinfo(dtype).max, (height, width, channels), dtype, endpoint=True)


@settings(max_examples=20)
@given(
    st.integers(1, 40),
    st.integers(1, 40),
    st.sampled_from([1, 1.5, 2, 3, 3.7, 4, 6]),
    st.integers(5, 30),
    st.booleans(),
)
def test_where_the_cuts_are_makes_no_difference(height, width, factor, tile, wraps):
    picture = noise(height, width)
    calls = []
    whole = enlarge(NET, picture, factor, Style(wraps=wraps, tile=512))
    cut = enlarge(NET, picture, factor, Style(wraps, tile), lambda: calls.append(1))
    assert whole.shape == cut.shape
    assert np.abs(whole.astype(int) - cut).max() <= 1
    assert len(calls) == count_tiles(height, width, 4, factor, tile)


@pytest.mark.parametrize("factor", [2, 3, 4, 8])
def test_a_tile_that_is_rolled_gives_the_same_rolled(factor):
    picture = noise(20, 28)
    rolled = np.roll(picture, (7, 12), (0, 1))
    made = enlarge(NET, picture, factor, Style(wraps=True, tile=16))
    again = enlarge(NET, rolled, factor, Style(wraps=True, tile=16))
    moved = np.roll(made, (7 * factor, 12 * factor), (0, 1))
    assert np.abs(moved.astype(int) - again).max() <= 1


@pytest.mark.parametrize("shape", [(24, 40), (33, 16)])
def test_the_seam_is_a_line_like_any_other(shape):
    """Whether a line is the border of a tile or its middle changes it by rounding only."""
    assert measure_seam_step(NET, noise(*shape), 4, wraps=True) == pytest.approx(1, abs=0.01)
    y, x = np.mgrid[:48, :64] * (2 * np.pi / 16)
    waves = np.repeat(128 + 60 * np.sin(x + 1) + 60 * np.sin(y + 1), 3).astype(np.uint8)
    waves = waves.reshape(48, 64, 3)
    net = load_network(SHIPPED / "fast")
    assert measure_seam_step(net, waves, 4, wraps=True) == pytest.approx(1, abs=0.03)
    assert measure_seam_step(net, waves, 4, wraps=False) > 1.3
    flat = np.full((16, 16, 3), 90, np.uint8)
    assert measure_seam_step(NET, flat, 2, wraps=True) == pytest.approx(1, abs=0.2)


@pytest.mark.parametrize("shape", [(20, 31), (9, 9)])
def test_an_ensemble_does_not_know_which_way_is_up(shape):
    picture, style = noise(*shape), Style(ensemble=True, tile=16)
    made = enlarge(NET, picture, 4, style).astype(int)
    for turned, back in (
        (np.rot90(picture), lambda m: np.rot90(m, -1)),
        (picture[:, ::-1], lambda m: m[:, ::-1]),
    ):
        again = enlarge(NET, np.ascontiguousarray(turned), 4, style)
        assert np.abs(back(again).astype(int) - made).max() <= 1
    plain = enlarge(NET, picture, 4, Style()).astype(int)
    assert 0 < np.abs(plain - made).mean() < 40


def test_without_wrapping_the_far_border_has_no_say():
    picture = noise(12, 40)
    other = picture.copy()
    other[:, -1] = 255 - other[:, -1]
    first, second = (enlarge(NET, p, 4, Style()) for p in (picture, other))
    assert (first[:, :80] == second[:, :80]).all()
    wrapped = enlarge(NET, other, 4, Style(wraps=True))
    assert (wrapped[:, :8] != enlarge(NET, picture, 4, Style(wraps=True))[:, :8]).any()


@pytest.mark.parametrize("tile", [16, 512])
def test_beyond_a_border_lies_its_mirror_image(tile):
    picture, around = noise(24, 37), 4
    wide = np.pad(picture, ((around, around), (around, around), (0, 0)), "symmetric")
    made = NET(torch.from_numpy(wide / np.float32(255)).permute(2, 0, 1)[None])[0]
    inner = made[:, 4 * around : -4 * around, 4 * around : -4 * around].permute(1, 2, 0)
    wanted = (inner.clamp(0, 1) * 255).numpy()
    assert np.abs(enlarge(NET, picture, 4, Style(tile=tile)) - wanted).max() < 1


def test_what_is_flat_stays_flat_up_to_the_border():
    net = load_network(SHIPPED / "quality")
    for colour in ((250, 30, 20), (20, 200, 240), (255, 255, 255)):
        flat = np.full((24, 24, 3), colour, np.uint8)
        assert np.abs(enlarge(net, flat, 4, Style()).astype(int) - flat[0, 0]).max() <= 2


@pytest.mark.parametrize(("dtype", "channels"), [(np.uint16, 1), (np.uint8, 1), (np.uint8, 3)])
def test_type_and_channels_stay(dtype, channels):
    made = enlarge(NET, noise(9, 5, channels, dtype), 4, Style())
    assert made.shape == (36, 20, channels)
    assert made.dtype == dtype


def test_sixteen_bits_are_not_eight():
    ramp = np.linspace(0, 65535, 32 * 32).reshape(32, 32, 1).astype(np.uint16)
    assert len(np.unique(enlarge(NET, ramp, 2, Style()))) > 1000


def test_directions_are_of_unit_length():
    made = enlarge(NET, noise(16, 16), 2, Style(is_vector=True)).astype(np.float64) / 127.5 - 1
    assert np.linalg.norm(made, axis=2) == pytest.approx(1, abs=0.02)


def test_steps_multiply_to_the_factor():
    assert plan_steps(4, 4) == [4]
    assert plan_steps(4, 2) == [2]
    assert plan_steps(4, 10) == [4.0, 2.5]
    assert plan_steps(2, 8) == [2.0, 2.0, 2.0]


def test_memory_does_not_grow_with_the_picture():
    """Beside the picture and the result, only windows are held."""
    peaks = []
    for side in (128, 384):
        picture = noise(side, side)
        tracemalloc.start()
        made = enlarge(NET, picture, 2, Style(tile=64))
        peaks.append(tracemalloc.get_traced_memory()[1] - made.nbytes)
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]


def test_stopping_takes_effect_within_a_window():
    calls = []

    def stop():
        calls.append(1)
        raise JobCancelledError("the job was cancelled")

    with pytest.raises(JobCancelledError):
        enlarge(NET, noise(60, 60), 4, Style(tile=16), stop)
    assert len(calls) == 1


@pytest.mark.parametrize(("large", "small"), [(48, 12), (48, 20), (47, 31)])
def test_reduction_is_that_of_pillow(large, small):
    picture = noise(large, large, 1)[..., 0]
    axis = plan_axis(0, small, large / small)
    padded = picture.take(range(axis.start, axis.stop), axis=0, mode="clip")
    padded = padded.take(range(axis.start, axis.stop), axis=1, mode="clip")
    made = reduce_part(padded[..., None].astype(np.float32), axis, axis)[..., 0]
    true = np.asarray(
        Image.fromarray(picture.astype(np.float32)).resize((small, small), Image.Resampling.BICUBIC)
    )
    reach = 3  # the border is treated otherwise
    inner = (slice(reach, -reach), slice(reach, -reach))
    np.testing.assert_allclose(made[inner], true[inner], atol=0.05)
