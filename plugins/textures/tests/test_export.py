"""Exports, read back with other people's readers: packing, colour space, validity, determinism."""

import io
import json
import struct
import sys
import xml.etree.ElementTree as ET
import zipfile
from unittest.mock import MagicMock

import numpy as np
import pygltflib
import pytest
import trimesh
import yaml
from PIL import Image
from studio_textures.export import export_material, zip_folder
from studio_textures.export_maps import ExportSettings, prepare_maps, safe_name
from studio_textures.export_presets import ENGINES, SOURCES

from studio.codecs.lighting import linear_to_srgb, srgb_to_linear


@pytest.fixture
def maps():
    rng = np.random.default_rng(7)
    normal = np.dstack((*rng.uniform(-0.4, 0.4, (2, 16, 32)), np.ones((16, 32))))
    normal /= np.linalg.norm(normal, axis=2, keepdims=True)
    scalars = {n: rng.random((16, 32)) for n in ("height", "roughness", "metallic", "ao")}
    return {"albedo": rng.random((16, 32, 3)), "normal_gl": normal / 2 + 0.5} | scalars


def read(folder, name):
    return np.asarray(Image.open(folder / name))


def eight(values):
    return np.rint(np.asarray(values) * 255).astype(np.uint8)


def names(paths):
    return {p.name for p in paths}


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_writes_what_its_preset_says_and_nothing_else(engine, maps, tmp_path):
    preset = ENGINES[engine]
    files = export_material(maps, "Brick", engine, tmp_path)
    assert files == sorted(tmp_path.iterdir())
    written = names(files)
    if engine != "gltf":
        assert {preset.file_name("Brick", slot) for slot in preset.slots} <= written
    for extra in preset.extras:
        pattern = extra.format(name="Brick")
        assert any(p.match(pattern) for p in files)
    known = {s for slot in preset.slots for s in (*slot.channels, *slot.needs)}
    assert known <= set(SOURCES)
    assert [slot.srgb for slot in preset.slots] == [s.role == "base_color" for s in preset.slots]


@pytest.mark.parametrize("engine", ENGINES)
def test_equal_input_gives_equal_bytes_in_any_folder(engine, maps, tmp_path):
    first = export_material(maps, "Old brick", engine, tmp_path / "a")
    second = export_material(maps, "Old brick", engine, tmp_path / "elsewhere" / "b")
    assert [p.read_bytes() for p in first] == [p.read_bytes() for p in second]
    one = zip_folder(tmp_path / "a", tmp_path / "one.zip")
    two = zip_folder(tmp_path / "elsewhere" / "b", tmp_path / "two.zip")
    assert one.read_bytes() == two.read_bytes()
    assert zipfile.ZipFile(one).namelist() == sorted(names(first))


@pytest.mark.parametrize("engine", ENGINES)
def test_albedo_alone_is_enough(engine, tmp_path):
    files = export_material({"albedo": np.full((8, 8, 3), 0.5)}, "Plain", engine, tmp_path)
    assert files
    if engine == "unreal":
        orm = read(tmp_path, "T_Plain_ORM.png")
        assert orm[0, 0].tolist() == [255, 128, 0]


def test_ambientcg_maps(maps, tmp_path):
    export_material(maps, "Brick", "generic", tmp_path)
    assert (read(tmp_path, "Brick_Color.png") == eight(maps["albedo"])).all()
    assert (read(tmp_path, "Brick_Metalness.png") == eight(maps["metallic"])).all()
    height = read(tmp_path, "Brick_Displacement.png")
    assert (
        height.dtype == np.uint16 or Image.open(tmp_path / "Brick_Displacement.png").mode == "I;16"
    )
    assert (height == np.rint(maps["height"] * 65535)).all()
    gl, dx = (read(tmp_path, f"Brick_Normal{kind}.png").astype(int) for kind in ("GL", "DX"))
    assert (gl == eight(maps["normal_gl"])).all()
    assert (gl[..., [0, 2]] == dx[..., [0, 2]]).all()
    assert np.abs(gl[..., 1] + dx[..., 1] - 255).max() <= 1


