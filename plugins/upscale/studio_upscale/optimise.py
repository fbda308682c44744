"""Muon: momentum whose matrices are made orthogonal, which small nets learn fastest with.

After Keller Jordan's description (2024); scaled so that Adam's learning rates hold.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

import torch
from torch import Tensor

NEWTON_SCHULZ: Final = (3.4445, -4.7750, 2.0315)
ROUNDS: Final = 5


class Muon(torch.optim.Optimizer):
    """Muon for weights, Adam for biases.

    Args:
        params: of a net of convolutions.
        lr: learning rate, as one would give Adam.
        momentum: of Muon.
    """

    def __init__(self, params: Iterable[Tensor], lr: float = 1e-3, momentum: float = 0.95) -> None:
        super().__init__(list(params), {"lr": lr, "momentum": momentum, "betas": (0.9, 0.99)})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Take one step; `closure` is not supported."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                state = self.state[weight]
                if not state:
                    state["step"] = 0
                    state["first"] = torch.zeros_like(weight)
                    if weight.ndim < 2:
                        state["second"] = torch.zeros_like(weight)
                state["step"] += 1
                update = _step_matrix if weight.ndim >= 2 else _step_vector
                weight.sub_(update(weight.grad, state, group), alpha=group["lr"])


def _step_matrix(gradient: Tensor, state: dict[str, Any], group: dict[str, Any]) -> Tensor:
    state["first"].lerp_(gradient, 1 - group["momentum"])
    ahead = gradient.lerp(state["first"], group["momentum"])
    flat = ahead.reshape(ahead.shape[0], -1)
    # 0.2: the usual size of Adam's step.
    size = 0.2 * max(flat.shape) ** 0.5
    return (make_orthogonal(flat) * size).reshape(gradient.shape)


def _step_vector(gradient: Tensor, state: dict[str, Any], group: dict[str, Any]) -> Tensor:
    slow, fast = group["betas"]
    state["first"].lerp_(gradient, 1 - slow)
    state["second"].lerp_(gradient * gradient, 1 - fast)
    first = state["first"] / (1 - slow ** state["step"])
    second = state["second"] / (1 - fast ** state["step"])
    result: Tensor = first / (second.sqrt() + 1e-8)
    return result


def make_orthogonal(matrix: Tensor) -> Tensor:
    """Bring the singular values of (N, M) near 1 (0.7 to 1.2), keeping its directions."""
    a, b, c = NEWTON_SCHULZ
    is_tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if is_tall else matrix
    x = x / (x.norm() + 1e-7)
    for _ in range(ROUNDS):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return x.T if is_tall else x
