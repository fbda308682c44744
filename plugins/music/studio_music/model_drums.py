"""Nets for drums: a variational autoencoder of what is struck, and a net of how it is played.

The first draws two bars step by step and drum by drum, from a latent vector, a style and, if one
is given, the rhythm of taps. The second sees both bars and gives each hit its force and push.
"""

from dataclasses import asdict, dataclass
from typing import Any, Final, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from studio.errors import CheckpointError
from studio_music.groove_data import BARS, DRUMS, STEPS, STYLES

FAMILY: Final = "drums"
COUNT: Final = len(DRUMS)
SPAN: Final = BARS * STEPS
MOST_WIDTH: Final = 2048
LOOK_BACKS: Final = (STEPS, STEPS // 2)
"""Steps before, which the writer sees directly: drummers repeat themselves."""


@dataclass(frozen=True)
class DrumConfig:
    """Sizes.

    Attributes:
        n_embd: width of both nets.
        n_latent: of the latent vector.
        dropout: while it learns.
        looks: how many of `LOOK_BACKS` the writer has.
    """

    n_embd: int = 160
    n_latent: int = 32
    dropout: float = 0.2
    looks: int = 2


class DrumNet(nn.Module):
    """Both nets, trained side by side."""

    def __init__(self, config: DrumConfig) -> None:
        super().__init__()
        self.config = config
        self.pattern = PatternVae(config)
        self.touch = TouchNet(config)


class PatternVae(nn.Module):
    """hits (B, 32, 9) <-> z (B, n_latent)."""

    def __init__(self, config: DrumConfig) -> None:
        super().__init__()
        width, latent = config.n_embd, config.n_latent
        self.config = config
        self.reader = nn.GRU(COUNT, width // 2, batch_first=True, bidirectional=True)
        self.to_latent = nn.Linear(2 * width, 2 * latent)
        self.place = nn.Embedding(SPAN, 16)
        self.style = nn.Embedding(len(STYLES), 16)
        self.begin = nn.Linear(latent, width)
        self.looks = LOOK_BACKS[: config.looks]
        seen = COUNT * (1 + len(self.looks)) + latent + 16 + 16 + 3
        self.writer = nn.GRU(seen, width, batch_first=True)
        self.drop = nn.Dropout(config.dropout)
        self.out = nn.Linear(width, width)
        self.head = nn.Linear(width, COUNT)
        self.between = nn.Parameter(torch.zeros(COUNT, COUNT))
        """Of drum k on drum j of the same step, k < j."""

    def encode(self, hits: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and log-variance (B, n_latent)."""
        read, _ = self.reader(hits)
        joined = torch.cat([read.mean(1), read.amax(1)], -1)
        mean, logvar = self.to_latent(joined).chunk(2, -1)
        return mean, logvar.clamp(-8, 4)

    def decode(self, z: Tensor, hits: Tensor, style: Tensor, taps: Tensor) -> Tensor:
        """Return logits (B, 32, 9) under the true hits (teacher forcing).

        Args:
            z: (B, n_latent).
            hits: (B, 32, 9).
            style: (B,) places in `STYLES`.
            taps: (B, 32, 3): are taps known, is one here, how hard.
        """
        shifts = (1, *self.looks)
        before = torch.cat([F.pad(hits, (0, 0, n, 0))[:, : hits.shape[1]] for n in shifts], -1)
        seen = self._gather(z, before, style, taps, 0)
        state = torch.tanh(self.begin(z))[None]
        written, _ = self.writer(seen, state)
        return self.judge(written) + hits @ torch.triu(self.between, 1)

    def judge(self, written: Tensor) -> Tensor:
        """Return logits of each drum, before what the same step adds."""
        return cast(Tensor, self.head(torch.relu(self.out(self.drop(written)))))

    def step(
        self, z: Tensor, past: Tensor, conditions: tuple[Tensor, Tensor], at: int, state: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return logits (B, 9) of step `at`, and the new state.

        Args:
            z: (B, n_latent).
            past: (B, 32, 9) what was struck before, 0 from `at` on.
            conditions: style and taps, as in `decode`.
            at: which step.
            state: of the writer.
        """
        style, taps = conditions
        shifts = (1, *self.looks)
        parts = [past[:, at - n] if at >= n else torch.zeros_like(past[:, 0]) for n in shifts]
        before = torch.cat(parts, -1)[:, None]
        seen = self._gather(z, before, style, taps[:, at : at + 1], at)
        written, state = self.writer(seen, state)
        return self.judge(written)[:, 0], state

    def _gather(self, z: Tensor, before: Tensor, style: Tensor, taps: Tensor, first: int) -> Tensor:
        count, length, _ = before.shape
        places = torch.arange(first, first + length, device=z.device)
        wide = [z[:, None], self.style(style)[:, None], self.place(places)[None]]
        z_wide, style_wide, place_wide = (part.expand(count, length, -1) for part in wide)
        return torch.cat([before, z_wide, place_wide, style_wide, taps], -1)


class TouchNet(nn.Module):
    """hits (B, 32, 9) -> mean and spread of force and push of each."""

    def __init__(self, config: DrumConfig) -> None:
        super().__init__()
        width = config.n_embd
        self.style = nn.Embedding(len(STYLES), 16)
        self.place = nn.Embedding(SPAN, 16)
        self.reader = nn.GRU(
            2 * COUNT + 16 + 16 + 1, width // 2, 2, batch_first=True, bidirectional=True,
            dropout=config.dropout,
        )  # fmt: skip
        self.head = nn.Linear(width, 4 * COUNT)

    def forward(self, hits: Tensor, force: Tensor, style: Tensor, bpm: Tensor) -> Tensor:
        """Return (4, B, 32, 9): mean force, mean push, log spread of force, of push.

        Args:
            hits: (B, 32, 9).
            force: known forces, 0 where they are not.
            style: (B,).
            bpm: (B,).
        """
        count, length, _ = hits.shape
        tempo = ((bpm - 110) / 40)[:, None, None].expand(count, length, 1)
        style_wide = self.style(style)[:, None].expand(count, length, -1)
        places = torch.arange(length, device=hits.device)
        place_wide = self.place(places)[None].expand(count, length, -1)
        read, _ = self.reader(torch.cat([hits, force, style_wide, place_wide, tempo], -1))
        parts = cast(Tensor, self.head(read)).view(count, length, 4, COUNT).permute(2, 0, 1, 3)
        mean_force, mean_push, spread_force, spread_push = parts
        return torch.stack(
            [
                torch.sigmoid(mean_force),
                torch.tanh(mean_push) / 2,
                spread_force.clamp(-5, 0),
                spread_push.clamp(-5, 0),
            ]
        )


def to_config(net: DrumNet) -> dict[str, Any]:
    """What `config.json` says of the nets."""
    return {"family": FAMILY, **asdict(net.config), "drums": list(DRUMS), "styles": list(STYLES)}


def build_net(config: dict[str, Any], tensors: dict[str, Tensor] | None = None) -> DrumNet:
    """Build the nets of a checkpoint, ready to play.

    Raises:
        CheckpointError: of another family or vocabulary, or damaged.
    """
    known = config.get("drums") == list(DRUMS) and config.get("styles") == list(STYLES)
    if config.get("family") != FAMILY or not known:
        raise CheckpointError(
            "this checkpoint is of another family or vocabulary ({family}); choose one of drums",
            family=config.get("family", "unknown"),
        )
    try:
        # The first weights had no look-back, and do not speak of it.
        known_sizes = {"looks": 0, **config}
        sizes = DrumConfig(**{name: known_sizes[name] for name in asdict(DrumConfig())})
        if not (0 < sizes.n_embd <= MOST_WIDTH and 0 < sizes.n_latent <= MOST_WIDTH):
            raise ValueError("sizes out of range")
        net = DrumNet(sizes)
        if tensors is not None:
            net.load_state_dict(tensors)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise CheckpointError(
            "the weights of these drums do not fit their config; take both of one training"
        ) from error
    return net.eval().requires_grad_(False)
