"""Sizes of nets that plugins share; light, without torch."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class AutoencoderConfig:
    """Sizes.

    Attributes:
        channels: of a picture.
        latent: channels of the latents.
        patch: pixels a side that enter as one cell.
        down: channels of the encoder at each level; a level is half as fine as the one before.
        up: channels of the decoder at the same levels.
        blocks: residual blocks of the decoder at each level; the encoder has one.
    """

    channels: int = 3
    latent: int = 4
    patch: int = 2
    down: tuple[int, ...] = (24, 64)
    up: tuple[int, ...] = (32, 80)
    blocks: tuple[int, ...] = (1, 2)

    @property
    def latents(self) -> tuple[object, ...]:
        """What makes latents; decoders of equal ones may take each other's place."""
        return self.channels, self.latent, self.patch, self.down

    @property
    def factor(self) -> int:
        """Pixels a side of a picture to one cell of its latents."""
        return self.patch << (len(self.down) - 1)


LIGHT: Final = AutoencoderConfig(up=(16, 48), blocks=(0, 1))
"""With a decoder of a quarter of the time and a fifth of the weights, taught by the other."""
