"""The part of SVG that verovio writes, read into shapes: paths, boxes and runs of text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final
from xml.etree.ElementTree import Element

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float64]

SVG: Final = "{http://www.w3.org/2000/svg}"
XLINK: Final = "{http://www.w3.org/1999/xlink}href"
TOKEN: Final = re.compile(r"[A-Za-z]|-?(?:\d+\.?\d*|\.\d+)(?:e-?\d+)?")
TRANSFORM: Final = re.compile(r"(translate|scale|rotate)\(([^)]*)\)")
MOVE, LINE, QUAD, CUBIC, CLOSE = 1, 2, 3, 4, 79
"""Codes of matplotlib's paths."""
COUNTS: Final = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "S": 4, "Q": 4, "T": 2, "Z": 0}


@dataclass
class Shape:
    """A path in page units: `width` of its stroke, 0 for none."""

    points: Points
    codes: list[int]
    is_filled: bool
    width: float
    is_white: bool = False
    is_glyph: bool = False


@dataclass(frozen=True)
class Look:
    """How text looks; `anchor` is start, middle or end."""

    size: float = 0.0
    family: str = ""
    is_bold: bool = False
    is_italic: bool = False
    anchor: str = "start"


@dataclass
class Line:
    """Runs of text that follow each other from a point."""

    x: float
    y: float
    anchor: str
    runs: list[tuple[str, Look]] = field(default_factory=list)


@dataclass
class Page:
    """A page: its size in page units, shapes and lines of text."""

    width: float
    height: float
    shapes: list[Shape] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)


@dataclass(frozen=True)
class Frame:
    """Where and how a group is drawn."""

    matrix: Points
    look: Look = Look()
    is_glyph: bool = False


BOLD: Final = frozenset(("ending", "fing", "reh", "tempo"))
ITALIC: Final = frozenset(("dynam", "mNum"))
HIDDEN: Final = frozenset(("placeholder",))


def read_page(root: Element) -> Page:
    """Read a page of verovio's SVG."""
    inner = root.find(f"{SVG}svg")
    if inner is None:
        raise ValueError("this SVG is not a page of notation")
    _, _, width, height = (float(value) for value in inner.get("viewBox", "").split())
    symbols = {item.get("id", ""): item for item in root.iter(f"{SVG}g") if item.get("id")}
    page = Page(width, height)
    for child in inner:
        _read(child, Frame(np.eye(3)), page, symbols)
    return page


def parse_path(text: str) -> tuple[Points, list[int]]:
    """Read the `d` of a path without arcs."""
    tokens = TOKEN.findall(text)
    points: list[tuple[float, float]] = []
    codes: list[int] = []
    at, start, control = np.zeros(2), np.zeros(2), np.zeros(2)
    place, command = 0, "M"
    while place < len(tokens):
        if tokens[place].isalpha():
            command, place = tokens[place], place + 1
        count = COUNTS[command.upper()]
        values = [float(value) for value in tokens[place : place + count]]
        place += count
        base = at if command.islower() else np.zeros(2)
        made, control = _advance(command.upper(), values, base, at, control)
        if command.upper() == "Z":
            points.append((start[0], start[1]))
            codes.append(CLOSE)
            at = start
            continue
        points.extend((x, y) for x, y in made)
        codes.extend(
            {1: [MOVE if command.upper() == "M" else LINE], 2: [QUAD] * 2, 3: [CUBIC] * 3}[
                len(made)
            ]
        )
        at = made[-1]
        if command.upper() == "M":
            start, command = at, "l" if command == "m" else "L"
    return np.array(points).reshape(-1, 2), codes


def _advance(
    kind: str, values: list[float], base: Points, at: Points, control: Points
) -> tuple[list[Points], Points]:
    """Return the points a command adds, and the control point a smooth one goes on from."""
    if kind == "Z":
        return [], at
    if kind == "H":
        end = np.array([values[0] + base[0], at[1]])
        return [end], end
    if kind == "V":
        end = np.array([at[0], values[0] + base[1]])
        return [end], end
    pairs = [np.array(pair) + base for pair in zip(values[::2], values[1::2], strict=True)]
    if kind in ("S", "T"):
        pairs = [2 * at - control, *pairs]
    return pairs, pairs[-2] if len(pairs) > 1 else pairs[-1]


def parse_transform(text: str) -> Points:
    """Read translate, scale and rotate into a 3 x 3 matrix."""
    matrix = np.eye(3)
    for kind, inside in TRANSFORM.findall(text):
        values = [float(value) for value in re.split(r"[ ,]+", inside.strip())]
        step = np.eye(3)
        if kind == "translate":
            step[:2, 2] = values if len(values) == 2 else (values[0], 0)
        elif kind == "scale":
            step[0, 0], step[1, 1] = values[0], values[-1]
        else:
            angle = np.deg2rad(values[0])
            turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
            step[:2, :2] = turn
            if len(values) == 3:
                centre = np.array(values[1:])
                step[:2, 2] = centre - turn @ centre
        matrix = matrix @ step
    return matrix


