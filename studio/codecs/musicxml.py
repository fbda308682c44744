"""MusicXML, plain and zipped, read under guard with the standard library."""

import hashlib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from studio.codecs.files import read_bytes, refuse_faults
from studio.codecs.notes import Music, Note
from studio.codecs.zips import iterate_member, list_members
from studio.errors import InvalidInputError

MAX_XML: Final = 64 << 20
"""Bytes, unpacked."""
MAX_DEPTH: Final = 64
STEPS: Final = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
LONGEST: Final = 1e5
"""A note or rest of more beats than this is damage."""


def load_musicxml(path: Path) -> Element:
    """Return the root, `score-partwise`.

    Raises:
        InvalidInputError: damaged, another kind of XML, or an XML bomb.
    """
    data = _unpack(path) if path.suffix.lower() == ".mxl" else read_bytes(path, MAX_XML)
    with refuse_faults(path):
        root = parse_xml(data)
    if root.tag != "score-partwise":
        raise InvalidInputError(
            "{path}: this is not partwise MusicXML but {tag}; export it as MusicXML",
            path=path,
            tag=root.tag[:40],
        )
    return root


def read_musicxml(root: Element) -> Music:
    """Return the notes as written: repeats are not played out."""
    notes: list[Note] = []
    tempos: list[tuple[float, float]] = []
    divisions, beats = 1, 0.0
    parts = root.findall("part")
    for voice, part in enumerate(parts):
        reader = _PartReader(voice)
        for measure in part.findall("measure"):
            reader.read(measure)
        notes += reader.notes
        tempos += reader.tempos
        divisions = max(divisions, int(reader.divisions))
        beats = max(beats, reader.end)
    tempos.sort(key=lambda tempo: tempo[0])
    return Music(notes, tempos, beats, len(parts), divisions)


def hash_musicxml(root: Element) -> str:
    """Hash the parts: elements, attributes and texts, whatever the layout of the file."""
    digest = hashlib.sha256()
    for part in root.findall("part"):
        for element in part.iter():
            text = (element.text or "").strip()
            digest.update(f"{element.tag} {sorted(element.items())} {text!r}\n".encode())
    return digest.hexdigest()


class _PartReader:
    """Walks the measures of one part with a cursor, in beats."""

    def __init__(self, voice: int) -> None:
        self.notes: list[Note] = []
        self.tempos: list[tuple[float, float]] = []
        self.divisions = 1.0
        self.end = 0.0
        self._voice = voice
        self._now = 0.0
        self._struck = 0.0  # where the last note began: a chord note begins there too

    def read(self, measure: Element) -> None:
        """Take in one measure."""
        for element in measure:
            if element.tag == "attributes" and element.find("divisions") is not None:
                self.divisions = max(_number(element, "divisions"), 1e-3)
            elif element.tag in ("backup", "forward"):
                step = self._beats(element)
                self._now = max(0.0, self._now + (step if element.tag == "forward" else -step))
            elif element.tag == "note":
                self._read_note(element)
            for sound in [element] if element.tag == "sound" else element.iter("sound"):
                bpm = float(sound.get("tempo") or 0)
                if 0 < bpm < 1e5:
                    self.tempos.append((self._now, bpm))
            self.end = max(self.end, self._now)

    def _read_note(self, element: Element) -> None:
        beats = self._beats(element)
        if element.find("chord") is None:
            self._struck = self._now
            self._now += beats
        pitch = element.find("pitch")
        drum = element.find("unpitched")
        if (pitch is None and drum is None) or self._continues(element):
            return
        number = 38 if pitch is None else _pitch(pitch)
        end = self._struck + beats
        self.notes.append(Note(self._struck, end, number, self._voice, drum is not None))

    def _continues(self, element: Element) -> bool:
        """Whether this is the later part of a tied note."""
        return any(tie.get("type") == "stop" for tie in element.findall("tie"))

    def _beats(self, element: Element) -> float:
        beats = _number(element, "duration") / self.divisions
        if not 0 <= beats <= LONGEST:
            raise ValueError(f"a duration of {beats} beats")
        return beats


def _number(element: Element, tag: str) -> float:
    return float(element.findtext(tag) or 0)


def _pitch(element: Element) -> int:
    step = STEPS[(element.findtext("step") or "").strip()]
    octave, alter = int(_number(element, "octave")), round(_number(element, "alter"))
    return min(127, max(0, 12 * (octave + 1) + step + alter))


def parse_xml(data: bytes) -> Element:
    """Build the tree; entities and great depth are refused before they can expand.

    Raises:
        ValueError, expat.ExpatError: it is damaged or hostile.
    """
    builder, depth = TreeBuilder(), 0

    def refuse(*_: object) -> None:
        raise ValueError("it defines XML entities")

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise ValueError("its elements are nested too deeply")
        builder.start(tag, attributes)

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(tag)

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.EntityDeclHandler = refuse
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.Parse(data, True)
    return builder.close()


def _unpack(path: Path) -> bytes:
    """Return the score inside an .mxl: the root file its container names."""
    members = {member.filename: member for member in list_members(path)}
    with refuse_faults(path), zipfile.ZipFile(path) as archive:

        def read(name: str) -> bytes:
            if members[name].file_size > MAX_XML:
                raise ValueError(f"{name} is too large")
            return b"".join(iterate_member(archive, members[name], path))

        return read(_find_root(parse_xml(read("META-INF/container.xml")).iter("rootfile")))


def _find_root(files: Iterator[Element]) -> str:
    name = next((file.get("full-path") for file in files), None)
    if not name:
        raise ValueError("its container names no score")
    return name
