"""MusicXML read into a piece, under the host's guard against hostile XML and archives."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import Element

from studio.codecs.files import refuse_faults
from studio.codecs.musicxml import load_musicxml
from studio_music.instruments import name_part
from studio_music.midi import UNSAID
from studio_music.notes import Note, Part, Piece, sort_notes

STEPS: Final = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
FORCES: Final = {"pp": 40, "p": 52, "mp": 66, "mf": 80, "f": 96, "ff": 110}
UNITS: Final = {"whole": 4.0, "half": 2.0, "quarter": 1.0, "eighth": 0.5, "16th": 0.25}
LONGEST: Final = 1e4
"""Quarter notes: a longer note, rest or bar is damage."""
SINGS: Final = 0.5
"""Share of its part that a voice must sing to become a part of its own."""

Lane = tuple[str, str]  # staff and voice


def load_musicxml_piece(path: Path) -> Piece:
    """Read a score as written: repeats are not played out, grace notes are left out.

    Raises:
        InvalidInputError: damaged, another kind of XML, entities, or an archive bomb.
    """
    root = load_musicxml(path)
    with refuse_faults(path):
        return _read_root(root)


@dataclass
class _Signs:
    """What the score says of itself; the first part to say it counts."""

    metre: tuple[int, int] | None = None
    fifths: int | None = None
    mode: str = ""
    pickup: float = 0.0
    tempos: dict[float, float] = field(default_factory=dict)


def _read_root(root: Element) -> Piece:
    signs = _Signs()
    listed = {item.get("id", ""): item for item in root.iter("score-part")}
    parts: list[Part] = []
    for element in root.findall("part"):
        reader = _PartReader(signs, _list_drums(listed.get(element.get("id", ""))))
        for number, measure in enumerate(element.findall("measure")):
            reader.read_measure(measure, is_first=number == 0)
        parts += _split(reader, listed.get(element.get("id", "")))
    tempos = sorted(signs.tempos.items())
    bpm = tempos[0][1] if tempos and tempos[0][0] == 0 else UNSAID
    title = root.findtext("work/work-title") or root.findtext("movement-title") or ""
    return Piece(
        parts=tuple(parts),
        bpm=bpm,
        metre=signs.metre or (4, 4),
        fifths=signs.fifths,
        mode=signs.mode,
        title=" ".join(title.split())[:200],
        pickup=signs.pickup,
        tempos=tuple(tempo for tempo in tempos if tempo[0] > 0),
    )


class _PartReader:
    """Walks the measures of one part with a cursor, in quarter notes."""

    def __init__(self, signs: _Signs, drums: dict[str, int]) -> None:
        self.lanes: dict[Lane, list[Note]] = {}
        self.is_drum = False
        self._signs = signs
        self._drums = drums
        self._open: dict[tuple[Lane, int], int] = {}  # tied notes: place in their lane
        self._divisions = 1.0
        self._shift = 0  # of a transposing instrument, semitones
        self._force = FORCES["mf"]
        self._now = 0.0
        self._struck = 0.0  # where the last note began: a chord note begins there too
        self._end = 0.0

    def read_measure(self, measure: Element, is_first: bool) -> None:
        start = self._now = self._end
        for element in measure:
            if element.tag == "attributes":
                self._read_attributes(element)
            elif element.tag in ("backup", "forward"):
                step = self._read_length(element)
                self._now = max(start, self._now + (step if element.tag == "forward" else -step))
            elif element.tag == "note":
                self._read_note(element)
            elif element.tag in ("direction", "sound"):
                self._read_direction(element)
            self._end = max(self._end, self._now)
        length = self._end - start
        metre = self._signs.metre or (4, 4)
        if is_first and 0 < length < metre[0] * 4 / metre[1] and not self._signs.pickup:
            self._signs.pickup = length

    def _read_attributes(self, element: Element) -> None:
        signs = self._signs
        if element.find("divisions") is not None:
            self._divisions = max(_read_number(element, "divisions"), 1e-3)
        if element.find("transpose") is not None:
            shift = _read_number(element, "transpose/chromatic")
            octaves = _read_number(element, "transpose/octave-change")
            self._shift = round(shift + 12 * octaves)
        beats, unit = element.findtext("time/beats"), element.findtext("time/beat-type")
        if signs.metre is None and beats and unit:
            whole = sum(int(beat) for beat in beats.split("+"))
            if not (1 <= whole <= 64 and int(unit) in (1, 2, 4, 8, 16, 32, 64)):
                raise ValueError(f"a metre of {beats}/{unit}")
            signs.metre = whole, int(unit)
        if signs.fifths is None and element.find("key/fifths") is not None and not self._shift:
            signs.fifths = min(7, max(-7, round(_read_number(element, "key/fifths"))))
            mode = (element.findtext("key/mode") or "").strip()
            signs.mode = mode if mode in ("major", "minor") else ""

    def _read_direction(self, element: Element) -> None:
        for sound in [element] if element.tag == "sound" else element.iter("sound"):
            bpm = float(sound.get("tempo") or 0)
            if 3 < bpm < 1e4:
                self._signs.tempos.setdefault(self._now, bpm)
        mark = element.find("direction-type/metronome")
        if mark is not None and self._now not in self._signs.tempos:
            bpm = _read_number(mark, "per-minute") * UNITS.get(mark.findtext("beat-unit") or "", 1)
            bpm *= 1.5 if mark.find("beat-unit-dot") is not None else 1
            if 3 < bpm < 1e4:
                self._signs.tempos[self._now] = bpm
        for said in element.findall("direction-type/dynamics/*"):
            self._force = FORCES.get(said.tag, self._force)

    def _read_note(self, element: Element) -> None:
        if element.find("grace") is not None or element.find("cue") is not None:
            return
        length = self._read_length(element)
        if element.find("chord") is None:
            self._struck = self._now
            self._now += length
        pitch = self._read_pitch(element)
        if pitch is None or length <= 0:
            return
        lane = (element.findtext("staff") or "1", element.findtext("voice") or "1")
        ties = {tie.get("type") for tie in element.findall("tie")}
        notes = self.lanes.setdefault(lane, [])
        place = self._open.pop((lane, pitch), None) if "stop" in ties else None
        if place is not None and abs(notes[place].end - self._struck) < 1e-6:
            held = notes[place]
            notes[place] = Note(held.start, held.duration + length, pitch, held.velocity)
        else:
            place = len(notes)
            notes.append(Note(self._struck, length, pitch, self._force))
        if "start" in ties:
            self._open[lane, pitch] = place

    def _read_pitch(self, element: Element) -> int | None:
        pitch = element.find("pitch")
        if pitch is not None:
            step = STEPS[(pitch.findtext("step") or "").strip()]
            octave, alter = round(_read_number(pitch, "octave")), _read_number(pitch, "alter")
            return min(127, max(0, 12 * (octave + 1) + step + round(alter) + self._shift))
        if element.find("unpitched") is None:
            return None
        self.is_drum = True
        instrument = element.find("instrument")
        return self._drums.get("" if instrument is None else instrument.get("id", ""), 38)

    def _read_length(self, element: Element) -> float:
        length = _read_number(element, "duration") / self._divisions
        if not 0 <= length <= LONGEST:
            raise ValueError(f"a duration of {length} quarter notes")
        return length


def _read_number(element: Element, tag: str) -> float:
    return float(element.findtext(tag) or 0)


def _list_drums(item: Element | None) -> dict[str, int]:
    """Instrument id -> General MIDI drum; the format counts them from 1."""
    if item is None:
        return {}
    return {
        one.get("id", ""): min(127, max(0, round(_read_number(one, "midi-unpitched")) - 1))
        for one in item.findall("midi-instrument")
        if one.find("midi-unpitched") is not None
    }


def _split(reader: _PartReader, item: Element | None) -> list[Part]:
    """Make parts of what one part holds: one a staff, one a voice where all voices sing on."""
    name = "" if item is None else " ".join((item.findtext("part-name") or "").split())[:100]
    said = 0 if item is None else round(_read_number(item, "midi-instrument/midi-program")) - 1
    program = min(127, max(0, said))
    name = name_part(name, program, reader.is_drum)
    groups = _group(reader.lanes)
    return [
        Part(
            name if len(groups) == 1 else f"{name} {place}",
            program,
            sort_notes(notes),
            reader.is_drum,
        )
        for place, notes in enumerate(groups, 1)
    ]


def _group(lanes: dict[Lane, list[Note]]) -> list[list[Note]]:
    lanes = {lane: notes for lane, notes in sorted(lanes.items()) if notes}
    sung = [sum(note.duration for note in notes) for notes in lanes.values()]
    if len(lanes) > 1 and min(sung) >= SINGS * max(sung):
        return list(lanes.values())
    staves: dict[str, list[Note]] = {}
    for (staff, _), notes in lanes.items():
        staves.setdefault(staff, []).extend(notes)
    return list(staves.values())
