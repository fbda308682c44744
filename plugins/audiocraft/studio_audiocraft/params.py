"""What both generators take."""

from pydantic import Field

from studio.params import Params

MAX_SECONDS = 120.0


class SoundParams(Params):
    """Words, length, and how the model chooses among likely sounds."""

    prompt: str = Field("", max_length=2000, description="what is heard")
    duration: float = Field(
        10.0, ge=0.5, le=MAX_SECONDS, description="length", json_schema_extra={"unit": "s"}
    )
    guidance_scale: float = Field(3.0, ge=1, le=15, description="how closely to follow the prompt")
    temperature: float = Field(1.0, gt=0, le=2, description="more gives rarer sounds")
    top_k: int = Field(
        250, ge=0, le=2048, description="choose among so many, 0 all",
        json_schema_extra={"advanced": True},
    )  # fmt: skip
    top_p: float = Field(
        0.0, ge=0, le=1, description="choose among the likeliest with this share, 0 off",
        json_schema_extra={"advanced": True},
    )  # fmt: skip


class MusicParams(SoundParams):
    """Params of MusicGen."""

    checkpoint: str = Field(
        "facebook/musicgen-small", description="weights; empty: a tiny one that makes noise"
    )


class NoiseParams(SoundParams):
    """Params of AudioGen."""

    checkpoint: str = Field(
        "facebook/audiogen-medium", description="weights; empty: a tiny one that makes noise"
    )
