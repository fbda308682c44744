"""Params of the composing generators, and what they ask for."""

from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from pydantic import Field

from studio.errors import InvalidParamsError
from studio.params import Params

if TYPE_CHECKING:
    from studio_music.chorale import ChoraleRequest
    from studio_music.folk import FolkRequest

Task = Literal["new", "continue", "harmonise", "infill"]
Key = Literal["any", "C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"]
Mode = Literal["any", "major", "minor", "dorian", "mixolydian"]
Dance = Literal[
    "reel", "jig", "slip jig", "hornpipe", "strathspey", "march", "polka", "waltz", "air"
]
Ensemble = Literal["choir", "organ", "piano", "strings", "brass", "woodwind"]
Voices = Literal["all", "soprano", "alto", "tenor", "bass", "all but the soprano"]

VOICES: Final = {
    "all": (0, 1, 2, 3),
    "soprano": (0,),
    "alto": (1,),
    "tenor": (2,),
    "bass": (3,),
    "all but the soprano": (1, 2, 3),
}
BARS: Final = {"3/4": 12, "4/4": 16, "any": 0}


class ChoraleParams(Params):
    """Params of all that write chorales."""

    task: Task = Field(
        "new",
        description="something new; or of the score: go on from its end, put three voices under "
        "its melody, or write some of its bars anew",
    )
    key: Key = Field("any", description="tonic; any leaves it to chance, or to the score")
    mode: Mode = Field(
        "any", description="major or minor; dorian and mixolydian are for folk tunes"
    )
    metre: Literal["any", "4/4", "3/4"] = Field(
        "any", description="of a new chorale; any is 4/4. Dances have their own"
    )
    bars: int = Field(
        12,
        ge=2,
        le=48,
        description="how many: of a new chorale, or added to the score; of a folk tune, in each "
        "section, 16 at most",
        json_schema_extra={"unit": "bars"},
    )
    upbeat: bool = Field(True, description="a new chorale begins a quarter before the bar")
    from_bar: int = Field(
        1, ge=0, le=999, description="infill: first bar to write anew; 0 is the upbeat"
    )
    to_bar: int = Field(4, ge=0, le=999, description="infill: last bar to write anew")
    voices: Voices = Field("all", description="infill: which voices to write anew")
    bpm: float = Field(
        80,
        ge=20,
        le=300,
        description="tempo of a chorale",
        json_schema_extra={"unit": "quarters a minute"},
    )
    ensemble: Ensemble = Field("choir", description="instruments of a chorale")
    repeats: bool = Field(
        True, description="held pitches are sung again on the beat, as syllables are"
    )
    rules: bool = Field(
        True,
        description="keep the rules of four-part writing: ranges, no parallel fifths and octaves, "
        "hardly any crossing, no wide gaps",
    )
    temperature: float = Field(
        0.95, ge=0, le=2, description="below 1 is safer, above bolder; 0 always takes the likeliest"
    )
    top_k: int = Field(
        0,
        ge=0,
        le=64,
        description="choose among so many likeliest notes; 0 among all",
        json_schema_extra={"advanced": True},
    )
    top_p: float = Field(
        0.98,
        gt=0,
        le=1,
        description="choose among the likeliest notes that make up this share",
        json_schema_extra={"advanced": True},
    )
    tries: int = Field(
        1,
        ge=1,
        le=16,
        description="chorales written for each one shown: the best by rules, ending and "
        "likelihood is taken",
        json_schema_extra={"advanced": True},
    )


class ComposeParams(ChoraleParams):
    """Params of those with nets, which write folk tunes too."""

    checkpoint: str = Field(
        "chorale-transformer",
        min_length=1,
        max_length=500,
        description="weights, which decide what is written: a chorale in four parts; folk, a dance "
        "tune of the British Isles; or what your own learnt, from music.train",
    )
    dance: Dance = Field("reel", description="folk: what is danced; it decides the metre")
    sections: int = Field(
        2, ge=1, le=4, description="folk: different parts of the tune, usually two"
    )
    repeat_sections: bool = Field(True, description="folk: play each section twice")


class LstmParams(ComposeParams):
    """Params of `music.lstm`, which has weights of its own."""

    checkpoint: str = Field(
        "chorale-lstm",
        min_length=1,
        max_length=500,
        description="weights, which decide what is written: a chorale in four parts; folk, a dance "
        "tune of the British Isles; or what your own learnt, from music.train",
    )


def to_chorale_request(params: Any) -> "ChoraleRequest":
    """Turn params into what `chorale.write` takes.

    Raises:
        InvalidParamsError: a mode that chorales are not in.
    """
    from studio_music.chorale import ChoraleRequest
    from studio_music.chorale_score import Look
    from studio_music.sampling import Taste

    if params.mode not in ("any", "major", "minor"):
        raise InvalidParamsError(
            "mode: chorales are in major or minor, not {mode}; choose one of them, or checkpoint "
            "folk",
            mode=params.mode,
        )
    is_minor = None if params.mode == "any" else params.mode == "minor"
    return ChoraleRequest(
        task=params.task,
        tonic=None if params.key == "any" else get_args(Key).index(params.key) - 1,
        is_minor=is_minor,
        bars=params.bars,
        bar=BARS[params.metre],
        upbeat=params.upbeat,
        span=(params.from_bar, params.to_bar),
        voices=VOICES[params.voices],
        tries=params.tries,
        taste=Taste(params.temperature, params.top_k, params.top_p, params.rules),
        look=Look(bpm=params.bpm, ensemble=params.ensemble, repeats=params.repeats),
    )


def to_folk_request(params: ComposeParams, draw: float) -> "FolkRequest":
    """Turn params into what `FolkComposer` takes.

    Args:
        params: of a new tune, or one to go on with.
        draw: in [0, 1), decides what is left to chance.

    Raises:
        InvalidParamsError: a task that folk tunes do not have.
    """
    from studio_music.folk import KNOWN_TONICS, FolkRequest

    if params.task not in ("new", "continue"):
        raise InvalidParamsError(
            "task: a folk tune can be new or continued, not '{task}'; choose one of them, or "
            "weights for chorales",
            task=params.task,
        )
    tonic = KNOWN_TONICS[int(draw * len(KNOWN_TONICS))]
    if params.key != "any":
        tonic = get_args(Key).index(params.key) - 1
    return FolkRequest(
        dance=params.dance,
        tonic=tonic,
        mode="major" if params.mode == "any" else params.mode,
        bars=min(params.bars, 16),
        sections=params.sections,
        is_repeated=params.repeat_sections,
        temperature=max(params.temperature, 1e-3),
        top_k=params.top_k,
        top_p=params.top_p,
    )
