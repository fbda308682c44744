"""A sheet of sprites, and what other programs need to cut it.

JSON as Aseprite writes it (hash form, with frame tags), a SpriteFrames resource for Godot 4, and
Unity's importer settings with a named slice for each cell.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from PIL import Image

SHEET: Final = "sheet.png"


@dataclass(frozen=True)
class Cells:
    """Where the cells of a sheet are.

    Attributes:
        side: of a cell, pixels.
        columns: of the sheet.
        count: of cells.
        frames: of each animation; cells come animation after animation.
        name: what the sprites are called.
        fps: frames a second.
    """

    side: int
    columns: int
    count: int
    frames: int
    name: str
    fps: int = 8

    @property
    def rows(self) -> int:
        """Of the sheet."""
        return -(-self.count // self.columns)

    def get_place(self, cell: int) -> tuple[int, int]:
        """Return x and y of a cell's upper left corner."""
        return cell % self.columns * self.side, cell // self.columns * self.side

    def get_name(self, cell: int) -> str:
        """Return a name such as "monster 3", or "monster 3 frame 1"."""
        if self.frames == 1:
            return f"{self.name} {cell}"
        return f"{self.name} {cell // self.frames} frame {cell % self.frames}"


def lay_cells(sprites: Sequence[Image.Image], cells: Cells) -> Image.Image:
    """Return the sheet."""
    size = (cells.columns * cells.side, cells.rows * cells.side)
    sheet = Image.new("RGBA", size)
    for cell, sprite in enumerate(sprites):
        sheet.paste(sprite, cells.get_place(cell))
    return sheet


def write_aseprite(cells: Cells) -> str:
    """Return JSON as Aseprite exports it."""
    side = cells.side
    whole = {"x": 0, "y": 0, "w": side, "h": side}
    frames: dict[str, Any] = {}
    for cell in range(cells.count):
        x, y = cells.get_place(cell)
        frames[cells.get_name(cell)] = {
            "frame": {"x": x, "y": y, "w": side, "h": side},
            "rotated": False,
            "trimmed": False,
            "spriteSourceSize": whole,
            "sourceSize": {"w": side, "h": side},
            "duration": round(1000 / cells.fps),
        }
    tags = [
        {
            "name": f"{cells.name} {first // cells.frames}",
            "from": first,
            "to": first + cells.frames - 1,
            "direction": "forward",
        }
        for first in range(0, cells.count, cells.frames)
    ]
    meta = {
        "app": "Studio",
        "version": "1.0",
        "image": SHEET,
        "format": "RGBA8888",
        "size": {"w": cells.columns * side, "h": cells.rows * side},
        "scale": "1",
        "frameTags": tags,
    }
    return json.dumps({"frames": frames, "meta": meta}, indent=1) + "\n"


def write_godot(cells: Cells) -> str:
    """Return a SpriteFrames resource of Godot 4; every animation is one of the sheet."""
    lines = [
        f'[gd_resource type="SpriteFrames" load_steps={cells.count + 2} format=3]',
        "",
        f'[ext_resource type="Texture2D" path="{SHEET}" id="1"]',
        "",
    ]
    for cell in range(cells.count):
        x, y = cells.get_place(cell)
        lines += [
            f'[sub_resource type="AtlasTexture" id="cell_{cell}"]',
            'atlas = ExtResource("1")',
            f"region = Rect2({x}, {y}, {cells.side}, {cells.side})",
            "",
        ]
    animations = []
    for first in range(0, cells.count, cells.frames):
        frames = ", ".join(
            f'{{"duration": 1.0, "texture": SubResource("cell_{cell}")}}'
            for cell in range(first, first + cells.frames)
        )
        name = f"{cells.name}_{first // cells.frames}"
        animations.append(
            f'{{"frames": [{frames}], "loop": true, "name": &"{name}", "speed": {cells.fps:.1f}}}'
        )
    return "\n".join([*lines, "[resource]", f"animations = [{', '.join(animations)}]", ""])


def write_unity(cells: Cells) -> str:
    """Return the settings of Unity's importer, for a file beside the sheet with `.meta`."""
    guid = hashlib.md5(
        f"{cells.name} {cells.side} {cells.count}".encode(), usedforsecurity=False
    ).hexdigest()
    lines = [
        "fileFormatVersion: 2",
        f"guid: {guid}",
        "TextureImporter:",
        "  serializedVersion: 12",
        "  mipmaps:",
        "    enableMipMap: 0",
        "    sRGBTexture: 1",
        "  isReadable: 0",
        "  textureSettings:",
        "    serializedVersion: 2",
        "    filterMode: 0",
        "    wrapU: 1",
        "    wrapV: 1",
        "  nPOTScale: 0",
        "  spriteMode: 2",
        f"  spritePixelsToUnits: {cells.side}",
        "  alphaUsage: 1",
        "  alphaIsTransparency: 1",
        "  textureType: 8",
        "  textureCompression: 0",
        "  spriteSheet:",
        "    serializedVersion: 2",
        "    sprites:",
    ]
    for cell in range(cells.count):
        x, y = cells.get_place(cell)
        bottom = (cells.rows * cells.side) - y - cells.side
        lines += [
            "    - serializedVersion: 2",
            f"      name: {cells.get_name(cell)}",
            "      rect:",
            "        serializedVersion: 2",
            f"        x: {x}",
            f"        y: {bottom}",
            f"        width: {cells.side}",
            f"        height: {cells.side}",
            "      alignment: 7",
            "      pivot: {x: 0.5, y: 0}",
            "      border: {x: 0, y: 0, z: 0, w: 0}",
        ]
    return "\n".join([*lines, "  userData: ", "  assetBundleName: ", ""])


def save_sheet(folder: Path, sheet: Image.Image, cells: Cells) -> list[Path]:
    """Write sheet and slices; returns the files."""
    sheet.save(folder / SHEET)
    texts = {
        "sheet.json": write_aseprite(cells),
        "sheet.tres": write_godot(cells),
        f"{SHEET}.meta": write_unity(cells),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / SHEET, *(folder / name for name in texts)]
