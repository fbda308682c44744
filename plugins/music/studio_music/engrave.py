"""Engraving by verovio: pages of SVG, and where on them each moment of the music stands."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, tostring

from studio.errors import InvalidInputError
from studio_music.musicxml_out import build_musicxml
from studio_music.notes import Piece
from studio_music.staves import Layout
from studio_music.svg_shapes import SVG, parse_transform

PAGES: Final = {"a4": (2100, 2970), "letter": (2159, 2794), "screen": (2000, 60000)}
"""Width and most height, tenths of a millimetre; a screen's page ends with the music."""
MAX_PAGES: Final = 200
SEED: Final = 7
"""Of the names verovio gives to elements: the same score gives the same bytes."""


@dataclass(frozen=True)
class Moment:
    """Where something begins on a page: shares of its width and height, from the top left."""

    quarter: float
    page: int
    x: float
    top: float
    bottom: float
    bar: int


@dataclass(frozen=True)
class Engraving:
    """Pages of SVG and the moments on them, by time."""

    pages: tuple[str, ...]
    moments: tuple[Moment, ...]


def engrave_piece(
    piece: Piece,
    page: str = "a4",
    size: float = 1.0,
    layout: Layout = "auto",
    labels: Mapping[float, str] | None = None,
) -> Engraving:
    """Engrave a piece of our own notation; `size` 1 is a staff of 7 mm on A4."""
    return engrave(build_musicxml(piece, layout, labels), page, size)


def engrave(root: Element, page: str = "a4", size: float = 1.0) -> Engraving:
    """Engrave the root element of a MusicXML score.

    Raises:
        InvalidInputError: verovio cannot read it, or it takes too many pages.
    """
    import verovio

    # To stderr, which is the log of the job: the toolkit itself only says that it failed.
    verovio.enableLog(verovio.LOG_ERROR)
    toolkit = _load(root, page, size)
    count = toolkit.getPageCount()
    if not 0 < count <= MAX_PAGES:
        raise InvalidInputError(
            "score: it takes {pages} pages, at most {limit} are engraved; cut it",
            pages=count,
            limit=MAX_PAGES,
        )
    pages = tuple(toolkit.renderToSVG(number) for number in range(1, count + 1))
    timemap = toolkit.renderToTimemap({"includeMeasures": True, "includeRests": True})
    places = {
        name: place for number, svg in enumerate(pages) for name, place in _locate(svg, number)
    }
    return Engraving(pages, tuple(_list_moments(timemap, places)))


def _load(root: Element, page: str, size: float) -> Any:
    """Return a toolkit that holds the score."""
    import verovio

    # Where its fonts lie is known only to the thread that imported it first.
    verovio.setDefaultResourcePath(str(files("verovio") / "data"))
    width, height = PAGES[page]
    toolkit = verovio.toolkit()
    toolkit.setOptions(
        {
            "pageWidth": round(width / size),
            "pageHeight": round(min(height / size, 60000)),
            "scale": max(10, round(40 * size)),
            "adjustPageHeight": page == "screen",
            "justifyVertically": False,
            "pageMarginTop": 60,
            "pageMarginBottom": 60,
            "pageMarginLeft": 60,
            "pageMarginRight": 60,
            "xmlIdSeed": SEED,
            "header": "auto",
            "footer": "none",
            "svgViewBox": True,
            "smuflTextFont": "embedded",
        }
    )
    if not toolkit.loadData(tostring(root, "unicode")):
        raise InvalidInputError("score: verovio cannot engrave this MusicXML; export it again")
    return toolkit


def save_follow(engraving: Engraving, piece: Piece, path: Path) -> None:
    """Write where the notes stand: what a viewer needs to follow the playback.

    `moments` are rows of seconds, page, x, top, bottom, bar; lengths are shares of the page.
    """
    rows = [
        [
            round(piece.find_seconds(moment.quarter), 4),
            moment.page,
            *(round(value, 5) for value in (moment.x, moment.top, moment.bottom)),
            moment.bar,
        ]
        for moment in engraving.moments
    ]
    names = [f"page{number}" for number in range(1, len(engraving.pages) + 1)]
    path.write_text(json.dumps({"pages": names, "moments": rows}, separators=(",", ":")))


def _list_moments(
    timemap: list[dict[str, Any]], places: Mapping[str, tuple[int, float, float, float]]
) -> Iterator[Moment]:
    bar, last = 0, -1.0
    for entry in timemap:
        bar += "measureOn" in entry
        found = [places[name] for name in entry.get("on", []) if name in places]
        found = found or [places[name] for name in entry.get("restsOn", []) if name in places]
        quarter = float(entry["qstamp"])
        if not found or quarter <= last:
            continue
        page, x, top, bottom = min(found)
        last = quarter
        yield Moment(quarter, page, x, top, bottom, bar)


def _locate(svg: str, page: int) -> Iterator[tuple[str, tuple[int, float, float, float]]]:
    """Yield the id of each note and rest: page, x, and top and bottom of its system."""
    root = ElementTree.fromstring(svg)
    inner = root.find(f"{SVG}svg")
    if inner is None:
        return
    _, _, width, height = (float(value) for value in inner.get("viewBox", "").split())
    margin = inner.find(f"{SVG}g[@class='page-margin']")
    if margin is None:
        return
    left, above = parse_transform(margin.get("transform", ""))[:2, 2]
    for system in margin.iter(f"{SVG}g"):
        if system.get("class") != "system":
            continue
        lines = [y for staff in _iterate(system, "staff") for y in _list_lines(staff)]
        if not lines:
            continue
        top, bottom = (min(lines) + above) / height, (max(lines) + above) / height
        for kind in ("note", "rest"):
            for item in _iterate(system, kind):
                used = next(item.iter(f"{SVG}use"), None)
                if used is not None:
                    x = parse_transform(used.get("transform", ""))[0, 2]
                    yield item.get("id", ""), (page, (x + left) / width, top, bottom)


def _iterate(element: Element, kind: str) -> Iterator[Element]:
    for item in element.iter(f"{SVG}g"):
        if kind in (item.get("class") or "").split():
            yield item


def _list_lines(staff: Element) -> list[float]:
    """Heights of the lines of a staff."""
    return [
        float((path.get("d") or "M0 0").split()[1])
        for path in staff
        if path.tag == f"{SVG}path" and path.get("d", "").startswith("M")
    ]
