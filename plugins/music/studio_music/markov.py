"""`music.markov`: chorales by counting what follows what."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from studio.errors import CheckpointError, InvalidInputError, StudioError
from studio.generator import (
    Artifact,
    BundledCheckpoint,
    Checkpoint,
    Generator,
    Input,
    InputAsset,
    JobContext,
)
from studio.media import MediaType
from studio.params import Params
from studio_music.compose_params import ChoraleParams
from studio_music.composers import SCORE, write_chorales
from studio_music.shelf import get_path, list_shipped

if TYPE_CHECKING:
    from studio_music.chorale_data import Frames
    from studio_music.model_markov import Table


class MarkovParams(ChoraleParams):
    """Params of `music.markov`."""

    checkpoint: str = Field(
        "chorale-markov", min_length=1, max_length=500, description="weights: the table that ships"
    )
    order: int = Field(
        4,
        ge=0,
        le=4,
        description="how much of what is around decides the next note: 0 its voice alone, 1 also "
        "the beat, 2 and 3 the voices above it, 4 the last chord",
    )


class Markov(Generator):
    """A Markov chain that ships, or one made of the user's own scores."""

    id: ClassVar[str] = "music.markov"
    title: ClassVar[str] = "Compose (Markov chain)"
    summary: ClassVar[str] = "Chorales by counting what follows what: the nets' baseline"
    output: ClassVar[MediaType] = MediaType.SCORE
    inputs: ClassVar[tuple[Input, ...]] = (
        *SCORE,
        Input(
            "examples",
            (MediaType.SCORE,),
            many=True,
            optional=True,
            summary="scores in four parts to learn from, in place of Bach's",
        ),
    )
    Params: ClassVar[type[Params]] = MarkovParams
    checkpoint_from: ClassVar[tuple[str, ...]] = ("checkpoint",)
    checkpoints: ClassVar[tuple[BundledCheckpoint, ...]] = list_shipped("chorale-markov")
    testing_params: ClassVar[dict[str, object]] = {"bars": 2}

    def __init__(self, checkpoint: Checkpoint | None, device: str) -> None:
        super().__init__(checkpoint, device)
        self._table = _load_table(get_path(checkpoint, self.id))

    def generate(self, params: MarkovParams, job: JobContext) -> Iterator[Artifact]:
        """Yield a chorale for each seed."""
        from studio_music.model_markov import MarkovModel, learn_table

        table, examples = self._table, job.inputs.get("examples")
        if examples:
            table = learn_table([read_example(item) for item in examples])
        yield from write_chorales(MarkovModel(table, params.order), params, job)


def read_example(asset: InputAsset) -> "Frames":
    """Read a score in four parts.

    Raises:
        InvalidInputError: it cannot be read, or parts are missing.
    """
    from studio_music.chorale_sampling import OPEN
    from studio_music.chorale_score import read_voices
    from studio_music.files import load_piece

    frames = read_voices(load_piece(asset.path)).frames
    if (frames == OPEN).any():
        raise InvalidInputError(
            "{path}: fewer than four voices sound in places; give examples in four parts",
            path=asset.path.name,
        )
    return frames


def _load_table(path: Path) -> "Table":
    from studio_training import load_weights

    from studio_music.model_markov import to_table

    try:
        config, tensors = load_weights(path)
        if config.get("family") != "markov":
            raise ValueError("another family")
        return to_table(tensors)
    except StudioError:
        raise
    except (KeyError, ValueError) as error:
        raise CheckpointError(
            "{path}: no table of music.markov, or a damaged one", path=path
        ) from error
