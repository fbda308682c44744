"""`audiocraft.audiogen`: noises and sound scenes from words."""

from studio.generator import Input
from studio.media import MediaType
from studio_audiocraft.engine import Engine
from studio_audiocraft.params import NoiseParams


class AudioGen(Engine):
    """Sounds by AudioGen."""

    id = "audiocraft.audiogen"
    title = "AudioGen"
    summary = "Noises and sound scenes from words, or the continuation of a sound."
    inputs = (
        Input(
            "opening",
            (MediaType.AUDIO,),
            optional=True,
            summary="how it begins; the result contains it",
        ),
    )
    Params = NoiseParams
    model = "AudioGen"
    testing_params = {"checkpoint": "", "duration": 1.0, "prompt": "rain"}  # noqa: RUF012
