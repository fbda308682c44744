"""Layers of nets that draw on a torus: what leaves at one border comes in at the other."""

from typing import Literal, TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional

Net = TypeVar("Net", bound=nn.Module)
Padding = Literal["circular", "zeros"]


class Conv(nn.Module):
    """3 x 3, on a torus or with an edge."""

    def __init__(self, inner: int, outer: int, padding: Padding = "circular") -> None:
        super().__init__()
        self.wraps = padding == "circular"
        self.conv = nn.Conv2d(inner, outer, 3, padding=0 if self.wraps else 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, outer, H, W)."""
        return torch.as_tensor(self.conv(wrap(x) if self.wraps else x))


class Shrink(nn.Module):
    """Four pixels become one, through a 2 x 2 convolution."""

    def __init__(self, inner: int, outer: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inner, outer, 2, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, outer, H / 2, W / 2)."""
        return torch.as_tensor(self.conv(x))


class Grow(nn.Module):
    """One pixel becomes four (pixel shuffle)."""

    def __init__(self, inner: int, outer: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inner, 4 * outer, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, outer, 2 H, 2 W)."""
        return functional.pixel_shuffle(self.conv(x), 2)


class Residual(nn.Module):
    """Norm, SiLU, convolution, twice."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Sequential(Normal(width), Conv(width, width))
        self.second = nn.Sequential(Normal(width), Conv(width, width))

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, width, H, W)."""
        return torch.as_tensor(x + self.second(self.first(x)))


class Normal(nn.Module):
    """A norm of groups of channels, then SiLU."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.normal = nn.GroupNorm(count_groups(width), width)

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, width, H, W)."""
        return functional.silu(self.normal(x))


def wrap(x: Tensor, width: int = 1) -> Tensor:
    """Continue a torus beyond its border: (B, C, H, W) to (B, C, H + 2 width, W + 2 width)."""
    x = torch.cat([x[..., -width:, :], x, x[..., :width, :]], -2)
    return torch.cat([x[..., -width:], x, x[..., :width]], -1)


def count_groups(width: int) -> int:
    """Groups of a norm: some 16 channels each."""
    groups = max(1, width // 16)
    while width % groups:
        groups -= 1
    return groups


def arrange(network: Net) -> Net:
    """Lay weights out channels last, which is faster on a CPU."""
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network
