"""The weights that ship, as far as they are there, and what each generator may load."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

from studio.errors import CheckpointError
from studio.generator import BundledCheckpoint, Checkpoint

if TYPE_CHECKING:
    from studio_upscale.network import EnlargingNet

PLACE: Final = Path(__file__).parent / "checkpoints"
SUMMARIES: Final = {
    "quality": "1.1 million parameters, nearest to the original",
    "fast": "63 thousand parameters, for previews and video",
    "sharp": "quality, trained on against a critic: crisper, less exact",
    "denoise": "177 thousand parameters, blind to the strength of the noise",
    "deblock": "177 thousand parameters, blind to the quality of the JPEG",
    "pixels": "chooses among the colours around, learnt from sprites",
    "colour": "guesses colour from brightness; small, and learnt from little",
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


def load_enlarger(checkpoint: Checkpoint | None, generator: str) -> "EnlargingNet":
    """Load weights that make pictures larger.

    Raises:
        CheckpointError: none named, damaged, of another architecture, or they keep the size.
    """
    network = _load(checkpoint, generator)
    if network.config.scale == 1:
        raise CheckpointError(
            "{name}: these weights keep the size; {id} needs some that enlarge",
            name=checkpoint.name if checkpoint else "",
            id=generator,
        )
    return network


def load_mender(checkpoint: Checkpoint | None, generator: str) -> "EnlargingNet":
    """Load weights that keep the size.

    Raises:
        CheckpointError: none named, damaged, of another architecture, or they enlarge.
    """
    network = _load(checkpoint, generator)
    if network.config.scale != 1:
        raise CheckpointError(
            "{name}: these weights enlarge {scale} times; {id} needs some of scale 1",
            name=checkpoint.name if checkpoint else "",
            scale=network.config.scale,
            id=generator,
        )
    return network


def _load(checkpoint: Checkpoint | None, generator: str) -> "EnlargingNet":
    from studio_upscale.weights import load_network

    return load_network(get_place(checkpoint, generator))
