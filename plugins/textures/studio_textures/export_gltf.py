"""glTF 2.0 binary: a sphere and a plane that wear the material, textures embedded.

Layout and alignment after the glTF 2.0 specification (Khronos, ISO/IEC 12113): four-byte aligned
chunks, position bounds, counter-clockwise faces, UV origin at the top left, tangents with the
handedness that makes green point up (OpenGL normals).
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from studio_textures.export_maps import ExportSettings, Maps, packed, png_bytes
from studio_textures.export_presets import ENGINES

FLOAT, USHORT = 5126, 5123
ARRAY_BUFFER, ELEMENT_ARRAY_BUFFER = 34962, 34963
REPEAT, LINEAR, LINEAR_MIPMAP_LINEAR = 10497, 9729, 9987
TYPES: Final = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4"}
RINGS, SEGMENTS = 32, 64


@dataclass(frozen=True)
class Mesh:
    """Vertices (N, 3 positions and normals, 4 tangents, 2 uv) float32; triangles (T, 3) uint16."""

    position: npt.NDArray[np.float32]
    normal: npt.NDArray[np.float32]
    tangent: npt.NDArray[np.float32]
    uv: npt.NDArray[np.float32]
    triangles: npt.NDArray[np.uint16]


@dataclass
class Buffer:
    """The binary chunk while it grows, with the views and accessors that describe it."""

    data: bytearray = field(default_factory=bytearray)
    views: list[dict[str, Any]] = field(default_factory=list)
    accessors: list[dict[str, Any]] = field(default_factory=list)

    def add_view(self, content: bytes, target: int | None = None) -> int:
        """Append bytes at a multiple of four; return the view's index."""
        self.data.extend(b"\0" * (-len(self.data) % 4))
        view = {"buffer": 0, "byteOffset": len(self.data), "byteLength": len(content)}
        self.views.append(view | ({"target": target} if target else {}))
        self.data.extend(content)
        return len(self.views) - 1

    def add_accessor(
        self, array: npt.NDArray[np.float32] | npt.NDArray[np.uint16], *, bounds: bool = False
    ) -> int:
        """Append an (N,) index array or an (N, 2 to 4) attribute; return the accessor's index."""
        is_index = array.ndim == 1
        content = array.astype("<u2" if is_index else "<f4").tobytes()
        accessor: dict[str, Any] = {
            "bufferView": self.add_view(
                content, ELEMENT_ARRAY_BUFFER if is_index else ARRAY_BUFFER
            ),
            "componentType": USHORT if is_index else FLOAT,
            "count": len(array),
            "type": TYPES[1 if is_index else array.shape[1]],
        }
        if bounds:
            accessor |= {"min": array.min(0).tolist(), "max": array.max(0).tolist()}
        self.accessors.append(accessor)
        return len(self.accessors) - 1


def companions(
    name: str, textures: Mapping[str, str], maps: Maps, settings: ExportSettings
) -> dict[str, bytes]:
    """The one file `name.glb`."""
    aspect = maps["albedo"].shape[1] / maps["albedo"].shape[0]
    buffer = Buffer()
    meshes = []
    for label, mesh in (
        ("Sphere", sphere(settings.tiling, aspect)),
        ("Plane", plane(settings.tiling, aspect)),
    ):
        meshes.append({"name": f"{name}_{label}", "primitives": [_primitive(buffer, mesh)]})
    images = [
        {
            "name": f"{name}{slot.suffix}",
            "mimeType": "image/png",
            "bufferView": buffer.add_view(png_bytes(packed(slot, maps))),
        }
        for slot in ENGINES["gltf"].slots
        if slot.role in textures
    ]
    document = {
        "asset": {"version": "2.0", "generator": "Studio"},
        "scene": 0,
        "scenes": [{"name": name, "nodes": [0, 1]}],
        "nodes": [
            {"name": "Sphere", "mesh": 0, "translation": [-1.2, 0.0, 0.0]},
            {"name": "Plane", "mesh": 1, "translation": [1.2, 0.0, 0.0]},
        ],
        "meshes": meshes,
        "materials": [_material(name, list(textures))],
        "textures": [{"sampler": 0, "source": i} for i in range(len(images))],
        "samplers": [
            {
                "magFilter": LINEAR,
                "minFilter": LINEAR_MIPMAP_LINEAR,
                "wrapS": REPEAT,
                "wrapT": REPEAT,
            }
        ],
        "images": images,
        "accessors": buffer.accessors,
        "bufferViews": buffer.views,
        "buffers": [{"byteLength": len(buffer.data) + -len(buffer.data) % 4}],
    }
    return {f"{name}.glb": _glb(document, bytes(buffer.data))}


