"""What a GAN is, as plain data."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from studio_training.sizes import AutoencoderConfig

Family = Literal["dcgan", "spatial", "style", "latent"]
FAMILIES: Final = ("dcgan", "spatial", "style", "latent")
FIRST: Final = (4, 5, 6, 7)
"""Sides that a picture can grow from by doubling."""
COLOURS: Final = 6
"""Numbers that say the colours of a picture: mean and spread of three."""
STATISTICS: Final = 6
"""Numbers that say what each channel of its latents is like."""
MAX_SIZE, MAX_CHANNELS, MAX_LATENT, MAX_CLASSES = 256, 128, 512, 1000
MAX_WIDTH, MAX_BLOCKS = 512, 8


CELL: Final = 2
"""Places a side of latents that a GAN draws as one."""


@dataclass(frozen=True)
class GanConfig:
    """Sizes of both nets.

    Attributes:
        family: "dcgan", one size (arXiv 1511.06434); "spatial", noise on a torus, any size (PSGAN,
            arXiv 1705.06566); "style", the same with modulated convolutions (StyleGAN2,
            arXiv 1912.04958); "latent", one that draws the latents of an autoencoder.
        size: side of what it learns from, pixels (of latents, cells of 2 x 2): 4 to 7, doubled
            some times.
        channels: width of the finest layers; coarser ones are up to eight times as wide.
        latent: numbers in a style vector.
        colours: 1 or 3; of latents, numbers in a cell.
        classes: names, () where there is only one.
        is_normed: the critic's convolutions have spectral norm (arXiv 1802.05957).
        autoencoder: of the family "latent".
        joints: whether a map of joints is told; of the family "latent".
    """

    family: Family = "spatial"
    size: int = 64
    channels: int = 24
    latent: int = 64
    colours: int = 3
    classes: tuple[str, ...] = ()
    is_normed: bool = True
    autoencoder: AutoencoderConfig | None = None
    joints: bool = False

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
        """From the coarsest layer to the finest."""
        return split_size(self.size)[1]

    @property
    def facts(self) -> int:
        """Numbers that it is told of the colours and the statistics wanted."""
        return COLOURS + STATISTICS * self.autoencoder.latent if self.autoencoder else 0

    @property
    def noise(self) -> int:
        """Numbers in a place of the field; of latents, so many that each cell has four."""
        return 4 * 4**self.doublings if self.autoencoder else 16

    @property
    def plan(self) -> int:
        """Numbers that a place is told of joints: its pixels, and whether they are known."""
        return self.scale**2 + 1 if self.joints else 0

    @property
    def planes(self) -> int:
        """Channels that the critic sees."""
        return self.colours + self.facts + self.plan

    @property
    def scale(self) -> int:
        """Pixels a side of what it draws as one."""
        return CELL * self.autoencoder.factor if self.autoencoder else 1

    @property
    def step(self) -> int:
        """Pixels a side of one place of the field."""
        return self.scale << self.doublings

    @property
    def side(self) -> int:
        """Of the pictures it learnt from, pixels."""
        return self.scale * self.size

    def get_width(self, level: int) -> int:
        """Return the channels after so many doublings."""
        return self.channels * min(8, 1 << (self.doublings - level))


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


def read_config(facts: Mapping[str, Any]) -> GanConfig:
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
        autoencoder=read_autoencoder(facts.get("autoencoder")),
        joints=bool(facts.get("joints", False)),
    )
    split_size(config.size)
    is_latent = config.family == "latent"
    colours = (CELL**2 * config.autoencoder.latent,) if config.autoencoder else (1, 3)
    if config.family not in FAMILIES or bool(config.autoencoder) != is_latent:
        raise ValueError("another architecture")
    if config.joints and not is_latent:
        raise ValueError("another architecture")
    if config.colours not in colours:
        raise ValueError("another architecture")
    sizes = (config.size, config.channels, config.latent, max(1, len(config.classes)))
    limits = (MAX_SIZE, MAX_CHANNELS, MAX_LATENT, MAX_CLASSES)
    if not all(1 <= size <= most for size, most in zip(sizes, limits, strict=True)):
        raise ValueError("sizes out of range")
    return config


def read_autoencoder(facts: Mapping[str, Any] | None) -> AutoencoderConfig | None:
    """Read the sizes of an autoencoder; None stays None.

    Raises:
        ValueError: sizes out of range.
        KeyError: something is missing.
    """
    if facts is None:
        return None
    lists = [tuple(int(n) for n in facts[name]) for name in ("down", "up", "blocks")]
    config = AutoencoderConfig(3, int(facts["latent"]), int(facts["patch"]), *lists)
    levels = len(config.up)
    if not 1 <= levels <= 4 or any(len(numbers) != levels for numbers in lists):
        raise ValueError("another autoencoder")
    sizes = (*config.down, *config.up, config.latent, 8 * config.patch)
    if not all(1 <= size <= MAX_WIDTH for size in sizes):
        raise ValueError("sizes out of range")
    if not all(0 <= count <= MAX_BLOCKS for count in config.blocks):
        raise ValueError("sizes out of range")
    return config