@pytest.mark.parametrize(
    ("engine", "file", "channels"),
    [
        ("unreal", "T_Brick_ORM.png", ("ao", "roughness", "metallic")),
        ("godot", "Brick_ORM.png", ("ao", "roughness", "metallic")),
        ("unity_urp", "Brick_MetallicGlossMap.png", ("metallic", 0.0, 0.0, "smoothness")),
        ("unity_hdrp", "Brick_MaskMap.png", ("metallic", "ao", 1.0, "smoothness")),
    ],
)
def test_channel_packing(engine, file, channels, maps, tmp_path):
    export_material(maps, "Brick", engine, tmp_path)
    values = maps | {"smoothness": 1 - maps["roughness"]}
    planes = [values[c] if isinstance(c, str) else np.full((16, 32), c) for c in channels]
    assert (read(tmp_path, file) == eight(np.dstack(planes))).all()


def test_unreal_normals_point_down_and_godots_up(maps, tmp_path):
    export_material(maps, "Brick", "unreal", tmp_path)
    export_material(maps, "Brick", "godot", tmp_path)
    flipped = maps["normal_gl"] * (1, -1, 1) + (0, 1, 0)
    assert (read(tmp_path, "T_Brick_N.png") == eight(flipped)).all()
    assert (read(tmp_path, "Brick_Normal.png") == eight(maps["normal_gl"])).all()


def glb_parts(path):
    data = path.read_bytes()
    magic, version, size = struct.unpack("<4sII", data[:12])
    assert (magic, version, size) == (b"glTF", 2, len(data))
    length, kind = struct.unpack("<I4s", data[12:20])
    assert kind == b"JSON"
    assert length % 4 == 0
    return json.loads(data[20 : 20 + length]), data[20 + length + 8 :]


def test_glb_is_aligned_and_its_bounds_are_true(maps, tmp_path):
    (path,) = export_material(maps, "Brick", "gltf", tmp_path)
    document, binary = glb_parts(path)
    assert document["buffers"][0]["byteLength"] == len(binary)
    assert all(view["byteOffset"] % 4 == 0 for view in document["bufferViews"])
    for mesh in document["meshes"]:
        accessor = document["accessors"][mesh["primitives"][0]["attributes"]["POSITION"]]
        view = document["bufferViews"][accessor["bufferView"]]
        data = np.frombuffer(binary, "<f4", accessor["count"] * 3, view["byteOffset"]).reshape(
            -1, 3
        )
        assert data.min(0).tolist() == accessor["min"]
        assert data.max(0).tolist() == accessor["max"]


def test_glb_opens_in_pygltflib_with_the_right_textures(maps, tmp_path):
    (path,) = export_material(maps, "Brick", "gltf", tmp_path)
    gltf = pygltflib.GLTF2().load(str(path))
    material = gltf.materials[0]
    pbr = material.pbrMetallicRoughness

    def picture(reference):
        view = gltf.bufferViews[gltf.images[gltf.textures[reference.index].source].bufferView]
        data = gltf.binary_blob()[view.byteOffset : view.byteOffset + view.byteLength]
        return np.asarray(Image.open(io.BytesIO(data)))

    orm = np.dstack([maps[n] for n in ("ao", "roughness", "metallic")])
    assert (picture(pbr.baseColorTexture) == eight(maps["albedo"])).all()
    assert (picture(pbr.metallicRoughnessTexture) == eight(orm)).all()
    assert (picture(material.normalTexture) == eight(maps["normal_gl"])).all()
    assert material.occlusionTexture.index == pbr.metallicRoughnessTexture.index
    assert (gltf.samplers[0].wrapS, gltf.samplers[0].wrapT) == (10497, 10497)


