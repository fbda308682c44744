"""The weights that ship, as far as they are there."""

import json
from pathlib import Path
from typing import Final

from studio.errors import CheckpointError
from studio.generator import BundledCheckpoint, Checkpoint

PLACE: Final = Path(__file__).parent / "checkpoints"
SUMMARIES: Final = {
    "chorale-transformer": "four-part chorales: new, continued, harmonised, mended",
    "chorale-lstm": "the same with a smaller and faster net",
    "chorale-markov": "steps of the voices of 229 chorales, counted",
    "folk": "dance tunes of the British Isles",
    "melody": "two and four bars of melody, from folk tunes, songs and chorales",
    "gan": "two bars of melody, from folk tunes, songs and chorales",
    "accompany": "chords of songs with piano, from OpenScore Lieder",
    "drums": "drums of two bars, their force and timing, from Groove MIDI (CC BY 4.0)",
}
LICENCES: Final = {"drums": "Apache-2.0 AND CC-BY-4.0"}
"""Of those whose data asks for more than the others' Apache-2.0."""


def list_shipped(*names: str) -> tuple[BundledCheckpoint, ...]:
    """Return those of the names whose weights are there, in that order."""
    return tuple(
        BundledCheckpoint(
            name, f"checkpoints/{name}", LICENCES.get(name, "Apache-2.0"), SUMMARIES[name]
        )
        for name in names
        if (PLACE / name).is_dir()
    )


def get_path(checkpoint: Checkpoint | None, generator: str) -> Path:
    """Return where the weights are.

    Raises:
        CheckpointError: none were chosen.
    """
    if checkpoint is None:
        raise CheckpointError("{id} needs weights; choose a checkpoint", id=generator)
    return checkpoint.path


def read_family(path: Path) -> str:
    """Read what sort of model a checkpoint holds; "" where that cannot be told.

    Args:
        path: of its folder, or of a file in it.
    """
    folder = path if path.is_dir() else path.parent
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    return str(config.get("family", "")) if isinstance(config, dict) else ""
