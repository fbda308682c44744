"""Composing and continuing folk tunes: a plan of sections, then note after note."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from studio_training import load_weights

from studio_music.folk_abc import TICKS
from studio_music.folk_data import (
    HOLD,
    LENGTHS,
    METRES,
    MODES,
    REST,
    FolkTune,
    decode_phrase,
    get_bar,
)
from studio_music.folk_features import (
    ANY_TONIC,
    MOST_BARS,
    SectionPlan,
    Timeline,
    TunePlan,
    find_allowed,
    to_phrases,
)
from studio_music.folk_opening import read_opening
from studio_music.model_folk import FolkNet, build_net
from studio_music.notes import Note, Part, Piece

STYLES: Final[Mapping[str, tuple[tuple[int, int], int, float]]] = {
    "reel": ((4, 4), 1, 200.0),
    "jig": ((6, 8), 2, 180.0),
    "slip jig": ((9, 8), 3, 180.0),
    "hornpipe": ((4, 4), 4, 160.0),
    "strathspey": ((4, 4), 5, 130.0),
    "march": ((4, 4), 0, 120.0),
    "polka": ((2, 4), 0, 120.0),
    "waltz": ((3, 4), 0, 140.0),
    "air": ((3, 4), 6, 80.0),
}
"""Dance -> metre, place in `DANCES`, quarter notes a minute."""
KNOWN_TONICS: Final = (0, 2, 4, 5, 7, 9, 10)
"""Of which the prints hold enough tunes; the net is not told of other keys."""
TONIC_NAMES: Final = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_FIFTHS: Final = (0, -5, 2, -3, 4, -1, 6, 1, -4, 3, -2, 5)
_MODE_SHIFT: Final = {"major": 0, "minor": -3, "dorian": -2, "mixolydian": -1}
FIDDLE: Final = 40
"""General MIDI program."""
Progress = Callable[[int, int], None]
"""(events or ticks done, in all)."""


@dataclass(frozen=True)
class FolkRequest:
    """What is wanted.

    Attributes:
        dance: one of `STYLES`.
        tonic: pitch class.
        mode: one of `MODES`.
        bars: of each section, 1..16.
        sections: how many different ones, 1..4.
        is_repeated: each section is played twice: AABB.
        top_k, top_p: 0 and 1 leave all choices open.
        bpm: quarter notes a minute; 0 takes what the dance is used to.
    """

    dance: str = "reel"
    tonic: int = 2
    mode: str = "major"
    bars: int = 8
    sections: int = 2
    is_repeated: bool = True
    temperature: float = 0.9
    top_k: int = 0
    top_p: float = 0.97
    bpm: float = 0.0


class TuneWriter:
    """A folk net at work; see `model_folk`."""

    def __init__(self, net: FolkNet, pickups: Mapping[str, Any]) -> None:
        """Take a net, and `count_pickups` of what it learnt from."""
        self.net = net
        self.pickups = pickups

    def compose(self, request: FolkRequest, seed: int, progress: Progress | None = None) -> Piece:
        """Make a tune from nothing; repeats are written out."""
        rng = np.random.default_rng(seed)
        plan = self.plan(request, rng)
        sections = sample_tune(self.net, plan, request, rng, progress=progress)
        tune = FolkTune(to_phrases(plan, sections), plan.mode, plan.metre, plan.dance)
        title = f"{request.dance.capitalize()} in {name_key(request.tonic, request.mode)}"
        return to_piece(tune, request, title)

    def continue_(
        self, piece: Piece, request: FolkRequest, seed: int, progress: Progress | None = None
    ) -> Piece:
        """Go on from the melody of a piece, which stays as it is, note for note.

        The section it is in is finished (to a multiple of four bars), then `request.sections`
        more follow. Key and metre are the piece's.

        Raises:
            InvalidInputError: no melody, or a metre that the net does not know.
        """
        rng = np.random.default_rng(seed)
        given = read_opening(piece)
        forms = [
            given.form,
            *(
                SectionPlan(request.bars, 0, request.bars * get_bar(piece.metre), False)
                for _ in range(request.sections)
            ),
        ]
        dance = STYLES[request.dance][1] if STYLES[request.dance][0] == piece.metre else 0
        plan = TunePlan(
            tuple(forms), MODES.index(given.mode), METRES.index(piece.metre), dance,
            given.tonic if given.tonic in KNOWN_TONICS else ANY_TONIC,
        )  # fmt: skip
        sections = sample_tune(
            self.net, plan, request, rng, opening=given.events, progress=progress
        )
        phrases = to_phrases(plan, sections)
        tune = FolkTune(phrases, plan.mode, plan.metre, dance, given.tonic)
        made = to_notes(tune, given.tonic + given.shift, False)
        new = [note for note in made if note.start >= given.end - 1e-6]
        kept = tuple(note for note in given.part.notes if note.start < given.end - 1e-6)
        part = replace(given.part, notes=kept + tuple(new))
        parts = tuple(part if own is given.part else own for own in piece.parts)
        return replace(piece, parts=parts, title=f"{piece.title or 'Tune'}, continued")

    def plan(self, request: FolkRequest, rng: np.random.Generator) -> TunePlan:
        """Decide the form; the upbeat is drawn as often as the prints have it."""
        metre, dance, _ = STYLES[request.dance]
        bar = get_bar(metre)
        choices = self.pickups.get(f"{metre[0]}/{metre[1]}") or [[0, 1.0]]
        shares = np.array([share for _, share in choices])
        pickup = int(choices[rng.choice(len(choices), p=shares / shares.sum())][0])
        bars = min(request.bars, MOST_BARS)
        form = SectionPlan(bars, pickup, bars * bar, request.is_repeated)
        tonic = request.tonic if request.tonic in KNOWN_TONICS else ANY_TONIC
        return TunePlan(
            (form,) * request.sections,
            MODES.index(request.mode),
            METRES.index(metre),
            dance,
            tonic,
        )


class FolkComposer(TuneWriter):
    """A folk net from a checkpoint."""

    def __init__(self, path: Path, device: str = "cpu") -> None:
        """Load weights.

        Raises:
            CheckpointError: damaged, or of another family.
        """
        config, tensors = load_weights(path)
        super().__init__(build_net(config, tensors).to(device), config.get("pickups", {}))


def count_pickups(tunes: Sequence[FolkTune], most: int = 4) -> dict[str, list[list[float]]]:
    """Return for each metre how often its tunes begin with which upbeat, ticks and share."""
    found: dict[str, list[list[float]]] = {}
    for place, metre in enumerate(METRES):
        counts = Counter(tune.phrases[0].pickup for tune in tunes if tune.metre == place)
        top = [(ticks, number) for ticks, number in counts.most_common(most) if ticks % 6 == 0]
        if top:
            total = sum(number for _, number in top)
            found[f"{metre[0]}/{metre[1]}"] = [[t, round(n / total, 3)] for t, n in top]
    return found


@torch.no_grad()
def sample_tune(
    net: FolkNet,
    plan: TunePlan,
    request: FolkRequest,
    rng: np.random.Generator,
    *,
    opening: Sequence[tuple[int, int]] = (),
    progress: Progress | None = None,
) -> list[list[tuple[int, int]]]:
    """Return the events of each section, the given opening first."""
    line, state = Timeline(plan), None
    features = torch.zeros(0)
    sections: list[list[tuple[int, int]]] = []
    waiting = list(opening)
    total, done = sum(form.ticks for form in plan.sections), 0
    while not line.is_over:
        if line.section < 0 or line.ticks_left <= 0:
            sections.append([])
            row = line.open_section()
        else:
            event = waiting.pop(0) if waiting else _draw_event(net, features, line, request, rng)
            sections[-1].append(event)
            done += LENGTHS[event[1] - 1]
            row = line.add(*event)
        features, state = net(torch.tensor(row, device=net.pitch.weight.device)[None, None], state)
        if progress and not waiting:
            progress(done, total)
    return sections


def _draw_event(
    net: FolkNet,
    features: torch.Tensor,
    line: Timeline,
    request: FolkRequest,
    rng: np.random.Generator,
) -> tuple[int, int]:
    pitches = net.predict_pitch(features[0, 0]).cpu().numpy().astype(np.float64)
    pitches[:REST] = -np.inf
    if not line.can_hold:
        pitches[HOLD] = -np.inf
    pitch = draw_token(pitches, request, rng)
    token = torch.tensor(pitch, device=features.device)
    lengths = net.predict_length(features[0, 0], token).cpu().numpy().astype(np.float64)
    lengths[~find_allowed(line)] = -np.inf
    return pitch, draw_token(lengths, request, rng)


def draw_token(
    logits: npt.NDArray[np.float64], request: FolkRequest, rng: np.random.Generator
) -> int:
    """Draw from logits under temperature, top-k and top-p."""
    order = np.argsort(-logits, kind="stable")
    values = logits[order] / max(request.temperature, 1e-3)
    shares = np.exp(values - values[0])
    if request.top_k:
        shares[request.top_k :] = 0
    shares /= shares.sum()
    shares[np.cumsum(shares) - shares > request.top_p] = 0
    place = np.searchsorted(np.cumsum(shares), rng.random() * shares.sum(), side="right")
    return int(order[min(int(place), int(np.flatnonzero(shares)[-1]))])


def to_piece(tune: FolkTune, request: FolkRequest, title: str) -> Piece:
    """Write a tune out as a piece for fiddle."""
    metre, _, bpm = STYLES[request.dance]
    notes = to_notes(tune, request.tonic, True)
    return Piece(
        (Part("Fiddle", FIDDLE, tuple(notes)),),
        bpm=request.bpm or bpm,
        metre=metre,
        fifths=find_fifths(request.tonic, request.mode),
        mode="minor" if request.mode in ("minor", "dorian") else "major",
        title=title,
        pickup=tune.phrases[0].pickup / TICKS,
    )


def to_notes(tune: FolkTune, tonic: int, with_repeats: bool) -> list[Note]:
    """Return all notes, louder on the beats."""
    notes: list[Note] = []
    start, bar = 0, tune.bar
    pickup = tune.phrases[0].pickup
    for phrase in tune.phrases:
        for _ in range(2 if phrase.is_repeated and with_repeats else 1):
            for begin, ticks, pitch in decode_phrase(phrase, tonic):
                at = start + begin
                loud = get_velocity((at - pickup) % bar, METRES[tune.metre])
                notes.append(Note(at / TICKS, ticks / TICKS, pitch, loud))
            start += phrase.ticks
    return notes


def get_velocity(place: int, metre: tuple[int, int]) -> int:
    """How loud a note at a place of the bar (ticks) is: bar, beat, off the beat."""
    beat = 36 if metre[1] == 8 and metre[0] % 3 == 0 else TICKS
    if place == 0:
        return 96
    return 86 if place % beat == 0 else 74


def find_fifths(tonic: int, mode: str) -> int:
    """Return the key signature, -7..7."""
    fifths = _FIFTHS[tonic] + _MODE_SHIFT[mode]
    return fifths + 12 if fifths < -7 else fifths


def name_key(tonic: int, mode: str) -> str:
    """Return such as `D major`."""
    return f"{TONIC_NAMES[tonic]} {mode}"
