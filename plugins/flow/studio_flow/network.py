"""The net of the flows: a small convolutional U-Net, (B, C, H, W) to the same.

For textures every convolution wraps around, so that any field is a torus and tiles without a seam,
and there is neither attention nor a place code: a net that learnt at 128 px draws 1024 px as well.
Sprites have an edge: zero padding, and attention where the net is 8 px wide.

What it predicts is v of Salimans & Ho (arXiv 2202.00512), on the straight paths of rectified flow
(arXiv 2209.03003), with the preconditioning of EDM (arXiv 2206.00364).
"""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import torch
from studio_training.rows import Linear, Pointwise
from studio_training.torus import Conv, Grow, Padding, Shrink, arrange, count_groups
from torch import Tensor, nn
from torch.nn import functional

WAVES: Final = 32
"""Sines and cosines that tell the net the noise level."""
FARTHEST: Final = 7.0
"""Of the logit of time: nothing changes beyond."""


@dataclass(frozen=True)
class FlowConfig:
    """Sizes of a net.

    Attributes:
        channels: of the field: those of the latents, or 4 of a sprite.
        patch: places a side that enter the net as one cell.
        widths: channels at each level; a level is half as fine as the one before.
        blocks: residual blocks at each level, on the way down and again on the way up.
        classes: how many; one more stands for "any".
        facts: numbers that describe the picture wanted (see `describe`).
        embedding: width of what all blocks are told.
        padding: of every convolution.
        attention: at the coarsest level.
        joints: pixels a side of a map of joints to a place of the field; 0 where none is told.
    """

    channels: int = 4
    patch: int = 2
    widths: tuple[int, ...] = (64, 144, 192)
    blocks: tuple[int, ...] = (1, 2, 1)
    classes: int = 25
    facts: int = 22
    embedding: int = 160
    padding: Padding = "circular"
    attention: bool = False
    joints: int = 0

    @property
    def stride(self) -> int:
        """Sides of a field are multiples of it."""
        return self.patch << (len(self.widths) - 1)


@dataclass(frozen=True)
class Wanted:
    """What a batch of pictures shall be.

    Attributes:
        kind: class numbers (B,); `classes` for any.
        facts: (B, F), as `describe` gives them.
        known: (B,), 1 where `facts` are told, 0 where not.
        size: (B,), a code of the size of a sprite; 0 for textures.
        joints: (B, 2, H, W) in pixels, as `tell_joints` gives it; None tells of none.
    """

    kind: Tensor
    facts: Tensor
    known: Tensor
    size: Tensor
    joints: Tensor | None = None

    def to(self, device: torch.device | str) -> "Wanted":
        """Return the same on a device."""
        return Wanted(
            self.kind.to(device),
            self.facts.to(device),
            self.known.to(device),
            self.size.to(device),
            None if self.joints is None else self.joints.to(device),
        )

    def select(self, rows: slice) -> "Wanted":
        """Return the same of some pictures."""
        joints = None if self.joints is None else self.joints[rows]
        return Wanted(self.kind[rows], self.facts[rows], self.known[rows], self.size[rows], joints)

    def forget(self, classes: int) -> "Wanted":
        """Return the same with nothing told, for guidance."""
        return Wanted(
            torch.full_like(self.kind, classes),
            self.facts,
            torch.zeros_like(self.known),
            self.size,
        )


