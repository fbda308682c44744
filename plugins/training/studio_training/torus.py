"""Layers of nets that draw on a torus: what leaves at one border comes in at the other."""

from typing import Any, Literal, TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from studio_training.rows import Pointwise, convolve

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
        return convolve(self.conv, wrap(x) if self.wraps else x)


class Shrink(nn.Module):
    """Four pixels become one, through a 2 x 2 convolution."""

    def __init__(self, inner: int, outer: int) -> None:
        super().__init__()
        self.conv = Pointwise(inner, outer, 2, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, outer, H / 2, W / 2)."""
        return torch.as_tensor(self.conv(x))


class Grow(nn.Module):
    """One pixel becomes four (pixel shuffle)."""

    def __init__(self, inner: int, outer: int) -> None:
        super().__init__()
        self.conv = Pointwise(inner, 4 * outer, 1)

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
    return torch.as_tensor(_Wrap.apply(x, width))  # type: ignore[no-untyped-call]


class _Wrap(torch.autograd.Function):
    """One copy each way, where slices joined by `torch.cat` take nine, and fill as many."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, width: int) -> Tensor:
        ctx.width = width
        height, breadth = x.shape[2] + 2 * width, x.shape[3] + 2 * width
        layout = _get_layout(x)
        out = torch.empty(
            *x.shape[:2], height, breadth, dtype=x.dtype, device=x.device, memory_format=layout
        )
        out[:, :, width:-width, width:-width] = x
        out[:, :, :width, width:-width] = x[:, :, -width:]
        out[:, :, -width:, width:-width] = x[:, :, :width]
        out[..., :width] = out[..., -2 * width : -width]
        out[..., -width:] = out[..., width : 2 * width]
        return out

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> tuple[Tensor, None]:
        return torch.as_tensor(_Fold.apply(slopes[0], ctx.width)), None  # type: ignore[no-untyped-call]


class _Fold(torch.autograd.Function):
    """The opposite slope of `_Wrap`: what lies beyond a border is added to where it came from."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, width: int) -> Tensor:
        ctx.width = width
        tall = x[..., width:-width].clone(memory_format=_get_layout(x))
        tall[..., :width] += x[..., -width:]
        tall[..., -width:] += x[..., :width]
        out = tall[:, :, width:-width].clone(memory_format=_get_layout(x))
        out[:, :, :width] += tall[:, :, -width:]
        out[:, :, -width:] += tall[:, :, :width]
        return out

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> tuple[Tensor, None]:
        return wrap(slopes[0], ctx.width), None


def _get_layout(x: Tensor) -> torch.memory_format:
    is_last = x.is_contiguous(memory_format=torch.channels_last)
    return torch.channels_last if is_last else torch.contiguous_format


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
