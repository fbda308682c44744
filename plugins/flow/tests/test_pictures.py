"""Seams, resizing on the torus, palettes, tidying and sheets."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from studio_flow.draw_sprites import fit_side, halve, prepare_source
from studio_flow.palettes import find_palette, keep_to_palette
from studio_flow.resize import resize_torus
from studio_flow.sheet import Cells, lay_cells, save_sheet, write_aseprite, write_godot, write_unity
from studio_flow.tidy import add_outline, label_parts, remove_specks, settle, tidy
from studio_training.seams import measure_quiet_seams, measure_seams, roll_to_quiet


def test_a_wave_has_no_seam_and_a_ramp_has_one(draw_tile):
    wave = np.asarray(draw_tile(1))
    ramp = np.repeat(np.arange(64, dtype=np.uint8)[None, :, None] * 3, 64, 0).repeat(3, 2)
    assert measure_seams(wave)["seam_ratio"] < 1.3
    assert measure_seams(ramp)["seam_x"] > 20
    assert measure_seams(ramp)["seam_y"] == 1.0
    assert measure_seams(np.full((8, 8, 3), 7, np.uint8))["seam_ratio"] == 1.0


def test_a_joint_is_rolled_away_from_the_border(draw_tile):
    tile = np.asarray(draw_tile(1)).copy()
    tile[0] = 255
    assert measure_seams(tile)["seam_y"] > 1.5
    rolled = roll_to_quiet(tile)
    assert measure_seams(rolled)["seam_ratio"] < 1.3
    assert measure_quiet_seams(tile) == measure_seams(rolled)
    assert sorted(rolled.reshape(-1, 3).tolist()) == sorted(tile.reshape(-1, 3).tolist())


@given(st.integers(33, 200), st.integers(17, 200))
@settings(max_examples=25)
def test_what_tiles_goes_on_tiling(draw_tile, width, height):
    made = resize_torus(draw_tile(2), width, height)
    assert made.size == (width, height)
    assert measure_seams(np.asarray(made))["seam_ratio"] < 1.6


@pytest.mark.parametrize(("width", "height"), [(128, 128), (96, 160), (32, 32)])
def test_resizing_commutes_with_rolling(draw_tile, width, height):
    tile = draw_tile(3)
    rolled = Image.fromarray(np.roll(np.asarray(tile), (32, 32), (0, 1)))
    first = np.roll(
        np.asarray(resize_torus(tile, width, height)), (height // 2, width // 2), (0, 1)
    )
    second = np.asarray(resize_torus(rolled, width, height))
    assert np.abs(first.astype(int) - second.astype(int)).max() <= 1


@given(st.integers(0, 500), st.integers(1, 12))
@settings(max_examples=25)
def test_a_palette_has_few_colours_that_occur(seed, count):
    pixels = np.random.default_rng(seed).integers(0, 255, (40, 3), dtype=np.uint8)
    palette = find_palette(pixels, count)
    assert 1 <= len(palette) <= count
    assert {tuple(c) for c in palette.tolist()} <= {tuple(c) for c in pixels.tolist()}


def test_keeping_to_a_palette(draw_sprite):
    sprite = np.asarray(draw_sprite(4))
    palette = np.array([[255, 0, 0], [0, 0, 0]], np.uint8)
    made = keep_to_palette(sprite, palette)
    assert set(map(tuple, made[made[..., 3] > 0][:, :3].tolist())) <= {(255, 0, 0), (0, 0, 0)}
    assert (made[..., 3] > 0).tolist() == (sprite[..., 3] > 0).tolist()
    assert not made[made[..., 3] == 0].any()


def test_nearest_is_as_the_eye_sees():
    dark_blue = np.array([[[10, 10, 90, 255]]], np.uint8)
    palette = np.array([[90, 10, 10], [0, 0, 60]], np.uint8)
    assert keep_to_palette(dark_blue, palette)[0, 0, :3].tolist() == [0, 0, 60]


def test_specks_and_holes_go():
    sprite = np.zeros((16, 16, 4), np.uint8)
    sprite[4:12, 4:12] = (200, 10, 10, 255)
    sprite[7, 7] = 0
    sprite[0, 0] = (1, 2, 3, 255)
    made = remove_specks(sprite)
    assert not made[0, 0].any()
    assert made[7, 7].tolist() == [200, 10, 10, 255]
    assert (made[..., 3] > 0).sum() == 64


def test_parts_touch_at_corners_too():
    opaque = np.zeros((6, 6), bool)
    opaque[0, 0] = opaque[1, 1] = opaque[4, 4] = True
    labels = label_parts(opaque)
    assert labels[0, 0] == labels[1, 1] != labels[4, 4]
    assert labels[0, 5] == 0
    assert label_parts(np.zeros((3, 3), bool)).max() == 0


def test_an_outline_goes_around_and_stays_inside():
    sprite = np.zeros((8, 8, 4), np.uint8)
    sprite[0:4, 2:5] = (220, 220, 220, 255)
    made = add_outline(sprite)
    assert (made[4, 2:5, 3] == 255).all()
    assert made[4, 2:5, :3].max() < 120
    assert (made[0:4, 2:5] == sprite[0:4, 2:5]).all()
    assert made[5:].sum() == 0


def test_frames_share_a_palette(draw_sprite):
    frames = [np.asarray(draw_sprite(seed)) for seed in range(3)]
    made = tidy(frames, 4, None)
    colours = {tuple(c) for f in made for c in f[f[..., 3] > 0][:, :3].tolist()}
    assert len(colours) <= 4


def test_an_empty_sprite_stays_empty():
    empty = np.zeros((16, 16, 4), np.uint8)
    assert not np.any(tidy([empty], 8, None)[0])
    assert not add_outline(empty).any()


def test_sizes_of_pixel_art(draw_sprite):
    sprite = np.asarray(draw_sprite(1, 16))
    assert fit_side(sprite, 32).size == (32, 32)
    assert (halve(np.asarray(fit_side(sprite, 32))) == sprite).all()
    assert prepare_source(draw_sprite(1, 16), 32).shape == (32, 32, 4)
    assert prepare_source(Image.new("RGB", (100, 50), "red"), 16)[8, 8].tolist() == [255, 0, 0, 255]


CELLS = Cells(side=16, columns=3, count=6, frames=3, name="monster", fps=10)


def test_slices_name_every_cell():
    sheet = json.loads(write_aseprite(CELLS))
    assert len(sheet["frames"]) == 6
    assert sheet["frames"]["monster 1 frame 2"]["frame"] == {"x": 32, "y": 16, "w": 16, "h": 16}
    assert sheet["frames"]["monster 0 frame 0"]["duration"] == 100
    assert sheet["meta"]["size"] == {"w": 48, "h": 32}
    assert [(t["from"], t["to"]) for t in sheet["meta"]["frameTags"]] == [(0, 2), (3, 5)]
    godot = write_godot(CELLS)
    assert godot.count("AtlasTexture") == 6
    assert "region = Rect2(32, 16, 16, 16)" in godot
    assert godot.count('"speed": 10.0') == 2
    unity = write_unity(CELLS)
    assert unity.count("name: monster") == 6
    # Unity counts from below: the second row is at the bottom.
    assert "        x: 32\n        y: 0\n" in unity


def test_a_sheet_on_disk(draw_sprite, tmp_path):
    sprites = [draw_sprite(seed) for seed in range(6)]
    sheet = lay_cells(sprites, CELLS)
    files = save_sheet(tmp_path, sheet, CELLS)
    assert [file.name for file in files] == [
        "sheet.png",
        "sheet.json",
        "sheet.tres",
        "sheet.png.meta",
    ]
    with Image.open(files[0]) as image:
        cut = image.crop((32, 16, 48, 32))
    assert np.array_equal(np.asarray(cut), np.asarray(sprites[5]))


def test_shades_that_hardly_differ_settle_and_outlines_stay():
    rng = np.random.default_rng(0)
    sprite = np.zeros((16, 16, 4), np.uint8)
    sprite[2:14, 2:14] = (10, 10, 12, 255)
    sprite[3:13, 3:13, :3] = np.array((150, 90, 60)) + rng.integers(-12, 12, (10, 10, 1))
    made = settle(sprite)
    inside, before = made[4:12, 4:12, :3], sprite[4:12, 4:12, :3]
    assert inside.std(axis=(0, 1)).max() < 0.6 * before.std(axis=(0, 1)).max()
    assert np.abs(inside.mean((0, 1)) - before.mean((0, 1))).max() < 2
    assert np.abs(made[2, 2:14].astype(int) - sprite[2, 2:14]).max() <= 2
    assert np.array_equal(made[..., 3], sprite[..., 3])
    assert (made[sprite[..., 3] == 0] == 0).all()


def test_a_users_own_shades_are_left():
    sprite = np.zeros((8, 8, 4), np.uint8)
    sprite[1:7, 1:7] = (90, 90, 90, 255)
    sprite[1:7:2, 1:7:2, 0] = 100
    (made,) = tidy([sprite], 0, None, settles=False)
    assert np.array_equal(made, sprite)
    assert not np.array_equal(tidy([sprite], 0, None)[0], sprite)
