"""What a sprite flow learns from, step by step."""

from collections.abc import Mapping
from typing import Final

import torch
from PIL import Image
from torch import Tensor, nn

from studio_flow.learn_textures import BLIND_CLASS, compare
from studio_flow.network import FlowNet, Wanted
from studio_flow.sampling import Course, Style, plan_times, walk
from studio_flow.sprites import SIZES, SpriteDrawer, Sprites, describe_sprites

BLIND_FACTS: Final = 0.3
SMALL_SHARE: Final = 0.4
"""Of the steps: 16 px sprites, four times as many."""
TIME_MEAN, TIME_SPREAD = -0.2, 1.2
CELL: Final = 100
"""Of a sheet of samples, pixels."""
GROUND: Final = (90, 90, 110)
SEED: Final = 7


class SpriteLesson:
    """Draws a batch of one size, noises it, and compares."""

    def __init__(self, sprites: Sprites, batch: int) -> None:
        self._drawer = SpriteDrawer(sprites)
        self._sides = [side for side in SIZES if bool((sprites.sides == side).any())]
        self._batch = batch

    def __call__(self, network: nn.Module, rng: torch.Generator) -> Mapping[str, Tensor]:
        """Return the loss of a step."""
        is_small = float(torch.rand((), generator=rng)) < SMALL_SHARE
        side = self._sides[0] if is_small else self._sides[-1]
        count = self._batch * (32 // side) ** 2
        pictures, kinds = self._drawer.draw(side, count, rng)
        assert isinstance(network, FlowNet)
        loss = compute_loss(network, pictures, kinds, rng)
        return {"loss": loss, f"loss{side}": loss.detach()}


def compute_loss(network: FlowNet, pictures: Tensor, kinds: Tensor, rng: torch.Generator) -> Tensor:
    """Return the mean squared error of v, for sprites (B, 4, S, S) as the net sees them."""
    count = len(kinds)
    coins = torch.rand((2, count), generator=rng)
    wanted = Wanted(
        kind=torch.where(coins[0] < BLIND_CLASS, network.config.classes, kinds),
        facts=describe_sprites(pictures),
        known=(coins[1] >= BLIND_FACTS).float(),
        size=torch.full((count,), get_size_code(pictures.shape[-1])),
    )
    time = torch.sigmoid(torch.randn(count, generator=rng) * TIME_SPREAD + TIME_MEAN)
    noise = torch.randn(pictures.shape, generator=rng)
    device = next(network.parameters()).device
    return compare(
        network, pictures.to(device), time.to(device), wanted.to(device), noise.to(device)
    )


def get_size_code(side: int) -> float:
    """Return what the net is told of the size."""
    return 1.0 if side == 32 else 0.0


def draw_sprites(network: nn.Module, sprites: Sprites, each: int = 6) -> Image.Image:
    """Return a sheet on grey, three times enlarged: samples of each kind, two kinds a row."""
    assert isinstance(network, FlowNet)
    rng = torch.Generator().manual_seed(SEED)
    kinds = [kind for kind in sorted(set(sprites.kinds.tolist())) for _ in range(each)]
    lines = -(-len(kinds) // (2 * each))
    sheet = Image.new("RGB", (2 * each * CELL, lines * CELL), GROUND)
    for place, kind in enumerate(kinds):
        rows = (sprites.kinds == kind).nonzero().flatten()
        row = rows[torch.randint(len(rows), (1,), generator=rng)]
        picture = to_sprite(sample(network, sprites, row, rng))
        picture = picture.resize((CELL - 4, CELL - 4), Image.Resampling.NEAREST)
        sheet.paste(picture, (place % (2 * each) * CELL, place // (2 * each) * CELL), picture)
    return sheet


def sample(network: FlowNet, sprites: Sprites, row: Tensor, rng: torch.Generator) -> Tensor:
    """Return a sprite (4, S, S) of the kind, size and facts of a given one."""
    side = int(sprites.sides[row])
    wanted = Wanted(
        sprites.kinds[row],
        describe_sprites(sprites.get_floats(row, side)),
        torch.ones(1),
        torch.full((1,), get_size_code(side)),
    )
    style = Style(steps=10, guidance=2.0)
    device = next(network.parameters()).device
    noise = torch.randn((1, 4, side, side), generator=rng).to(device)
    return walk(network, noise, wanted.to(device), Course(style, plan_times(style)))[0].cpu()


def to_sprite(made: Tensor) -> Image.Image:
    """Return a picture of (4, S, S) as the net makes it; alpha is all or nothing."""
    pixels = ((made + 1) * 127.5).round().clamp(0, 255).to(torch.uint8).permute(1, 2, 0)
    raw = pixels.numpy().copy()
    raw[..., 3] = (raw[..., 3] > 127) * 255
    raw[raw[..., 3] == 0] = 0
    return Image.fromarray(raw)
