import numpy as np
import pytest
from PIL import Image
from scipy import ndimage
from studio_upscale.enlarge import Style
from studio_upscale.pictures import (
    bleed,
    check_growth,
    is_tiling,
    measure_seam,
    take_mirrored,
)
from studio_upscale.shelf import PLACE
from studio_upscale.upscaler import Upscaler
from studio_upscale.weights import load_network

from studio.errors import InvalidInputError


def waves(size=48, periods=3):
    y, x = np.mgrid[:size, :size] * (2 * np.pi * periods / size)
    grey = 128 + 60 * np.sin(x + 1.2) + 60 * np.sin(y + 1.2)
    return np.repeat(grey[..., None], 3, axis=2).astype(np.uint8)


def test_a_tile_is_recognised():
    assert is_tiling(waves(), "auto")
    assert not is_tiling(waves()[:-5, :-9], "auto")
    assert is_tiling(waves()[:-5, :-9], "yes")
    assert not is_tiling(waves(), "no")
    assert not is_tiling(np.zeros((2, 2, 3), np.uint8), "auto")


def test_what_tiles_goes_on_tiling():
    rng = np.random.default_rng(2)
    noise = ndimage.gaussian_filter(rng.standard_normal((64, 64, 3)), (1.5, 1.5, 0), mode="wrap")
    tile = np.clip(128 + 200 * noise, 0, 255).astype(np.uint8)
    upscaler = Upscaler(load_network(PLACE / "quality"), 4, Style())
    made, wraps = upscaler.upscale_image(Image.fromarray(tile), "auto")
    assert wraps
    before = measure_seam(tile)
    assert measure_seam(np.asarray(made), 4) <= 1.1 * before
    plain, _ = upscaler.upscale_image(Image.fromarray(tile), "no")
    assert measure_seam(np.asarray(plain), 4) > 1.3 * before


@pytest.mark.parametrize("reach", [0, 3, 11])
def test_a_mirror_at_the_border(reach):
    """Also where a picture is smaller than what is taken around it."""
    pixels = np.arange(5 * 7 * 3).reshape(5, 7, 3)
    taken = take_mirrored(pixels, (-reach, 5 + reach), (-reach, 7 + reach))
    assert (taken == np.pad(pixels, ((reach, reach), (reach, reach), (0, 0)), "symmetric")).all()


def test_hidden_colour_does_not_leak():
    picture = np.zeros((24, 24, 4), np.uint8)
    picture[..., 1] = 255  # green where nobody sees it
    picture[8:16, 8:16] = (200, 10, 10, 255)
    colour = bleed(picture, wraps=False)
    assert (colour == (200, 10, 10)).all()
    assert (bleed(picture[..., :4] * 0, wraps=False) == 0).all()


def test_a_hole_is_filled_from_across_the_border_of_a_tile():
    picture = np.full((16, 16, 4), 255, np.uint8)
    picture[:, :2, 3] = 0
    picture[:, -1, :3] = 100
    picture[:, 2, :3] = 250
    assert (bleed(picture, wraps=True)[4, 0] == 100).all()
    assert (bleed(picture, wraps=False)[4, 0] == 250).all()


@pytest.mark.parametrize("mode", ["L", "I;16", "RGB", "RGBA"])
@pytest.mark.parametrize("size", [(1, 1), (3, 50), (17, 9)])
def test_mode_and_size(tiny, mode, size):
    image = Image.new(mode, size)
    made, _ = Upscaler(tiny, 3, Style()).upscale_image(image, "auto")
    assert made.mode == mode
    assert made.size == (3 * size[0], 3 * size[1])


def test_alpha_is_enlarged_too(tiny):
    image = Image.new("RGBA", (16, 16), (250, 20, 20, 0))
    image.paste((250, 20, 20, 255), (4, 4, 12, 12))
    counted = []
    upscaler = Upscaler(tiny, 4, Style(), lambda: counted.append(1))
    made = np.asarray(upscaler.upscale_image(image, "no")[0])
    assert made[32, 32, 3] > 200
    assert made[2, 2, 3] < 60
    assert len(counted) == upscaler.count(image) == 2
    solid = Image.new("RGBA", (16, 16), (250, 20, 20, 255))
    assert np.asarray(upscaler.upscale_image(solid, "no")[0])[..., 3].min() == 255


def test_a_material_map_by_map(tiny):
    maps = {
        "albedo": Image.fromarray(waves()),
        "normal_gl": Image.new("RGB", (48, 48), (128, 128, 255)),
        "height": Image.new("L", (48, 48), 77),
        "roughness": Image.new("L", (48, 48), 180),
    }
    made, wraps = Upscaler(tiny, 2, Style()).upscale_material(maps, "auto")
    assert wraps
    assert {name: m.shape for name, m in made.items()} == {
        "albedo": (96, 96, 3),
        "normal_gl": (96, 96, 3),
        "height": (96, 96),
        "roughness": (96, 96),
    }
    assert made["height"].dtype == np.uint16
    length = np.linalg.norm(made["normal_gl"] / 127.5 - 1, axis=2)
    assert length == pytest.approx(1, abs=0.02)


def test_cells_of_a_sheet_do_not_see_each_other(tiny):
    frames = [Image.new("RGB", (8, 6), colour) for colour in ("red", "blue", "lime", "black")]
    sheet = Image.new("RGB", (16, 12))
    for number, frame in enumerate(frames):
        sheet.paste(frame, (number % 2 * 8, number // 2 * 6))
    upscaler = Upscaler(tiny, 3, Style())
    made, _ = upscaler.upscale_sheet(sheet, 2, 2)
    assert made.size == (48, 36)
    for number, frame in enumerate(frames):
        corner = (number % 2 * 24, number // 2 * 18)
        cell = made.crop((*corner, corner[0] + 24, corner[1] + 18))
        assert cell.tobytes() == upscaler.upscale_image(frame, "no")[0].tobytes()
    with pytest.raises(InvalidInputError, match="no sheet of 3 x 2 cells"):
        upscaler.upscale_sheet(sheet, 3, 2)
    with pytest.raises(InvalidInputError, match="choose a whole scale"):
        Upscaler(tiny, 1.3, Style()).upscale_sheet(sheet, 2, 2)


def test_what_gets_too_large_is_refused():
    check_growth(4096, 4096, 4, "sky")
    with pytest.raises(InvalidInputError, match=r"sky: 8192 x 100 .* at most 2$"):
        check_growth(8192, 100, 4, "sky")
    with pytest.raises(InvalidInputError, match="already; cut it first"):
        check_growth(3, 20_000, 2, "tower")
