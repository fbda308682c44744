import numpy as np
import pytest
from scipy import ndimage
from studio_textures.colouring import TINTS, WORDS, colourise, guess_material, is_grey, tint
from studio_textures.materials import MATERIALS
from studio_textures.pictures import luma
from studio_textures.quality import measure_seams


def grey_blobs(size=96, mode="wrap"):
    noise = np.random.default_rng(0).standard_normal((size, size))
    smooth = ndimage.gaussian_filter(noise, 2, mode=mode)
    grey = (0.45 + 0.12 * smooth / smooth.std()).clip(0, 1).astype(np.float32)
    return np.repeat(grey[..., None], 3, axis=-1)


@pytest.mark.parametrize(
    ("title", "material"),
    [
        ("brick 17", "brick"),
        ("Old_BrickWall-02", "brick"),
        ("acg_Gravel_014", "gravel"),
        ("lawn", "grass"),
        ("oak planks", "wood"),
        ("IMG 2041", "generic"),
        ("", "generic"),
        ("bricklayer", "generic"),
    ],
)
def test_the_title_tells_the_material(title, material):
    assert guess_material(title) == material


def test_every_word_and_tint_names_a_material():
    assert set(WORDS) | set(TINTS) <= set(MATERIALS)


@pytest.mark.parametrize("material", sorted(TINTS))
def test_a_tint_colours_and_keeps_the_contrast(material):
    img = grey_blobs()
    out = tint(img, material)
    assert out.shape == img.shape and out.dtype == np.float32
    assert (out >= 0).all() and (out <= 1).all()
    assert np.ptp(out.mean((0, 1))) > 0.005
    assert np.corrcoef(luma(out).ravel(), luma(img).ravel())[0, 1] > 0.85
    assert luma(out).std() > 0.6 * luma(img).std()
    assert measure_seams(out).worst < 1.5
    np.testing.assert_array_equal(tint(img, material), out)


def test_bricks_turn_red_and_mortar_stays_pale(wall):
    out = tint(wall, "brick", wrap=False)
    mortar = wall[..., 0] > 0.7
    brick = wall[..., 0] < 0.45
    red = out[..., 0] - out[..., 2]
    assert red[brick].mean() > 0.12
    assert red[mortar].mean() < 0.08
    assert luma(out)[mortar].mean() > luma(out)[brick].mean() + 0.2


def test_a_brick_across_the_border_has_one_colour():
    img = np.full((96, 96, 3), 0.35, np.float32)
    img[20:24] = img[60:64] = 0.8  # one brick lies across the upper border
    img[:, 40:44] = img[:, 88:92] = 0.8
    out = tint(img, "brick")
    np.testing.assert_allclose(out[2, 60], out[-3, 60], atol=0.01)
    assert np.abs(out[2, 60] - out[40, 60]).max() > 0.01


def test_grass_is_green_and_metal_is_left_alone():
    out = tint(grey_blobs(), "grass").mean((0, 1))
    assert out[1] > out[0] > out[2]
    assert tint(grey_blobs(), "metal") is not None
    np.testing.assert_array_equal(tint(grey_blobs(), "metal"), grey_blobs())


def test_alpha_is_kept():
    img = np.concatenate([grey_blobs(), grey_blobs()[..., :1]], axis=-1)
    for out in (tint(img, "gravel"), colourise(img, "#336699")):
        np.testing.assert_array_equal(out[..., 3], img[..., 3])


def test_a_wish_for_a_colour_is_met_at_every_brightness():
    ramp = np.repeat(np.linspace(0, 1, 64, dtype=np.float32)[None, :, None], 3, axis=-1)
    out = colourise(np.repeat(ramp, 4, axis=0), "#336699")
    middle = out[0, 24]
    assert middle[2] > middle[1] > middle[0]
    assert np.ptp(out[0, 0]) < 0.02 and np.ptp(out[0, -1]) < 0.15
    assert (np.diff(luma(out[:1])[0]) >= -1e-4).all()


def test_grey_is_told_from_colour():
    assert is_grey(grey_blobs())
    assert is_grey(grey_blobs()[..., :1])
    assert not is_grey(grey_blobs() * np.array([1.0, 0.8, 0.7], np.float32))
