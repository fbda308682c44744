"""Pictures that show pictures: contact sheets, atlases, tilings and material boards.

One dark neutral theme, so that colour in a sheet is always a material's own. Lengths are pixels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageChops, ImageDraw, ImageFont, ImageOps

from studio.codecs.shading import Maps, render_plane, render_sphere

GROUND: Final = (22, 23, 26)
PANEL: Final = (34, 35, 39)
EDGE: Final = (58, 60, 66)
TEXT: Final = (236, 236, 232)
QUIET: Final = (142, 145, 152)
CORNER: Final = 10
MAX_TILES: Final = 8
MAP_TITLES: Final = {
    "albedo": "Base colour",
    "normal_gl": "Normal",
    "roughness": "Roughness",
    "metallic": "Metallic",
    "height": "Height",
    "ao": "Occlusion",
}
"""Maps of a board in reading order."""


def contact_sheet(
    pictures: Sequence[Image.Image],
    labels: Sequence[str],
    columns: int = 4,
    cell: int = 256,
    title: str = "",
) -> Image.Image:
    """Pictures in a grid, row by row, each with its label beneath; a second label line is quiet.

    A picture is fitted whole into a `cell` x `cell` panel; transparency shows the panel.
    """
    if len(pictures) != len(labels):
        raise ValueError(f"{len(pictures)} pictures but {len(labels)} labels")
    columns = max(1, min(columns, len(pictures)))
    rows = -(-len(pictures) // columns)
    margin, gap, size = max(24, cell // 6), max(12, cell // 12), max(11, cell // 16)
    caption = round(size * (1.9 + 1.35 * max((label.count("\n") for label in labels), default=0)))
    header = round(size * 3.6) if title else 0
    width = 2 * margin + columns * cell + (columns - 1) * gap
    height = 2 * margin + header + rows * (cell + caption) + (rows - 1) * gap
    sheet = Image.new("RGB", (width, height), GROUND)
    if title:
        _write(sheet, (margin, margin), title, size * 2, TEXT, width - 2 * margin)
    for i, (picture, label) in enumerate(zip(pictures, labels, strict=True)):
        x = margin + i % columns * (cell + gap)
        y = margin + header + i // columns * (cell + caption + gap)
        _put(sheet, _fitted(picture, cell), (x, y))
        for line, text in enumerate(label.split("\n")):
            colour = QUIET if line else TEXT
            below = y + cell + size * 0.55 + line * size * 1.35
            _write(sheet, (x, round(below)), text, size, colour, cell)
    return sheet


def atlas(
    pictures: Mapping[str, Image.Image], padding: int = 4, *, power_of_two: bool = True
) -> tuple[Image.Image, dict[str, Any]]:
    """Pack pictures into one RGBA image; the second result is its TexturePacker "JSON hash".

    Edge pixels are repeated `padding` times around every picture, so that neither filtering nor
    the first mip levels bleed. Packing is by shelves, tallest first, and depends on sizes and
    names only.
    """
    if not pictures:
        raise ValueError("an atlas needs at least one picture")
    order = sorted(pictures, key=lambda n: (-pictures[n].height, -pictures[n].width, n))
    sizes = [(pictures[n].width + 2 * padding, pictures[n].height + 2 * padding) for n in order]
    width, height, corners = _pack(sizes, power_of_two=power_of_two)
    sheet = Image.new("RGBA", (width, height))
    frames: dict[str, Any] = {}
    for name, (x, y) in zip(order, corners, strict=True):
        picture = pictures[name]
        pixels = np.asarray(picture.convert("RGBA"))
        wide = np.pad(pixels, ((padding, padding), (padding, padding), (0, 0)), mode="edge")
        sheet.paste(Image.fromarray(wide), (x, y))
        size = {"w": picture.width, "h": picture.height}
        frames[name] = {
            "frame": {"x": x + padding, "y": y + padding, **size},
            "rotated": False,
            "trimmed": False,
            "spriteSourceSize": {"x": 0, "y": 0, **size},
            "sourceSize": size,
        }
    meta = {"size": {"w": width, "h": height}, "format": "RGBA8888", "scale": "1"}
    return sheet, {"frames": {name: frames[name] for name in sorted(frames)}, "meta": meta}


def tiled_preview(picture: Image.Image, n: int, limit: int = 2048) -> Image.Image:
    """A picture `n` x `n` times, reduced so that no side exceeds `limit`; seams stay as they are.

    The tile is reduced with wrap-around: a plain resize would blur or invent seams.
    """
    if not 1 <= n <= MAX_TILES:
        raise ValueError(f"n is {n}; tile 1 to {MAX_TILES} times")
    scale = min(1.0, limit / (n * max(picture.size)))
    size = (max(1, int(picture.width * scale)), max(1, int(picture.height * scale)))
    tile = picture if size == picture.size else _resize_wrapped(picture, size)
    sheet = Image.new(picture.mode, (size[0] * n, size[1] * n))
    for row in range(n):
        for column in range(n):
            sheet.paste(tile, (column * size[0], row * size[1]))
    return sheet


def rolled(picture: Image.Image) -> Image.Image:
    """The picture shifted by half both ways, which puts its seams in the middle."""
    return ImageChops.offset(picture, picture.width // 2, picture.height // 2)


def material_board(maps: Maps, title: str, width: int = 1600) -> Image.Image:
    """One picture that shows a material: lit sphere, lit tiled plane, and its maps with names."""
    margin, gap, size = round(width * 0.03), round(width * 0.015), max(10, round(width * 0.0125))
    main = (width - 2 * margin - gap) // 2
    shown = [name for name in MAP_TITLES if name in maps]
    thumb = (width - 2 * margin - gap * (len(shown) - 1)) // max(len(shown), 1)
    thumb_height = min(thumb, round(width * 0.155))
    top = margin + round(size * 5.0)
    strip = top + main + gap
    board = Image.new("RGB", (width, strip + thumb_height + round(size * 2.4) + margin), GROUND)
    _write(board, (margin, margin - size // 2), title, round(size * 2.4), TEXT, width - 2 * margin)
    tall, wide = maps["albedo"].shape[:2]
    facts = f"{wide} x {tall} px  ·  {len(shown)} maps"
    _write(board, (margin, margin + round(size * 2.5)), facts, size, QUIET, width - 2 * margin)
    _put(board, render_sphere(maps, main, backdrop=True), (margin, top))
    _put(board, render_plane(maps, main, 2.0 * (tall / wide) ** 0.5, 1), (margin + main + gap, top))
    for i, name in enumerate(shown):
        x = margin + i * (thumb + gap)
        cell = ImageOps.fit(_map_picture(name, maps[name]), (thumb, thumb_height))
        _put(board, cell, (x, strip))
        below = strip + thumb_height + round(size * 0.7)
        _write(board, (x, below), MAP_TITLES[name], size, TEXT, thumb)
        _write_right(board, (x + thumb, below), _map_fact(name, maps[name]), size)
    return board


def _map_picture(name: str, array: npt.NDArray[np.floating]) -> Image.Image:
    """A map as an RGB picture; height is stretched to its range, which is often a thin slice."""
    values = np.asarray(array, np.float32)
    if name == "height":
        low, high = float(values.min()), float(values.max())
        values = (values - low) / max(high - low, 1e-6)
    return Image.fromarray(np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)).convert("RGB")


def _map_fact(name: str, array: npt.NDArray[np.floating]) -> str:
    """The few words that tell more about a map than its picture."""
    if name == "albedo":
        return "sRGB"
    if name == "normal_gl":
        return "OpenGL"
    if name == "height":
        return f"{float(array.min()):.2f} to {float(array.max()):.2f}"
    return f"mean {float(array.mean()):.2f}"


def _pack(
    sizes: Sequence[tuple[int, int]], *, power_of_two: bool
) -> tuple[int, int, list[tuple[int, int]]]:
    """Width, height and corners of the shelf packing with the least area, then the squarest."""
    widest = max(w for w, _ in sizes)
    total = sum(w * h for w, h in sizes)
    widths = {_power_above(widest) << k for k in range(8)}
    if not power_of_two:
        widths = {max(widest, round((total * k / 16) ** 0.5)) for k in range(10, 40)}
    best: tuple[tuple[int, int], int, int, list[tuple[int, int]]] | None = None
    for width in sorted(widths):
        height, corners = _shelves(sizes, width)
        height = _power_above(height) if power_of_two else height
        key = (width * height, max(width, height))
        if best is None or key < best[0]:
            best = (key, width, height, corners)
    assert best is not None
    return best[1:]


def _shelves(sizes: Sequence[tuple[int, int]], width: int) -> tuple[int, list[tuple[int, int]]]:
    """Height used and corners when boxes, tallest first, fill rows of `width`."""
    x = y = shelf = 0
    corners = []
    for w, h in sizes:
        if x + w > width:
            x, y, shelf = 0, y + shelf, 0
        corners.append((x, y))
        x, shelf = x + w, max(shelf, h)
    return y + shelf, corners


def _power_above(value: int) -> int:
    """The smallest power of two that is at least `value`."""
    return 1 << max(0, value - 1).bit_length()


def _resize_wrapped(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Lanczos reduction of a picture that wraps around."""
    pad_x = min(picture.width, 4 * -(-picture.width // size[0]))
    pad_y = min(picture.height, 4 * -(-picture.height // size[1]))
    wide = Image.new(picture.mode, (picture.width + 2 * pad_x, picture.height + 2 * pad_y))
    for dx in (-1, 0, 1):
        for dy in (-1, 0, 1):
            wide.paste(picture, (pad_x + dx * picture.width, pad_y + dy * picture.height))
    box = (pad_x, pad_y, pad_x + picture.width, pad_y + picture.height)
    return wide.resize(size, Image.Resampling.LANCZOS, box)


def _fitted(picture: Image.Image, side: int) -> Image.Image:
    """A square panel with the whole picture in its middle."""
    panel = Image.new("RGB", (side, side), PANEL)
    small = ImageOps.contain(picture.convert("RGBA"), (side, side))
    panel.paste(small, ((side - small.width) // 2, (side - small.height) // 2), small)
    return panel


def _put(sheet: Image.Image, picture: Image.Image, corner: tuple[int, int]) -> None:
    """Paste a picture with rounded, hairlined corners."""
    radius = min(CORNER, min(picture.size) // 8)
    fine = 4  # Pillow's shapes are not antialiased: draw large, reduce
    large = (picture.width * fine, picture.height * fine)
    mask, line = Image.new("L", large), Image.new("L", large)
    outline = (0, 0, large[0] - 1, large[1] - 1)
    ImageDraw.Draw(mask).rounded_rectangle(outline, radius * fine, fill=255)
    ImageDraw.Draw(line).rounded_rectangle(outline, radius * fine, outline=110, width=fine)
    sheet.paste(picture.convert("RGB"), corner, mask.resize(picture.size, Image.Resampling.BOX))
    sheet.paste(EDGE, (*corner,), line.resize(picture.size, Image.Resampling.BOX))


def _write(
    sheet: Image.Image,
    corner: tuple[int, int],
    text: str,
    size: int,
    colour: tuple[int, int, int],
    width: int,
) -> None:
    """Draw one line from its top left, shortened with an ellipsis to `width`."""
    font = ImageFont.load_default(size)
    if font.getlength(text) > width:
        while text and font.getlength(text + "...") > width:
            text = text[:-1]
        text = text.rstrip() + "..."
    ImageDraw.Draw(sheet).text(corner, text, colour, font)


def _write_right(sheet: Image.Image, corner: tuple[int, int], text: str, size: int) -> None:
    """Draw one quiet line that ends at `corner`."""
    font = ImageFont.load_default(size)
    x = round(corner[0] - font.getlength(text))
    ImageDraw.Draw(sheet).text((x, corner[1]), text, QUIET, font)
