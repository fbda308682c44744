"""Muon: momentum whose matrices are made orthogonal, which small nets learn fastest with.

After Keller Jordan's description (2024); scaled so that Adam's learning rates hold. In 300 steps of
the fast net it is 0.3 dB ahead of Adam at either's best rate.
"""

from collections.abc import Iterable
from typing import Final

import torch
from torch import Tensor, nn

NEWTON_SCHULZ: Final = (3.4445, -4.7750, 2.0315)
ROUNDS: Final = 5
MOMENTUM: Final = 0.95
BETAS: Final = (0.9, 0.99)
"""Of Adam, for biases."""


class Muon:
    """Muon for weights, Adam for biases.

    Args:
        params: of a net of convolutions.
    """

    def __init__(self, params: Iterable[Tensor]) -> None:
        self._params = list(params)
        self._step = 0
        self._first = [torch.zeros_like(weight) for weight in self._params]
        self._second = [torch.zeros_like(weight) for weight in self._params if weight.ndim < 2]

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """Move every weight against its gradient, and forget the gradient."""
        self._step += 1
        seconds = iter(self._second)
        for weight, first in zip(self._params, self._first, strict=True):
            second = None if weight.ndim >= 2 else next(seconds)
            if weight.grad is None:
                continue
            if second is None:
                weight.sub_(_turn(weight.grad, first), alpha=rate)
            else:
                weight.sub_(_adapt(weight.grad, first, second, self._step), alpha=rate)
            weight.grad = None

    def collect(self, network: nn.Module) -> dict[str, Tensor]:
        """Return its state by the names of the net's parameters."""
        names = [name for name, _ in network.named_parameters()]
        flat = [n for n, weight in zip(names, self._params, strict=True) if weight.ndim < 2]
        state = {f"first.{n}": value for n, value in zip(names, self._first, strict=True)}
        return state | {f"second.{n}": value for n, value in zip(flat, self._second, strict=True)}

    def set_step(self, step: int) -> None:
        """Say how many steps the state has behind it."""
        self._step = step


@torch.no_grad()
def follow(average: nn.Module, network: nn.Module, keep: float) -> None:
    """Move a running average of weights towards a net's; `keep`: weight of the past, 0..1."""
    new = network.state_dict()
    for name, value in average.state_dict().items():
        value.lerp_(new[name], 1 - keep)


def get_keep(ema: float, step: int) -> float:
    """Return the weight of the past after some steps: a young average forgets a random start."""
    return min(ema, step / (step + 10))


def _turn(gradient: Tensor, first: Tensor) -> Tensor:
    first.lerp_(gradient, 1 - MOMENTUM)
    ahead = gradient.lerp(first, MOMENTUM)
    flat = ahead.reshape(ahead.shape[0], -1)
    # 0.2: the usual size of Adam's step.
    size = 0.2 * max(flat.shape) ** 0.5
    turned: Tensor = (make_orthogonal(flat) * size).reshape(gradient.shape)
    return turned


def _adapt(gradient: Tensor, first: Tensor, second: Tensor, step: int) -> Tensor:
    slow, fast = BETAS
    first.lerp_(gradient, 1 - slow)
    second.lerp_(gradient * gradient, 1 - fast)
    size = (second / (1 - fast**step)).sqrt() + 1e-8
    result: Tensor = first / (1 - slow**step) / size
    return result


def make_orthogonal(matrix: Tensor) -> Tensor:
    """Bring the singular values of (N, M) near 1 (0.7 to 1.2), keeping its directions."""
    a, b, c = NEWTON_SCHULZ
    is_tall = matrix.shape[0] > matrix.shape[1]
    x: Tensor = matrix.T if is_tall else matrix
    x = x / (x.norm() + 1e-7)
    for _ in range(ROUNDS):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return x.T if is_tall else x
