"""Scores to learn from: read, described, copies and variants found, broken ones listed."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from studio_training.dataset import Dataset

from studio.errors import InvalidInputError, StudioError
from studio.generator import JobContext
from studio_music.files import SUFFIXES, load_piece
from studio_music.folk_abc import parse_tunes
from studio_music.folk_data import (
    METRES,
    MODES,
    FolkTune,
    TuneFault,
    decode_phrase,
    encode_tune,
    find_bars,
)
from studio_music.groove_data import encode_notes as encode_drums
from studio_music.groove_data import find_drums
from studio_music.kin import group_kin
from studio_music.melody import find_key, find_melody
from studio_music.notes import Piece

MOST_FILES: Final = 20_000
LISTED: Final = 200
"""Broken files and copies named one by one."""
FIGURE: Final = 8
"""Intervals in a fingerprint of a melody."""
TONICS: Final = (
    "C", "D flat", "D", "E flat", "E", "F", "F sharp", "G", "A flat", "A", "B flat", "B",
)  # fmt: skip
Report = Callable[[int, int], None]


@dataclass(frozen=True)
class Work:
    """A piece, or a tune of an ABC file.

    Attributes:
        name: of the file, and the tune's number in it.
        prints: fingerprints of its figures, the same in every key.
        digest: equal for copies, in any key.
        is_held_out: for measuring only.
    """

    name: str
    piece: Piece | None = None
    tune: FolkTune | None = None
    prints: frozenset[bytes] = frozenset()
    digest: str = ""
    key: str = ""
    metre: str = ""
    is_held_out: bool = False


@dataclass
class Collection:
    """Works, and what was left out.

    Attributes:
        duplicates: (name, name of the work it equals in some key).
        broken: (name, what is wrong).
        families: groups of two and more variants.
    """

    works: list[Work] = field(default_factory=list)
    duplicates: list[tuple[str, str]] = field(default_factory=list)
    broken: list[tuple[str, str]] = field(default_factory=list)
    families: int = 0
    _known: dict[str, str] = field(default_factory=dict)

    def add(self, work: Work) -> None:
        """Take a work in, or note that it is a copy."""
        if work.digest in self._known:
            self.duplicates.append((work.name, self._known[work.digest]))
            return
        self._known[work.digest] = work.name
        self.works.append(work)

    @property
    def train(self) -> list[Work]:
        """What is learnt from."""
        return [work for work in self.works if not work.is_held_out]

    @property
    def held_out(self) -> list[Work]:
        """What is measured on."""
        return [work for work in self.works if work.is_held_out]

    def describe(self) -> dict[str, Any]:
        """Return plain facts."""
        return {
            "works": len(self.works),
            "held_out": len(self.held_out),
            "families_of_variants": self.families,
            "keys": dict(Counter(work.key for work in self.works).most_common()),
            "metres": dict(Counter(work.metre for work in self.works).most_common()),
            "duplicates": [list(pair) for pair in self.duplicates[:LISTED]],
            "broken": [list(pair) for pair in self.broken[:LISTED]],
        }


def gather_works(
    job: JobContext, folder: str, held_out: float, report: Report | None = None
) -> Collection:
    """Read all scores that a trainer was given.

    Args:
        job: its slots "scores" and "dataset".
        folder: MIDI, MusicXML and ABC files, in folders of any depth.
        held_out: share of the works that is measured on; variants fall on one side together.
        report: told (files read, files in all).

    Raises:
        InvalidInputError: no folder, no usable score, or too many.
    """
    files = [(asset.title or asset.path.name, asset.path) for asset in job.inputs.get("scores", ())]
    for number, asset in enumerate(job.inputs.get("dataset", ())):
        packed = Dataset.load(asset.path, job.scratch / f"dataset{number}")
        files += [(example.name, example.path) for example in packed.examples]
    if folder:
        files += find_files(Path(folder).expanduser())
    if len(files) > MOST_FILES:
        raise InvalidInputError(
            "{count} files are more than a training takes; give at most {most}",
            count=len(files),
            most=MOST_FILES,
        )
    collection = Collection()
    for number, (name, path) in enumerate(files):
        if report:
            report(number, len(files))
        _take(collection, name, path)
    if not collection.works:
        listed = "; ".join(f"{name}: {why}" for name, why in collection.broken[:3])
        raise InvalidInputError(
            "there is no usable score to learn from ({broken}); give some as input, or a folder "
            "with MIDI, MusicXML or ABC files",
            broken=listed or "nothing was given",
        )
    return split_works(collection, held_out)


def find_files(folder: Path) -> list[tuple[str, Path]]:
    """Return names and paths of all scores below a folder.

    Raises:
        InvalidInputError: no such folder.
    """
    if not folder.is_dir():
        raise InvalidInputError("folder: there is no folder {folder}", folder=folder)
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    return [(path.relative_to(folder).as_posix(), path) for path in paths if path.is_file()]


def _take(collection: Collection, name: str, path: Path) -> None:
    """Read a file into the collection."""
    try:
        for work in read_works(name, path, collection.broken):
            collection.add(work)
    except (StudioError, OSError) as error:
        collection.broken.append((name, str(error)))


def read_works(name: str, path: Path, broken: list[tuple[str, str]]) -> Iterator[Work]:
    """Yield what a file holds: one piece, or the tunes of an ABC file.

    Raises:
        InvalidInputError: the file cannot be read; tunes that cannot are added to `broken`.
    """
    if path.suffix.lower() != ".abc":
        yield describe_piece(name, load_piece(path))
        return
    found = False
    for parsed in parse_tunes(path.read_text("utf-8", errors="replace")):
        found = True
        own = f"{name}#{parsed.number or '?'}"
        try:
            yield describe_tune(own, encode_tune(parsed, name))
        except TuneFault as fault:
            broken.append((own, str(fault)))
    if not found:
        raise InvalidInputError(
            "{path}: there is no tune in it; an ABC tune begins with X:", path=path.name
        )


def describe_tune(name: str, tune: FolkTune) -> Work:
    """Take a tune's figures, key and metre."""
    pitches = [
        pitch for phrase in tune.phrases for _, _, pitch in decode_phrase(phrase, tune.tonic)
    ]
    rows = [phrase.rows[:, 1].tobytes() for phrase in tune.phrases]
    metre = METRES[tune.metre]
    return Work(
        name,
        tune=tune,
        prints=frozenset(find_bars(tune)),
        digest=_digest([*_find_moves(pitches), b"".join(rows)]),
        key=f"{TONICS[tune.tonic]} {MODES[tune.mode]}",
        metre=f"{metre[0]}/{metre[1]}",
    )


