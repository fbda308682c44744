from typing import get_args

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from studio_flow.book import write_book
from studio_flow.describe import normalise
from studio_flow.texture import TextureParams
from studio_flow.tiles import Tiles
from studio_training.joints import draw_pen, find_joints
from studio_training.laying import USUAL, Laying, lay
from studio_training.layouts import LAYOUTS, Sheet, draw_layout
from studio_training.rims import trim_rim


def build_sheet(width=96, height=64, stone=12.0, seed=0):
    return Sheet(width, height, stone, np.random.default_rng(seed))


@pytest.mark.parametrize("name", sorted(set(LAYOUTS) - {"ashlar", "boards", "upright", "cobbles"}))
@settings(max_examples=10)
@given(width=st.integers(48, 96), height=st.integers(48, 96), stone=st.floats(8, 12))
def test_no_stone_is_cut_where_the_field_ends(name, width, height, stone):
    y, x = np.meshgrid(np.arange(height * 4) / 4, np.arange(width * 4) / 4, indexing="ij")
    stones = LAYOUTS[name](build_sheet(width, height, stone), x + 0.125, y + 0.125)
    _, areas = np.unique(stones, return_counts=True)
    assert areas.min() > 0.7 * np.median(areas)


@settings(max_examples=30)
@given(
    st.sampled_from(sorted(LAYOUTS)),
    st.integers(16, 90),
    st.integers(16, 90),
    st.floats(4, 200),
    st.integers(0, 99),
)
def test_every_field_can_be_laid(name, width, height, stone, seed):
    laid = draw_layout(name, build_sheet(width, height, stone, seed), wobble=0.5)
    assert laid.joints.shape == laid.shades.shape == (1, 1, height, width)
    assert 0 <= float(laid.joints.min()) <= float(laid.joints.max()) <= 1


def test_the_params_offer_every_layout():
    offered = get_args(TextureParams.model_fields["layout"].annotation)
    assert set(offered) == {"auto", "none", *LAYOUTS}


@pytest.mark.parametrize("name", sorted(LAYOUTS))
def test_a_layout_has_stones_and_joints(name):
    joints = draw_layout(name, build_sheet()).joints
    share = float((joints > 0.3).float().mean())
    assert 0.05 < share < 0.6
    again = draw_layout(name, build_sheet()).joints
    assert torch.equal(joints, again)


def test_joints_drawn_are_found_again():
    drawn = draw_layout("bond", build_sheet(128, 128, 16.0)).joints
    for sign in (1.0, -1.0):
        noise = torch.randn((1, 3, 128, 128), generator=torch.Generator().manual_seed(0))
        picture = (0.6 * sign * drawn).expand(1, 3, -1, -1) + 0.05 * noise
        found = find_joints(normalise(picture)[0])
        meant = (sign * found).clamp_min(0)
        assert float(meant[drawn > 0.6].mean()) > 0.5
        assert float(meant[drawn == 0].mean()) < 0.05
        assert float((sign * found).min()) >= 0


def test_joints_roll_with_the_picture():
    picture = draw_layout("cobbles", build_sheet(64, 64, 14.0)).joints.expand(1, 3, -1, -1) * 0.7
    plain = normalise(picture)[0]
    moved = find_joints(plain.roll((9, 21), (2, 3)))
    assert torch.allclose(moved, find_joints(plain).roll((9, 21), (2, 3)), atol=1e-4)


def test_grain_has_far_fewer_joints_than_a_grid():
    noise = torch.randn((1, 3, 128, 128), generator=torch.Generator().manual_seed(1))
    grid = normalise(draw_layout("grid", build_sheet(128, 128)).joints.expand(1, 3, -1, -1))[0]
    found, meant = (float(find_joints(plain).abs().mean()) for plain in (noise, grid))
    assert found < 0.5 * meant


def test_the_pen_wraps():
    lines = torch.zeros(1, 1, 8, 8)
    lines[0, 0, 0, 0] = 1
    drawn = draw_pen(lines)
    assert float(drawn[0, 0, -1, -1]) == 0.25


@pytest.mark.parametrize("material", sorted(USUAL))
def test_laid_materials_get_joints(material):
    joints = lay(Laying(), material, (64, 64), 3).joints
    assert float(joints.abs().max()) > 0.5


def test_other_materials_get_none_unless_asked():
    assert lay(Laying(), "grass", (64, 64), 0) is None
    assert float(lay(Laying("none"), "brick", (64, 64), 0).joints.abs().max()) == 0
    assert float(lay(Laying("hexagons"), "grass", (64, 64), 0).joints.abs().max()) > 0.5


def test_courses_and_lightness_are_kept():
    joints = lay(Laying("grid", courses=4, joints="light"), "tiles", (64, 64), 0).joints
    assert float(joints.min()) == 0
    profile = (joints[0, 0].mean(1) > 0.6).float()
    assert int(((profile - profile.roll(1)) > 0).sum()) == 4
    assert float(lay(Laying("grid", joints="dark"), "tiles", (64, 64), 0).joints.max()) == 0


def test_each_stone_has_one_shade():
    laid = draw_layout("bond", build_sheet(96, 96, 8.0))
    inner = (laid.joints < 0.05)[0, 0]
    shades = laid.shades[0, 0][inner]
    assert 20 < len(torch.unique((shades * 1000).round())) < 90
    assert lay(Laying("bond", variety=0.0), "brick", (64, 64), 0).shades.abs().max() == 0


def test_a_rim_is_trimmed():
    rng = np.random.default_rng(0)
    picture = rng.integers(100, 110, (64, 64, 3)).astype(np.uint8)
    assert trim_rim(picture).shape == (64, 64, 3)
    picture[0], picture[:, -2:] = 250, 250
    trimmed = trim_rim(picture)
    assert trimmed.max() < 111
    assert min(trimmed.shape[:2]) >= 56


def test_joints_at_the_border_are_no_rim():
    joints = draw_layout("grid", build_sheet(64, 64, 16.0)).joints[0, 0].numpy()
    picture = np.repeat((200 - 150 * joints)[:, :, None], 3, 2).astype(np.uint8)
    assert trim_rim(picture).shape == picture.shape


def test_the_book_keeps_the_facts_of_tiles_with_clear_joints_and_little_contrast():
    """Six of ten have joints; of those the four darkest have the least contrast."""
    shades = torch.linspace(40, 200, 10)
    joints = draw_layout("grid", build_sheet(64, 64, 16.0)).joints[0, 0]
    lines = torch.where(torch.arange(10)[:, None, None] < 6, joints, 0 * joints)
    grain = torch.rand((10, 64, 64), generator=torch.Generator().manual_seed(0))
    grey = shades[:, None, None] * (1 - 0.5 * lines) + 4 * grain
    pixels = grey[..., None].expand(-1, -1, -1, 3).round().to(torch.uint8)
    names = tuple("abcdefghij")
    for material, kept in (("tiles", 4), ("grass", 10)):
        book = write_book(Tiles((material,), pixels, torch.zeros(10, dtype=torch.long), names))
        assert len(book.kinds) == kept
        assert (float(book.facts[:, 0].max()) < 0) == (material == "tiles")
