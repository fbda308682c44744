"""`audiocraft.musicgen`: music from words, along a melody, or going on from an opening."""

from collections.abc import Callable
from typing import Any

from studio.errors import InvalidInputError
from studio.generator import Input, JobContext
from studio.media import MediaType
from studio_audiocraft.engine import Engine
from studio_audiocraft.params import MusicParams

_SOUND = (MediaType.AUDIO,)


class MusicGen(Engine):
    """Music by MusicGen; the melody needs weights made for it."""

    id = "audiocraft.musicgen"
    title = "MusicGen"
    summary = "Music from words, along a melody, or as the continuation of a sound."
    inputs = (
        Input("melody", _SOUND, optional=True, summary="a tune to follow; needs a melody model"),
        Input("opening", _SOUND, optional=True, summary="how it begins; the result contains it"),
    )
    Params = MusicParams
    model = "MusicGen"
    testing_params = {"checkpoint": "", "duration": 1.0, "prompt": "a march"}  # noqa: RUF012

    def choose_way(self, params: Any, job: JobContext) -> Callable[[], Any]:
        """Choose how the model is asked.

        Raises:
            InvalidInputError: melody and opening at once, or weights that know no melody.
        """
        if "melody" not in job.inputs:
            return super().choose_way(params, job)
        if "opening" in job.inputs:
            raise InvalidInputError("give either input 'melody' or input 'opening', not both")
        conditioners = self._model.lm.condition_provider.conditioners
        if "self_wav" not in conditioners:
            raise InvalidInputError(
                "input 'melody': '{checkpoint}' follows no melody; take facebook/musicgen-melody",
                checkpoint=params.checkpoint,
            )
        sound, rate = self._load_sound(job, "melody")
        return lambda: self._model.generate_with_chroma(
            [params.prompt], sound[None], rate, progress=True
        )
