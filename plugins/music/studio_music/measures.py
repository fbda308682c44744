"""One bar of one instrument as MusicXML elements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from xml.etree.ElementTree import Element, SubElement

from studio_music.notes import Piece
from studio_music.quantise import TICKS, Event, fill
from studio_music.spelling import list_key_alterations, spell
from studio_music.staves import StaffGroup
from studio_music.values import BEAMS, Metre, Value, split_value

SIGNS: Final = {-2: "flat-flat", -1: "flat", 0: "natural", 1: "sharp", 2: "double-sharp"}
DRUM_PLACES: Final = {
    35: ("F", 4, ""),
    36: ("F", 4, ""),
    37: ("C", 5, "x"),
    38: ("C", 5, ""),
    39: ("C", 5, "x"),
    40: ("C", 5, ""),
    41: ("A", 4, ""),
    42: ("G", 5, "x"),
    43: ("A", 4, ""),
    44: ("D", 4, "x"),
    45: ("B", 4, ""),
    46: ("G", 5, "circle-x"),
    47: ("D", 5, ""),
    48: ("D", 5, ""),
    49: ("A", 5, "x"),
    50: ("E", 5, ""),
    51: ("F", 5, "x"),
    53: ("F", 5, "diamond"),
    57: ("A", 5, "x"),
    59: ("F", 5, "x"),
}
"""General MIDI drum -> step and octave on the staff, and head."""


@dataclass(frozen=True)
class Place:
    """Where a bar lies, in ticks."""

    number: int
    start: int
    end: int
    offset: int = 0  # of the pickup: ticks of the full bar that are left out

    @property
    def is_implicit(self) -> bool:
        """An incomplete first bar."""
        return self.offset > 0


@dataclass
class Written:
    """A value of a voice, before it becomes elements."""

    start: int
    value: Value
    pitches: tuple[int, ...]
    is_begun: bool = False  # tied from the left
    is_held: bool = False  # tied to the right
    beams: dict[int, str] = field(default_factory=dict)
    tuplet: str = ""


def list_measures(piece: Piece, metre: Metre) -> list[Place]:
    """Return the bars, pickup first, to the end of the last note."""
    pickup = round(piece.pickup * TICKS)
    end = max(round(piece.length * TICKS), 1)
    places = [Place(0, 0, pickup, metre.bar - pickup)] if pickup else []
    while not places or places[-1].end < end:
        start = places[-1].end if places else 0
        number = places[-1].number + 1 if places else 1
        places.append(Place(number, start, start + metre.bar))
    return places


class MeasureWriter:
    """Writes the bars of one instrument one after the other; ties reach from bar to bar."""

    def __init__(self, piece: Piece, metre: Metre, group: StaffGroup) -> None:
        self._metre = metre
        self._group = group
        self._fifths = piece.fifths or 0
        self._mode = piece.mode or "major"
        self._signs: dict[tuple[str, int], int] = {}

    def write(self, measure: Element, place: Place, labels: Mapping[float, str]) -> None:
        """Add the notes of a bar: every voice of every staff, with a backup between them."""
        voice = 0
        for number, staff in enumerate(self._group.staves, 1):
            self._signs = {}
            for layer, events in enumerate(staff.voices):
                filled = fill(list(events), place.start, place.end)
                if layer and not staff.is_filled and not any(event.pitches for event in filled):
                    continue
                if voice:
                    backup = SubElement(measure, "backup")
                    SubElement(backup, "duration").text = str(place.end - place.start)
                voice += 1
                hidden = layer > 0 and not staff.is_filled
                written = self._split(filled, place, events)
                said = labels if number == len(self._group.staves) and layer == 0 else {}
                self._write_voice(measure, written, (number, voice, hidden), said)

    def _split(
        self, filled: Sequence[Event], place: Place, events: Sequence[Event]
    ) -> list[Written]:
        if not any(event.pitches for event in filled) and not place.is_implicit:
            whole = Value(place.end - place.start, "measure", 0)
            return [Written(place.start, whole, ())]
        ends = {(event.start, event.pitches): event.end for event in events}
        written: list[Written] = []
        for event in filled:
            now = event.start
            begun = (event.start, event.pitches) not in ends
            over = any(e.start <= event.start < e.end > event.end for e in events)
            at = event.start - place.start + place.offset
            values = split_value(at, event.length, self._metre, not event.pitches)
            for number, value in enumerate(values):
                last = number == len(values) - 1
                tied = bool(event.pitches)
                written.append(
                    Written(
                        now,
                        value,
                        event.pitches,
                        is_begun=tied and (number > 0 or begun),
                        is_held=tied and (not last or over),
                    )
                )
                now += value.ticks
        _beam(written, place, self._metre)
        _bracket(written)
        return written

    def _write_voice(
        self,
        measure: Element,
        written: Sequence[Written],
        lane: tuple[int, int, bool],
        labels: Mapping[float, str],
    ) -> None:
        """Add a voice; `lane` is staff, voice, and whether its rests are hidden."""
        waiting = sorted(labels)
        for item in written:
            end = (item.start + item.value.ticks) / TICKS
            for at in [at for at in waiting if item.start / TICKS - 1e-6 <= at < end - 1e-6]:
                _write_label(measure, labels[at], round(at * TICKS) - item.start, lane[0])
            if not item.pitches and lane[2]:
                forward = SubElement(measure, "forward")
                SubElement(forward, "duration").text = str(item.value.ticks)
                continue
            for number, pitch in enumerate(item.pitches or (None,)):
                self._write_note(measure, item, pitch, number > 0, lane)

    def _write_note(
        self,
        measure: Element,
        item: Written,
        pitch: int | None,
        is_chord: bool,
        lane: tuple[int, int, bool],
    ) -> None:
        note = SubElement(measure, "note")
        if is_chord:
            SubElement(note, "chord")
        sign = ""
        if pitch is None:
            rest = SubElement(note, "rest")
            if item.value.kind == "measure":
                rest.set("measure", "yes")
        else:
            sign = self._write_pitch(note, pitch, item)
        SubElement(note, "duration").text = str(item.value.ticks)
        for kind, wanted in (("stop", item.is_begun), ("start", item.is_held)):
            if wanted:
                SubElement(note, "tie", type=kind)
        SubElement(note, "voice").text = str(lane[1])
        self._write_look(note, item, sign, pitch)
        SubElement(note, "staff").text = str(lane[0])
        if not is_chord:
            for level, state in item.beams.items():
                SubElement(note, "beam", number=str(level)).text = state
        self._write_notations(note, item, is_chord)

    def _write_pitch(self, note: Element, pitch: int, item: Written) -> str:
        """Add the pitch; returns the accidental that must be seen."""
        if self._group.is_drum:
            step, octave, _ = DRUM_PLACES.get(pitch, ("E", 5, "x"))
            unpitched = SubElement(note, "unpitched")
            SubElement(unpitched, "display-step").text = step
            SubElement(unpitched, "display-octave").text = str(octave)
            return ""
        step, alter, octave = spell(pitch, self._fifths, self._mode)
        element = SubElement(note, "pitch")
        SubElement(element, "step").text = step
        if alter:
            SubElement(element, "alter").text = str(alter)
        SubElement(element, "octave").text = str(octave)
        usual = self._signs.get((step, octave), list_key_alterations(self._fifths)[step])
        if item.is_begun or usual == alter:
            return ""
        self._signs[step, octave] = alter
        return SIGNS[alter]

    def _write_look(self, note: Element, item: Written, sign: str, pitch: int | None) -> None:
        value = item.value
        if value.kind != "measure":
            SubElement(note, "type").text = value.kind
        for _ in range(value.dots):
            SubElement(note, "dot")
        if sign:
            SubElement(note, "accidental").text = sign
        if value.is_triplet:
            change = SubElement(note, "time-modification")
            SubElement(change, "actual-notes").text = "3"
            SubElement(change, "normal-notes").text = "2"
        head = DRUM_PLACES.get(pitch or 0, ("", 0, "x"))[2] if self._group.is_drum else ""
        if head and pitch is not None:
            SubElement(note, "notehead").text = head

    def _write_notations(self, note: Element, item: Written, is_chord: bool) -> None:
        if not (item.is_begun or item.is_held or (item.tuplet and not is_chord)):
            return
        notations = SubElement(note, "notations")
        for kind, wanted in (("stop", item.is_begun), ("start", item.is_held)):
            if wanted:
                SubElement(notations, "tied", type=kind)
        if item.tuplet and not is_chord:
            SubElement(notations, "tuplet", type=item.tuplet, bracket="no")


def _write_label(measure: Element, text: str, offset: int, staff: int) -> None:
    """Add words that stand in one row under the system, as chord signs do; see `text`."""
    harmony = SubElement(measure, "harmony", placement="below")
    root = SubElement(harmony, "root")
    SubElement(root, "root-step", text=text).text = "C"
    SubElement(harmony, "kind", text="").text = "none"
    if offset:
        SubElement(harmony, "offset").text = str(offset)
    SubElement(harmony, "staff").text = str(staff)


def _beam(written: list[Written], place: Place, metre: Metre) -> None:
    """Join short notes of a beat; none with itself alone, and none over a rest."""
    groups: list[list[Written]] = []
    beat = -1
    for item in written:
        short = bool(item.pitches) and item.value.kind in BEAMS
        here = (item.start - place.start + place.offset) // metre.beat
        if not short:
            beat = -1
        elif here != beat:
            groups.append([item])
            beat = here
        else:
            groups[-1].append(item)
    for group in groups:
        if len(group) > 1:
            _beam_group(group)


def _beam_group(group: list[Written]) -> None:
    counts = [BEAMS[item.value.kind] for item in group]
    for place, item in enumerate(group):
        for level in range(1, counts[place] + 1):
            before = place > 0 and counts[place - 1] >= level
            after = place + 1 < len(group) and counts[place + 1] >= level
            hook = "forward hook" if place == 0 else "backward hook"
            item.beams[level] = {
                (True, True): "continue",
                (False, True): "begin",
                (True, False): "end",
                (False, False): hook,
            }[before, after]


def _bracket(written: list[Written]) -> None:
    """Mark where the triplets of each beat begin and end."""
    beats: dict[int, list[Written]] = {}
    for item in written:
        if item.value.is_triplet:
            beats.setdefault(item.start // TICKS, []).append(item)
    for items in beats.values():
        if len(items) > 1:
            items[0].tuplet, items[-1].tuplet = "start", "stop"
