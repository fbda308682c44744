"""Convolutions that give a picture the same bits alone and among others.

A library's convolution sums in another order when the batch is another, so that a picture would
depend on what it is drawn beside; and on a few cells it is slow. A product of matrices sums every
row for itself, however many there are, as long as they come in fours. So small fields are taken as
products, all at once, and large ones by the library, one by one: pictures can be drawn together, at
a quarter of the time where they are small, and a seed still gives the same.

Learning goes the library's way: its slopes are quicker, and nobody compares batches there.
"""

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from studio_training import winograd

Pair = tuple[int, int]

CELLS: Final = 256
"""Of a field that is small: beyond, a library's convolution is as quick, and as true."""
FOURS: Final = 4
"""Rows that a processor's product takes at once; fewer go another way, with other sums."""


class Linear(nn.Linear):
    """A linear layer that gives a row the same bits whatever stands beside it."""

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, outer) of (B, inner)."""
        if _is_learning(x):
            return functional.linear(x, self.weight, self.bias)
        return multiply(x, self.weight, self.bias)


class Pointwise(nn.Conv2d):
    """A convolution without padding that goes by rows where the field is small."""

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, outer, H', W')."""
        return convolve(self, x)


def convolve(layer: nn.Conv2d, x: Tensor) -> Tensor:
    """Do what a layer without dilation or groups does; a picture's bits do not depend on others."""
    down, across = layer.stride
    return convolve_by(x, layer.weight, layer.bias, (down, across), _get_rim(layer))


def convolve_by(
    x: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Pair = (1, 1), rim: Pair = (0, 0)
) -> Tensor:
    """Do what `conv2d` does, as `convolve`; stride and rim: down and across."""
    sides = (weight.shape[2], weight.shape[3])
    height, width = (
        (side + 2 * edge - size) // step + 1
        for side, edge, size, step in zip(x.shape[2:], rim, sides, stride, strict=True)
    )
    if _is_learning(x):
        return functional.conv2d(x, weight, bias, stride, rim)
    if height * width > CELLS:
        parts = [_convolve_one(one, weight, bias, stride, rim) for one in torch.split(x, 1)]
        return torch.cat(parts) if len(parts) > 1 else parts[0]
    if any(rim):
        x = functional.pad(x, (rim[1], rim[1], rim[0], rim[0]))
    batch = len(x)
    rows = _cut(x, (height, width), sides, stride)
    made = multiply(rows, weight.permute(0, 2, 3, 1).flatten(1), bias)
    return made.view(batch, height, width, -1).permute(0, 3, 1, 2)


def _convolve_one(
    x: Tensor, weight: Tensor, bias: Tensor | None, stride: Pair, rim: Pair
) -> Tensor:
    """Convolve a large field (1, C, H, W), by Winograd where a net asks for it."""
    sides = (weight.shape[2], weight.shape[3])
    if stride == (1, 1) and winograd.is_wanted(x):
        if sides == (3, 3) and rim[0] == rim[1] <= 1:
            return winograd.convolve_by(x, weight, bias, rim[0])
        if sides == (1, 1) and not any(rim):
            made = weight.flatten(1) @ x[0].flatten(1)
            made = made if bias is None else made + bias[:, None]
            return made.view(1, -1, *x.shape[2:])
    return functional.conv2d(x, weight, bias, stride, rim)


def multiply(rows: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return rows @ weight.T + bias, each row with bits of its own: (R, K) and (outer, K)."""
    count = len(rows)
    if count % FOURS:
        rows = functional.pad(rows, (0, 0, 0, FOURS - count % FOURS))
    return functional.linear(rows, weight, bias)[:count]


def _cut(x: Tensor, places: Pair, sides: Pair, stride: Pair) -> Tensor:
    """Lay what each place of the filter covers in a row: (B * height * width, k * k * C)."""
    (height, width), (tall, wide), (down, across) = places, sides, stride
    channels, line = x.shape[1], x.shape[1] * x.shape[3]
    cells = x.permute(0, 2, 3, 1).contiguous()
    shape = (len(x), height, width, tall, wide * channels)
    steps = (line * x.shape[2], down * line, across * channels, line, 1)
    return cells.as_strided(shape, steps).reshape(len(x) * height * width, -1)


def _get_rim(layer: nn.Conv2d) -> Pair:
    """Return the padding down and across."""
    rim = layer.padding
    if isinstance(rim, str):
        raise TypeError("a padding by name is not known here")
    return int(rim[0]), int(rim[1])


def _is_learning(x: Tensor) -> bool:
    """Tell whether the library's way is to be gone; on other devices it always is."""
    return torch.is_grad_enabled() or x.device.type != "cpu" or x.dtype != torch.float32
