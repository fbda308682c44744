"""A piece written as MusicXML 4.0: spelled, split into bars, beamed, with ties and triplets."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

from studio_music.measures import MeasureWriter, Place, list_measures
from studio_music.notes import Piece
from studio_music.staves import Layout, StaffGroup, lay_out
from studio_music.values import Metre

CLEFS: Final = {
    "treble": ("G", 2, 0),
    "bass": ("F", 4, 0),
    "tenor": ("G", 2, -1),
    "percussion": ("percussion", 0, 0),
}
Labels = Mapping[float, str]
"""Quarter -> words under the lowest staff there: Roman numerals."""


def save_musicxml(
    piece: Piece, path: Path, layout: Layout = "auto", labels: Labels | None = None
) -> None:
    """Write a piece; the same piece gives the same bytes."""
    root = build_musicxml(piece, layout, labels)
    tree = ElementTree(root)
    indent(tree, " ")
    tree.write(path, "utf-8", xml_declaration=True)


def build_musicxml(piece: Piece, layout: Layout = "auto", labels: Labels | None = None) -> Element:
    """Return the root element of a partwise score."""
    root = Element("score-partwise", version="4.0")
    if piece.title:
        SubElement(SubElement(root, "work"), "work-title").text = piece.title
    encoding = SubElement(SubElement(root, "identification"), "encoding")
    SubElement(encoding, "software").text = "Studio"
    groups = lay_out(piece, layout)
    _list_parts(root, groups)
    metre = Metre(*piece.metre)
    measures = list_measures(piece, metre)
    for number, group in enumerate(groups, 1):
        part = SubElement(root, "part", id=f"P{number}")
        writer = MeasureWriter(piece, metre, group)
        for place in measures:
            measure = SubElement(part, "measure", number=str(place.number))
            if place.is_implicit:
                measure.set("implicit", "yes")
            if place.start == 0:
                _write_attributes(measure, piece, group)
            if number == 1:
                _write_tempos(measure, piece, place)
            said = labels if number == len(groups) else None
            writer.write(measure, place, said or {})
            if place is measures[-1]:
                line = SubElement(measure, "barline", location="right")
                SubElement(line, "bar-style").text = "light-heavy"
    return root


def _list_parts(root: Element, groups: Sequence[StaffGroup]) -> None:
    listed = SubElement(root, "part-list")
    if len(groups) > 1:
        begin = SubElement(listed, "part-group", type="start", number="1")
        SubElement(begin, "group-symbol").text = "bracket"
        SubElement(begin, "group-barline").text = "yes" if len(groups) < 5 else "no"
    for number, group in enumerate(groups, 1):
        part = SubElement(listed, "score-part", id=f"P{number}")
        SubElement(part, "part-name").text = group.name
        instrument = SubElement(part, "score-instrument", id=f"P{number}-I1")
        SubElement(instrument, "instrument-name").text = group.name
        midi = SubElement(part, "midi-instrument", id=f"P{number}-I1")
        SubElement(midi, "midi-channel").text = "10" if group.is_drum else str(_channel(number))
        SubElement(midi, "midi-program").text = str(group.program + 1)
    if len(groups) > 1:
        SubElement(listed, "part-group", type="stop", number="1")


def _channel(number: int) -> int:
    """MIDI channel from 1; the tenth is the drums'."""
    channel = (number - 1) % 15 + 1
    return channel + (channel > 9)


def _write_attributes(measure: Element, piece: Piece, group: StaffGroup) -> None:
    attributes = SubElement(measure, "attributes")
    SubElement(attributes, "divisions").text = "24"
    key = SubElement(attributes, "key")
    SubElement(key, "fifths").text = "0" if group.is_drum else str(piece.fifths or 0)
    if piece.mode:
        SubElement(key, "mode").text = piece.mode
    time = SubElement(attributes, "time")
    if piece.metre == (4, 4):
        time.set("symbol", "common")
    SubElement(time, "beats").text = str(piece.metre[0])
    SubElement(time, "beat-type").text = str(piece.metre[1])
    if len(group.staves) > 1:
        SubElement(attributes, "staves").text = str(len(group.staves))
    for number, staff in enumerate(group.staves, 1):
        sign, line, octave = CLEFS[staff.clef]
        clef = SubElement(attributes, "clef", number=str(number))
        SubElement(clef, "sign").text = sign
        if line:
            SubElement(clef, "line").text = str(line)
        if octave:
            SubElement(clef, "clef-octave-change").text = str(octave)


def _write_tempos(measure: Element, piece: Piece, place: Place) -> None:
    """Say the tempo at the beginning, and changes of it at the bar where they happen."""
    marks = [bpm for at, bpm in piece.tempos if place.start <= at * 24 < place.end]
    if place.start == 0:
        marks = marks or [piece.bpm]
        if piece.tempos and piece.tempos[0][0] * 24 >= place.end:
            marks = [piece.bpm]
    for bpm in marks[:1]:
        direction = SubElement(measure, "direction", placement="above")
        mark = SubElement(SubElement(direction, "direction-type"), "metronome")
        compound = Metre(*piece.metre).is_compound
        SubElement(mark, "beat-unit").text = "quarter"
        if compound:
            SubElement(mark, "beat-unit-dot")
        SubElement(mark, "per-minute").text = f"{bpm / (1.5 if compound else 1):.0f}"
        SubElement(direction, "sound", tempo=f"{bpm:.6g}")
