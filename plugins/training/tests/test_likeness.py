import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from studio_training import likeness
from studio_training.healing import heal_tile, make_periodic
from studio_training.likeness import (
    LEVELS,
    OCTAVES,
    make_alike,
    measure_likeness,
    split_octaves,
)
from torch.nn import functional


def draw_field(seed, height=64, width=64, power=1.0):
    """Noise of a spectrum, skewed, of mean 0 and spread 1."""
    rng = torch.Generator().manual_seed(seed)
    noise = torch.fft.rfft2(torch.randn(1, 3, height, width, generator=rng))
    far = torch.hypot(torch.fft.fftfreq(height)[:, None], torch.fft.rfftfreq(width))
    field = torch.fft.irfft2(noise / (far + 0.02) ** power, s=(height, width))
    field = torch.exp(field / field.std((2, 3), keepdim=True) * 0.3)
    field = field - field.mean((2, 3), keepdim=True)
    return field / field.std((2, 3), keepdim=True)


@settings(max_examples=20)
@given(st.integers(1, 3), st.integers(4, 24), st.integers(4, 24))
def test_an_octave_is_what_torch_says(count, rows, columns):
    """Binomial weights, every second pixel, and back by bilinear interpolation."""
    field = torch.randn(count, 3, 2 * rows, 2 * columns)
    line = torch.tensor((1.0, 3, 3, 1)) / 8
    padded = functional.pad(field, (1, 2, 1, 2), mode="circular")
    kernel = (line[:, None] * line).expand(3, 1, 4, 4)
    coarse = functional.conv2d(padded, kernel, stride=2, groups=3)
    padded = functional.pad(coarse, (1, 1, 1, 1), mode="circular")
    double = functional.interpolate(padded, scale_factor=2, mode="bilinear")[:, :, 2:-2, 2:-2]
    assert torch.allclose(split_octaves(field, 1)[0], field - double, atol=1e-5)


@settings(max_examples=20)
@given(st.integers(0, 99), st.integers(1, 6), st.integers(1, 6))
def test_a_field_is_like_itself(seed, rows, columns):
    field = draw_field(seed, 16 * rows, 16 * columns)
    again = make_alike(field, measure_likeness(field))
    assert float((again - field).abs().mean()) < 0.05


def test_rough_becomes_smooth_and_takes_the_tones():
    smooth, rough = draw_field(0, power=1.2), draw_field(1, power=0.6)
    goal = measure_likeness(smooth)
    made = make_alike(rough, goal)
    found = measure_likeness(made)
    before = (measure_likeness(rough).octaves - goal.octaves).abs()[:, 0].sum()
    assert (found.octaves - goal.octaves).abs()[:, 0].sum() < 0.5 * before
    plain = measure_likeness(make_alike(rough, goal, share=0.0))
    errors = [float((one.tones - goal.tones)[0, 0, 1:-2].abs().max()) for one in (found, plain)]
    assert errors[0] < 0.02 < errors[1]


def test_what_is_lighter_stays_lighter():
    field = draw_field(2)
    goal = measure_likeness(draw_field(3))._replace(octaves=torch.zeros(1, 3, OCTAVES))
    made = make_alike(field, goal)
    order = field[0, 0].flatten().argsort()
    assert bool((made[0, 0].flatten()[order].diff() >= 0).all())


def test_colours_become_rarer_only_and_may_be_left_alone():
    field = draw_field(4)
    loud = measure_likeness(field)
    loud = loud._replace(tones=3 * loud.tones, octaves=torch.zeros(1, 3, OCTAVES))
    made = make_alike(field, loud)
    assert float(made[:, 1:].abs().max()) <= float(field[:, 1:].abs().max()) * 1.01
    assert float(made[:, 0].abs().max()) > 1.5 * float(field[:, 0].abs().max())
    assert torch.equal(make_alike(field, loud, channels=1)[:, 1:], field[:, 1:])


