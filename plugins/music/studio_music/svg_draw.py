"""Pages of notation as PNG and PDF, drawn by matplotlib: no system library, the same everywhere."""

import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

import numpy as np
from PIL import Image, ImageChops

from studio_music.svg_shapes import Line, Look, Page, Shape, parse_path, read_page

SERIF: Final = "STIXGeneral"
"""A Times that comes with matplotlib."""
INK: Final = "black"
MUSIC_FONT: Final = "Leipzig"


def keep_caches(folder: Path) -> None:
    """Let matplotlib keep its list of fonts in `folder`, not in the home of whoever runs a job."""
    if "matplotlib" not in sys.modules:
        os.environ.setdefault("MPLCONFIGDIR", str(folder / "matplotlib"))


def draw_png(svg: str, width: int) -> Image.Image:
    """Draw a page `width` pixels wide, black on white."""
    page = read_page(ElementTree.fromstring(svg))
    figure = _build_figure(page)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=width / figure.get_figwidth(), facecolor="white")
    return Image.open(buffer).convert("RGB")


def crop_page(page: Image.Image) -> Image.Image:
    """Cut the empty paper under the music."""
    box = ImageChops.invert(page.convert("L")).getbbox()
    margin = page.width // 24
    return page.crop((0, 0, page.width, min(page.height, (box[3] if box else 0) + margin)))


def save_pdf(svgs: Sequence[str], path: Path, width: float) -> None:
    """Write pages `width` inches wide; the same pages give the same bytes."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_pdf import PdfPages

    with (
        rc_context({"pdf.fonttype": 42}),
        PdfPages(path, metadata={"Creator": "Studio", "CreationDate": None}) as pages,
    ):
        for svg in svgs:
            figure = _build_figure(read_page(ElementTree.fromstring(svg)), width)
            pages.savefig(figure)


def _build_figure(page: Page, width: float = 8.27) -> Any:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, width * page.height / page.width))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, page.width)
    axes.set_ylim(page.height, 0)
    axes.axis("off")
    point = width * 72 / page.width  # points of a page unit
    _draw_shapes(axes, page.shapes, point)
    for line in page.lines:
        _draw_line(axes, line, point)
    return figure


def _draw_shapes(axes: Any, shapes: list[Shape], point: float) -> None:
    """Draw glyphs as one path, strokes by their width, other shapes one by one."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path as Outline

    groups: dict[tuple[bool, float, bool, bool], list[Any]] = {}
    for shape in shapes:
        key = (shape.is_filled, round(shape.width, 2), shape.is_white, shape.is_glyph)
        groups.setdefault(key, []).append(Outline(shape.points, shape.codes))
    for (is_filled, width, is_white, is_glyph), outlines in groups.items():
        # Glyphs turn the same way round; other shapes would cut holes where they overlap.
        alone = is_filled and not is_glyph
        batches = outlines if alone else [Outline.make_compound_path(*outlines)]
        for outline in batches:
            axes.add_patch(
                PathPatch(
                    outline,
                    facecolor=("white" if is_white else INK) if is_filled else "none",
                    edgecolor=INK if width else "none",
                    linewidth=width * point,
                    capstyle="butt",
                    joinstyle="miter",
                )
            )


def _draw_line(axes: Any, line: Line, point: float) -> None:
    """Draw runs of text one after the other, music signs from the glyphs of verovio's font."""
    from matplotlib.patches import PathPatch
    from matplotlib.textpath import TextPath
    from matplotlib.transforms import Affine2D

    pieces: list[tuple[Any, float, Look, str]] = []
    total = 0.0
    for text, look in line.runs:
        if look.family == MUSIC_FONT:
            outline, advance = _get_glyphs(text, look.size)
        else:
            outline, advance = None, _measure(text, look)
        pieces.append((outline, total, look, text))
        total += advance
    start = line.x - {"start": 0.0, "middle": total / 2, "end": total}.get(line.anchor, 0.0)
    for outline, offset, look, text in pieces:
        if outline is not None:
            moved = Affine2D().translate(start + offset, line.y).transform_path(outline)
            axes.add_patch(PathPatch(moved, facecolor=INK, edgecolor="none"))
            continue
        outline = TextPath((0, 0), text, size=look.size, prop=_get_font(look))
        placed = Affine2D().scale(1, -1).translate(start + offset, line.y)
        axes.add_patch(PathPatch(placed.transform_path(outline), facecolor=INK, edgecolor="none"))
    del point


def _measure(text: str, look: Look) -> float:
    """Width of a text, spaces at its ends included."""
    from matplotlib.textpath import text_to_path

    font = _get_font(look)
    both = text_to_path.get_text_width_height_descent("|" + text + "|", font, False)[0]
    bars = text_to_path.get_text_width_height_descent("||", font, False)[0]
    return float(look.size * (both - bars) / font.get_size())


def _get_font(look: Look) -> Any:
    from matplotlib.font_manager import FontProperties

    return FontProperties(
        family=SERIF,
        weight="bold" if look.is_bold else "normal",
        style="italic" if look.is_italic else "normal",
    )


def _get_glyphs(text: str, size: float) -> tuple[Any, float]:
    """Return outline and width of signs of the music font, from the files beside verovio."""
    import verovio
    from matplotlib.path import Path as Outline

    folder = Path(verovio.__file__).parent / "data" / MUSIC_FONT
    outlines, total = [], 0.0
    for sign in text.strip():
        file = folder / f"{ord(sign):04X}.xml"
        if not file.is_file():
            continue
        found = ElementTree.parse(file).getroot().find(".//{*}path")
        if found is None:
            continue
        points, codes = parse_path(found.get("d", ""))
        scale = size / 1000  # glyphs are drawn 1,000 units to the em
        points = points * [scale, -scale] + [total, 0.0]
        outlines.append(Outline(points, codes))
        total = float(np.max(points[:, 0])) + 0.06 * size
    return (Outline.make_compound_path(*outlines) if outlines else None), total
