"""Unreal Engine 5: a script for the editor's Python that imports the textures and instances them.

Unreal has no text format for materials, so the export is PNGs plus `import_Name.py`. The script
uses the documented editor API (AssetImportTask, MaterialEditingLibrary); it is compiled in tests,
not run in the editor here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from studio_textures.export_maps import ExportSettings, Maps

FLAGS: Final = {
    "base_color": (True, "TC_DEFAULT", "BaseColor"),
    "normal": (False, "TC_NORMALMAP", "Normal"),
    "orm": (False, "TC_MASKS", "ORM"),
    "height": (False, "TC_GRAYSCALE", None),
}
"""Role to sRGB, compression setting and the parent material's parameter."""

SCRIPT: Final = '''\
"""Import {name} into Unreal: Tools > Execute Python Script. Safe to run again."""

import os

import unreal

FOLDER = "/Game/Studio/{name}"
PARENT_FOLDER, PARENT_NAME = "/Game/Studio", "M_StudioTiled{variant}"
TEXTURES = {textures}
TILING = ({tiling_u}, {tiling_v})

SOURCE = os.path.dirname(os.path.abspath(__file__))
tools = unreal.AssetToolsHelpers.get_asset_tools()
assets = unreal.EditorAssetLibrary
editing = unreal.MaterialEditingLibrary
SAMPLERS = {{
    "BaseColor": unreal.MaterialSamplerType.SAMPLERTYPE_COLOR,
    "Normal": unreal.MaterialSamplerType.SAMPLERTYPE_NORMAL,
    "ORM": unreal.MaterialSamplerType.SAMPLERTYPE_MASKS,
}}


def import_texture(file_name, srgb, compression):
    task = unreal.AssetImportTask()
    task.set_editor_property("filename", os.path.join(SOURCE, file_name))
    task.set_editor_property("destination_path", FOLDER)
    task.set_editor_property("automated", True)
    task.set_editor_property("replace_existing", True)
    task.set_editor_property("save", False)
    tools.import_asset_tasks([task])
    texture = unreal.load_asset(FOLDER + "/" + os.path.splitext(file_name)[0])
    if texture is None:
        raise RuntimeError("could not import " + file_name)
    texture.set_editor_property("srgb", srgb)
    setting = getattr(unreal.TextureCompressionSettings, compression)
    texture.set_editor_property("compression_settings", setting)
    assets.save_loaded_asset(texture)
    return texture


def scalar(material, name, value, x, y):
    node = editing.create_material_expression(
        material, unreal.MaterialExpressionScalarParameter, x, y
    )
    node.set_editor_property("parameter_name", name)
    node.set_editor_property("default_value", value)
    return node


def make_parent(textures):
    material = tools.create_asset(
        PARENT_NAME, PARENT_FOLDER, unreal.Material, unreal.MaterialFactoryNew()
    )
    uv = editing.create_material_expression(
        material, unreal.MaterialExpressionTextureCoordinate, -1200, 0
    )
    both = editing.create_material_expression(
        material, unreal.MaterialExpressionAppendVector, -1000, 200
    )
    scaled = editing.create_material_expression(
        material, unreal.MaterialExpressionMultiply, -800, 0
    )
    for axis, pin, y in (("TilingU", "A", 150), ("TilingV", "B", 300)):
        node = scalar(material, axis, 1.0, -1200, y)
        editing.connect_material_expressions(node, "", both, pin)
    editing.connect_material_expressions(uv, "", scaled, "A")
    editing.connect_material_expressions(both, "", scaled, "B")
    outputs = {{
        "BaseColor": [("RGB", unreal.MaterialProperty.MP_BASE_COLOR)],
        "Normal": [("RGB", unreal.MaterialProperty.MP_NORMAL)],
        "ORM": [
            ("R", unreal.MaterialProperty.MP_AMBIENT_OCCLUSION),
            ("G", unreal.MaterialProperty.MP_ROUGHNESS),
            ("B", unreal.MaterialProperty.MP_METALLIC),
        ],
    }}
    for row, (parameter, texture) in enumerate(sorted(textures.items())):
        node = editing.create_material_expression(
            material, unreal.MaterialExpressionTextureSampleParameter2D, -500, row * 300
        )
        node.set_editor_property("parameter_name", parameter)
        node.set_editor_property("texture", texture)
        node.set_editor_property("sampler_type", SAMPLERS[parameter])
        editing.connect_material_expressions(scaled, "", node, "UVs")
        for pin, target in outputs[parameter]:
            editing.connect_material_property(node, pin, target)
    editing.recompile_material(material)
    assets.save_loaded_asset(material)
    return material


def main():
    textures = {{}}
    for file_name, srgb, compression, parameter in TEXTURES:
        texture = import_texture(file_name, srgb, compression)
        if parameter:
            textures[parameter] = texture
    parent_path = PARENT_FOLDER + "/" + PARENT_NAME
    if assets.does_asset_exist(parent_path):
        parent = unreal.load_asset(parent_path)
    else:
        parent = make_parent(textures)
    path = FOLDER + "/MI_{name}"
    if assets.does_asset_exist(path):
        instance = unreal.load_asset(path)
    else:
        instance = tools.create_asset(
            "MI_{name}",
            FOLDER,
            unreal.MaterialInstanceConstant,
            unreal.MaterialInstanceConstantFactoryNew(),
        )
    editing.set_material_instance_parent(instance, parent)
    for parameter, texture in textures.items():
        editing.set_material_instance_texture_parameter_value(instance, parameter, texture)
    for parameter, value in zip(("TilingU", "TilingV"), TILING):
        editing.set_material_instance_scalar_parameter_value(instance, parameter, value)
    editing.update_material_instance(instance)
    assets.save_loaded_asset(instance)
    unreal.log("imported " + path)


main()
'''


def companions(
    name: str, textures: Mapping[str, str], maps: Maps, settings: ExportSettings
) -> dict[str, bytes]:
    """`import_Name.py`."""
    height, width = maps["albedo"].shape[:2]
    table = [(file_name, *FLAGS[role]) for role, file_name in textures.items()]
    rows = "".join(f"    {row!r},\n" for row in table)
    script = SCRIPT.format(
        name=name,
        # A parent without the normal input is another material, so it needs another name.
        variant="" if "normal" in textures else "Flat",
        textures=f"[\n{rows}]",
        tiling_u=float(settings.tiling),
        tiling_v=float(settings.tiling * width / height),
    )
    return {f"import_{name}.py": script.encode()}
