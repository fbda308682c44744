"""The weights that ship, as far as they are there."""

from pathlib import Path
from typing import Final

from studio.errors import CheckpointError
from studio.generator import BundledCheckpoint, Checkpoint

PLACE: Final = Path(__file__).parent / "checkpoints"
SUMMARIES: Final = {
    "texture": "25 materials of ambientCG",
    "sprite": "22 kinds of sprites, 16 and 32 px",
    "judge": "tells the 25 materials apart",
    "judge-sprite": "tells the kinds of sprites apart",
}


def list_shipped(*names: str) -> tuple[BundledCheckpoint, ...]:
    """Return those of the names whose weights are there, in that order."""
    return tuple(
        BundledCheckpoint(name, f"checkpoints/{name}", "Apache-2.0", SUMMARIES[name])
        for name in names
        if (PLACE / name).is_dir()
    )


def get_place(checkpoint: Checkpoint | None, generator: str) -> Path:
    """Return where the files of a checkpoint are.

    Raises:
        CheckpointError: none is named.
    """
    if checkpoint is None:
        raise CheckpointError("{id} needs weights; choose a checkpoint", id=generator)
    return checkpoint.path


def get_shipped(name: str) -> Path:
    """Return where shipped weights are.

    Raises:
        CheckpointError: this copy of the plugin came without them.
    """
    if not (PLACE / name).is_dir():
        raise CheckpointError(
            "the weights '{name}' are missing from this plugin; install it again", name=name
        )
    return PLACE / name
