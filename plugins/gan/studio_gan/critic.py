"""The half that judges: a picture and its class in, a number out."""

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from studio_gan.config import GanConfig
from studio_gan.layers import TorusConv


class Critic(nn.Module):
    """Convolutions with stride two; one number a place, and the mean of them.

    The class comes in by projection (Miyato and Koyama, arXiv 1802.05637). On a torus the padding
    is circular, and any size can be judged. The standard deviation over the batch is one more
    channel (arXiv 1710.10196), so that a generator that always draws the same is found out.
    """

    def __init__(self, config: GanConfig) -> None:
        super().__init__()
        norm = spectral_norm if config.is_normed else _leave
        conv = TorusConv if config.is_torus else nn.Conv2d
        widths = [config.get_width(level) for level in range(config.doublings, -1, -1)]
        layers: list[nn.Module] = []
        inner = config.planes
        if config.autoencoder:  # a cell of latents is worth a look before they are halved
            layers += [norm(conv(inner, widths[0], 3, 1, 1))]
            layers += [nn.LeakyReLU(0.2)]
            inner, widths = widths[0], [*widths[1:], widths[-1]]
        for outer in widths[:-1]:
            layers += [norm(conv(inner, outer, 4, 2, 1)), nn.LeakyReLU(0.2)]
            inner = outer
        self.layers = nn.Sequential(*layers)
        self.last = norm(conv(inner + 1, widths[-1], 3, 1, 1))
        self.score = norm(nn.Linear(widths[-1], 1))
        self.embed = norm(nn.Embedding(max(1, len(config.classes)), widths[-1]))

    def forward(self, pictures: Tensor, kinds: Tensor) -> Tensor:
        """Judge pictures (N, C, H, W) of kinds (N,); returns scores (N,)."""
        x = self.layers(pictures.contiguous(memory_format=torch.channels_last))
        spread = (x.var(0, unbiased=False) + 1e-8).sqrt().mean()
        x = torch.cat([x, spread.expand(len(x), 1, *x.shape[2:])], 1)
        x = nn.functional.leaky_relu(self.last(x), 0.2).mean((2, 3))
        score: Tensor = self.score(x)[:, 0] + (self.embed(kinds) * x).sum(1)
        return score


def _leave(module: nn.Module) -> nn.Module:
    return module