class FlowNet(nn.Module):
    """Predicts the clean picture from a noised one."""

    def __init__(self, config: FlowConfig) -> None:
        super().__init__()
        self.config = config
        cells = config.channels * config.patch**2
        widths, wide = config.widths, config.embedding
        self.tell = Teller(config)
        self.enter = Conv(cells, widths[0], config.padding)
        self.down = nn.ModuleList()
        self.up = nn.ModuleList()
        for level, width in enumerate(widths):
            blocks = config.blocks[level]
            self.down.append(Stack(width, wide, blocks, config.padding))
            self.up.append(Stack(width, wide, blocks, config.padding))
        pairs = list(pairwise(widths))
        self.shrink = nn.ModuleList([Shrink(a, b) for a, b in pairs])
        self.grow = nn.ModuleList([Grow(b, a) for a, b in pairs])
        self.join = nn.ModuleList([Pointwise(2 * width, width, 1) for width in widths[:-1]])
        self.middle = Attention(widths[-1]) if config.attention else nn.Identity()
        self.normal = nn.GroupNorm(count_groups(widths[0]), widths[0])
        self.leave = Conv(widths[0], cells, config.padding)
        nn.init.zeros_(self.leave.conv.weight)
        self.plan = JointReader(config) if config.joints else None

    def forward(self, noised: Tensor, time: Tensor, wanted: Wanted) -> Tensor:
        """Return the clean picture guessed, (B, C, H, W).

        Args:
            noised: time * clean + (1 - time) * noise; sides multiples of the stride.
            time: (B,), 0 is all noise, 1 is clean.
            wanted: what it shall be.
        """
        t = time.view(-1, 1, 1, 1)
        norm = torch.sqrt(t**2 + (1 - t) ** 2)
        return t / norm**2 * noised + (1 - t) / norm * self.predict(noised, time, wanted)

    def predict(self, noised: Tensor, time: Tensor, wanted: Wanted) -> Tensor:
        """Return what the loss compares: ((1 - t) clean - t noise) / |(t, 1 - t)|."""
        t = time.view(-1, 1, 1, 1)
        told = self.tell(time, wanted)
        scaled = noised / torch.sqrt(t**2 + (1 - t) ** 2)
        x = functional.pixel_unshuffle(scaled, self.config.patch)
        x = self.enter(x.contiguous(memory_format=torch.channels_last))
        lines = None
        if self.plan is not None:
            lines = self.plan.read(wanted.joints, scaled)
            x = x + self.plan.enter(lines)
        kept = []
        for level, stack in enumerate(self.down):
            x = stack(x, told)
            if level < len(self.shrink):
                kept.append(x)
                x = self.shrink[level](x)
        x = self.middle(x)
        for level in reversed(range(len(self.up))):
            if level < len(self.shrink):
                x = self.join[level](torch.cat([self.grow[level](x), kept[level]], 1))
            x = self.up[level](x, told)
        x = self.leave(functional.silu(self.normal(x)))
        x = functional.pixel_shuffle(x, self.config.patch)
        if self.plan is not None and lines is not None:
            x = x + self.plan.finish(x, scaled, lines, told)
        return x


class JointReader(nn.Module):
    """Reads a map of joints, and draws over what the U-Net says at the full width of the field.

    Both ends begin at 0 (as in ControlNet, arXiv 2302.05543): a net that learnt without joints
    goes on learning with them.
    """

    def __init__(self, config: FlowConfig, width: int = 32) -> None:
        super().__init__()
        self.side = config.joints
        self.first = Conv(config.joints**2 + 1, width, config.padding)
        self.second = Conv(width, width, config.padding)
        self.enter = Pointwise(width, config.widths[0], config.patch, stride=config.patch)
        self.over = Conv(2 * config.channels + width, width, config.padding)
        self.told = Linear(config.embedding, 2 * width)
        self.leave = Conv(width, config.channels, config.padding)
        for layer in (self.enter, self.leave.conv):
            for weight in layer.parameters():
                nn.init.zeros_(weight)

    def read(self, joints: Tensor | None, field: Tensor) -> Tensor:
        """Return lines (B, width, H, W) for a field (B, C, H, W)."""
        batch, _, height, length = field.shape
        if joints is None:
            joints = field.new_zeros((batch, 2, height * self.side, length * self.side))
        cells = functional.pixel_unshuffle(joints[:, :1], self.side)
        known = joints[:, 1:, :: self.side, :: self.side]
        x = torch.cat([cells, known], 1).contiguous(memory_format=torch.channels_last)
        return functional.silu(self.second(functional.silu(self.first(x))))

    def finish(self, made: Tensor, field: Tensor, lines: Tensor, told: Tensor) -> Tensor:
        """Return what to add to the net's answer, (B, C, H, W)."""
        gain, shift = self.told(told)[:, :, None, None].chunk(2, 1)
        x = self.over(torch.cat([made, field, lines], 1))
        return torch.as_tensor(self.leave(functional.silu(torch.addcmul(shift, x, gain + 1))))


def tell_joints(joints: Tensor | None, shape: tuple[int, int, int]) -> Tensor:
    """Return a plan (B, 2, H, W): the joints, and whether they are known at all.

    Args:
        joints: (B, 1, H, W), -1..1; None where none are known.
        shape: (B, H, W).
    """
    batch, height, width = shape
    if joints is None:
        return torch.zeros((batch, 2, height, width))
    return torch.cat([joints, torch.ones_like(joints)], 1)


