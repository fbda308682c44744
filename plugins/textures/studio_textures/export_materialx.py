"""MaterialX 1.38: a `standard_surface` fed by `tiledimage` nodes.

Node and input names after the MaterialX specification and the Autodesk standard surface library;
colour is tagged `srgb_texture`, data is untagged and so read as it is.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from studio_textures.export_maps import ExportSettings, Maps


@dataclass(frozen=True)
class Image:
    """A texture as MaterialX sees it: value type, and the surface input it feeds, if any."""

    type: str
    input: str | None
    colorspace: str | None = None


IMAGES: Final[Mapping[str, Image]] = {
    "base_color": Image("color3", "base_color", "srgb_texture"),
    "normal": Image("vector3", "normal"),
    "roughness": Image("float", "specular_roughness"),
    "metallic": Image("float", "metalness"),
    "height": Image("float", None),
}


def companions(
    name: str, textures: Mapping[str, str], maps: Maps, settings: ExportSettings
) -> dict[str, bytes]:
    """`name.mtlx`."""
    height, width = maps["albedo"].shape[:2]
    tiling = f"{settings.tiling:g}, {settings.tiling * width / height:g}"
    root = ET.Element("materialx", version="1.38", colorspace="lin_rec709")
    graph = ET.SubElement(root, "nodegraph", name=f"NG_{name}")
    used = {role: file_name for role, file_name in textures.items() if role in IMAGES}
    for role, file_name in used.items():
        _add_image(graph, role, file_name, tiling)
    for role in used:
        source = "normal_map" if role == "normal" else role
        kind = IMAGES[role].type
        ET.SubElement(graph, "output", name=f"{role}_out", type=kind, nodename=source)
    _add_surface(root, name, used)
    if "height" in used:
        _add_displacement(root, name, settings.relief)
    _add_material(root, name, displaced="height" in used)
    ET.indent(root)
    return {f"{name}.mtlx": b'<?xml version="1.0"?>\n' + ET.tostring(root) + b"\n"}


def _add_image(graph: ET.Element, role: str, file_name: str, tiling: str) -> None:
    """A `tiledimage`, followed by a `normalmap` node for normals."""
    image = IMAGES[role]
    node = ET.SubElement(graph, "tiledimage", name=role, type=image.type)
    file = ET.SubElement(node, "input", name="file", type="filename", value=file_name)
    if image.colorspace:
        file.set("colorspace", image.colorspace)
    ET.SubElement(node, "input", name="uvtiling", type="vector2", value=tiling)
    if role == "normal":
        normal_map = ET.SubElement(graph, "normalmap", name="normal_map", type="vector3")
        ET.SubElement(normal_map, "input", name="in", type="vector3", nodename=role)


def _add_surface(root: ET.Element, name: str, textures: Mapping[str, str]) -> None:
    """The surface shader; what has no texture keeps our own default instead of the library's."""
    surface = ET.SubElement(root, "standard_surface", name=f"SR_{name}", type="surfaceshader")
    ET.SubElement(surface, "input", name="base", type="float", value="1.0")
    for role, image in IMAGES.items():
        if image.input and role in textures:
            node = ET.SubElement(surface, "input", name=image.input, type=image.type)
            node.set("nodegraph", f"NG_{name}")
            node.set("output", f"{role}_out")
    if "roughness" not in textures:
        ET.SubElement(surface, "input", name="specular_roughness", type="float", value="0.5")


def _add_displacement(root: ET.Element, name: str, relief: float) -> None:
    """Displacement along the normal, `relief` scene units for height 1."""
    shader = ET.SubElement(root, "displacement", name=f"DR_{name}", type="displacementshader")
    height = ET.SubElement(shader, "input", name="displacement", type="float")
    height.set("nodegraph", f"NG_{name}")
    height.set("output", "height_out")
    ET.SubElement(shader, "input", name="scale", type="float", value=f"{relief:g}")


def _add_material(root: ET.Element, name: str, *, displaced: bool) -> None:
    """The material that binds the shaders."""
    material = ET.SubElement(root, "surfacematerial", name=name, type="material")
    for kind, prefix in (("surfaceshader", "SR"), ("displacementshader", "DR")):
        if kind == "surfaceshader" or displaced:
            ET.SubElement(material, "input", name=kind, type=kind, nodename=f"{prefix}_{name}")