def test_glb_meshes_face_outwards_with_orthogonal_tangents(maps, tmp_path):
    (path,) = export_material(maps, "Brick", "gltf", tmp_path, ExportSettings(tiling=3))
    scene = trimesh.load(path)
    sphere, plane = scene.geometry["Brick_Sphere"], scene.geometry["Brick_Plane"]
    assert (np.einsum("ij,ij->i", sphere.triangles_center, sphere.face_normals) > 0).all()
    assert sphere.area == pytest.approx(4 * np.pi, rel=0.01)
    assert (sphere.area_faces > 0).all()
    assert plane.face_normals[:, 2] == pytest.approx(1)
    assert np.ptp(plane.visual.uv, axis=0).tolist() == [3, 6]  # the tile is twice as wide as high
    assert sphere.visual.material.baseColorTexture.size == (32, 16)
    document, binary = glb_parts(path)
    attributes = document["meshes"][0]["primitives"][0]["attributes"]

    def values(name, width):
        accessor = document["accessors"][attributes[name]]
        offset = document["bufferViews"][accessor["bufferView"]]["byteOffset"]
        return np.frombuffer(binary, "<f4", accessor["count"] * width, offset).reshape(-1, width)

    normal, tangent = values("NORMAL", 3), values("TANGENT", 4)
    assert np.linalg.norm(tangent[:, :3], axis=1) == pytest.approx(1, abs=1e-5)
    assert np.abs((normal * tangent[:, :3]).sum(1)).max() < 1e-5
    assert np.cross(normal, tangent[:, :3])[len(normal) // 2, 1] > 0.99  # green is up
    assert (tangent[:, 3] == 1).all()


def test_godot_resource(maps, tmp_path):
    export_material(maps, "Brick", "godot", tmp_path, ExportSettings(relief=0.05))
    head, *lines = (tmp_path / "Brick.tres").read_text().splitlines()
    assert head == '[gd_resource type="ORMMaterial3D" load_steps=5 format=3]'
    references = [line for line in lines if line.startswith("[ext_resource")]
    ids = {line.split('id="')[1].rstrip('"]') for line in references}
    assert all((tmp_path / line.split('path="')[1].split('"')[0]).is_file() for line in references)
    values = dict(line.split(" = ", 1) for line in lines if " = " in line)
    textures = {k: v for k, v in values.items() if k.endswith("_texture")}
    assert set(textures) == {"albedo_texture", "orm_texture", "normal_texture", "heightmap_texture"}
    assert {v.removeprefix('ExtResource("').removesuffix('")') for v in textures.values()} == ids
    assert all(values[f"{f}_enabled"] == "true" for f in ("ao", "normal", "heightmap"))
    assert values["heightmap_scale"] == "5"
    assert values["uv1_scale"] == "Vector3(2, 4, 1)"
    assert "compress/normal_map=1" in (tmp_path / "Brick_Normal.png.import").read_text()
    assert "compress/normal_map=2" in (tmp_path / "Brick_ORM.png.import").read_text()


def unity_yaml(path):
    lines = [s for s in path.read_text().splitlines() if not s.startswith(("%", "---"))]
    return yaml.safe_load("\n".join(lines))


@pytest.mark.parametrize(
    ("engine", "mask", "normal", "keyword"),
    [
        ("unity_urp", "_MetallicGlossMap", "_BumpMap", "_METALLICSPECGLOSSMAP"),
        ("unity_hdrp", "_MaskMap", "_NormalMap", "_MASKMAP"),
    ],
)
def test_unity_material_points_at_its_textures(engine, mask, normal, keyword, maps, tmp_path):
    files = export_material(maps, "Brick", engine, tmp_path)
    material = unity_yaml(tmp_path / "Brick.mat")["Material"]
    saved = material["m_SavedProperties"]
    textures = {k: v for entry in saved["m_TexEnvs"] for k, v in entry.items()}
    metas = {p.name[:-5]: unity_yaml(p) for p in files if p.suffix == ".meta"}
    guids = {name: meta["guid"] for name, meta in metas.items()}
    assert len(set(guids.values())) == len(guids)
    assert all(len(guid) == 32 for guid in guids.values())
    assert textures[mask]["m_Texture"]["guid"] == guids[f"Brick{mask}.png"]
    assert textures[normal]["m_Texture"]["guid"] == guids[f"Brick{normal}.png"]
    assert textures[mask]["m_Scale"] == {"x": 2, "y": 4}
    assert keyword in material["m_ValidKeywords"]
    for name, meta in metas.items():
        if name.endswith(".png"):
            importer = meta["TextureImporter"]
            colour = "BaseMap" in name or "BaseColorMap" in name
            assert importer["mipmaps"]["sRGBTexture"] == int(colour)
            assert importer["textureType"] == int(name == f"Brick{normal}.png")


def test_unreal_script_runs_against_the_api_it_names(maps, tmp_path, monkeypatch):
    export_material(maps, "Brick", "unreal", tmp_path)
    unreal = MagicMock()
    unreal.EditorAssetLibrary.does_asset_exist.return_value = False
    monkeypatch.setitem(sys.modules, "unreal", unreal)
    script = tmp_path / "import_Brick.py"
    exec(compile(script.read_text(), script, "exec"), {"__file__": str(script)})
    imported = [c.args for c in unreal.AssetImportTask().set_editor_property.call_args_list]
    sources = {value for key, value in imported if key == "filename"}
    assert sources == {str(p) for p in tmp_path.glob("*.png")}
    parameters = unreal.MaterialEditingLibrary.set_material_instance_texture_parameter_value
    assert {c.args[1] for c in parameters.call_args_list} == {"BaseColor", "Normal", "ORM"}


def test_materialx_graph_is_connected(maps, tmp_path):
    export_material(maps, "Brick", "materialx", tmp_path)
    root = ET.parse(tmp_path / "Brick.mtlx").getroot()
    graph = root.find("nodegraph")
    outputs = {node.get("name") for node in graph.iter("output")}
    nodes = {node.get("name") for node in graph}
    assert all(node.get("nodename") in nodes for node in graph.iter("output"))
    surface = root.find("standard_surface")
    linked = {i.get("name"): i.get("output") for i in surface if i.get("output")}
    assert set(linked) == {"base_color", "normal", "specular_roughness", "metalness"}
    assert set(linked.values()) < outputs
    for image in graph.iter("tiledimage"):
        file = image.find("input[@name='file']")
        assert (tmp_path / file.get("value")).is_file()
        srgb = file.get("colorspace") == "srgb_texture"
        assert srgb == (image.get("name") == "base_color")


def test_sizes_become_powers_of_two_and_keep_the_proportion():
    albedo = np.zeros((100, 190, 3))
    assert prepare_maps({"albedo": albedo}, ExportSettings())["albedo"].shape == (128, 256, 3)
    assert prepare_maps({"albedo": albedo}, ExportSettings(64))["albedo"].shape == (32, 64, 3)


def test_resampling_wraps_around():
    rng = np.random.default_rng(1)
    tile = rng.random((32, 32))
    settings = ExportSettings(16)
    maps = {"albedo": np.dstack([tile] * 3), "height": tile}
    shifted = {k: np.roll(v, (10, 6), (0, 1)) for k, v in maps.items()}
    for name in maps:
        small, small_shifted = (prepare_maps(m, settings)[name] for m in (maps, shifted))
        assert np.roll(small, (5, 3), (0, 1)) == pytest.approx(small_shifted, abs=1e-5)


def test_colour_is_averaged_in_linear_light():
    checker = np.indices((16, 16)).sum(0)[..., None].repeat(3, 2) % 2
    small = prepare_maps({"albedo": checker.astype(float)}, ExportSettings(2))["albedo"]
    assert small == pytest.approx(float(linear_to_srgb(np.array(0.5))), abs=0.01)
    assert srgb_to_linear(small).mean() == pytest.approx(0.5, abs=0.01)


def test_resampled_normals_stay_unit_vectors(maps):
    normal = prepare_maps(maps, ExportSettings(8))["normal_gl"] * 2 - 1
    assert np.linalg.norm(normal, axis=2) == pytest.approx(1, abs=1e-5)


def test_normals_of_either_convention_are_resampled(maps):
    both = {**maps, "normal_dx": maps["normal_gl"] * (1, -1, 1) + (0, 1, 0)}
    ready = prepare_maps(both, ExportSettings(8))
    assert ready["normal_dx"][..., 1] == pytest.approx(1 - ready["normal_gl"][..., 1], abs=1e-4)


def test_normals_are_made_from_height():
    height = np.tile(np.sin(np.arange(16) / 16 * 2 * np.pi) / 2 + 0.5, (16, 1)).T
    normal = prepare_maps({"albedo": np.zeros((16, 16, 3)), "height": height}, ExportSettings())
    green = normal["normal_gl"][..., 1]
    assert green[0, 0] > 0.5  # the surface falls to the north: it faces up
    assert green[8, 0] < 0.5


@pytest.mark.parametrize(
    ("given", "safe"),
    [
        ("Old brick, wall #3", "Old_brick_wall_3"),
        ("../../etc/passwd", "etc_passwd"),
        ("3 stones", "M_3_stones"),
        ("CON", "M_CON"),
        ("Käse", "Kase"),
        ("x" * 80, "x" * 48),
    ],
)
def test_names_are_made_safe(given, safe):
    assert safe_name(given) == safe


def test_names_in_other_scripts_stay_different():
    assert safe_name("磚") != safe_name("石")
    assert safe_name("磚").startswith("Material_")


def test_bad_requests_name_the_remedy(maps, tmp_path):
    with pytest.raises(ValueError, match="use one of generic"):
        export_material(maps, "Brick", "quake", tmp_path)
    with pytest.raises(ValueError, match="albedo"):
        export_material({"height": maps["height"]}, "Brick", "godot", tmp_path)
    with pytest.raises(ValueError, match="power of two"):
        ExportSettings(size=300)
    with pytest.raises(ValueError, match="tiling"):
        ExportSettings(tiling=0)
    assert not list(tmp_path.iterdir())
