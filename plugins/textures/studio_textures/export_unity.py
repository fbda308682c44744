"""Unity: materials and import settings as the YAML the editor itself writes.

GUIDs are hashes of what a file is, so a second export updates the first instead of doubling it.
The shader GUIDs are those of the `.shader.meta` files in Unity's render pipeline packages; names
of properties and keywords are those of URP's and HDRP's Lit shaders. Nothing here has been opened
in the editor: Unity fills in whatever a file leaves out when it imports it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from studio_textures.export_maps import ExportSettings, Maps
from studio_textures.export_presets import ENGINES

MATERIAL_ID: Final = 2100000
"""Local file id of the one material in a `.mat`."""


@dataclass(frozen=True)
class Pipeline:
    """A render pipeline's Lit shader."""

    engine: str
    shader: str
    """GUID of the shader asset."""
    textures: Mapping[str, tuple[str, ...]]
    """Role to the shader's texture properties, the first one being its own name."""
    keywords: Mapping[str, tuple[str, ...]]
    """Role to the keywords its texture switches on."""
    floats: Mapping[str, float]


URP: Final = Pipeline(
    "unity_urp",
    "933532a4fcc9baf4fa0491de14d08ed7",
    {
        "base_color": ("_BaseMap", "_MainTex"),
        "normal": ("_BumpMap",),
        "mask": ("_MetallicGlossMap",),
        "ao": ("_OcclusionMap",),
        "height": ("_ParallaxMap",),
    },
    {
        "normal": ("_NORMALMAP",),
        "mask": ("_METALLICSPECGLOSSMAP",),
        "ao": ("_OCCLUSIONMAP",),
        "height": ("_PARALLAXMAP",),
    },
    {
        "_BumpScale": 1,
        "_Metallic": 1,
        "_OcclusionStrength": 1,
        "_Smoothness": 1,
        "_SmoothnessTextureChannel": 0,
        "_Surface": 0,
        "_WorkflowMode": 1,
    },
)
HDRP: Final = Pipeline(
    "unity_hdrp",
    "6e4ae4064600d784cac1e41a9e6f2e59",
    {
        "base_color": ("_BaseColorMap", "_MainTex"),
        "normal": ("_NormalMap",),
        "mask": ("_MaskMap",),
        "height": ("_HeightMap",),
    },
    {
        "normal": ("_NORMALMAP", "_NORMALMAP_TANGENT_SPACE"),
        "mask": ("_MASKMAP",),
        "height": ("_HEIGHTMAP",),
    },
    {
        "_AORemapMax": 1,
        "_AORemapMin": 0,
        "_DisplacementMode": 0,
        "_MaterialID": 1,
        "_Metallic": 1,
        "_MetallicRemapMax": 1,
        "_MetallicRemapMin": 0,
        "_NormalMapSpace": 0,
        "_NormalScale": 1,
        "_Smoothness": 1,
        "_SmoothnessRemapMax": 1,
        "_SmoothnessRemapMin": 0,
        "_SurfaceType": 0,
    },
)


def urp_companions(
    name: str, textures: Mapping[str, str], maps: Maps, settings: ExportSettings
) -> dict[str, bytes]:
    """`name.mat` for URP Lit and a `.meta` beside every file."""
    # _Parallax is a share of the tile too; the shader's own slider ends at these values.
    depth = min(max(settings.relief, 0.005), 0.08)
    return _companions(URP, name, textures, maps, settings.tiling, {"_Parallax": depth})


def hdrp_companions(
    name: str, textures: Mapping[str, str], maps: Maps, settings: ExportSettings
) -> dict[str, bytes]:
    """`name.mat` for HDRP Lit and a `.meta` beside every file."""
    # Amplitude is in metres for a tile one metre wide.
    amplitude = {"_HeightAmplitude": settings.relief, "_HeightCenter": 0.5}
    return _companions(HDRP, name, textures, maps, settings.tiling, amplitude)


def asset_guid(engine: str, file_name: str) -> str:
    """32 hexadecimal digits that depend on the engine and the file's name only."""
    return hashlib.md5(f"studio:{engine}:{file_name}".encode(), usedforsecurity=False).hexdigest()


