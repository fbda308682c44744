"""Godot 4: an `ORMMaterial3D` text resource, and import settings for its textures.

Property names are BaseMaterial3D's (Godot 4 class reference). The engine's ORM path reads
occlusion from red only with `ao_enabled`, roughness from green, metallic from blue.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from studio_textures.export_maps import ExportSettings, Maps

PROPERTIES: Final = {
    "base_color": ("albedo_texture", {}),
    "orm": ("orm_texture", {"ao_enabled": "true"}),
    "normal": ("normal_texture", {"normal_enabled": "true", "normal_scale": "1.0"}),
    "height": (
        "heightmap_texture",
        {"heightmap_enabled": "true", "heightmap_deep_parallax": "true"},
    ),
}
"""Texture role to its property and the switches that make it count."""
ANISOTROPIC: Final = 5
"""TEXTURE_FILTER_LINEAR_WITH_MIPMAPS_ANISOTROPIC."""
HEIGHT_UNITS: Final = 100.0
"""Parallax of one tile width: BaseMaterial3D's heightmap_scale is in hundredths."""


def companions(
    name: str, textures: Mapping[str, str], maps: Maps, settings: ExportSettings
) -> dict[str, bytes]:
    """`name.tres`, and a `.import` file beside each texture."""
    files = {f"{name}.tres": _material(name, textures, maps, settings).encode()}
    for role, file_name in textures.items():
        files[f"{file_name}.import"] = _import_settings(role).encode()
    return files


def _material(name: str, textures: Mapping[str, str], maps: Maps, settings: ExportSettings) -> str:
    """The resource: textures first, then the material's properties, both in a fixed order."""
    references = [
        f'[ext_resource type="Texture2D" path="{file_name}" id="{i}_{role}"]'
        for i, (role, file_name) in enumerate(textures.items(), 1)
    ]
    height, width = maps["albedo"].shape[:2]
    values = {
        "resource_name": f'"{name}"',
        "texture_filter": str(ANISOTROPIC),
        "uv1_scale": f"Vector3({settings.tiling}, {settings.tiling * width / height:g}, 1)",
    }
    for i, role in enumerate(textures, 1):
        property_name, switches = PROPERTIES[role]
        values |= switches
        values[property_name] = f'ExtResource("{i}_{role}")'
    if "height" in textures:
        values["heightmap_scale"] = f"{settings.relief * HEIGHT_UNITS:g}"
    lines = [
        f'[gd_resource type="ORMMaterial3D" load_steps={len(textures) + 1} format=3]',
        "",
        *references,
        "",
        "[resource]",
        *(f"{key} = {value}" for key, value in values.items()),
    ]
    return "\n".join(lines) + "\n"


def _import_settings(role: str) -> str:
    """Texture importer settings: compressed for the GPU with mipmaps, normals as normals.

    Godot completes the file (uid, paths) when it imports the picture and keeps these values.
    Height stays lossless: block compression would show as terraces.
    """
    lines = [
        "[remap]",
        "",
        'importer="texture"',
        'type="CompressedTexture2D"',
        "",
        "[params]",
        "",
        f"compress/mode={0 if role == 'height' else 2}",
        f"compress/normal_map={1 if role == 'normal' else 2}",
        "mipmaps/generate=true",
        "process/normal_map_invert_y=false",
        "detect_3d/compress_to=0",
    ]
    return "\n".join(lines) + "\n"
