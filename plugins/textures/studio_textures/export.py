"""Write a material as files an engine opens directly."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeAlias

from studio_textures import (
    export_gltf,
    export_godot,
    export_materialx,
    export_unity,
    export_unreal,
)
from studio_textures.export_maps import (
    ExportSettings,
    Maps,
    packed,
    png_bytes,
    prepare_maps,
    safe_name,
    slots_of,
)
from studio_textures.export_presets import ENGINES, EnginePreset

Writer: TypeAlias = Callable[[str, Mapping[str, str], Maps, ExportSettings], Mapping[str, bytes]]
"""(name, role -> texture file name, prepared maps, settings) -> other file name -> bytes."""

WRITERS: Final[Mapping[str, Writer]] = MappingProxyType(
    {
        "gltf": export_gltf.companions,
        "godot": export_godot.companions,
        "unity_urp": export_unity.urp_companions,
        "unity_hdrp": export_unity.hdrp_companions,
        "unreal": export_unreal.companions,
        "materialx": export_materialx.companions,
    }
)
EMBEDDED: Final = frozenset({"gltf"})
"""Engines whose one file holds the textures."""
ZIP_TIME: Final = (1980, 1, 1, 0, 0, 0)
"""The earliest time a zip can hold; a real one would change the bytes of every run."""


def export_material(
    maps: Maps, name: str, engine: str, folder: Path, settings: ExportSettings | None = None
) -> list[Path]:
    """Write a material for one engine into `folder` (made if missing); return the files, sorted.

    Args:
        maps: Map name to array: `albedo` (H, W, 3) sRGB 0..1 and any of `normal_gl` (H, W, 3)
            encoded 0..1, `height`, `roughness`, `metallic`, `ao` (H, W) 0..1.
        name: The material's name; made safe for file systems and engines.
        engine: A key of `export_presets.ENGINES`.
        folder: Where the files go. Equal input gives equal bytes in any folder.
        settings: Size, tiling and relief.
    """
    preset = find_preset(engine)
    settings = settings or ExportSettings()
    stem = safe_name(name)
    ready = prepare_maps(maps, settings)
    slots = slots_of(preset, ready)
    files: dict[str, bytes] = {}
    if engine not in EMBEDDED:
        files = {preset.file_name(stem, s): png_bytes(packed(s, ready)) for s in slots}
    if engine in WRITERS:
        textures = {s.role: preset.file_name(stem, s) for s in slots}
        files |= WRITERS[engine](stem, textures, ready, settings)
    folder.mkdir(parents=True, exist_ok=True)
    for file_name, content in files.items():
        (folder / file_name).write_bytes(content)
    return sorted(folder / file_name for file_name in files)


def find_preset(engine: str) -> EnginePreset:
    """The preset of an engine, or an error that lists the engines there are."""
    if engine not in ENGINES:
        raise ValueError(f"engine {engine!r} is unknown; use one of {', '.join(ENGINES)}")
    return ENGINES[engine]


def zip_folder(folder: Path, path: Path) -> Path:
    """Pack every file below `folder` into one zip whose bytes depend on names and contents only."""
    entries = sorted(p for p in folder.rglob("*") if p.is_file() and p != path)
    with zipfile.ZipFile(path, "w") as archive:
        for entry in entries:
            info = zipfile.ZipInfo(entry.relative_to(folder).as_posix(), ZIP_TIME)
            info.external_attr = 0o644 << 16
            info.create_system = 3  # unix, whatever the system that packs
            archive.writestr(info, entry.read_bytes(), zipfile.ZIP_DEFLATED, 6)
    return path
