"""Sizes of the variational autoencoder, as plain data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from studio_training.sizes import AutoencoderConfig

from studio_gan.config import CELL, MAX_CLASSES, read_autoencoder

KIND: Final = "vae"
MOST_WIDTH: Final = 256


@dataclass(frozen=True)
class VaeConfig:
    """Sizes.

    Attributes:
        classes: names; each has a prior of its own over styles.
        fine: channels where a place is a cell, 2 x 2 latents of the autoencoder.
        coarse: where it is a place of the field, 2 x 2 cells.
        places: numbers in such a place, which say what is where.
        style: numbers that say what the whole looks like.
        side: of what it learnt from, pixels.
        autoencoder: between pictures and latents.
    """

    classes: tuple[str, ...]
    fine: int = 48
    coarse: int = 80
    places: int = 8
    style: int = 32
    side: int = 128
    autoencoder: AutoencoderConfig = field(default_factory=AutoencoderConfig)

    @property
    def planes(self) -> int:
        """Numbers in a cell."""
        return CELL**2 * self.autoencoder.latent

    @property
    def step(self) -> int:
        """Pixels a side of one place of the field."""
        return 2 * CELL * self.autoencoder.factor


def read_vae_config(facts: Mapping[str, Any]) -> VaeConfig:
    """Read what `asdict` wrote.

    Raises:
        ValueError: no such net, or sizes out of range.
        KeyError: something is missing.
    """
    autoencoder = read_autoencoder(facts["autoencoder"])
    if facts["kind"] != KIND or autoencoder is None:
        raise ValueError("another architecture")
    names = ("fine", "coarse", "places", "style", "side")
    sizes = {name: int(facts[name]) for name in names}
    classes = tuple(str(name) for name in facts["classes"])
    config = VaeConfig(classes, autoencoder=autoencoder, **sizes)
    widths = (config.fine, config.coarse, config.places, config.style)
    if not all(1 <= width <= MOST_WIDTH for width in widths) or not 16 <= config.side <= 1024:
        raise ValueError("sizes out of range")
    if not 1 <= len(classes) <= MAX_CLASSES:
        raise ValueError("sizes out of range")
    return config
