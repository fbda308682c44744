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
LEAST_SPREAD: Final = 1e-4
"""Variance that colours are taken to have at least, of -1..1."""


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
        is_residual: the picture goes past the net, which adds what shall be different; for as many
            colours in as out.
    """

    mode: Mode = "paired"
    source: int = 3
    target: int = 3
    channels: int = 16
    blocks: int = 4
    is_torus: bool = True
    is_residual: bool = False


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
        self.past = _build_past(inner) if config.is_residual else None
        if self.past is not None:
            nn.init.zeros_(self.leave.weight)
            nn.init.zeros_(torch.as_tensor(self.leave.bias))

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
        x = x[:, :, :height, :width]
        return x if self.past is None else x + torch.as_tensor(self.past(pictures))

    def settle(self, source: Tensor, target: Tensor) -> None:
        """Begin with the colours of the target, where pictures go past the net.

        Of all affine maps that give pictures (N, C, H, W) the mean and the covariance of others,
        it is the one that changes least (Pitié and Kokaram, 2007); no pairs are needed.
        """
        if self.past is None:
            return
        (mean, spread), (wanted, other) = _measure_colours(source), _measure_colours(target)
        root = _take_root(spread)
        back = torch.linalg.inv(root)
        mixture = back @ _take_root(root @ other @ root) @ back
        with torch.no_grad():
            self.past.weight.copy_(mixture.float()[:, :, None, None])
            torch.as_tensor(self.past.bias).copy_((wanted - mixture @ mean).float())


def _build_past(colours: int) -> nn.Conv2d:
    """Build the way past the net: one mixture of colours for all places, none at first.

    It alone knows how bright a picture is as a whole: norms inside of the net take that out.
    """
    past = nn.Conv2d(colours, colours, 1)
    nn.init.zeros_(torch.as_tensor(past.bias))
    nn.init.dirac_(past.weight)
    return past


def _measure_colours(pictures: Tensor) -> tuple[Tensor, Tensor]:
    """Return the mean (C,) and the covariance (C, C) of colours."""
    colours = pictures[:, :, ::2, ::2].transpose(0, 1).flatten(1).double()
    spread = torch.cov(colours).reshape(len(colours), len(colours))
    return colours.mean(1), spread + LEAST_SPREAD * torch.eye(len(colours))


def _take_root(matrix: Tensor) -> Tensor:
    """Return the square root of a symmetric matrix without negative eigenvalues."""
    values, vectors = torch.linalg.eigh(matrix)
    root: Tensor = vectors @ values.clamp_min(0).sqrt().diag() @ vectors.T
    return root


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
        is_residual=bool(facts.get("is_residual", False)),
    )
    if config.mode not in ("paired", "unpaired") or {config.source, config.target} - {1, 3}:
        raise ValueError("another architecture")
    if not (1 <= config.channels <= MOST_CHANNELS and 1 <= config.blocks <= MOST_BLOCKS):
        raise ValueError("sizes out of range")
    return config
