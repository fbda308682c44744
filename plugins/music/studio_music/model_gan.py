"""A small adversarial net for two bars of melody: convolutions from noise to 32 tokens, and back.

After MidiNet (Yang et al., 2017), with the loss of WGAN-GP (Gulrajani et al., 2017). Drawing from
so few bars, discrete tokens and a critic that sees them soft make it the weakest of the models
here: it has no memory of the bar before, and it drops modes. It is for comparison and for play.
"""

from dataclasses import asdict, dataclass
from typing import Any, Final, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from studio.errors import CheckpointError
from studio_music.melody_data import VOCABULARY

FAMILY: Final = "gan"
SPAN: Final = 32
"""16ths: two bars of 4/4."""
MOST_WIDTH: Final = 1024


@dataclass(frozen=True)
class GanConfig:
    """Sizes.

    Attributes:
        n_embd: channels of the middle layers.
        n_latent: of the noise.
        sharpness: temperature of the soft tokens that the critic sees.
    """

    n_embd: int = 96
    n_latent: int = 48
    sharpness: float = 0.8


class Painter(nn.Module):
    """z (B, n_latent) -> logits (B, 32, VOCABULARY)."""

    def __init__(self, config: GanConfig) -> None:
        super().__init__()
        self.config = config
        width = config.n_embd
        self.enter = nn.Linear(config.n_latent, width * 8)
        self.grow = nn.Sequential(
            nn.ConvTranspose1d(width, width, 4, 2, 1),
            nn.GroupNorm(8, width),
            nn.ReLU(),
            nn.Conv1d(width, width, 3, padding=1),
            nn.ReLU(),
            nn.ConvTranspose1d(width, width, 4, 2, 1),
            nn.GroupNorm(8, width),
            nn.ReLU(),
            nn.Conv1d(width, width, 5, padding=2),
            nn.ReLU(),
            nn.Conv1d(width, VOCABULARY, 1),
        )

    def forward(self, z: Tensor) -> Tensor:
        """Return logits."""
        seed = self.enter(z).view(len(z), -1, 8)
        return cast(Tensor, self.grow(seed).transpose(1, 2))

    def paint(self, z: Tensor) -> Tensor:
        """Return soft tokens (B, 32, VOCABULARY) whose forward value is one-hot."""
        # Straight-through Gumbel-softmax (Jang et al., 2017): the critic sees real tokens.
        return F.gumbel_softmax(self(z), tau=self.config.sharpness, hard=True)


class Critic(nn.Module):
    """Tokens (B, 32, VOCABULARY) -> how real (B,).

    How much a batch varies is shown to it too, so that a painter of one tune is found out
    (Karras et al., 2018).
    """

    def __init__(self, config: GanConfig) -> None:
        super().__init__()
        width = config.n_embd
        # Pointwise first: a kernel over one-hot tokens would be most of the work.
        self.enter = nn.Linear(VOCABULARY, width // 2)
        self.layers = nn.Sequential(
            nn.Conv1d(width // 2, width, 4, 2, 1),
            nn.LeakyReLU(0.2),
            nn.Conv1d(width, 2 * width, 4, 2, 1),
            nn.LeakyReLU(0.2),
        )
        self.leave = nn.Sequential(
            nn.Linear(2 * width * 8 + 1, width), nn.LeakyReLU(0.2), nn.Linear(width, 1)
        )

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the rating."""
        found = self.layers(self.enter(tokens).transpose(1, 2)).flatten(1)
        spread = found.var(0, correction=0).add(1e-8).sqrt().mean().expand(len(found), 1)
        return cast(Tensor, self.leave(torch.cat([found, spread], 1)))[:, 0]


def to_config(net: Painter) -> dict[str, Any]:
    """What `config.json` says of the net."""
    return {"family": FAMILY, **asdict(net.config), "vocabulary": VOCABULARY}


def build_net(config: dict[str, Any], tensors: dict[str, Tensor] | None = None) -> Painter:
    """Build the painter of a checkpoint.

    Raises:
        CheckpointError: of another family or vocabulary, or damaged.
    """
    if config.get("family") != FAMILY or config.get("vocabulary") != VOCABULARY:
        raise CheckpointError(
            "this checkpoint is of another family or vocabulary ({family}); choose one of the GAN",
            family=config.get("family", "unknown"),
        )
    try:
        sizes = GanConfig(**{name: config[name] for name in asdict(GanConfig())})
        if not (0 < sizes.n_embd <= MOST_WIDTH and 0 < sizes.n_latent <= MOST_WIDTH):
            raise ValueError("sizes out of range")
        net = Painter(sizes)
        if tensors is not None:
            net.load_state_dict(tensors)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise CheckpointError(
            "the weights of this GAN do not fit their config; take both of one training"
        ) from error
    return net.eval().requires_grad_(False)


@torch.no_grad()
def paint_tokens(net: Painter, z: Tensor) -> Tensor:
    """Return the likeliest tokens (B, 32)."""
    return cast(Tensor, net(z)).argmax(-1)
