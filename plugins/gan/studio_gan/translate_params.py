"""Params of the translations."""

from typing import Literal

from pydantic import Field, JsonValue

from studio.params import Params

ADVANCED: dict[str, JsonValue] = {"advanced": True}


class TranslateParams(Params):
    """Params of `gan.translate`."""

    checkpoint: str = Field(
        "", max_length=500, description="weights: a checkpoint made by gan.translate_train"
    )
    back: bool = Field(
        False, description="the other way; for weights learnt without pairs, which go both ways"
    )


class TranslateTrainParams(Params):
    """Params of `gan.translate_train`."""

    source: str = Field(
        "",
        max_length=4000,
        description="a folder of pictures as they go in; with materials as input, the name of a "
        "map, such as height",
    )
    target: str = Field(
        "",
        max_length=4000,
        description="a folder of pictures as they shall come out; of pairs, under the same names; "
        "with materials as input, the name of a map, such as albedo",
    )
    mode: Literal["paired", "unpaired"] = Field(
        "paired",
        description="paired learns from the same picture before and after; unpaired from two "
        "folders that share nothing but their kinds",
    )
    start: str = Field(
        "",
        max_length=500,
        description="a checkpoint made here, to go on from; its sizes count then",
    )
    tiles: bool = Field(True, description="pictures tile, and what is made of them does")
    size: int = Field(
        64,
        ge=32,
        le=256,
        multiple_of=4,
        description="side of the windows it learns from",
        json_schema_extra={"unit": "px"},
    )
    whole: int = Field(
        128,
        ge=32,
        le=512,
        description="side that pictures are reduced to, at least the windows'",
        json_schema_extra={"unit": "px"},
    )
    channels: int = Field(
        16, ge=4, le=64, description="width of the nets", json_schema_extra=ADVANCED
    )
    blocks: int = Field(
        4, ge=1, le=9, description="layers in their middle", json_schema_extra=ADVANCED
    )
    steps: int = Field(2000, ge=1, le=1_000_000, description="turns of the translator")
    stop_after: int = Field(
        0,
        ge=0,
        le=1_000_000,
        description="pause after this many steps; a run with the result as start goes on as if "
        "there had been no pause. 0 goes to the end",
        json_schema_extra=ADVANCED,
    )
    batch: int = Field(4, ge=1, le=64, description="windows in a step", json_schema_extra=ADVANCED)
    rate: float = Field(
        5e-4, ge=1e-6, le=0.01, description="learning rate", json_schema_extra=ADVANCED
    )
    likeness: float = Field(
        10.0,
        ge=0,
        le=1000,
        description="weight of being near the target, or of coming back unchanged; less is "
        "livelier and less true",
        json_schema_extra=ADVANCED,
    )
