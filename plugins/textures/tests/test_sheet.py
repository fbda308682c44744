"""Sheets, atlases, tilings and boards."""

import json

import numpy as np
import pytest
from PIL import Image
from studio_textures.sheet import (
    GROUND,
    atlas,
    contact_sheet,
    material_board,
    rolled,
    tiled_preview,
)


def noise(width, height, seed=0):
    rng = np.random.default_rng(seed)
    return Image.fromarray(rng.integers(0, 256, (height, width, 3), np.uint8))


def test_contact_sheet_places_pictures_row_by_row():
    colours = [(200, 0, 0), (0, 200, 0), (0, 0, 200)]
    sheet = contact_sheet([Image.new("RGB", (20, 20), c) for c in colours], list("abc"), 2, 64)
    pixels = np.asarray(sheet).reshape(-1, 3)
    assert (pixels[0] == GROUND).all()
    centres = [np.argwhere((np.asarray(sheet) == c).all(2)).mean(0) for c in colours]
    assert centres[0][0] == pytest.approx(centres[1][0], abs=1)
    assert centres[0][1] < centres[1][1]
    assert centres[2][0] > centres[0][0] + 64
    assert centres[2][1] == pytest.approx(centres[0][1], abs=1)


def test_contact_sheet_writes_labels_and_grows_for_them():
    plain = contact_sheet([noise(8, 8)], [""], 1, 64)
    labelled = contact_sheet([noise(8, 8)], ["name"], 1, 64)
    assert plain.size == labelled.size
    assert (np.asarray(plain) != np.asarray(labelled)).any()
    assert contact_sheet([noise(8, 8)], ["a\nb"], 1, 64).height > plain.height
    assert contact_sheet([noise(8, 8)], [""], 1, 64, "Title").height > plain.height


def test_long_labels_stay_in_their_cell():
    sheet = np.asarray(contact_sheet([noise(8, 8)], ["long " * 60], 1, 64))
    assert (sheet[:, -20:] == GROUND).all()


def test_contact_sheet_needs_a_label_a_picture():
    with pytest.raises(ValueError, match="labels"):
        contact_sheet([noise(8, 8)], [])


@pytest.mark.parametrize("power_of_two", [True, False])
def test_atlas_holds_every_picture_without_overlap(power_of_two):
    pictures = {f"p{i}": noise(5 + 7 * (i % 4), 3 + 5 * (i % 5), i) for i in range(17)}
    image, index = atlas(pictures, 2, power_of_two=power_of_two)
    used = np.zeros((image.height, image.width), int)
    pixels = np.asarray(image)
    for name, picture in pictures.items():
        x, y, w, h = (index["frames"][name]["frame"][k] for k in "xywh")
        assert (pixels[y : y + h, x : x + w, :3] == np.asarray(picture)).all()
        used[y - 2 : y + h + 2, x - 2 : x + w + 2] += 1
        assert (pixels[y - 2, x : x + w, :3] == np.asarray(picture)[0]).all()  # extruded edge
        assert (pixels[y : y + h, x + w + 1, :3] == np.asarray(picture)[:, -1]).all()
    assert used.max() == 1
    assert index["meta"]["size"] == {"w": image.width, "h": image.height}
    assert json.loads(json.dumps(index)) == index
    if power_of_two:
        assert all(side & (side - 1) == 0 for side in image.size)


def test_atlas_does_not_depend_on_the_order_given():
    pictures = {f"p{i}": noise(4 + i, 9 - i, i) for i in range(6)}
    backwards = dict(reversed(pictures.items()))
    (one, first), (two, second) = atlas(pictures), atlas(backwards)
    assert one.tobytes() == two.tobytes()
    assert first == second


def test_atlas_of_nothing_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        atlas({})


def test_tiled_preview_repeats_exactly():
    tile = noise(6, 4)
    sheet = np.asarray(tiled_preview(tile, 3))
    assert (sheet == np.tile(np.asarray(tile), (3, 3, 1))).all()


def test_tiled_preview_reduces_with_wrap_around():
    tile = noise(64, 64)
    small = tiled_preview(tile, 4, limit=64)
    assert small.size == (64, 64)
    shifted = Image.fromarray(np.roll(np.asarray(tile), (16, 32), (0, 1)))
    moved = np.asarray(tiled_preview(shifted, 4, limit=64)).astype(int)
    assert np.abs(np.roll(np.asarray(small).astype(int), (4, 8), (0, 1)) - moved).max() <= 1


@pytest.mark.parametrize("n", [0, 9])
def test_tiled_preview_has_limits(n):
    with pytest.raises(ValueError, match="1 to 8"):
        tiled_preview(noise(4, 4), n)


def test_rolled_twice_is_the_picture():
    picture = noise(10, 6)
    assert rolled(rolled(picture)).tobytes() == picture.tobytes()
    assert rolled(picture).getpixel((5, 3)) == picture.getpixel((0, 0))


@pytest.mark.parametrize("names", [(), ("height",), ("normal_gl", "roughness", "metallic", "ao")])
def test_material_board_shows_whatever_maps_there_are(names):
    rng = np.random.default_rng(0)
    maps = {"albedo": rng.random((16, 32, 3))}
    maps |= {n: np.full((16, 32), 0.5) for n in names if n != "normal_gl"}
    if "normal_gl" in names:
        maps["normal_gl"] = np.full((16, 32, 3), (0.5, 0.5, 1.0))
    board = material_board(maps, "Name", 300)
    assert board.mode == "RGB"
    assert board.width == 300
    assert board.tobytes() == material_board(maps, "Name", 300).tobytes()
