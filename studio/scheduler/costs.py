"""What a run takes, in bytes and seconds, and how memory-saving rungs change it."""

from dataclasses import dataclass

TILE = "tile"
OFFLOAD = "offload"


@dataclass(frozen=True, slots=True)
class Cost:
    """What the scheduler believes of one shape of job.

    Attributes:
        weights: bytes of the resident instance.
        base: further bytes of a run, whatever the batch.
        each: further bytes per seed that is worked on at once.
        seconds: per seed.
        load_seconds: from disk to device.
        wake_seconds: from pinned host memory to device.
        tile: factor on `base` and `each` when the run is tiled; 1.0: the generator cannot.
        offload: factor on `weights` when they are offloaded; 1.0: the generator cannot.
        margin: factor on the bytes of a run, for what a measurement does not know.
    """

    weights: int = 0
    base: int = 0
    each: int = 0
    seconds: float = 1.0
    load_seconds: float = 0.0
    wake_seconds: float = 0.0
    tile: float = 1.0
    offload: float = 1.0
    margin: float = 1.0

    def get_modes(self) -> tuple[str, ...]:
        """Return the memory-saving modes its generator can take, mildest first."""
        tile = (TILE,) if self.tile < 1.0 else ()
        return (*tile, OFFLOAD) if self.offload < 1.0 else tile

    def get_weights(self, modes: tuple[str, ...] = ()) -> int:
        """Return the bytes its instance holds on the device."""
        return int(self.weights * self.offload) if OFFLOAD in modes else self.weights

    def get_active(self, batch: int, modes: tuple[str, ...] = ()) -> int:
        """Return the further bytes of a run with `batch` seeds at once, margin included."""
        factor = self.margin * (self.tile if TILE in modes else 1.0)
        return int((self.base + self.each * batch) * factor)

    def get_total(self, batch: int, modes: tuple[str, ...] = ()) -> int:
        """Return all bytes of a run."""
        return self.get_weights(modes) + self.get_active(batch, modes)

    def get_least(self) -> int:
        """Return the fewest bytes a run can do with, by what was measured: no margin."""
        modes = self.get_modes()
        factor = self.tile if TILE in modes else 1.0
        return self.get_weights(modes) + int((self.base + self.each) * factor)
