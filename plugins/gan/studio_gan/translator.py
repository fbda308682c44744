"""Nets that turn a picture into another of the same size, and those that judge the result.

A U-Net with residual blocks in its middle, between pix2pix's (arXiv 1611.07004) and CycleGAN's
(arXiv 1703.10593), and the patch critic of both.
"""

from dataclasses import dataclass
from typing import Any, Final, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm

Mode = Literal["paired", "unpaired"]
Edge = Literal["circular", "replicate"]
STRIDE: Final = 4
"""Sides are brought to a multiple of it."""
MOST_CHANNELS, MOST_BLOCKS = 128, 16


@dataclass(frozen=True)
class TranslatorConfig:
    """Sizes.

    Attributes:
        mode: "paired" has one net, from source to target; "unpaired" one each way.
        source: colours of the pictures that come in, 1 or 3.
        target: colours of those that leave.
        channels: at full size; twice and four times as many below.
        blocks: residual ones in the middle.
        is_torus: pictures tile, and what is made of them does.
    """

    mode: Mode = "paired"
    source: int = 3
    target: int = 3
    channels: int = 16
    blocks: int = 4
    is_torus: bool = True


class Translator(nn.Module):
    """Picture in, picture out, (N, C, H, W) in -1..1; any size.

    Attributes:
        edge: what lies beyond the border: windows of a picture go on as they end, tiles around.
    """

    def __init__(self, inner: int, outer: int, config: TranslatorConfig) -> None:
        super().__init__()
        width = config.channels
        self.edge: Edge = "replicate"
        self.enter = Step(inner, width, 5)
        self.down = nn.ModuleList(
            [Step(width, 2 * width, 3, stride=2), Step(2 * width, 4 * width, 3, stride=2)]
        )
        self.blocks = nn.ModuleList([Step(4 * width, 4 * width, 3) for _ in range(config.blocks)])
        self.up = nn.ModuleList([Step(6 * width, 2 * width, 3), Step(3 * width, width, 3)])
        self.leave = nn.Conv2d(width, outer, 5)

    def forward(self, pictures: Tensor) -> Tensor:
        """Translate (N, inner, H, W) to (N, outer, H, W)."""
        height, width = pictures.shape[2:]
        spare = (0, -width % STRIDE, 0, -height % STRIDE)
        x = self.enter(functional.pad(pictures, spare, mode=self.edge), self.edge)
        kept = []
        for step in self.down:
            kept.append(x)
            x = step(x, self.edge)
        for block in self.blocks:
            x = x + block(x, self.edge)
        for step, fine in zip(self.up, reversed(kept), strict=True):
            x = functional.interpolate(x, scale_factor=2, mode="nearest")
            x = step(torch.cat([x, fine], 1), self.edge)
        x = torch.tanh(self.leave(functional.pad(x, (2, 2, 2, 2), mode=self.edge)))
        return x[:, :, :height, :width]


class Step(nn.Module):
    """Convolution, instance norm, leaky ReLU."""

    def __init__(self, inner: int, outer: int, size: int, stride: int = 1) -> None:
        super().__init__()
        self.rim = size // 2
        self.conv = nn.Conv2d(inner, outer, size, stride)
        self.norm = nn.GroupNorm(max(1, outer // 8), outer)

    def forward(self, x: Tensor, edge: Edge) -> Tensor:
        """Return (N, outer, H / stride, W / stride)."""
        x = self.conv(functional.pad(x, (self.rim,) * 4, mode=edge))
        return functional.leaky_relu(self.norm(x), 0.2)


class PatchCritic(nn.Module):
    """Scores for patches of some thirty pixels: (N, C, H, W) to (N, 1, h, w)."""

    def __init__(self, inner: int, channels: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for outer in (2 * channels, 4 * channels, 4 * channels):
            stride = 1 if layers and outer == inner else 2
            layers += [spectral_norm(nn.Conv2d(inner, outer, 4, stride, 1)), nn.LeakyReLU(0.2)]
            inner = outer
        self.layers = nn.Sequential(*layers, spectral_norm(nn.Conv2d(inner, 1, 4, 1, 1)))

    def forward(self, pictures: Tensor) -> Tensor:
        """Judge."""
        return torch.as_tensor(self.layers(pictures))


def build_translators(config: TranslatorConfig) -> nn.ModuleDict:
    """Build "there", and where pictures are unpaired "back"."""
    nets = {"there": Translator(config.source, config.target, config)}
    if config.mode == "unpaired":
        nets["back"] = Translator(config.target, config.source, config)
    return nn.ModuleDict(nets)


def build_critics(config: TranslatorConfig) -> nn.ModuleDict:
    """Build a critic each way; of pairs it sees both pictures."""
    if config.mode == "paired":
        return nn.ModuleDict({"there": PatchCritic(config.source + config.target, config.channels)})
    return nn.ModuleDict(
        {
            "there": PatchCritic(config.target, config.channels),
            "back": PatchCritic(config.source, config.channels),
        }
    )


def set_edge(nets: nn.ModuleDict, edge: Edge) -> None:
    """Say what lies beyond the border."""
    for net in nets.values():
        assert isinstance(net, Translator)
        net.edge = edge


def read_translator_config(facts: dict[str, Any]) -> TranslatorConfig:
    """Read what `asdict` wrote.

    Raises:
        ValueError: sizes out of range, or another kind of net.
        KeyError: something is missing.
    """
    config = TranslatorConfig(
        mode=facts["mode"],
        source=int(facts["source"]),
        target=int(facts["target"]),
        channels=int(facts["channels"]),
        blocks=int(facts["blocks"]),
        is_torus=bool(facts["is_torus"]),
    )
    if config.mode not in ("paired", "unpaired") or {config.source, config.target} - {1, 3}:
        raise ValueError("another architecture")
    if not (1 <= config.channels <= MOST_CHANNELS and 1 <= config.blocks <= MOST_BLOCKS):
        raise ValueError("sizes out of range")
    return config
