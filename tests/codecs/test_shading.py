"""Lit previews: conventions of light and normals, transparency, tiling, robustness."""

import time

import numpy as np
import pytest

from studio.codecs.lighting import KEY, linear_to_srgb, srgb_to_linear, tone_map
from studio.codecs.shading import render_material, render_plane, render_sphere


def flat(colour=(0.5, 0.5, 0.5), size=16, **scalars):
    maps = {"albedo": np.full((size, size, 3), colour, np.float32)}
    return maps | {name: np.full((size, size), v, np.float32) for name, v in scalars.items()}


def pixels(image):
    return np.asarray(image, np.float32) / 255


def test_srgb_round_trip_and_known_value():
    values = np.linspace(0, 1, 256, dtype=np.float32)
    assert np.abs(linear_to_srgb(srgb_to_linear(values)) - values).max() < 1e-5
    assert srgb_to_linear(np.array([0.5]))[0] == pytest.approx(0.21404, abs=1e-4)


def test_tone_map_is_monotonic_and_bounded():
    ramp = np.tile(np.linspace(0, 20, 500, dtype=np.float32), (3, 1))
    mapped = tone_map(ramp)
    assert mapped.min() >= 0
    assert mapped.max() < 1
    assert (np.diff(mapped[0]) >= -1e-6).all()


def test_key_light_is_a_unit_vector():
    assert np.linalg.norm(KEY.direction) == pytest.approx(1, abs=0.01)


def test_sphere_is_transparent_outside_with_a_soft_edge():
    sphere = render_sphere(flat(), 64)
    alpha = np.asarray(sphere)[..., 3]
    assert sphere.mode == "RGBA"
    assert sphere.size == (64, 64)
    assert alpha[0, 0] == 0
    assert alpha[32, 32] == 255
    assert ((alpha > 0) & (alpha < 255)).any()
    assert alpha.mean() / 255 == pytest.approx(np.pi / 4 * 0.985**2, abs=0.01)


def test_backdrop_fills_the_corners_without_transparency():
    card = render_sphere(flat(), 48, backdrop=True)
    assert card.mode == "RGB"
    assert 10 < np.asarray(card)[0, 0].mean() < 80


def test_colour_of_a_rough_material_survives():
    red, green, blue = pixels(render_plane(flat((0.7, 0.3, 0.1), roughness=0.9), 16)).mean((0, 1))
    assert (red, green, blue) == pytest.approx((0.7, 0.3, 0.1), abs=0.14)
    assert red > green > blue


def test_light_comes_from_the_upper_left():
    lit = pixels(render_sphere(flat(roughness=0.9), 64))[..., :3].mean(2)
    assert lit[16, 20] > 1.5 * lit[48, 44]


@pytest.mark.parametrize(("tilt", "brighter"), [((0, 1), True), ((0, -1), False)])
def test_green_up_normals_tilt_towards_the_light_above(tilt, brighter):
    maps = flat(roughness=0.9)
    normal = np.array([tilt[0] * 0.5, tilt[1] * 0.5, 0.75**0.5], np.float32)
    maps["normal_gl"] = np.broadcast_to(normal * 0.5 + 0.5, (16, 16, 3))
    difference = (
        pixels(render_plane(maps, 16)).mean() - pixels(render_plane(flat(roughness=0.9), 16)).mean()
    )
    assert (difference > 0.01) == brighter


def test_normals_made_from_height_equal_given_ones():
    yy, xx = np.mgrid[0:64, 0:64] / 64 * 2 * np.pi
    height = (0.5 + 0.25 * np.sin(xx) * np.cos(yy)).astype(np.float32)
    from_height = render_plane(flat(size=64) | {"height": height}, 64, 1)
    east = (np.roll(height, -1, 1) - np.roll(height, 1, 1)) * 32 * 0.04
    north = (np.roll(height, 1, 0) - np.roll(height, -1, 0)) * 32 * 0.04
    normal = np.dstack((-east, -north, np.ones_like(east)))
    normal /= np.linalg.norm(normal, axis=2, keepdims=True)
    given = render_plane(flat(size=64) | {"height": height, "normal_gl": normal / 2 + 0.5}, 64, 1)
    assert np.abs(pixels(from_height) - pixels(given)).max() < 0.02


def test_metal_reflects_its_studio_and_paint_does_not():
    metal = pixels(render_sphere(flat((0.9, 0.9, 0.9), roughness=0.08, metallic=1.0), 96))
    paint = pixels(render_sphere(flat((0.9, 0.9, 0.9), roughness=0.9), 96))
    inner = np.s_[24:72, 24:72, :3]
    edges = [np.abs(np.diff(p[inner].mean(2), axis=0)).max() for p in (metal, paint)]
    assert edges[0] > 4 * edges[1]


def test_gold_tints_its_reflections():
    gold = pixels(render_sphere(flat((1.0, 0.77, 0.34), roughness=0.3, metallic=1.0), 64))
    centre = gold[20:44, 20:44, :3].mean((0, 1))
    assert centre[0] > centre[1] > centre[2] + 0.1


def test_occlusion_darkens():
    open_ = pixels(render_plane(flat(ao=1.0), 16)).mean()
    closed = pixels(render_plane(flat(ao=0.2), 16)).mean()
    assert closed < open_ - 0.02


def test_plane_repeats_the_tile():
    rng = np.random.default_rng(3)
    maps = {
        "albedo": rng.random((16, 16, 3), np.float32),
        "roughness": np.ones((16, 16), np.float32),
    }
    shot = pixels(render_plane(maps, 64, 2))
    halves = shot[:, :32], shot[:, 32:]
    correlation = np.corrcoef(halves[0].ravel(), halves[1].ravel())[0, 1]
    assert correlation > 0.98


def test_wide_tiles_keep_their_proportion():
    ramp = np.zeros((16, 32, 3), np.float32)
    ramp[:8] = 0.8  # one stripe a tile height
    shot = pixels(render_plane({"albedo": ramp}, 64, 2)).mean((1, 2))
    rises = np.count_nonzero(np.diff((shot > shot.mean()).astype(int)) == 1)
    assert rises in (3, 4)  # four tile heights; the first stripe starts at the edge


def test_sizes_that_share_no_divisor_render():
    rng = np.random.default_rng(0)
    maps = {"albedo": rng.random((37, 53, 3)), "height": rng.random((37, 53))}
    assert render_plane(maps, (31, 17), 3).size == (31, 17)
    assert render_sphere(maps, 33).size == (33, 33)


def test_thumbnail_is_an_opaque_square():
    card = render_material(flat(height=0.5), 96)
    assert card.mode == "RGB"
    assert card.size == (96, 96)


def test_equal_input_gives_equal_pixels():
    maps = flat(roughness=0.2, metallic=1.0)
    assert render_sphere(maps, 40).tobytes() == render_sphere(maps, 40).tobytes()


def test_maps_of_different_sizes_are_refused():
    maps = flat() | {"roughness": np.zeros((8, 8), np.float32)}
    with pytest.raises(ValueError, match="roughness"):
        render_sphere(maps, 16)


def test_a_preview_takes_a_fraction_of_a_second():
    rng = np.random.default_rng(0)
    maps = {"albedo": rng.random((512, 512, 3), np.float32)}
    maps |= {n: rng.random((512, 512), np.float32) for n in ("height", "roughness", "metallic")}
    started = time.process_time()
    render_sphere(maps, 256)
    assert time.process_time() - started < 3  # about 0.2 s alone on one core
