"""`music.render`: a score to sound."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Final, Literal

from pydantic import Field

from studio.errors import InvalidInputError
from studio.generator import Artifact, Footprint, Generator, Input, JobContext
from studio.media import MediaType
from studio.params import Params
from studio_music.files import load_piece
from studio_music.notes import Part, Piece

MAX_SECONDS: Final = 30 * 60
MAX_STEMS: Final = 64
MIX: Final = "mix"
ENSEMBLES: Final[dict[str, tuple[int, ...]]] = {
    "choir": (52,),
    "organ": (19,),
    "piano": (0,),
    "harpsichord": (6,),
    "strings": (40, 40, 41, 42),
    "brass": (56, 56, 60, 57),
    "woodwind": (73, 68, 71, 70),
    "guitar": (24,),
    "music_box": (10,),
    "synth": (89,),
}
"""Programs of the voices from the top; the last goes on."""


class RenderParams(Params):
    """Params of `music.render`."""

    format: Literal["wav", "flac", "ogg", "mp3"] = Field("wav", description="kind of sound file")
    instruments: Literal[
        "as_written",
        "choir",
        "organ",
        "piano",
        "harpsichord",
        "strings",
        "brass",
        "woodwind",
        "guitar",
        "music_box",
        "synth",
    ] = Field("as_written", description="who plays; drums stay drums")
    soundfont: str = Field(
        "",
        max_length=1000,
        description="path of an .sf2 or .sf3, any for one found on this machine, empty for the "
        "built-in synthesiser",
    )
    room: Literal["room", "chamber", "hall", "church"] = Field(
        "hall", description="where it sounds"
    )
    reverb: float = Field(
        0.3, ge=0, le=1.5, description="level of the reverb", json_schema_extra={"step": 0.05}
    )
    loudness: float = Field(
        -16,
        ge=-40,
        le=-8,
        description="loudness over all",
        json_schema_extra={"unit": "LUFS", "step": 1, "advanced": True},
    )
    speed: float = Field(
        1.0, ge=0.25, le=4, description="times the written tempo", json_schema_extra={"step": 0.05}
    )
    stems: bool = Field(False, description="also each part on its own; together they are the mix")
    picture: bool = Field(False, description="also a picture of waveform and spectrogram")
    sample_rate: Literal[22050, 32000, 44100, 48000] = Field(
        44100, description="samples a second", json_schema_extra={"unit": "Hz", "advanced": True}
    )


class Render(Generator):
    """Plays a score with our own synthesiser, or with a SoundFont."""

    id: ClassVar[str] = "music.render"
    title: ClassVar[str] = "Score to sound"
    summary: ClassVar[str] = "Plays MIDI or MusicXML: WAV, FLAC, OGG or MP3, with stems"
    output: ClassVar[MediaType] = MediaType.AUDIO
    inputs: ClassVar[tuple[Input, ...]] = (Input("score", (MediaType.SCORE,), summary="the music"),)
    Params: ClassVar[type[Params]] = RenderParams
    seeded: ClassVar[bool] = False
    testing_params: ClassVar[dict[str, object]] = {"sample_rate": 22050, "room": "room"}

    @classmethod
    def footprint(cls, params: Any) -> Footprint:
        """Some minutes of stereo, a few times over."""
        return Footprint(host_bytes=700 << 20)

    def generate(
        self, params: RenderParams, job: JobContext
    ) -> Iterator[Artifact | Sequence[Artifact]]:
        """Yield the mix, and the stems and picture that are wanted."""
        asset = job.inputs["score"][0]
        piece = _prepare(load_piece(asset.path), params)
        title = piece.title or asset.title
        total = len(piece.parts) + 2
        for index in range(len(job.seeds)):
            job.step(index * total, total * len(job.seeds))
            made = _play(piece, params, job, index)
            job.step(index * total + total - 1, total * len(job.seeds))
            artifacts = _write(made, params, job, title)
            if params.picture:
                from studio_music.pictures import draw_sound

                picture = draw_sound(made[MIX], params.sample_rate)
                artifacts.append(Artifact(picture, MediaType.IMAGE, title=f"{title} spectrogram"))
            yield artifacts if len(artifacts) > 1 else artifacts[0]
            job.step((index + 1) * total, total * len(job.seeds))


def assign_instruments(piece: Piece, ensemble: str) -> Piece:
    """Give the voices the instruments of an ensemble; a name that is none leaves the piece."""
    programs = ENSEMBLES.get(ensemble)
    if not programs:
        return piece
    parts: list[Part] = []
    voice = 0
    for part in piece.parts:
        if part.is_drum:
            parts.append(part)
            continue
        parts.append(replace(part, program=programs[min(voice, len(programs) - 1)]))
        voice += 1
    return replace(piece, parts=tuple(parts))


def save_sound(sound: Any, rate: int, path: Path) -> None:
    """Write (2, samples) floats as WAV, FLAC, OGG or MP3, by the ending of `path`.

    Block by block: libsndfile's Vorbis encoder overruns its stack on one long write.
    """
    import soundfile

    subtype = {".wav": "PCM_16", ".flac": "PCM_16", ".ogg": "VORBIS", ".mp3": "MPEG_LAYER_III"}
    kind = {".wav": "WAV", ".flac": "FLAC", ".ogg": "OGG", ".mp3": "MP3"}[path.suffix]
    with soundfile.SoundFile(path, "w", rate, 2, subtype[path.suffix], format=kind) as file:
        for start in range(0, sound.shape[1], 1 << 16):
            file.write(sound[:, start : start + (1 << 16)].T)


def _prepare(piece: Piece, params: RenderParams) -> Piece:
    piece = assign_instruments(piece, params.instruments)
    if params.speed != 1:
        tempos = tuple((at, bpm * params.speed) for at, bpm in piece.tempos)
        piece = replace(piece, bpm=piece.bpm * params.speed, tempos=tempos)
    if piece.seconds > MAX_SECONDS:
        raise InvalidInputError(
            "score: it lasts {minutes} minutes, at most {limit} are rendered; cut it into pieces",
            minutes=round(piece.seconds / 60),
            limit=MAX_SECONDS // 60,
        )
    if params.stems and len(piece.parts) > MAX_STEMS:
        raise InvalidInputError(
            "stems: {parts} parts are more than the {limit} that get a file each; switch stems off",
            parts=len(piece.parts),
            limit=MAX_STEMS,
        )
    return piece


def _play(piece: Piece, params: RenderParams, job: JobContext, index: int) -> dict[str, Any]:
    """Return name -> (2, samples): the mix, then the stems if they are wanted."""
    from studio_music.playing import play_mix, play_stems
    from studio_music.soundfont import find_soundfont
    from studio_music.synth import Room

    room = Room(params.sample_rate, params.room, params.reverb, params.loudness)
    total = len(piece.parts) + 2

    def step(done: int, _: int) -> None:
        job.step(index * total + min(done + 1, total - 1), total * len(job.seeds))

    font = find_soundfont(params.soundfont)
    if not params.stems:
        return {MIX: play_mix(piece, room, font, step)}
    return play_stems(piece, room, font, step, MIX)


def _write(
    made: dict[str, Any], params: RenderParams, job: JobContext, title: str
) -> list[Artifact]:
    artifacts = []
    for place, (name, sound) in enumerate(made.items()):
        path = job.scratch / f"sound{place}.{params.format}"
        save_sound(sound, params.sample_rate, path)
        artifacts.append(
            Artifact(
                path,
                MediaType.AUDIO,
                info={"part": name, "renderer": params.soundfont or "built-in synthesiser"},
                title=title if name == MIX else f"{title} {name}",
            )
        )
    return artifacts
