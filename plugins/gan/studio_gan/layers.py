"""Layers that the nets share."""

import torch
from studio_training.rows import Linear, convolve_by, multiply
from studio_training.torus import wrap
from torch import Tensor, nn
from torch.nn import functional


class ConditionalNorm(nn.Module):
    """Batch norm whose gain and shift come from a style vector (arXiv 1610.07629)."""

    def __init__(self, channels: int, latent: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, affine=False)
        self.affine = nn.Linear(latent, 2 * channels)
        nn.init.normal_(self.affine.weight, std=0.02)
        nn.init.zeros_(self.affine.bias)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """Norm x (N, C, H, W) by a style (N, latent)."""
        gain, shift = self.affine(style)[:, :, None, None].chunk(2, dim=1)
        result: Tensor = self.norm(x) * (1 + gain) + shift
        return result


class ModulatedConv(nn.Module):
    """3x3 convolution that a style modulates (StyleGAN2, arXiv 1912.04958).

    There the weights are modulated and brought back to unit size. Scaling what goes in and what
    comes out is the same, and one convolution serves the whole batch.
    """

    def __init__(self, inner: int, outer: int, latent: int, size: int = 3) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outer, inner, size, size) / (inner * size**2) ** 0.5)
        self.affine = Linear(latent, inner)
        nn.init.zeros_(self.affine.bias)
        nn.init.normal_(self.affine.weight, std=latent**-0.5)

    def forward(self, x: Tensor, style: Tensor, doubles: bool = False) -> Tensor:
        """Convolve x (N, inner, H, W) as a style (N, latent) wants it, its sides doubled first."""
        scale = 1 + self.affine(style)  # (N, inner)
        squares = self.weight.square().sum((2, 3))  # (outer, inner)
        size = (multiply(scale.square(), squares) + 1e-8).rsqrt()  # (N, outer)
        x = x * scale[:, :, None, None]
        x = double_conv(x, self.weight) if doubles else convolve_by(wrap(x), self.weight)
        return torch.as_tensor(x * size[:, :, None, None])


class ModulatedBlock(nn.Module):
    """Modulated convolutions with a way around them."""

    def __init__(self, width: int, latent: int, depth: int) -> None:
        super().__init__()
        self.convs = nn.ModuleList([ModulatedConv(width, width, latent) for _ in range(depth)])
        self.shifts = nn.Parameter(torch.zeros(depth, width, 1, 1))

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """Return (N, width, H, W)."""
        y = x
        for conv, shift in zip(self.convs, self.shifts, strict=True):
            y = functional.leaky_relu(conv(y, style) + shift, 0.2) * 2**0.5
        return torch.as_tensor((x + y) * 0.5**0.5)


def double(x: Tensor) -> Tensor:
    """Double the sides, each pixel four times."""
    return functional.interpolate(x, scale_factor=2, mode="nearest")


def double_conv(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Double the sides as `double` does, and convolve on a torus: weight (outer, inner, 3, 3).

    Of nine numbers of the filter several fall on the same pixel. So it is one transposed
    convolution with less than half the products (as in StyleGAN2's code).
    """
    spread = functional.pad(weight.flip(2, 3), (1, 1, 1, 1))
    spread = spread[:, :, 1:] + spread[:, :, :-1]
    spread = (spread[..., 1:] + spread[..., :-1]).transpose(0, 1)  # (inner, outer, 4, 4)
    return functional.conv_transpose2d(wrap(x), spread, bias, stride=2, padding=3)


class TorusConv(nn.Conv2d):
    """A convolution on a torus; sides are multiples of the stride."""

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, outer, H / stride, W / stride)."""
        rim = (self.kernel_size[0] - self.stride[0] + 1) // 2
        down, across = self.stride
        return convolve_by(wrap(x, rim) if rim else x, self.weight, self.bias, (down, across))


class DoublingConv(nn.Conv2d):
    """`double`, and a 3 x 3 convolution on a torus, in one."""

    def __init__(self, inner: int, outer: int) -> None:
        super().__init__(inner, outer, 3)

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, outer, 2 H, 2 W)."""
        return double_conv(x, self.weight, self.bias)


def torus_conv(inner: int, outer: int) -> nn.Conv2d:
    """Build a 3 x 3 convolution on a torus."""
    return TorusConv(inner, outer, 3)