def _companions(
    pipeline: Pipeline,
    name: str,
    textures: Mapping[str, str],
    maps: Maps,
    tiling: int,
    depth: Mapping[str, float],
) -> dict[str, bytes]:
    """The material, its meta file, and one for each texture."""
    height, width = maps["albedo"].shape[:2]
    material = f"{name}.mat"
    files = {
        material: _material(pipeline, name, textures, (tiling, tiling * width / height), depth),
        f"{material}.meta": _material_meta(asset_guid(pipeline.engine, material)),
    }
    srgb = {slot.role: slot.srgb for slot in ENGINES[pipeline.engine].slots}
    for role, file_name in textures.items():
        guid = asset_guid(pipeline.engine, file_name)
        files[f"{file_name}.meta"] = _texture_meta(
            guid, role, srgb=srgb[role], size=max(width, height)
        )
    return {file_name: text.encode() for file_name, text in files.items()}


def _material(
    pipeline: Pipeline,
    name: str,
    textures: Mapping[str, str],
    tiling: tuple[float, float],
    depth: Mapping[str, float],
) -> str:
    """A serialised Material: shader, keywords, textures with tiling, floats, colours."""
    keywords = sorted(k for role in textures for k in pipeline.keywords.get(role, ()))
    entries = {
        prop: asset_guid(pipeline.engine, file_name)
        for role, file_name in textures.items()
        for prop in pipeline.textures[role]
    }
    floats = {**pipeline.floats, **(depth if "height" in textures else {})}
    lines = [
        "%YAML 1.1",
        "%TAG !u! tag:unity3d.com,2011:",
        f"--- !u!21 &{MATERIAL_ID}",
        "Material:",
        "  serializedVersion: 8",
        "  m_ObjectHideFlags: 0",
        f"  m_Name: {name}",
        f"  m_Shader: {{fileID: 4800000, guid: {pipeline.shader}, type: 3}}",
        "  m_ValidKeywords:" + ("" if keywords else " []"),
        *(f"  - {keyword}" for keyword in keywords),
        "  m_InvalidKeywords: []",
        "  m_CustomRenderQueue: -1",
        "  m_SavedProperties:",
        "    serializedVersion: 3",
        "    m_TexEnvs:",
    ]
    for prop, guid in sorted(entries.items()):
        lines += [
            f"    - {prop}:",
            f"        m_Texture: {{fileID: 2800000, guid: {guid}, type: 3}}",
            f"        m_Scale: {{x: {tiling[0]:g}, y: {tiling[1]:g}}}",
            "        m_Offset: {x: 0, y: 0}",
        ]
    lines += ["    m_Ints: []", "    m_Floats:"]
    lines += [f"    - {key}: {value:g}" for key, value in sorted(floats.items())]
    lines += ["    m_Colors:", "    - _BaseColor: {r: 1, g: 1, b: 1, a: 1}"]
    return "\n".join(lines) + "\n"


def _material_meta(guid: str) -> str:
    """Meta file of a native asset."""
    lines = [
        "fileFormatVersion: 2",
        f"guid: {guid}",
        "NativeFormatImporter:",
        "  externalObjects: {}",
        f"  mainObjectFileID: {MATERIAL_ID}",
        "  userData: ",
        "  assetBundleName: ",
        "  assetBundleVariant: ",
    ]
    return "\n".join(lines) + "\n"


def _texture_meta(guid: str, role: str, *, srgb: bool, size: int) -> str:
    """Importer settings: repeat, trilinear, mipmaps; sRGB for colour only; normals as normals."""
    is_height = role == "height"
    lines = [
        "fileFormatVersion: 2",
        f"guid: {guid}",
        "TextureImporter:",
        "  serializedVersion: 12",
        "  mipmaps:",
        "    enableMipMap: 1",
        f"    sRGBTexture: {int(srgb)}",
        "    linearTexture: 0",
        "  bumpmap:",
        "    convertToNormalMap: 0",
        "  isReadable: 0",
        f"  maxTextureSize: {max(32, size)}",
        "  textureSettings:",
        "    serializedVersion: 2",
        "    filterMode: 2",
        "    aniso: 8",
        "    wrapU: 0",
        "    wrapV: 0",
        "    wrapW: 0",
        "  nPOTScale: 1",
        "  alphaUsage: 1",
        "  alphaIsTransparency: 0",
        f"  textureType: {int(role == 'normal')}",
        "  textureShape: 1",
        "  singleChannelComponent: 1",
        "  platformSettings:",
        "  - serializedVersion: 3",
        "    buildTarget: DefaultTexturePlatform",
        f"    maxTextureSize: {max(32, size)}",
        "    textureFormat: -1",
        # Uncompressed height: block compression would show as terraces.
        f"    textureCompression: {0 if is_height else 1}",
        "    overridden: 0",
        "  userData: ",
        "  assetBundleName: ",
        "  assetBundleVariant: ",
    ]
    return "\n".join(lines) + "\n"
