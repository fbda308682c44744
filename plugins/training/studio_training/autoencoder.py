"""The autoencoder: pictures to latents a quarter as wide and back, both on a torus.

As in latent diffusion (arXiv 2112.10752): a flow or a GAN learns where bricks and planks go, on
few numbers; the decoder, which saw many more pictures' worth of pixels, draws their grain.

It sees pictures as `colours.turn` makes them, (B, 3, H, W) of mean 0 and spread 1.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn

from studio_training.rows import CELLS
from studio_training.sizes import AutoencoderConfig
from studio_training.torus import Conv, Grow, Normal, Residual, Shrink, arrange
from studio_training.winograd import is_quick, lying_plainly


class Autoencoder(nn.Module):
    """Encoder and decoder.

    Attributes:
        mean: of each channel of the raw latents over the training pictures (latent,).
        spread: their standard deviations.
        glimpse: (channels, latent), what a cell looks like from afar: previews in no time.
    """

    mean: Tensor
    spread: Tensor
    glimpse: Tensor

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__()
        self.config = config
        cells = config.channels * config.patch**2
        layers: list[nn.Module] = [nn.PixelUnshuffle(config.patch), Conv(cells, config.down[0])]
        for inner, outer in pairwise(config.down):
            layers += [Residual(inner), Shrink(inner, outer)]
        layers += [Residual(config.down[-1]), Normal(config.down[-1])]
        self.encoder = nn.Sequential(*layers, Conv(config.down[-1], config.latent))
        layers = [Conv(config.latent, config.up[-1])]
        for level in reversed(range(len(config.up))):
            layers += [Residual(config.up[level]) for _ in range(config.blocks[level])]
            if level:
                layers.append(Grow(config.up[level], config.up[level - 1]))
        layers += [Normal(config.up[0]), Conv(config.up[0], cells), nn.PixelShuffle(config.patch)]
        self.decoder = nn.Sequential(*layers)
        self.register_buffer("mean", torch.zeros(config.latent))
        self.register_buffer("spread", torch.ones(config.latent))
        self.register_buffer("glimpse", torch.zeros(config.channels, config.latent))

    def encode(self, pictures: Tensor) -> Tensor:
        """Return latents (B, latent, H / factor, W / factor) of mean 0 and spread 1."""
        raw = self.encode_raw(pictures)
        return (raw - self.mean[:, None, None]) / self.spread[:, None, None]

    def encode_raw(self, pictures: Tensor) -> Tensor:
        """Return latents before they are brought to mean 0 and spread 1."""
        return torch.as_tensor(self.encoder(pictures.contiguous(memory_format=torch.channels_last)))

    def decode(self, latents: Tensor) -> Tensor:
        """Return pictures (B, channels, H, W) from latents as `encode` gives them."""
        return self.decode_raw(latents * self.spread[:, None, None] + self.mean[:, None, None])

    def decode_raw(self, raw: Tensor) -> Tensor:
        """Return pictures from latents as `encode_raw` gives them."""
        if raw[0, 0].numel() > CELLS and is_quick(raw):
            with lying_plainly():
                return torch.as_tensor(self.decoder(raw.contiguous()))
        return torch.as_tensor(self.decoder(raw.contiguous(memory_format=torch.channels_last)))

    def preview(self, latents: Tensor) -> Tensor:
        """Return what latents (B, latent, h, w) will look like, roughly: (B, channels, h, w)."""
        return torch.einsum("cl,blhw->bchw", self.glimpse, latents)

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the pictures as they come back."""
        return self.decode(self.encode(pictures))


def build_autoencoder(config: AutoencoderConfig) -> Autoencoder:
    """Build an autoencoder laid out as the processor likes it."""
    return arrange(Autoencoder(config))