class Teller(nn.Module):
    """Makes one vector of time, class, facts and size: (B, embedding)."""

    def __init__(self, config: FlowConfig) -> None:
        super().__init__()
        wide = config.embedding
        self.kind = nn.Embedding(config.classes + 1, wide)
        self.facts = nn.Sequential(Linear(config.facts + 1, wide), nn.SiLU(), Linear(wide, wide))
        self.time = Linear(2 * WAVES + 1, wide)
        self.mix = nn.Sequential(nn.SiLU(), Linear(wide, wide), nn.SiLU())
        nn.init.normal_(self.kind.weight, std=0.5)

    def forward(self, time: Tensor, wanted: Wanted) -> Tensor:
        """Return what all blocks are told, (B, embedding)."""
        known = wanted.known[:, None]
        facts = torch.cat([wanted.facts * known, known], 1)
        waves = torch.cat([spread_time(time), wanted.size[:, None]], 1)
        told = self.mix(self.kind(wanted.kind) + self.facts(facts) + self.time(waves))
        return torch.as_tensor(told)


class Stack(nn.Module):
    """Residual blocks of one width."""

    def __init__(self, width: int, wide: int, blocks: int, padding: Padding) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([Block(width, wide, padding) for _ in range(blocks)])

    def forward(self, x: Tensor, told: Tensor) -> Tensor:
        """Return (B, width, H, W)."""
        for block in self.blocks:
            x = block(x, told)
        return x


class Block(nn.Module):
    """Norm, SiLU, convolution, twice; in between it is told what is wanted."""

    def __init__(self, width: int, wide: int, padding: Padding) -> None:
        super().__init__()
        self.first_normal = nn.GroupNorm(count_groups(width), width)
        self.first = Conv(width, width, padding)
        self.told = Linear(wide, 2 * width)
        self.second_normal = nn.GroupNorm(count_groups(width), width)
        self.second = Conv(width, width, padding)
        nn.init.zeros_(self.second.conv.weight)

    def forward(self, x: Tensor, told: Tensor) -> Tensor:
        """Return (B, width, H, W)."""
        gain, shift = self.told(told)[:, :, None, None].chunk(2, 1)
        y = self.first(functional.silu(self.first_normal(x)))
        y = functional.silu(torch.addcmul(shift, self.second_normal(y), gain + 1))
        return torch.as_tensor(x + self.second(y))


class Attention(nn.Module):
    """Of every cell to every other, 4 heads (arXiv 1706.03762)."""

    def __init__(self, width: int, heads: int = 4) -> None:
        super().__init__()
        self.heads = heads
        self.normal = nn.GroupNorm(1, width)
        self.ask = Pointwise(width, 3 * width, 1)
        self.answer = Pointwise(width, width, 1)
        nn.init.zeros_(self.answer.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, width, H, W)."""
        batch, width, height, length = x.shape
        parts = self.ask(self.normal(x)).reshape(batch, 3, self.heads, width // self.heads, -1)
        query, key, value = parts.transpose(3, 4).unbind(1)
        mixed = functional.scaled_dot_product_attention(query, key, value)
        mixed = mixed.transpose(2, 3).reshape(batch, width, height, length)
        return torch.as_tensor(x + self.answer(mixed))


def spread_time(time: Tensor) -> Tensor:
    """Return sines and cosines of the logit of time: (B,) to (B, 2 WAVES)."""
    level = torch.logit(time.clamp(1e-4, 1 - 1e-4)).clamp(-FARTHEST, FARTHEST)
    pitch = torch.exp(torch.linspace(math.log(0.15), math.log(6.0), WAVES, device=time.device))
    angles = level[:, None] * pitch
    return torch.cat([angles.sin(), angles.cos()], 1)


def list_distilled(network: FlowNet) -> list[str]:
    """Return the names of the weights that distillation changes."""
    fixed = ("first.conv.weight", "second.conv.weight")
    return [
        name for name in network.state_dict() if ".blocks." not in name or not name.endswith(fixed)
    ]


def build_network(config: FlowConfig) -> FlowNet:
    """Build a net laid out as the processor likes it."""
    return arrange(FlowNet(config))


def count_weights(network: nn.Module) -> int:
    """Return how many numbers it learns."""
    return sum(weight.numel() for weight in network.parameters())