def describe_piece(name: str, piece: Piece) -> Work:
    """Take a piece's figures, key and metre.

    Raises:
        InvalidInputError: there is nothing in it to learn from.
    """
    metre = f"{piece.metre[0]}/{piece.metre[1]}"
    drums = find_drums(piece)
    if all(part.is_drum or not part.notes for part in piece.parts):
        loop = encode_drums(drums)
        bars = [loop.cut(at, 16).hits.astype(np.int8).tobytes() for at in range(0, loop.steps, 16)]
        return Work(name, piece, None, frozenset(bars), _digest(bars), "drums", metre)
    part = find_melody(piece)
    line = sorted({round(note.start, 3): note.pitch for note in part.notes}.items())
    pitches = [pitch for _, pitch in line]
    gaps = np.round(np.diff([start for start, _ in line]) * 12).astype(np.int32)
    key = find_key(piece)
    figures = _find_moves(pitches)
    return Work(
        name, piece, None, frozenset(figures), _digest([*figures, gaps.tobytes()]), key.name, metre
    )


def _find_moves(pitches: Sequence[int]) -> list[bytes]:
    moves = np.clip(np.diff(pitches), -100, 100).astype(np.int8)
    if len(moves) <= FIGURE:
        return [moves.tobytes()]
    return [moves[at : at + FIGURE].tobytes() for at in range(len(moves) - FIGURE + 1)]


def _digest(parts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(4) + part)
    return digest.hexdigest()


def split_works(collection: Collection, held_out: float) -> Collection:
    """Decide what is held out: by content, all variants of a work together."""
    works = collection.works
    groups = group_kin([set(work.prints) for work in works])
    least: dict[int, str] = {}
    for group, work in zip(groups, works, strict=True):
        least[group] = min(least.get(group, work.digest), work.digest)
    # The least digest of a large family is small: it is hashed again.
    chosen = {
        group: int(hashlib.sha256(digest.encode()).hexdigest()[:8], 16) < held_out * 2**32
        for group, digest in least.items()
    }
    collection.works = [
        replace(work, is_held_out=chosen[group]) for group, work in zip(groups, works, strict=True)
    ]
    collection.families = sum(count > 1 for count in Counter(groups).values())
    return _hold_something_out(collection, held_out)


def _hold_something_out(collection: Collection, held_out: float) -> Collection:
    """Where chance held nothing out, or all, hold the last family out, if there are two."""
    works = collection.works
    if held_out <= 0 or len(works) < 2 or 0 < len(collection.held_out) < len(works):
        return collection
    groups = group_kin([set(work.prints) for work in works])
    if len(set(groups)) < 2:
        collection.works = [replace(work, is_held_out=False) for work in works]
        return collection
    last = max(set(groups), key=lambda group: (-groups.count(group), group))
    collection.works = [
        replace(work, is_held_out=group == last) for group, work in zip(groups, works, strict=True)
    ]
    return collection
