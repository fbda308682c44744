"""What each engine wants of a material, as a table: file names, channels, colour spaces.

The channel orders are the engines' documented ones: ORM (R occlusion, G roughness, B metallic)
is glTF 2.0's and Unreal's habit and what Godot's `ORMMaterial3D` reads; Unity URP Lit reads
metallic from R and smoothness from A; Unity HDRP Lit reads its mask map as metallic, occlusion,
detail mask, smoothness. The `generic` names are ambientCG's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

SOURCES: Final = (
    "albedo",
    "normal_gl",
    "normal_dx",
    "height",
    "roughness",
    "smoothness",
    "metallic",
    "ao",
    "zero",
    "one",
)
"""Words a `TextureSlot` may use: the maps, and what follows from them."""


@dataclass(frozen=True)
class TextureSlot:
    """One texture file of an engine's material."""

    role: str
    """What the engine's material file calls it by: base_color, normal, orm, mask, height, ..."""
    suffix: str
    """Follows the material's name in the file name."""
    channels: tuple[str, ...]
    """One of `SOURCES` a channel; a single colour or normal source fills R, G and B."""
    needs: tuple[str, ...] = ()
    """Written only if the material has one of these maps; empty = always."""
    srgb: bool = False
    """Whether the values are sRGB colour; everything else is data."""
    bits: Literal[8, 16] = 8
    """Bits a channel."""


@dataclass(frozen=True)
class EnginePreset:
    """An engine's conventions, enough to write its files and its documentation."""

    id: str
    title: str
    normal: Literal["gl", "dx", "both"]
    """Direction of green in normal maps: gl = Y up, dx = Y down."""
    slots: tuple[TextureSlot, ...]
    extras: tuple[str, ...] = ()
    """Other files written, `{name}` standing for the material."""
    prefix: str = ""
    """Before the material's name in texture file names."""
    note: str = ""
    """What a user should know, and what has not been tried in the engine itself."""

    def file_name(self, name: str, slot: TextureSlot) -> str:
        """The texture's file name for a sanitised material name."""
        return f"{self.prefix}{name}{slot.suffix}.png"


BASE: Final = TextureSlot("base_color", "_BaseColor", ("albedo",), srgb=True)
NORMAL: Final = TextureSlot("normal", "_Normal", ("normal_gl",), ("normal_gl", "height"))
ORM: Final = TextureSlot("orm", "_ORM", ("ao", "roughness", "metallic"))
HEIGHT: Final = TextureSlot("height", "_Height", ("height",), ("height",), bits=16)

PRESETS: Final = (
    EnginePreset(
        "generic",
        "Separate maps (ambientCG names)",
        "both",
        (
            TextureSlot("base_color", "_Color", ("albedo",), srgb=True),
            TextureSlot("normal", "_NormalGL", ("normal_gl",), ("normal_gl", "height")),
            TextureSlot("normal_dx", "_NormalDX", ("normal_dx",), ("normal_gl", "height")),
            TextureSlot("roughness", "_Roughness", ("roughness",), ("roughness",)),
            TextureSlot("metallic", "_Metalness", ("metallic",), ("metallic",)),
            TextureSlot("height", "_Displacement", ("height",), ("height",), bits=16),
            TextureSlot("ao", "_AmbientOcclusion", ("ao",), ("ao",)),
        ),
        note="One file a map, both normal directions; for Blender and everything else.",
    ),
    EnginePreset(
        "gltf",
        "glTF 2.0 binary",
        "gl",
        (BASE, NORMAL, ORM),
        ("{name}.glb",),
        note="One file: a sphere and a plane with tangents, textures embedded. Height is not part "
        "of glTF.",
    ),
    EnginePreset(
        "godot",
        "Godot 4",
        "gl",
        (BASE, NORMAL, ORM, HEIGHT),
        ("{name}.tres", "*.png.import"),
        note="Copy the folder anywhere below res://; paths are relative. Godot reads 16-bit PNG as "
        "8-bit. Written from Godot 4's documentation, not opened in the editor here.",
    ),
    EnginePreset(
        "unity_urp",
        "Unity, Universal Render Pipeline",
        "gl",
        (
            TextureSlot("base_color", "_BaseMap", ("albedo",), srgb=True),
            TextureSlot("normal", "_BumpMap", ("normal_gl",), ("normal_gl", "height")),
            TextureSlot("mask", "_MetallicGlossMap", ("metallic", "zero", "zero", "smoothness")),
            TextureSlot("ao", "_OcclusionMap", ("ao",), ("ao",)),
            TextureSlot("height", "_ParallaxMap", ("height",), ("height",), bits=16),
        ),
        ("{name}.mat", "*.meta"),
        note="Copy the folder below Assets. Uses the shader GUID of Universal Render Pipeline/Lit; "
        "written from the serialised format, not opened in the editor here.",
    ),
    EnginePreset(
        "unity_hdrp",
        "Unity, High Definition Render Pipeline",
        "gl",
        (
            TextureSlot("base_color", "_BaseColorMap", ("albedo",), srgb=True),
            TextureSlot("normal", "_NormalMap", ("normal_gl",), ("normal_gl", "height")),
            TextureSlot("mask", "_MaskMap", ("metallic", "ao", "one", "smoothness")),
            TextureSlot("height", "_HeightMap", ("height",), ("height",), bits=16),
        ),
        ("{name}.mat", "*.meta"),
        note="Copy the folder below Assets. Uses the shader GUID of HDRP/Lit; displacement is off "
        "until switched on in the material. Not opened in the editor here.",
    ),
    EnginePreset(
        "unreal",
        "Unreal Engine 5",
        "dx",
        (
            TextureSlot("base_color", "_BC", ("albedo",), srgb=True),
            TextureSlot("normal", "_N", ("normal_dx",), ("normal_gl", "height")),
            ORM,
            TextureSlot("height", "_H", ("height",), ("height",), bits=16),
        ),
        ("import_{name}.py",),
        prefix="T_",
        note="Run the script in the editor (Tools > Execute Python Script): it imports with the "
        "right flags and makes MI_{name}. Compiled, not run in the editor here.",
    ),
    EnginePreset(
        "materialx",
        "MaterialX 1.38",
        "gl",
        (
            BASE,
            NORMAL,
            TextureSlot("roughness", "_Roughness", ("roughness",), ("roughness",)),
            TextureSlot("metallic", "_Metalness", ("metallic",), ("metallic",)),
            TextureSlot("ao", "_AmbientOcclusion", ("ao",), ("ao",)),
            HEIGHT,
        ),
        ("{name}.mtlx",),
        note="standard_surface has no occlusion input: the AO file lies beside it, unconnected.",
    ),
)

ENGINES: Final[Mapping[str, EnginePreset]] = MappingProxyType({p.id: p for p in PRESETS})
