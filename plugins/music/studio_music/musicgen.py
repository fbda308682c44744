"""`music.musicgen`: text to sound with MusicGen, along a melody too, through transformers."""

from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import Field

from studio.generator import Artifact, Checkpoint, Footprint, Generator, Input, JobContext
from studio.media import MediaType
from studio.params import Params


class MusicgenParams(Params):
    """Params of `music.musicgen`."""

    prompt: str = Field(
        "a calm piano piece", max_length=2000, description="what it should sound like"
    )
    checkpoint: str = Field(
        "facebook/musicgen-small",
        min_length=1,
        max_length=500,
        description="MusicGen in transformers' format: a folder, a checkpoint, or hub id",
    )
    seconds: float = Field(
        8, gt=0, le=120, description="length of what is made", json_schema_extra={"unit": "s"}
    )
    guidance_scale: float = Field(
        3.0, ge=1, le=20, description="how closely it follows the prompt; 1 is freely"
    )
    temperature: float = Field(1.0, gt=0, le=4, description="below 1 is safer, above bolder")
    top_k: int = Field(250, ge=0, le=2048, description="tokens to choose from; 0 for all")
    top_p: float = Field(
        1.0, gt=0, le=1, description="share of probability to choose from; 1 for all"
    )
    continue_from: float = Field(
        10,
        gt=0,
        le=30,
        description="seconds at the end of the given sound that it goes on from",
        json_schema_extra={"unit": "s"},
    )


class Musicgen(Generator):
    """MusicGen (arXiv 2306.05284): sound from words, along a tune, or going on from a sound."""

    id: ClassVar[str] = "music.musicgen"
    title: ClassVar[str] = "MusicGen"
    summary: ClassVar[str] = "Text to music, and continuation, with your MusicGen checkpoint"
    output: ClassVar[MediaType] = MediaType.AUDIO
    inputs: ClassVar[tuple[Input, ...]] = (
        Input("sound", (MediaType.AUDIO,), optional=True, summary="what to go on from"),
        Input(
            "melody",
            (MediaType.AUDIO,),
            optional=True,
            summary="a tune to follow; needs a melody checkpoint",
        ),
    )
    Params: ClassVar[type[Params]] = MusicgenParams
    checkpoint_from: ClassVar[tuple[str, ...]] = ("checkpoint",)
    testing_params: ClassVar[dict[str, object]] = {"seconds": 0.1}

    @classmethod
    def footprint(cls, params: Any) -> Footprint:
        """The small model in float32; larger ones are measured."""
        return Footprint(device_bytes=3 << 30, host_bytes=4 << 30)

    def __init__(self, checkpoint: Checkpoint | None, device: str) -> None:
        super().__init__(checkpoint, device)
        from studio_music.musicgen_model import load_musicgen

        self._composer = load_musicgen(checkpoint, device)

    def generate(self, params: MusicgenParams, job: JobContext) -> Iterator[Artifact]:
        """Yield a sound per seed.

        Raises:
            InvalidInputError: the checkpoint follows no melody, or goes on from no sound.
        """
        from studio_music.musicgen_model import Given, Wish, load_sound
        from studio_music.musicgen_stream import Samples

        rate, sounds = self._composer.sample_rate, job.inputs.get("sound") or []
        tunes = job.inputs.get("melody") or []
        self._composer.check_inputs(bool(sounds), bool(tunes), params.checkpoint)
        given = Given(
            load_sound(sounds[0].path, rate, params.continue_from) if sounds else None,
            load_sound(tunes[0].path, rate) if tunes else None,
        )
        wish = Wish(
            prompt=params.prompt,
            seconds=params.seconds,
            guidance_scale=params.guidance_scale,
            temperature=params.temperature,
            top_k=params.top_k,
            top_p=params.top_p,
        )
        total = self._composer.count_tokens(params.seconds)
        for index, seed in enumerate(job.seeds):
            job.step(index * total, total * len(job.seeds))

            def step(done: int, heard: Samples | None, base: int = index * total) -> None:
                preview = None if heard is None else (heard, rate)
                job.step(base + min(done, total - 1), total * len(job.seeds), preview)

            samples = self._composer.compose(wish, seed, given, step)
            job.step((index + 1) * total, total * len(job.seeds))
            yield Artifact(
                (samples, rate),
                MediaType.AUDIO,
                info={"tokens": total},
                title=params.prompt[:60] or "MusicGen",
            )

    def close(self) -> None:
        """Free the model."""
        self._composer.close()
