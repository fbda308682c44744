"""`music.groove`: drums for a rhythm, and human force and timing for drums and other parts."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

from pydantic import Field

from studio.errors import InvalidInputError
from studio.generator import (
    Artifact,
    BundledCheckpoint,
    Checkpoint,
    Footprint,
    Generator,
    Input,
    JobContext,
)
from studio.media import MediaType
from studio.params import Params
from studio_music.shelf import get_path, list_shipped
from studio_music.vae import Style

if TYPE_CHECKING:
    from studio_music.drums import DrumPlayer, DrumWish
    from studio_music.notes import Part, Piece

MOST_BARS: Final = 512
SPREAD_FORCE, SPREAD_PUSH = 6.0, 0.012
"""Of other parts at `human` 1: velocity, quarters."""


class GrooveParams(Params):
    """Params of `music.groove`."""

    task: Literal["drumify", "groove", "humanise"] = Field(
        "drumify",
        description="drums that play the rhythm of the score; a drummer's force and timing in "
        "place of those of the drums; or a little of it for all parts",
    )
    checkpoint: str = Field(
        "drums",
        min_length=1,
        max_length=500,
        description="weights: drums, which ship, or a drum checkpoint of music.train",
    )
    style: Style = Field("rock", description="what the drummer is used to")
    human: float = Field(
        1.0, ge=0, le=2, description="how human: 0 is a machine, 1 as drummers play"
    )
    temperature: float = Field(0.7, ge=0, le=2, description="drumify: below 1 is safer")
    keep_score: bool = Field(
        True, description="drumify: keep the parts of the score beside the drums"
    )
    strict: bool = Field(
        False,
        description="drumify: strike on the notes of the score only; else the drummer adds some",
    )


class Groove(Generator):
    """A net drums to taps; another plays as the drummers of Groove MIDI do."""

    id: ClassVar[str] = "music.groove"
    title: ClassVar[str] = "Drummer"
    summary: ClassVar[str] = "Drums for any rhythm; human force and timing"
    output: ClassVar[MediaType] = MediaType.SCORE
    inputs: ClassVar[tuple[Input, ...]] = (
        Input("score", (MediaType.SCORE,), summary="the rhythm, or the drums to play better"),
    )
    Params: ClassVar[type[Params]] = GrooveParams
    checkpoint_from: ClassVar[tuple[str, ...]] = ("checkpoint",)
    checkpoints: ClassVar[tuple[BundledCheckpoint, ...]] = list_shipped("drums")

    @classmethod
    def footprint(cls, params: Any) -> Footprint:
        """A small net."""
        return Footprint(host_bytes=420 << 20)

    def __init__(self, checkpoint: Checkpoint | None, device: str) -> None:
        from studio_music.drums import load_player

        super().__init__(checkpoint, device)
        self._player = load_player(get_path(checkpoint, self.id))

    def generate(self, params: GrooveParams, job: JobContext) -> Iterator[Artifact]:
        """Yield a score for each seed."""
        from studio_music.files import load_piece
        from studio_music.midi import build_midi

        piece = load_piece(job.inputs["score"][0].path)
        check_length(piece)
        play = {"drumify": drumify, "groove": play_drums, "humanise": humanise}[params.task]
        for index, seed in enumerate(job.seeds):
            job.step(index, len(job.seeds))
            made = play(self._player, piece, params, seed)
            drums = sum(len(part.notes) for part in made.parts if part.is_drum)
            yield Artifact(
                build_midi(made),
                MediaType.SCORE,
                metrics={"drum_notes": drums},
                title=made.title,
            )
            job.step(index + 1, len(job.seeds))


def check_length(piece: "Piece") -> None:
    """Check that a score is not too long.

    Raises:
        InvalidInputError: it is.
    """
    if piece.length > MOST_BARS * 4:
        raise InvalidInputError(
            "{title}: {quarters} quarter notes are too long for the drummer; cut it to {most}",
            title=piece.title or "the score",
            quarters=int(piece.length),
            most=MOST_BARS * 4,
        )


def drumify(player: "DrumPlayer", piece: "Piece", params: GrooveParams, seed: int) -> "Piece":
    """Drum to the onsets of all parts, from the first full bar."""
    from studio_music.drums import draw_pattern
    from studio_music.groove_data import decode_notes, tap_notes
    from studio_music.notes import Note, Part, sort_notes

    notes = [note for part in piece.parts for note in part.notes]
    shift = piece.pickup
    bars = max(1, -(-int((piece.length - shift) * 4) // 16))
    moved = [
        replace(note, start=note.start - shift) for note in notes if note.start >= shift - 1e-6
    ]
    taps = tap_notes(moved, bars * 16)
    wish = _wish(params, piece, bars)
    loop = player.compose(wish, draw_pattern(player, seed), seed, taps, strict=params.strict)
    made = [Note(n.start + shift, n.duration, n.pitch, n.velocity) for n in decode_notes(loop)]
    drums = Part("Drums", 0, sort_notes(made), True)
    others = tuple(part for part in piece.parts if params.keep_score and not part.is_drum)
    title = (
        f"{piece.title or 'Score'} with drums" if others else f"Drums to {piece.title or 'a score'}"
    )
    return replace(piece, parts=(*others, drums), title=title)


def play_drums(player: "DrumPlayer", piece: "Piece", params: GrooveParams, seed: int) -> "Piece":
    """Put the drums on the grid and play them as a drummer would.

    Raises:
        InvalidInputError: there are no drums.
    """
    drums = [part for part in piece.parts if part.is_drum]
    if not drums:
        raise InvalidInputError(
            "{title}: there are no drums in it; task 'drumify' makes some",
            title=piece.title or "the score",
        )
    parts = tuple(
        _play_part(player, part, _wish(params, piece, 1), seed, 1.0) if part.is_drum else part
        for part in piece.parts
    )
    return replace(piece, parts=parts, title=f"{piece.title or 'Drums'}, played")


def humanise(player: "DrumPlayer", piece: "Piece", params: GrooveParams, seed: int) -> "Piece":
    """Move all parts a little: drums halfway to the drummer, others by slow small deviations."""
    wish = _wish(params, piece, 1)
    parts = tuple(
        _play_part(player, part, wish, seed, min(1.0, params.human / 2))
        if part.is_drum
        else _loosen(part, params.human, [seed, place])
        for place, part in enumerate(piece.parts)
    )
    return replace(piece, parts=parts, title=f"{piece.title or 'Score'}, humanised")


def _wish(params: GrooveParams, piece: "Piece", bars: int) -> "DrumWish":
    from studio_music.drums import DrumWish

    return DrumWish(params.style, piece.bpm, bars, params.temperature, params.human)


def _play_part(
    player: "DrumPlayer", part: "Part", wish: "DrumWish", seed: int, blend: float
) -> "Part":
    """Play a drum part; drums that the net does not know stay as they are."""
    from studio_music.groove_data import CLASS_OF, encode_notes
    from studio_music.notes import sort_notes

    known = [note for note in part.notes if note.pitch in CLASS_OF]
    if not known:
        return part
    loop = encode_notes(known)
    played = player.play(loop, wish, seed, blend)
    notes = [note for note in part.notes if note.pitch not in CLASS_OF]
    for note in known:
        step, drum = int(note.start * 4 + 0.5), CLASS_OF[note.pitch]
        if step >= loop.steps:
            continue
        start = max(0.0, (step + float(played.push[step, drum])) / 4)
        velocity = round(float(played.force[step, drum]) * 127)
        notes.append(replace(note, start=round(start, 4), velocity=max(1, min(127, velocity))))
    return replace(part, notes=sort_notes(notes))


def _loosen(part: "Part", human: float, seed: list[int]) -> "Part":
    import numpy as np

    from studio_music.notes import sort_notes

    rng = np.random.default_rng(seed)
    force = push = 0.0
    notes = []
    for note in part.notes:
        force = 0.7 * force + 0.7 * rng.standard_normal()
        push = 0.7 * push + 0.7 * rng.standard_normal()
        notes.append(
            replace(
                note,
                start=round(max(0.0, note.start + human * SPREAD_PUSH * push), 4),
                velocity=int(np.clip(round(note.velocity + human * SPREAD_FORCE * force), 1, 127)),
            )
        )
    return replace(part, notes=sort_notes(notes))
