"""Muon: momentum whose matrices are made orthogonal, which small nets learn fastest with.

After Keller Jordan's description (2024); scaled so that Adam's learning rates hold. In 300 steps of
the fast net it is 0.3 dB ahead of Adam at either's best rate.
"""

from collections.abc import Iterable
from typing import Any, Final

import torch
from studio_training import Settings
from torch import Tensor, nn

NEWTON_SCHULZ: Final = (3.4445, -4.7750, 2.0315)
ROUNDS: Final = 5
MOMENTUM: Final = 0.95
BETAS: Final = (0.9, 0.99)
"""Of Adam, for biases."""


class Muon(torch.optim.Optimizer):
    """Muon for weights, Adam for biases.

    Args:
        params: of a net of convolutions.
        rate: learning rate, "lr" of the groups as everywhere in torch.
    """

    def __init__(self, params: Iterable[Tensor], rate: float) -> None:
        super().__init__(params, {"lr": rate})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """Move every weight against its gradient; `closure` is not used."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                state = self.state[weight] or self._begin(weight)
                state["step"] += 1
                if weight.ndim >= 2:
                    weight.sub_(_turn(weight.grad, state["first"]), alpha=group["lr"])
                else:
                    weight.sub_(_adapt(weight.grad, state), alpha=group["lr"])

    def _begin(self, weight: Tensor) -> dict[str, Tensor]:
        state = self.state[weight]
        state["step"] = torch.tensor(0.0)
        state["first"] = torch.zeros_like(weight)
        if weight.ndim < 2:
            state["second"] = torch.zeros_like(weight)
        return dict(state)


def build_muon(network: nn.Module, settings: Settings) -> torch.optim.Optimizer:
    """Build Muon for a trainer of `studio_training`."""
    return Muon(network.parameters(), settings.rate)


def _turn(gradient: Tensor, first: Tensor) -> Tensor:
    first.lerp_(gradient, 1 - MOMENTUM)
    ahead = gradient.lerp(first, MOMENTUM)
    flat = ahead.reshape(ahead.shape[0], -1)
    # 0.2: the usual size of Adam's step.
    size = 0.2 * max(flat.shape) ** 0.5
    turned: Tensor = (make_orthogonal(flat) * size).reshape(gradient.shape)
    return turned


def _adapt(gradient: Tensor, state: dict[str, Tensor]) -> Tensor:
    (slow, fast), step = BETAS, float(state["step"])
    first, second = state["first"], state["second"]
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
