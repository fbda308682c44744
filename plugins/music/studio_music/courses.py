"""Which models `music.train` can teach."""

from collections.abc import Callable, Mapping
from typing import Final, Literal

from studio_training import Settings

from studio_music.course import Course, Sizes
from studio_music.course_chorale import build_chorale
from studio_music.course_clips import build_drums, build_gan, build_melody
from studio_music.course_folk import build_folk
from studio_music.music_dataset import Collection

Model = Literal["folk", "melody", "drums", "gan", "chorale"]
BUILDERS: Final[Mapping[Model, Callable[[Collection, Sizes, Settings], Course]]] = {
    "folk": build_folk,
    "melody": build_melody,
    "drums": build_drums,
    "gan": build_gan,
    "chorale": build_chorale,
}


def build_course(model: Model, collection: Collection, sizes: Sizes, settings: Settings) -> Course:
    """Turn works into examples, and build what learns them.

    Raises:
        InvalidInputError: no work is of a kind that the model can learn.
    """
    return BUILDERS[model](collection, sizes, settings)
