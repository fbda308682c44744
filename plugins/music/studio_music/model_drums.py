"""Nets for drums: a variational autoencoder of what is struck, and a net of how it is played.

The first lays out two bars from a latent vector, and draws them step by step and drum by drum along
that plan, a style and, if one is given, the rhythm of taps. The second sees both bars and gives
each hit its force and push.
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
LOOK_BACKS: Final = (1, STEPS // 2, STEPS)
"""Steps before, which the writer sees directly: drummers repeat themselves."""
PLAN, SHORT = 32, 16
"""Of a step, as planned and as read."""


@dataclass(frozen=True)
class DrumConfig:
    """Sizes.

    Attributes:
        n_embd: width of both nets.
        n_latent: of the latent vector.
        dropout: while it learns.
    """

    n_embd: int = 160
    n_latent: int = 32
    dropout: float = 0.2


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
        self.shorten = nn.Linear(width + COUNT, SHORT)
        self.join = nn.Linear(SPAN * SHORT, width)
        self.to_latent = nn.Linear(width, 2 * latent)
        self.place = nn.Embedding(SPAN, 16)
        self.style = nn.Embedding(len(STYLES), 16)
        self.begin = nn.Linear(latent, width)
        self.lay_out = nn.Sequential(
            nn.Linear(latent, width), nn.ReLU(), nn.Linear(width, SPAN * PLAN)
        )
        self.writer = nn.GRU(COUNT * len(LOOK_BACKS) + PLAN + 16 + 16 + 3, width, batch_first=True)
        self.drop = nn.Dropout(config.dropout)
        self.out = nn.Linear(width + PLAN, width)
        self.head = nn.Linear(width, COUNT)
        self.sketch = nn.Linear(PLAN, COUNT)
        """What the plan says of each step before anything is struck."""
        self.between = nn.Parameter(torch.zeros(COUNT, COUNT))
        """Of drum k on drum j of the same step, k < j."""

    def encode(self, hits: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and log-variance (B, n_latent)."""
        read, _ = self.reader(hits)
        short = torch.relu(self.shorten(torch.cat([read, hits], -1))).flatten(1)
        mean, logvar = self.to_latent(self.drop(torch.relu(self.join(short)))).chunk(2, -1)
        return mean, logvar.clamp(-8, 4)

    def decode(self, z: Tensor, hits: Tensor, style: Tensor, taps: Tensor) -> Tensor:
        """Return logits (B, 32, 9) under the true hits (teacher forcing).

        Args:
            z: (B, n_latent).
            hits: (B, 32, 9).
            style: (B,) places in `STYLES`.
            taps: (B, 32, 3): are taps known, is one here, how hard.
        """
        before = [F.pad(hits, (0, 0, ago, 0))[:, : hits.shape[1]] for ago in LOOK_BACKS]
        plan = self.plan(z)
        seen = self._gather(plan, torch.cat(before, -1), style, taps, 0)
        written, _ = self.writer(seen, torch.tanh(self.begin(z))[None])
        return self._judge(written, plan) + hits @ torch.triu(self.between, 1)

    def plan(self, z: Tensor) -> Tensor:
        """Lay out two bars: (B, 32, PLAN)."""
        return cast(Tensor, self.lay_out(z).unflatten(1, (SPAN, PLAN)))

    def start(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Return the plan and the writer's first state, for `step`."""
        return self.plan(z), torch.tanh(self.begin(z))[None]

    def step(
        self, plan: Tensor, past: Tensor, conditions: tuple[Tensor, Tensor], at: int, state: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return logits (B, 9) of step `at`, before what its own drums add, and the new state.

        Args:
            plan: (B, 32, PLAN), of both bars.
            past: (B, 32, 9) what was struck before, 0 from `at` on.
            conditions: style and taps, as in `decode`.
            at: which step.
            state: of the writer.
        """
        style, taps = conditions
        empty = torch.zeros_like(past[:, 0])
        before = torch.cat([past[:, at - n] if at >= n else empty for n in LOOK_BACKS], -1)
        here = plan[:, at : at + 1]
        seen = self._gather(here, before[:, None], style, taps[:, at : at + 1], at)
        written, state = self.writer(seen, state)
        return self._judge(written, here)[:, 0], state

    def _judge(self, written: Tensor, plan: Tensor) -> Tensor:
        mixed = torch.relu(self.out(torch.cat([self.drop(written), plan], -1)))
        return cast(Tensor, self.head(mixed) + self.sketch(plan))

    def _gather(
        self, plan: Tensor, before: Tensor, style: Tensor, taps: Tensor, first: int
    ) -> Tensor:
        count, length, _ = before.shape
        places = torch.arange(first, first + length, device=plan.device)
        wide = [self.place(places)[None], self.style(style)[:, None]]
        place, kind = (part.expand(count, length, -1) for part in wide)
        return torch.cat([before, plan, place, kind, taps], -1)


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
        sizes = DrumConfig(**{name: config[name] for name in asdict(DrumConfig())})
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
