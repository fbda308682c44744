"""Map arrays to texture files: power-of-two sizes, channel packing, PNG bytes, safe names."""

from __future__ import annotations

import hashlib
import io
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image

from studio.codecs.lighting import linear_to_srgb, srgb_to_linear
from studio.codecs.shading import DEFAULT_RELIEF
from studio_textures.export_presets import EnginePreset, TextureSlot

Floats: TypeAlias = npt.NDArray[np.floating[Any]]
Maps: TypeAlias = Mapping[str, Floats]

DEFAULTS: Final = {"roughness": 0.5, "metallic": 0.0, "ao": 1.0, "zero": 0.0, "one": 1.0}
"""Data values 0..1 for maps a material lacks."""
RESERVED: Final = frozenset(
    {"con", "prn", "aux", "nul"} | {f"{port}{i}" for port in ("com", "lpt") for i in range(1, 10)}
)
"""Names Windows refuses whatever their extension."""
LONGEST_NAME: Final = 48


@dataclass(frozen=True)
class ExportSettings:
    """How to write a material, whichever the engine."""

    size: int | None = None
    """Longest side in pixels, a power of two; None = the power of two nearest to the source."""
    tiling: int = 2
    """Copies of the tile across the engine's material or the preview meshes."""
    relief: float = DEFAULT_RELIEF
    """Depth of height 0..1 in tile widths, for parallax and displacement."""

    def __post_init__(self) -> None:
        """Refuse what engines would refuse later and less clearly."""
        if self.size is not None and (self.size < 1 or self.size & (self.size - 1)):
            raise ValueError(f"size {self.size} is not a power of two; use 512, 1024, 2048, ...")
        if self.tiling < 1:
            raise ValueError(f"tiling {self.tiling} must be at least 1")


def safe_name(name: str) -> str:
    """An identifier every engine and file system takes: ASCII letters, digits, underscores."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    stem = re.sub(r"[^0-9A-Za-z]+", "_", plain).strip("_")[:LONGEST_NAME].strip("_")
    if not stem:
        # Nothing of the name survived (another script): keep different names different.
        return "Material_" + hashlib.sha256(name.encode()).hexdigest()[:8]
    if stem[0].isdigit() or stem.lower() in RESERVED:
        return "M_" + stem
    return stem


def prepare_maps(maps: Maps, settings: ExportSettings) -> dict[str, Floats]:
    """Maps as float32 at one power-of-two size; `normal_gl` is made from height if missing.

    `albedo` is (H, W, 3) sRGB 0..1, `normal_gl` (H, W, 3) encoded 0..1, the others (H, W) 0..1.
    """
    if "albedo" not in maps:
        raise ValueError("material has no 'albedo' map")
    width, height = _target_size(maps["albedo"].shape, settings.size)
    ready = {
        name: _resampled(name, np.asarray(array, np.float32), (width, height))
        for name, array in maps.items()
    }
    if "normal_gl" not in ready and "height" in ready:
        ready["normal_gl"] = normals_from_height(ready["height"], settings.relief)
    return ready


def normals_from_height(height: Floats, relief: float) -> Floats:
    """OpenGL normals (H, W, 3) encoded 0..1 of a wrapped height field, depth in tile widths."""
    scale = np.float32(relief * height.shape[1] / 2)
    east = (np.roll(height, -1, 1) - np.roll(height, 1, 1)) * scale
    north = (np.roll(height, 1, 0) - np.roll(height, -1, 0)) * scale
    normal = np.dstack((-east, -north, np.ones_like(east)))
    normal /= np.linalg.norm(normal, axis=2, keepdims=True)
    return np.asarray(normal * 0.5 + 0.5, np.float32)


def slots_of(preset: EnginePreset, maps: Maps) -> list[TextureSlot]:
    """The preset's textures that this material fills."""
    return [s for s in preset.slots if not s.needs or any(n in maps for n in s.needs)]


def packed(slot: TextureSlot, maps: Maps) -> npt.NDArray[np.uint8] | npt.NDArray[np.uint16]:
    """A slot's pixels, (H, W) or (H, W, 3 or 4), from prepared maps."""
    shape = maps["albedo"].shape[:2]
    planes = [_plane(source, maps, shape) for source in slot.channels]
    pixels = planes[0] if len(planes) == 1 else np.dstack(planes)
    scaled = np.rint(np.clip(pixels, 0, 1) * (65535 if slot.bits == 16 else 255))
    return scaled.astype(np.uint16) if slot.bits == 16 else scaled.astype(np.uint8)


def png_bytes(pixels: npt.NDArray[np.uint8] | npt.NDArray[np.uint16]) -> bytes:
    """A PNG without metadata: equal pixels give equal bytes."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()


def _plane(source: str, maps: Maps, shape: tuple[int, ...]) -> Floats:
    """Values 0..1 of one source word of `export_presets.SOURCES`."""
    if source == "smoothness":
        return 1 - _plane("roughness", maps, shape)
    if source == "normal_dx":
        return np.asarray(maps["normal_gl"] * (1, -1, 1) + (0, 1, 0), np.float32)
    if source in maps:
        return np.asarray(maps[source], np.float32)
    return np.full(shape, DEFAULTS[source], np.float32)


def _target_size(shape: tuple[int, ...], longest: int | None) -> tuple[int, int]:
    """(width, height), both powers of two, keeping the proportion as near as they allow."""
    height, width = shape[:2]
    scale = 1.0 if longest is None else longest / max(height, width)
    return _nearest_power(width * scale), _nearest_power(height * scale)


def _nearest_power(value: float) -> int:
    """The power of two nearest to `value` on a logarithmic scale."""
    return int(2 ** max(0, round(float(np.log2(max(value, 1.0))))))


def _resampled(name: str, array: Floats, size: tuple[int, int]) -> Floats:
    """Resize with wrap-around: colour in linear light, normals as unit vectors."""
    if array.shape[1::-1] == size:
        return array
    if name == "albedo":
        return linear_to_srgb(np.dstack([_resize(c, size) for c in _planes(srgb_to_linear(array))]))
    if name in ("normal_gl", "normal_dx"):
        normal = np.dstack([_resize(c, size) for c in _planes(array * 2 - 1)])
        normal /= np.maximum(np.linalg.norm(normal, axis=2, keepdims=True), 1e-6)
        return np.asarray(normal * 0.5 + 0.5, np.float32)
    if array.ndim == 3:
        return np.clip(np.dstack([_resize(c, size) for c in _planes(array)]), 0, 1)
    return np.clip(_resize(array, size), 0, 1)


def _planes(array: Floats) -> list[Floats]:
    """Channels of an (H, W, C) array as (H, W) arrays."""
    return [np.ascontiguousarray(array[..., c]) for c in range(array.shape[2])]


def _resize(plane: Floats, size: tuple[int, int]) -> Floats:
    """Antialiased bicubic resize of an (H, W) array that wraps around."""
    height, width = plane.shape
    # Four output pixels cover the widest support of Pillow's bicubic kernel on either side.
    pad_x = min(width, 4 * max(1, -(-width // size[0])))
    pad_y = min(height, 4 * max(1, -(-height // size[1])))
    wrapped = Image.fromarray(np.pad(plane, ((pad_y, pad_y), (pad_x, pad_x)), mode="wrap"))
    box = (pad_x, pad_y, pad_x + width, pad_y + height)
    return np.asarray(wrapped.resize(size, Image.Resampling.BICUBIC, box), np.float32)
