"""What a GAN is, as plain data."""

from dataclasses import dataclass
from typing import Any, Final, Literal

Family = Literal["dcgan", "spatial", "style"]
FAMILIES: Final = ("dcgan", "spatial", "style")
FIRST: Final = (4, 5, 6, 7)
"""Sides that a picture can grow from by doubling."""
MAX_SIZE, MAX_CHANNELS, MAX_LATENT, MAX_CLASSES = 256, 128, 512, 1000


@dataclass(frozen=True)
class GanConfig:
    """Sizes of both nets.

    Attributes:
        family: "dcgan", one size (arXiv 1511.06434); "spatial", noise on a torus, any size (PSGAN,
            arXiv 1705.06566); "style", the same with modulated convolutions (StyleGAN2,
            arXiv 1912.04958).
        size: side of the pictures it learns from, pixels: 4 to 7, doubled some times.
        channels: width of the finest layers; coarser ones are up to eight times as wide.
        latent: numbers in a style vector.
        colours: 1 or 3.
        classes: names, () where there is only one.
        is_normed: the critic's convolutions have spectral norm (arXiv 1802.05957).
    """

    family: Family = "spatial"
    size: int = 64
    channels: int = 24
    latent: int = 64
    colours: int = 3
    classes: tuple[str, ...] = ()
    is_normed: bool = True

    @property
    def is_torus(self) -> bool:
        """Its pictures tile, at any size."""
        return self.family != "dcgan"

    @property
    def first(self) -> int:
        """Side of the coarsest layer."""
        return split_size(self.size)[0]

    @property
    def doublings(self) -> int:
        """From the coarsest layer to the picture."""
        return split_size(self.size)[1]

    def get_width(self, level: int) -> int:
        """Return the channels after so many doublings."""
        return self.channels * min(8, 2 ** (self.doublings - level))


def split_size(size: int) -> tuple[int, int]:
    """Split a side into a first one of 4 to 7 pixels and the number of doublings.

    Raises:
        ValueError: it is not such a number.
    """
    doublings = 0
    while size > FIRST[-1] and size % 2 == 0:
        size, doublings = size // 2, doublings + 1
    if size not in FIRST or not doublings:
        raise ValueError("a side is 4 to 7 pixels, doubled: such as 28, 32, 48, 64, 96 or 128")
    return size, doublings


def read_config(facts: dict[str, Any]) -> GanConfig:
    """Read what `asdict` wrote.

    Raises:
        ValueError: no GAN of ours, or sizes out of range.
        KeyError: something is missing.
    """
    config = GanConfig(
        family=facts["family"],
        size=int(facts["size"]),
        channels=int(facts["channels"]),
        latent=int(facts["latent"]),
        colours=int(facts["colours"]),
        classes=tuple(str(name) for name in facts["classes"]),
        is_normed=bool(facts["is_normed"]),
    )
    split_size(config.size)
    if config.family not in FAMILIES or config.colours not in (1, 3):
        raise ValueError("another architecture")
    sizes = (config.size, config.channels, config.latent, max(1, len(config.classes)))
    limits = (MAX_SIZE, MAX_CHANNELS, MAX_LATENT, MAX_CLASSES)
    if not all(1 <= size <= most for size, most in zip(sizes, limits, strict=True)):
        raise ValueError("sizes out of range")
    return config
