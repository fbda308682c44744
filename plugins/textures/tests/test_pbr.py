import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from studio_textures.materials import MATERIALS
from studio_textures.pbr import MaterialSettings, build_material
from studio_textures.pbr_height import estimate_height
from studio_textures.pbr_maps import (
    estimate_metallic,
    normals_from_height,
    occlusion_from_height,
)
from studio_textures.quality import measure_seams

MAPS = {"albedo", "height", "normal_gl", "normal_dx", "roughness", "metallic", "ao"}


def blobs(size=64, seed=0, channels=3):
    noise = np.random.default_rng(seed).standard_normal((size, size, channels))
    smooth = ndimage.gaussian_filter(noise, (2, 2, 0), mode="wrap")
    return (0.5 + 0.15 * smooth / smooth.std()).clip(0, 1).astype(np.float32)


@pytest.mark.parametrize("material", sorted(MATERIALS))
def test_every_preset_gives_all_maps_in_range(material):
    maps = build_material(blobs(), MaterialSettings(material=material))
    assert set(maps) == MAPS
    for name, img in maps.items():
        assert img.dtype == np.float32, name
        assert img.shape == (64, 64, 3 if name.startswith(("albedo", "normal")) else 1), name
        assert (img >= 0).all() and (img <= 1).all(), name
    assert maps["height"].std() > 0.05
    assert maps["roughness"].mean() == pytest.approx(MATERIALS[material].roughness, abs=0.1)


@settings(max_examples=10)
@given(st.integers(0, 63), st.integers(0, 63), st.sampled_from(sorted(MATERIALS)))
def test_rolling_the_albedo_rolls_every_map(dy, dx, material):
    chosen = MaterialSettings(material=material, delight=0.5)
    maps = build_material(blobs(), chosen)
    rolled = build_material(np.roll(blobs(), (dy, dx), axis=(0, 1)), chosen)
    for name in MAPS:
        expected = np.roll(maps[name], (dy, dx), axis=(0, 1))
        np.testing.assert_allclose(rolled[name], expected, atol=2e-3, err_msg=name)


def test_seamless_in_seamless_out_unless_wrapping_is_off():
    wrapped = build_material(blobs())
    for name in MAPS - {"metallic"}:
        assert measure_seams(wrapped[name]).worst < 1.5, name
    open_ended = build_material(blobs(), MaterialSettings(wrap=False))
    assert np.abs(open_ended["normal_gl"][:, 0] - wrapped["normal_gl"][:, 0]).max() > 0.01


@settings(max_examples=20)
@given(st.integers(0, 1000), st.floats(0.0, 1.0))
def test_normals_have_unit_length_and_face_outwards(seed, depth):
    height = np.random.default_rng(seed).random((16, 24, 1)).astype(np.float32)
    normals = normals_from_height(height, depth)
    for encoded in normals:
        n = encoded * 2 - 1
        np.testing.assert_allclose(np.linalg.norm(n, axis=-1), 1.0, atol=1e-5)
        assert (n[..., 2] > 0).all()
    np.testing.assert_allclose(normals.gl[..., 1], 1 - normals.dx[..., 1], atol=1e-6)


def test_a_slope_of_known_angle_gets_the_right_normal():
    rows = np.arange(32, dtype=np.float32)[:, None, None] / 31
    height = np.broadcast_to(rows, (32, 32, 1))  # rises downwards in the picture
    depth = 31 / 32  # one pixel per pixel: 45 degrees
    n = normals_from_height(height, depth, wrap=False).gl[16, 16] * 2 - 1
    np.testing.assert_allclose(n, [0.0, np.sqrt(0.5), np.sqrt(0.5)], atol=1e-5)  # faces up


def test_hollows_are_darker_than_plateaus():
    height = np.ones((64, 64, 1), np.float32)
    height[29:35] = 0.0
    ao = occlusion_from_height(height, 0.1)
    assert ao[32].mean() < 0.8
    assert ao[8].mean() == pytest.approx(1.0, abs=1e-4)
    np.testing.assert_allclose(occlusion_from_height(height, 0.1, strength=0.0), 1.0)


def test_flat_albedo_gives_a_flat_surface():
    maps = build_material(np.full((32, 32, 3), 0.4, np.float32))
    assert (maps["height"] == 0.5).all()
    np.testing.assert_allclose(maps["normal_gl"][..., 2], 1.0)
    np.testing.assert_allclose(maps["ao"], 1.0)


def test_invert_swaps_high_and_low():
    preset = MATERIALS["generic"]
    height = estimate_height(blobs(), preset)
    np.testing.assert_allclose(estimate_height(blobs(), preset, invert=True), 1 - height, atol=1e-5)


@pytest.mark.parametrize(("joint", "brick"), [(0.8, 0.4), (0.2, 0.6)])
def test_joints_are_low_whether_bright_or_dark(joint, brick):
    y, x = np.mgrid[:96, :96]
    in_joint = (y % 24 < 3) | (x % 48 < 3)
    wall = np.where(in_joint, joint, brick).astype(np.float32)[..., None]
    height = estimate_height(wall, MATERIALS["brick"])[..., 0]
    assert height[in_joint].mean() + 0.2 < height[~in_joint].mean()


def test_strength_scales_the_slope():
    def slope(strength):
        n = build_material(blobs(), MaterialSettings(strength=strength))["normal_gl"] * 2 - 1
        return np.abs(n[..., 0] / n[..., 2]).mean()

    assert slope(2.0) == pytest.approx(2 * slope(1.0), rel=1e-3)
    assert slope(0.0) == pytest.approx(0.0, abs=1e-6)


def test_grey_and_transparent_albedos_are_accepted():
    assert build_material(blobs(channels=1))["albedo"].shape == (64, 64, 3)
    assert build_material(blobs(channels=4))["albedo"].shape == (64, 64, 4)


def test_rust_is_neither_metallic_nor_smooth():
    img = np.full((64, 64, 3), 0.6, np.float32)
    img[:, :32] = (0.45, 0.2, 0.08)
    maps = build_material(img, MaterialSettings(material="metal"))
    assert maps["metallic"][:, 8:24].max() < 0.1 < 0.9 < maps["metallic"][:, 40:56].min()
    assert maps["roughness"][:, 8:24].mean() > maps["roughness"][:, 40:56].mean() + 0.2


def test_a_mask_overrules_the_guess():
    mask = np.zeros((64, 64, 1), np.float32)
    mask[:16] = 1.0
    np.testing.assert_array_equal(estimate_metallic(blobs(), MATERIALS["generic"], mask=mask), mask)
