"""`music.accompany`: a piano part under a voice."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

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

if TYPE_CHECKING:
    from studio_music.accompany_chords import ChordModel
    from studio_music.notes import Piece

MOST_QUARTERS = 4000


class AccompanyParams(Params):
    """Params of `music.accompany`."""

    checkpoint: str = Field(
        "accompany",
        min_length=1,
        max_length=500,
        description="which songs the chords were learnt from",
    )
    figure: Literal["auto", "block", "broken", "alberti", "waltz", "arpeggio"] = Field(
        "auto", description="what the piano does with a chord; auto goes by the metre"
    )
    change: Literal["auto", "beat", "half bar", "bar", "two bars"] = Field(
        "auto", description="how often the chord may change"
    )
    temperature: float = Field(
        0.5, ge=0, le=1.5, description="0 takes the likeliest chords, 1 draws as the songs vary"
    )
    velocity: int = Field(58, ge=20, le=110, description="how loud the piano is")
    keep_score: bool = Field(True, description="keep the parts of the score beside the piano")


class Accompany(Generator):
    """Chords by a hidden Markov model of songs, played by rule."""

    id: ClassVar[str] = "music.accompany"
    title: ClassVar[str] = "Accompany a voice"
    summary: ClassVar[str] = "A piano part under your melody"
    output: ClassVar[MediaType] = MediaType.SCORE
    inputs: ClassVar[tuple[Input, ...]] = (
        Input("score", (MediaType.SCORE,), summary="the melody; its highest single line counts"),
    )
    Params: ClassVar[type[Params]] = AccompanyParams
    checkpoint_from: ClassVar[tuple[str, ...]] = ("checkpoint",)
    checkpoints: ClassVar[tuple[BundledCheckpoint, ...]] = list_shipped("accompany")
    testing_params: ClassVar[dict[str, object]] = {"temperature": 1.5, "change": "beat"}

    @classmethod
    def footprint(cls, params: Any) -> Footprint:
        """Tables of a few kilobytes."""
        return Footprint(host_bytes=300 << 20)

    def __init__(self, checkpoint: Checkpoint | None, device: str) -> None:
        from studio_music.accompany_chords import load_model

        super().__init__(checkpoint, device)
        self._model = load_model(get_path(checkpoint, self.id))

    def generate(self, params: AccompanyParams, job: JobContext) -> Iterator[Artifact]:
        """Yield a score for each seed."""
        from studio_music.files import load_piece
        from studio_music.midi import build_midi

        piece = load_piece(job.inputs["score"][0].path)
        for index, seed in enumerate(job.seeds):
            job.step(index, len(job.seeds))
            made, names = accompany(self._model, piece, params, seed)
            yield Artifact(
                build_midi(made),
                MediaType.SCORE,
                metrics={"chords": len(set(names))},
                info={"progression": " ".join(names)},
                title=made.title,
            )
            job.step(index + 1, len(job.seeds))


def accompany(
    model: "ChordModel", piece: "Piece", params: AccompanyParams, seed: int
) -> tuple["Piece", list[str]]:
    """Write a piano part; returns the score, and the names of the chords.

    Raises:
        InvalidInputError: no melody, or one that is too long.
    """
    from studio_music.accompany_chords import CHORDS, MODES, cut_slots, find_chords
    from studio_music.accompany_texture import Touch, play_chords
    from studio_music.folk import TONIC_NAMES
    from studio_music.melody import find_key, find_melody
    from studio_music.notes import Part, sort_notes

    part, key = find_melody(piece), find_key(piece)
    if piece.length > MOST_QUARTERS:
        raise InvalidInputError(
            "{title}: {quarters} quarter notes are too long to accompany; cut it to {most}",
            title=piece.title or "the score",
            quarters=int(piece.length),
            most=MOST_QUARTERS,
        )
    slots = cut_slots(part.notes, piece, choose_slot(piece, params.change))
    tonic = (key.tonic, MODES.index(key.mode))
    chords = find_chords(model, slots, tonic, params.temperature, seed)
    beat = 1.5 if piece.metre[1] == 8 and piece.metre[0] % 3 == 0 else 1.0
    figure = choose_figure(piece) if params.figure == "auto" else params.figure
    touch = Touch(figure, params.velocity, beat)
    right, left = play_chords(chords, slots, key.tonic, part.notes, touch)
    piano = Part("Piano", 0, sort_notes([*right, *left]))
    kept = piece.parts if params.keep_score else ()
    names = [
        TONIC_NAMES[(CHORDS[chord][0] + key.tonic) % 12] + CHORDS[chord][1] for chord in chords
    ]
    made = replace(
        piece,
        parts=(*kept, piano),
        fifths=piece.fifths if piece.fifths is not None else key.fifths,
        mode=piece.mode or key.mode,
        title=f"{piece.title or 'Song'} with piano",
    )
    return made, names


def choose_slot(piece: "Piece", change: str) -> float:
    """Return the quarters of a slot."""
    from studio_music.accompany_chords import guess_slot

    compound = piece.metre[1] == 8 and piece.metre[0] % 3 == 0
    return {
        "auto": guess_slot(piece),
        "beat": 1.5 if compound else 1.0,
        "half bar": piece.bar / 2,
        "bar": piece.bar,
        "two bars": 2 * piece.bar,
    }[change]


def choose_figure(piece: "Piece") -> str:
    """Return the figure that a metre is used to."""
    if piece.metre in ((3, 4), (3, 8)):
        return "waltz"
    if piece.metre[1] == 8:
        return "broken"
    return "alberti" if piece.bpm >= 110 else "arpeggio"
