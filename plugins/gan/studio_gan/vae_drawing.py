"""Drawing with a variational autoencoder: from nothing, from a picture, between two."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from studio_training.side_by_side import draw_in_parts
from studio_training.together import Trial
from torch import Tensor

from studio_gan.vae_net import VaePainter


@dataclass(frozen=True)
class Theme:
    """What a picture is made of.

    Attributes:
        style: (1, style).
        field: (1, field, h, w).
    """

    style: Tensor
    field: Tensor

    @property
    def sides(self) -> tuple[int, int]:
        """Height and width of the field."""
        return int(self.field.shape[2]), int(self.field.shape[3])


def invent(
    painter: VaePainter,
    weights: tuple[float, ...],
    sides: tuple[int, int],
    psi: float,
    rng: torch.Generator,
) -> Theme:
    """Draw a theme of shares of classes.

    Args:
        painter: knows the styles of each class.
        weights: (classes,), sum 1.
        sides: height and width of the field.
        psi: of the styles' deviation from the mean of their class.
        rng: of the seed.
    """
    shares = torch.tensor(weights)
    noise = torch.randn(painter.config.style, generator=rng)
    shift = torch.einsum("k,kij,j->i", shares, painter.roots, noise)
    style = (shares @ painter.means + psi * shift)[None]
    field = torch.randn(1, painter.config.places, *sides, generator=rng)
    return Theme(style, field)


@torch.no_grad()
def read_theme(painter: VaePainter, picture: Tensor) -> Theme:
    """Read a picture (1, 3, H, W) in -1..1, sides divided by the painter's step."""
    style, field = painter.read(picture)
    return Theme(style.mean, field.mean)


def vary(theme: Theme, strength: float, rng: torch.Generator) -> Theme:
    """Lay things out anew, the more the larger `strength`, 0..1; the style stays."""
    noise = torch.randn(theme.field.shape, generator=rng)
    keep = 1 - strength
    return Theme(theme.style, keep * theme.field + (1 - keep**2) ** 0.5 * noise)


def mix(first: Theme, second: Theme, share: float) -> Theme:
    """Go from one theme to another of the same size, 0..1."""
    field = torch.lerp(first.field, second.field, share)
    # A mean of two that have nothing in common is quieter than either; a VAE draws quiet as mud.
    loud = torch.lerp(first.field.std(), second.field.std(), share)
    return Theme(
        torch.lerp(first.style, second.style, share),
        field * (loud / field.std().clamp_min(1e-3)).clamp(1.0, 2**0.5),
    )


def get_noise(painter: VaePainter, sides: tuple[int, int], rng: torch.Generator) -> Tensor:
    """Draw what stands for the rest that was not learnt, for a field of such sides."""
    return torch.randn(1, painter.config.planes, 2 * sides[0], 2 * sides[1], generator=rng)


@torch.no_grad()
def draw_themes(painter: VaePainter, themes: Sequence[Theme], grain: Tensor) -> Tensor:
    """Draw themes of one size, (N, 3, H, W) in -1..1 or a little beyond.

    `grain` is as `VaePainter.draw` has it.
    """
    style, field = (torch.cat([getattr(t, name) for t in themes]) for name in ("style", "field"))
    pixels = field[0, 0].numel() * painter.config.step**2

    def draw(rows: slice) -> Tensor:
        return painter.draw(style[rows], field[rows], grain[rows])

    return draw_in_parts(draw, len(themes), pixels)


def build_trial(painter: VaePainter, sides: tuple[int, int]) -> Trial:
    """Build a trial of fields of such sides (height, width); the numbers are seeds."""
    config = painter.config

    def draw(numbers: Sequence[int]) -> Tensor:
        rngs = [torch.Generator().manual_seed(number) for number in numbers]
        themes = [
            Theme(
                torch.randn(1, config.style, generator=rng),
                torch.randn(1, config.places, *sides, generator=rng),
            )
            for rng in rngs
        ]
        return draw_themes(painter, themes, torch.cat([get_noise(painter, sides, r) for r in rngs]))

    return draw
