"""Drawing with a generator: seeds, truncation, mixing, any size."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import torch
from studio_training.laying import Laying
from studio_training.side_by_side import draw_in_parts
from studio_training.together import Trial
from torch import Tensor

from studio_gan.cells import build_plan
from studio_gan.config import GanConfig
from studio_gan.generators import DrawingNet
from studio_gan.painter import Painter


@dataclass(frozen=True)
class Wish:
    """One picture.

    Attributes:
        seed: of field and style.
        weights: share of each class, (K,), sum 1.
        psi: truncation; 1 is all there is, 0 the mean of the class.
        width: of the field.
        height: of the field.
        style_seed: whose style to take, None for its own.
        style_share: how much of that style, 0..1.
        laying: how what has joints is laid.
    """

    seed: int
    weights: tuple[float, ...]
    psi: float = 1.0
    width: int = 4
    height: int = 4
    style_seed: int | None = None
    style_share: float = 1.0
    laying: Laying = field(default_factory=Laying)


@torch.no_grad()
def draw_pictures(net: DrawingNet, config: GanConfig, wishes: Sequence[Wish]) -> Tensor:
    """Draw wishes of one size, each by itself; returns (N, C, H, W) in -1..1."""
    return torch.cat([draw_together(net, config, [wish]) for wish in wishes])


@torch.no_grad()
def draw_together(net: DrawingNet, config: GanConfig, wishes: Sequence[Wish]) -> Tensor:
    """Draw wishes of one size: quicker, and bit for bit only where `Together` says so."""

    def draw(rows: slice) -> Tensor:
        noise = [_get_noise(net, config, wish) for wish in wishes[rows]]
        fields, latents = (torch.cat(parts) for parts in zip(*noise, strict=True))
        return _render(net, wishes[rows], fields, latents)

    return _share_out(net, wishes, draw)


@torch.no_grad()
def draw_between(net: DrawingNet, config: GanConfig, wish: Wish, seed: int, share: float) -> Tensor:
    """Draw a picture (1, C, H, W) between two seeds; noise is mixed on the sphere."""
    ends = [_get_noise(net, config, replace(wish, seed=number)) for number in (wish.seed, seed)]
    field = _mix_noise(ends[0][0], ends[1][0], share)
    latent = torch.lerp(ends[0][1], ends[1][1], share)
    inner = [end[1][:, : config.latent] for end in ends]
    latent[:, : config.latent] = _mix_noise(inner[0], inner[1], share)
    return _share_out(net, [wish], lambda _: _render(net, [wish], field, latent))


def build_trial(net: DrawingNet, config: GanConfig, wish: Wish) -> Trial:
    """Build a trial of a net with a wish; the numbers are seeds."""

    def draw(numbers: Sequence[int]) -> Tensor:
        return draw_together(net, config, [replace(wish, seed=number) for number in numbers])

    return draw


def _share_out(net: DrawingNet, wishes: Sequence[Wish], draw: Callable[[slice], Tensor]) -> Tensor:
    """Draw wishes of one size: small pictures on a single thread, however many cores there are."""
    if not isinstance(net, Painter):
        return draw(slice(len(wishes)))
    return draw_in_parts(draw, len(wishes), wishes[0].width * wishes[0].height * net.config.step**2)


def _render(net: DrawingNet, wishes: Sequence[Wish], fields: Tensor, latents: Tensor) -> Tensor:
    """Draw fields (N, noise, h, w) in the styles of latents (N, latent)."""
    stylist, weights = net.get_stylist(), torch.tensor([wish.weights for wish in wishes])
    style = stylist(latents, weights)
    for row, wish in enumerate(wishes):
        if wish.style_seed is not None:
            other = stylist(_get_latent(net, wish, wish.style_seed)[0], weights[row : row + 1])
            style[row] = torch.lerp(style[row], other[0], wish.style_share)
    psi = torch.tensor([[wish.psi] for wish in wishes])
    style = stylist.truncate(style, weights, psi)
    if not isinstance(net, Painter):
        return net(fields, style)
    plan, shades = (torch.cat(parts) for parts in zip(*(_lay(net, w) for w in wishes), strict=True))
    return net.paint(fields, style, plan, shades)


def _lay(net: Painter, wish: Wish) -> tuple[Tensor, Tensor]:
    """Return the plan of a picture (1, plan, h, w), and the shades of its stones (1, 1, H, W).

    Pictures of one style seed have the same joints, so that they can lie side by side.
    """
    config = net.config
    seed = wish.seed if wish.style_seed is None else wish.style_seed
    cells = wish.width * config.step // config.scale
    lines = net.lay(wish.laying, wish.weights, (wish.height, wish.width), seed)
    if lines is None:
        height, width = wish.height * config.step, wish.width * config.step
        plan = torch.zeros(1, config.plan, height // config.scale, cells)
        return plan, torch.zeros(1, 1, height, width)
    return build_plan(lines.joints, cells), lines.shades


def _get_noise(net: DrawingNet, config: GanConfig, wish: Wish) -> tuple[Tensor, Tensor]:
    latent, rng = _get_latent(net, wish, wish.seed)
    return torch.randn(1, config.noise, wish.height, wish.width, generator=rng), latent


def _get_latent(net: DrawingNet, wish: Wish, seed: int) -> tuple[Tensor, torch.Generator]:
    """Draw a latent (1, latent), with colours behind it where they are told."""
    rng = torch.Generator().manual_seed(seed)
    latent = torch.randn(1, net.get_stylist().config.latent, generator=rng)
    if isinstance(net, Painter):
        facts = net.choose_facts(torch.tensor([wish.weights]), rng)
        latent = torch.cat([latent, facts], 1)
    return latent, rng


def _mix_noise(first: Tensor, second: Tensor, share: float) -> Tensor:
    """Stay on the sphere on which noise lies: a plain mean of two is too quiet."""
    mixed = torch.lerp(first, second, share)
    return torch.as_tensor(mixed / ((1 - share) ** 2 + share**2) ** 0.5)
