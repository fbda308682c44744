"""What either half wants. Scores are (N,)."""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

Loss = Literal["hinge", "non-saturating", "wgan-gp"]


def get_critic_loss(loss: Loss, real: Tensor, fake: Tensor) -> Tensor:
    """Return the critic's loss.

    Hinge is arXiv 1705.02894, non-saturating 1406.2661, Wasserstein 1701.07875.
    """
    if loss == "hinge":
        return torch.relu(1 - real).mean() + torch.relu(1 + fake).mean()
    if loss == "non-saturating":
        return functional.softplus(-real).mean() + functional.softplus(fake).mean()
    return fake.mean() - real.mean()


def get_generator_loss(loss: Loss, fake: Tensor) -> Tensor:
    """The other side of `get_critic_loss`."""
    return functional.softplus(-fake).mean() if loss == "non-saturating" else -fake.mean()


def get_r1(critic: nn.Module, pictures: Tensor, kinds: Tensor) -> Tensor:
    """Half the squared slope of the score at real pictures (Mescheder et al., arXiv 1801.04406)."""
    pictures = pictures.detach().requires_grad_(True)
    return _get_slopes(critic, pictures, kinds).square().sum((1, 2, 3)).mean() / 2


def get_gradient_penalty(
    critic: nn.Module, real: Tensor, fake: Tensor, kinds: Tensor, shares: Tensor
) -> Tensor:
    """How far slopes between real and drawn pictures are from 1 (WGAN-GP, arXiv 1704.00028).

    Args:
        critic: that judges.
        real: (N, C, H, W).
        fake: as many.
        kinds: (N,).
        shares: (N,) in 0..1, of the drawn one in each mixture.
    """
    mixed = torch.lerp(real.detach(), fake.detach(), shares[:, None, None, None])
    slopes = _get_slopes(critic, mixed.requires_grad_(True), kinds)
    return (slopes.square().sum((1, 2, 3)).add(1e-12).sqrt() - 1).square().mean()


def _get_slopes(critic: nn.Module, pictures: Tensor, kinds: Tensor) -> Tensor:
    scores = critic(pictures, kinds)
    return torch.autograd.grad(scores.sum(), pictures, create_graph=True)[0]
