from pathlib import Path

import pytest

from studio.errors import InvalidInputError
from studio.store.maps import find_map_name, find_maps

NAMES = {
    # ambientCG
    "Bricks001_1K-JPG_Color.jpg": "albedo",
    "Bricks001_1K-JPG_NormalGL.jpg": "normal_gl",
    "Bricks001_1K-JPG_NormalDX.jpg": "normal_dx",
    "Bricks001_1K-JPG_Roughness.jpg": "roughness",
    "Bricks001_1K-JPG_Metalness.jpg": "metallic",
    "Bricks001_1K-JPG_Displacement.jpg": "height",
    "Bricks001_1K-JPG_AmbientOcclusion.jpg": "ao",
    "Bricks001_1K-JPG_Opacity.jpg": "opacity",
    "Bricks001.png": None,
    # Poly Haven
    "brick_wall_diff_2k.png": "albedo",
    "brick_wall_nor_gl_2k.png": "normal_gl",
    "brick_wall_nor_dx_2k.png": "normal_dx",
    "brick_wall_rough_2k.png": "roughness",
    "brick_wall_metal_2k.png": "metallic",
    "brick_wall_disp_2k.png": "height",
    "brick_wall_ao_2k.png": "ao",
    "brick_wall_arm_2k.png": "orm",
    # Unreal
    "T_Brick_BC.tga": "albedo",
    "T_Brick_D.tga": "albedo",
    "T_Brick_N.tga": "normal_dx",
    "T_Brick_Normal.tga": "normal_dx",
    "T_Brick_ORM.tga": "orm",
    "T_Brick_R.tga": "roughness",
    "T_Brick_H.tga": "height",
    # Godot and plain
    "brick_albedo.png": "albedo",
    "brick_normal.png": "normal_gl",
    "brick_n.png": "normal_gl",
    "BRICK_HEIGHT.PNG": "height",
    "brick-base-color.png": "albedo",
    "Brick Base_Color.png": "albedo",
    "brick_ambient_occlusion.png": "ao",
    "albedo.png": "albedo",
    "roughness.png": "roughness",
    "brick_emission.png": "emissive",
    "brick_specular.png": "specular",
    # nothing
    "r.png": None,
    "n.png": None,
    "wall.png": None,
    "1024.png": None,
    "color_wheel.png": None,
    "___.png": None,
}


@pytest.mark.parametrize("name", NAMES)
def test_names(name: str) -> None:
    assert find_map_name(Path(name).stem) == NAMES[name]


def test_a_folder(tmp_path: Path) -> None:
    names = ["a_Roughness.JPG", "a_Color.jpg", "a.png", "a.blend", "a_NormalGL.exr"]
    maps, others = find_maps(tmp_path, [tmp_path / name for name in names])
    assert list(maps) == ["albedo", "roughness"]
    assert maps["albedo"].name == "a_Color.jpg"
    assert others == ["a.blend", "a.png", "a_NormalGL.exr"]


def test_two_materials_in_a_folder(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"a_color\.png and b_color\.png.*'albedo'"):
        find_maps(tmp_path, [tmp_path / "b_color.png", tmp_path / "a_color.png"])


def test_no_maps(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=str(tmp_path)):
        find_maps(tmp_path, [tmp_path / "photo.png"])