def sphere(tiling: int, aspect: float) -> Mesh:
    """A unit sphere with the tile `tiling` times around, its seam and poles split."""
    ring, segment = np.mgrid[0 : RINGS + 1, 0 : SEGMENTS + 1].reshape(2, -1)
    longitude = (segment / SEGMENTS - 0.5) * 2 * np.pi
    latitude = (0.5 - ring / RINGS) * np.pi
    normal = np.stack(
        (
            np.cos(latitude) * np.sin(longitude),
            np.sin(latitude),
            np.cos(latitude) * np.cos(longitude),
        ),
        1,
    ).astype(np.float32)
    zero, one = np.zeros_like(longitude), np.ones_like(longitude)
    tangent = np.stack((np.cos(longitude), zero, -np.sin(longitude), one), 1)
    uv = np.stack((segment / SEGMENTS * tiling, ring / RINGS * tiling * aspect / 2), 1)
    corner = np.arange((RINGS + 1) * (SEGMENTS + 1)).reshape(RINGS + 1, SEGMENTS + 1)
    top, base = corner[:-1], corner[1:]
    # A pole's quads are triangles: leave their empty half out.
    upper = np.stack((top[1:, :-1], base[1:, :-1], top[1:, 1:]), 2)
    lower = np.stack((top[:-1, 1:], base[:-1, :-1], base[:-1, 1:]), 2)
    faces = np.concatenate((upper.reshape(-1, 3), lower.reshape(-1, 3)))
    return Mesh(
        normal,
        normal,
        tangent.astype(np.float32),
        uv.astype(np.float32),
        faces.astype(np.uint16),
    )


def plane(tiling: int, aspect: float) -> Mesh:
    """A 2 x 2 plane that faces +Z, with `tiling` copies of the tile across."""
    corners = np.array([(-1, -1, 0), (1, -1, 0), (1, 1, 0), (-1, 1, 0)], np.float32)
    uv = np.stack((corners[:, 0] + 1, (1 - corners[:, 1]) * aspect), 1) * (tiling / 2)
    return Mesh(
        corners,
        np.tile(np.array([0, 0, 1], np.float32), (4, 1)),
        np.tile(np.array([1, 0, 0, 1], np.float32), (4, 1)),
        uv.astype(np.float32),
        np.array([(0, 1, 2), (0, 2, 3)], np.uint16),
    )


def _primitive(buffer: Buffer, mesh: Mesh) -> dict[str, Any]:
    """Store a mesh; return its glTF primitive with material 0."""
    return {
        "attributes": {
            "POSITION": buffer.add_accessor(mesh.position, bounds=True),
            "NORMAL": buffer.add_accessor(mesh.normal),
            "TANGENT": buffer.add_accessor(mesh.tangent),
            "TEXCOORD_0": buffer.add_accessor(mesh.uv),
        },
        "indices": buffer.add_accessor(mesh.triangles.ravel()),
        "material": 0,
    }


def _material(name: str, roles: list[str]) -> dict[str, Any]:
    """Metallic-roughness material; occlusion shares the ORM texture, as the format intends."""
    orm = {"index": roles.index("orm")}
    material: dict[str, Any] = {
        "name": name,
        "pbrMetallicRoughness": {
            "baseColorTexture": {"index": roles.index("base_color")},
            "metallicRoughnessTexture": orm,
            "metallicFactor": 1.0,
            "roughnessFactor": 1.0,
        },
        "occlusionTexture": orm,
    }
    if "normal" in roles:
        material["normalTexture"] = {"index": roles.index("normal"), "scale": 1.0}
    return material


def _glb(document: dict[str, Any], binary: bytes) -> bytes:
    """Header, JSON chunk padded with spaces, binary chunk padded with zeros."""
    text = json.dumps(document, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    binary += b"\0" * (-len(binary) % 4)
    size = 12 + 8 + len(text) + 8 + len(binary)
    return b"".join(
        (
            struct.pack("<4sII", b"glTF", 2, size),
            struct.pack("<I4s", len(text), b"JSON"),
            text,
            struct.pack("<I4s", len(binary), b"BIN\0"),
            binary,
        )
    )
