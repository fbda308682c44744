"""`music.vae`: short melodies and drum loops, new, varied, and on the way from one to another."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, get_args

from pydantic import Field, JsonValue

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
from studio_music.shelf import get_path, list_shipped, read_family

if TYPE_CHECKING:
    from studio_music.drums import DrumPlayer
    from studio_music.melodies import MelodyWriter
    from studio_music.notes import Piece

Tonic = Literal["C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"]
Style = Literal[
    "any", "rock", "funk", "latin", "jazz", "hiphop", "soul", "afrocuban", "punk", "neworleans",
    "country", "pop", "reggae", "gospel", "afrobeat", "dance", "blues",
]  # fmt: skip
METRES: Final = ("4/4", "3/4", "6/8")
SLIDER: Final[dict[str, JsonValue]] = {"unit": "standard deviations", "step": 0.1}


def _slide(text: str) -> Any:
    return Field(0.0, ge=-4, le=4, description=text, json_schema_extra=SLIDER)


class VaeParams(Params):
    """Params of `music.vae`."""

    task: Literal["new", "vary", "interpolate"] = Field(
        "new",
        description="something new, a variation of a clip, or steps from one clip to another",
    )
    checkpoint: str = Field(
        "melody",
        min_length=1,
        max_length=500,
        description="weights, which decide what is made: melody, drums, or what your own learnt, "
        "from music.train",
    )
    bars: Literal[2, 4] = Field(4, description="length of a clip; drums of 4 bars are two pairs")
    metre: Literal["4/4", "3/4", "6/8"] = Field("4/4", description="of a new melody")
    key: Tonic = Field("C", description="tonic of a new melody")
    style: Style = Field("rock", description="of drums")
    count: int = Field(5, ge=2, le=17, description="clips of an interpolation, the ends included")
    amount: float = Field(0.4, ge=0, le=1, description="how far a variation goes")
    temperature: float = Field(0.6, ge=0, le=2, description="0 always takes the likeliest step")
    bpm: float = Field(
        110, ge=20, le=300, description="tempo", json_schema_extra={"unit": "quarters a minute"}
    )
    density: float = _slide("more notes above 0")
    syncopation: float = _slide("more against the beat above 0")
    range: float = _slide("of melodies: wider above 0")
    interval: float = _slide("of melodies: larger leaps above 0")
    toms: float = _slide("of drums: more toms above 0")
    cymbals: float = _slide("of drums: more crash and ride above 0")


class Vae(Generator):
    """Latent vectors of short clips: draw one, move it, walk between two."""

    id: ClassVar[str] = "music.vae"
    title: ClassVar[str] = "Short clips"
    summary: ClassVar[str] = "Melodies and drum loops: new, varied, and between two of yours"
    output: ClassVar[MediaType] = MediaType.SCORE
    inputs: ClassVar[tuple[Input, ...]] = (
        Input(
            "clips",
            (MediaType.SCORE,),
            many=True,
            optional=True,
            summary="one to vary, or the two ends of an interpolation",
        ),
    )
    Params: ClassVar[type[Params]] = VaeParams
    checkpoint_from: ClassVar[tuple[str, ...]] = ("checkpoint",)
    checkpoints: ClassVar[tuple[BundledCheckpoint, ...]] = list_shipped("melody", "drums")
    testing_params: ClassVar[dict[str, object]] = {"bars": 2}

    @classmethod
    def footprint(cls, params: Any) -> Footprint:
        """A small net."""
        return Footprint(host_bytes=420 << 20)

    def __init__(self, checkpoint: Checkpoint | None, device: str) -> None:
        super().__init__(checkpoint, device)
        self._path = get_path(checkpoint, self.id)
        self._is_drums = read_family(self._path) == "drums"
        self._tools: dict[str, Any] = {}

    def generate(self, params: VaeParams, job: JobContext) -> Iterator[Artifact]:
        """Yield a score for each seed."""
        from studio_music.files import load_piece
        from studio_music.midi import build_midi

        clips = [load_piece(asset.path) for asset in job.inputs.get("clips", ())]
        check_clips(params.task, len(clips))
        for index, seed in enumerate(job.seeds):
            job.step(index, len(job.seeds))
            if not self._is_drums:
                piece, facts = write_melody(self._get_writer(), params, clips, seed)
            else:
                piece, facts = write_drums(self._get_player(), params, clips, seed)
            yield Artifact(build_midi(piece), MediaType.SCORE, metrics=facts, title=piece.title)
            job.step(index + 1, len(job.seeds))

    def _get_writer(self) -> "MelodyWriter":
        from studio_music.melodies import load_writer

        if "melody" not in self._tools:
            self._tools["melody"] = load_writer(self._path)
        writer: MelodyWriter = self._tools["melody"]
        return writer

    def _get_player(self) -> "DrumPlayer":
        from studio_music.drums import load_player

        if "drums" not in self._tools:
            self._tools["drums"] = load_player(self._path)
        player: DrumPlayer = self._tools["drums"]
        return player


def check_clips(task: str, count: int) -> None:
    """Check that a task has the clips it needs.

    Raises:
        InvalidInputError: too few.
    """
    if task == "vary" and count < 1:
        raise InvalidInputError("task 'vary' needs a score as 'clips'; give one")
    if task == "interpolate" and count < 2:
        raise InvalidInputError(
            "task 'interpolate' needs two scores as 'clips', not {count}; give the two ends",
            count=count,
        )


def write_melody(
    writer: "MelodyWriter", params: VaeParams, clips: list["Piece"], seed: int
) -> tuple["Piece", dict[str, float]]:
    """Write what `params` ask for; returns the score and its attributes."""
    import numpy as np

    from studio_music.attributes import MELODY, measure_melody
    from studio_music.latent import walk
    from studio_music.melodies import MelodyWish, read_clip, to_melody_piece
    from studio_music.melody_data import BAR_STEPS

    metre, tonic = METRES.index(params.metre), get_args(Tonic).index(params.key)
    heard = [read_clip(piece, params.bars) for piece in clips[:2] if params.task != "new"]
    if heard:
        metre, tonic = heard[0].metre, heard[0].tonic
    if len({clip.metre for clip in heard}) > 1:
        raise InvalidInputError("the two clips are in different metres; give two in one metre")
    names = ("density", "range", "syncopation", "interval")
    wishes = tuple((name, getattr(params, name)) for name in names)
    is_new = params.task == "new"
    wish = MelodyWish(metre, params.bars, tonic, params.temperature, wishes, is_new)
    if is_new:
        latents = [writer.draw(wish, seed)]
    elif params.task == "vary":
        latents = [writer.vary(heard[0], params.amount, seed)]
    else:
        path = walk(writer.encode(heard[0]), writer.encode(heard[1]), params.count)
        latents = [path[number : number + 1] for number in range(params.count)]
    tokens = [writer.write(z, wish, seed) for z in latents]
    piece = to_melody_piece(tokens, wish, params.bpm, _name(params, clips))
    rows = np.stack([measure_melody(row, BAR_STEPS[metre]) for row in tokens]).mean(0)
    return piece, {name: round(float(v), 4) for name, v in zip(MELODY, rows, strict=True)}


def write_drums(
    player: "DrumPlayer", params: VaeParams, clips: list["Piece"], seed: int
) -> tuple["Piece", dict[str, float]]:
    """Write what `params` ask for; returns the score and its attributes."""
    import numpy as np

    from studio_music.attributes import DRUM, measure_drums
    from studio_music.drums import DrumWish
    from studio_music.groove_data import DrumLoop, encode_notes, find_drums, to_drum_piece
    from studio_music.latent import draw_latent, vary, walk

    heard = [encode_notes(find_drums(piece), 32) for piece in clips[:2] if params.task != "new"]
    for piece, loop in zip(clips, heard, strict=False):
        if not loop.hits.any():
            raise InvalidInputError(
                "{title}: there are no drums in its first two bars; give a drum loop",
                title=piece.title or "the score",
            )
    names = ("density", "syncopation", "toms", "cymbals")
    wishes = tuple((name, getattr(params, name)) for name in names)
    wish = DrumWish(params.style, params.bpm, params.bars, params.temperature, attributes=wishes)
    if params.task == "new":
        latents = [draw_latent(player.latent, seed)]
    elif params.task == "vary":
        latents = [vary(player.encode(heard[0]), params.amount, seed)]
    else:
        path = walk(player.encode(heard[0]), player.encode(heard[1]), params.count)
        latents = [path[number : number + 1] for number in range(params.count)]
    loops = [player.compose(wish, z, seed) for z in latents]
    hits, force, push = (
        np.concatenate([getattr(loop, name) for loop in loops])
        for name in ("hits", "force", "push")
    )
    rows = np.stack([measure_drums(loop.hits) for loop in loops]).mean(0)
    facts = {name: round(float(v), 4) for name, v in zip(DRUM, rows, strict=True)}
    return to_drum_piece(
        DrumLoop(hits, force, push), _name(params, clips, is_drums=True), params.bpm
    ), facts


def _name(params: VaeParams, clips: list["Piece"], *, is_drums: bool = False) -> str:
    what = f"{params.bars} bars"
    if is_drums:
        what = f"{params.style.capitalize()} drums, {params.bars} bars"
    if params.task == "new" or not clips:
        return what
    return f"{what}, varied" if params.task == "vary" else f"{what}, {params.count} steps"