def test_it_is_the_same_wherever_the_torus_begins():
    field, goal = draw_field(5), measure_likeness(draw_field(6))
    moved = make_alike(field.roll((32, 32), (2, 3)), goal).roll((-32, -32), (2, 3))
    assert torch.allclose(moved, make_alike(field, goal), atol=1e-3)


def test_small_fields_have_fewer_octaves():
    found = measure_likeness(draw_field(7, 16, 64))
    assert found.tones.shape == (1, 3, len(LEVELS))
    assert found.octaves[0, 0].count_nonzero() == 2


def test_what_was_drawn_before_does_not_hinder_learning():
    likeness._rank_small.cache_clear()
    field = draw_field(10, 24, 40)
    goal = measure_likeness(field)
    with torch.inference_mode():
        make_alike(field, goal)
    field.requires_grad_()
    tones = goal.tones.clone().requires_grad_()
    make_alike(field, goal._replace(tones=tones)).square().sum().backward()
    assert float(tones.grad.abs().sum()) > 0


@pytest.mark.parametrize("count", [64, likeness.SMALL, likeness.SMALL + 1])
def test_ranks_are_those_of_the_levels(count):
    upper, share = likeness._rank(count)
    levels = torch.tensor(LEVELS)
    ranks = torch.lerp(levels[upper - 1], levels[upper], share)
    assert torch.allclose(ranks, torch.linspace(0, 1, count), atol=1e-6)


def test_mixing_meets_both_ends():
    one, other = (measure_likeness(draw_field(seed)) for seed in (8, 9))
    assert torch.allclose(one.mix(other, 0).octaves, one.octaves, atol=1e-4)
    assert torch.allclose(one.mix(other, 1).tones, other.tones, atol=1e-4)


def draw_tile(seed=0, side=96):
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side] * 2 * np.pi / side
    wave = np.sin(3 * x + y)[..., None] * 10 + rng.normal(0, 6, (side, side, 3))
    return (wave + np.array([150, 120, 90])).clip(0, 255).astype(np.uint8)


def find_cross(tile):
    """How far the mean colour of lines at the border is from the others', in their spread."""
    means = tile.astype(float).mean(1)
    return float(np.abs(means[[0, -1]] - means[16:-16].mean(0)).max() / means[16:-16].std(0).mean())


def test_a_grey_rim_is_healed():
    clean = draw_tile()
    rimmed = clean.astype(float)
    for depth, share in enumerate((0.8, 0.4, 0.2, 0.1)):
        edge = np.ones(clean.shape[:2], bool)
        edge[depth + 1 : -depth - 1, depth + 1 : -depth - 1] = False
        edge[:depth] = edge[len(edge) - depth :] = False
        edge[:, :depth] = edge[:, edge.shape[1] - depth :] = False
        rimmed[edge] += share * (200 - rimmed[edge])
    rimmed = rimmed.round().astype(np.uint8)
    healed = heal_tile(rimmed)
    assert find_cross(rimmed) > 5 > 2.5 > find_cross(healed)
    assert np.abs(healed.astype(int) - clean)[20:-20, 20:-20].mean() < 2


def test_a_tile_that_tiles_is_left_nearly_as_it_is():
    clean = draw_tile(1)
    assert np.abs(heal_tile(clean).astype(int) - clean).mean() < 2.5


def test_a_slope_becomes_periodic():
    slope = np.linspace(0, 50, 64)[:, None, None] * np.ones((64, 64, 3))
    healed = make_periodic(slope)
    assert np.abs(healed[0] - healed[-1]).max() < 5
    assert healed.mean() == pytest.approx(slope.mean())


@pytest.mark.parametrize("shape", [(1, 1), (2, 5), (63, 80), (200, 64)])
def test_tiles_of_any_size_are_healed(shape):
    pixels = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    assert heal_tile(pixels).shape == pixels.shape