def _read(element: Element, frame: Frame, page: Page, symbols: dict[str, Element]) -> None:
    tag = element.tag.removeprefix(SVG)
    classes = set((element.get("class") or "").split())
    if classes & HIDDEN:
        return
    frame = replace(
        frame,
        matrix=frame.matrix @ parse_transform(element.get("transform", "")),
        look=_restyle(frame.look, element, classes),
    )
    if tag == "use":
        symbol = symbols[element.get(XLINK, "").lstrip("#")]
        for child in symbol:
            _read(child, replace(frame, is_glyph=True), page, symbols)
    elif tag == "text":
        page.lines += _read_text(element, frame)
    elif tag in ("g", "svg"):
        for child in element:
            _read(child, frame, page, symbols)
    else:
        _read_shape(tag, element, frame, page)


def _read_shape(tag: str, element: Element, frame: Frame, page: Page) -> None:
    scale = float(np.sqrt(abs(np.linalg.det(frame.matrix[:2, :2]))))
    width = float(element.get("stroke-width") or 0) * scale
    fill = element.get("fill", "")
    for points, codes in _outline(tag, element):
        moved = points @ frame.matrix[:2, :2].T + frame.matrix[:2, 2]
        is_line = tag in ("path", "polyline") and LINE in codes and CUBIC not in codes
        filled = fill != "none" and not (is_line and len(codes) == 2)
        page.shapes.append(Shape(moved, codes, filled, width, fill == "white", frame.is_glyph))


def _outline(tag: str, element: Element) -> Iterator[tuple[Points, list[int]]]:
    """Yield the path of a basic shape."""
    value = {name: float(text) for name, text in element.items() if _is_number(text)}
    if tag == "path":
        yield parse_path(element.get("d", ""))
    elif tag in ("polygon", "polyline"):
        numbers = [float(text) for text in re.split(r"[ ,]+", element.get("points", "").strip())]
        points = np.array(numbers).reshape(-1, 2)
        codes = [MOVE] + [LINE] * (len(points) - 1)
        if tag == "polygon":
            points, codes = np.vstack([points, points[:1]]), [*codes, CLOSE]
        yield points, codes
    elif tag == "rect":
        x, y, w, h = (value.get(name, 0.0) for name in ("x", "y", "width", "height"))
        corners = np.array([(x, y), (x + w, y), (x + w, y + h), (x, y + h), (x, y)])
        yield corners, [MOVE, LINE, LINE, LINE, CLOSE]
    elif tag in ("ellipse", "circle"):
        radius = value.get("r", 0.0)
        turn = np.linspace(0, 2 * np.pi, 25)
        ring = np.stack([np.cos(turn), np.sin(turn)], 1)
        ring = ring * [value.get("rx", radius), value.get("ry", radius)]
        centre = np.array([value.get("cx", 0.0), value.get("cy", 0.0)])
        yield ring + centre, [MOVE] + [LINE] * 23 + [CLOSE]


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"-?[\d.]+", text))


def _restyle(look: Look, element: Element, classes: set[str]) -> Look:
    size = element.get("font-size", "")
    return Look(
        size=float(size.removesuffix("px")) if size else look.size,
        family=element.get("font-family", look.family),
        is_bold=(element.get("font-weight", "bold" if classes & BOLD or look.is_bold else ""))
        == "bold",
        is_italic=(
            element.get("font-style", "italic" if classes & ITALIC or look.is_italic else "")
            == "italic"
        ),
        anchor=element.get("text-anchor", look.anchor),
    )


def _read_text(element: Element, frame: Frame) -> list[Line]:
    """Lay out a text: a tspan with a place of its own begins a new line."""
    lines: list[Line] = []

    def move(item: Element, look: Look) -> None:
        if item.get("x") is not None or item.get("y") is not None:
            before = lines[-1] if lines else None
            x = float(item.get("x") or (before.x if before else 0))
            y = float(item.get("y") or (before.y if before else 0))
            lines.append(Line(x, y, look.anchor))

    def visit(item: Element, look: Look) -> None:
        look = _restyle(look, item, set((item.get("class") or "").split()))
        move(item, look)
        if item.text and item.text.strip("\n\t ") and lines:
            lines[-1].runs.append((item.text.strip("\n\t"), look))
        for child in item:
            if child.tag == f"{SVG}tspan":
                visit(child, look)

    visit(element, frame.look)
    for line in lines:
        x, y = frame.matrix[:2, :2] @ (line.x, line.y) + frame.matrix[:2, 2]
        line.x, line.y = float(x), float(y)
    return [line for line in lines if line.runs]
