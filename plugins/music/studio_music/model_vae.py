"""A variational autoencoder of two and four bars of melody (after MusicVAE, Roberts et al., 2018).

A net reads the bars both ways into a latent vector; another writes them 16th by 16th from it. The
writer also sees what it wrote a bar before, which carries figures on; the loss hides a share of
what it wrote, so that it needs the latent vector.
"""

from dataclasses import asdict, dataclass
from typing import Any, Final, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from studio.errors import CheckpointError
from studio_music.melody_data import BAR_STEPS, BARS, METRES, VOCABULARY

FAMILY: Final = "vae"
LONGEST: Final = max(BARS) * max(BAR_STEPS)
MOST_WIDTH: Final = 2048


@dataclass(frozen=True)
class VaeConfig:
    """Sizes.

    Attributes:
        n_embd: width of reader and writer.
        n_latent: of the latent vector.
        dropout: while it learns.
    """

    n_embd: int = 256
    n_latent: int = 48
    dropout: float = 0.1


class MelodyVae(nn.Module):
    """tokens (B, N) of `bars` bars <-> z (B, n_latent)."""

    def __init__(self, config: VaeConfig) -> None:
        super().__init__()
        self.config = config
        width, latent = config.n_embd, config.n_latent
        self.token = nn.Embedding(VOCABULARY + 1, 48)
        """The last entry is what cannot be seen."""
        self.place = nn.Embedding(LONGEST, 16)
        self.metre = nn.Embedding(len(METRES) * len(BARS), 16)
        self.reader = nn.GRU(48 + 16 + 16, width // 2, 2, batch_first=True, bidirectional=True)
        self.to_latent = nn.Linear(2 * width, 2 * latent)
        self.begin = nn.Linear(latent + 16, width)
        self.writer = nn.GRU(2 * 48 + latent + 16 + 16, width, batch_first=True)
        self.drop = nn.Dropout(config.dropout)
        self.out = nn.Linear(width + latent, width)
        self.head = nn.Linear(width, VOCABULARY)

    def encode(self, tokens: Tensor, kind: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and log-variance (B, n_latent).

        Args:
            tokens: (B, N).
            kind: (B,), see `find_kind`.
        """
        seen = torch.cat([self.token(tokens), *self._situate(kind, tokens.shape[1], 0)], -1)
        read, _ = self.reader(seen)
        joined = torch.cat([read.mean(1), read.amax(1)], -1)
        mean, logvar = self.to_latent(joined).chunk(2, -1)
        return mean, logvar.clamp(-8, 4)

    def decode(self, z: Tensor, shown: Tensor, kind: Tensor, bar: int) -> Tensor:
        """Return logits (B, N, VOCABULARY).

        Args:
            z: (B, n_latent).
            shown: (B, N): the true tokens, some of them hidden (`VOCABULARY`).
            kind: (B,).
            bar: steps of a bar.
        """
        before = F.pad(shown, (1, 0), value=VOCABULARY)[:, :-1]
        ago = F.pad(shown, (bar, 0), value=VOCABULARY)[:, : shown.shape[1]]
        written, _ = self.writer(self._gather(z, before, ago, kind, 0), self.start(z, kind))
        return self._judge(written, z)

    def start(self, z: Tensor, kind: Tensor) -> Tensor:
        """Return the writer's first state."""
        return torch.tanh(self.begin(torch.cat([z, self.metre(kind)], -1)))[None]

    def step(
        self, z: Tensor, seen: tuple[Tensor, Tensor], kind: Tensor, at: int, state: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return logits (B, VOCABULARY) of step `at` and the new state.

        Args:
            z: (B, n_latent).
            seen: the token before and the one a bar before, (B,) each.
            kind: (B,).
            at: which step.
            state: of the writer.
        """
        before, ago = seen
        gathered = self._gather(z, before[:, None], ago[:, None], kind, at)
        written, state = self.writer(gathered, state)
        return self._judge(written, z)[:, 0], state

    def _judge(self, written: Tensor, z: Tensor) -> Tensor:
        wide = z[:, None].expand(-1, written.shape[1], -1)
        mixed = torch.relu(self.out(torch.cat([self.drop(written), wide], -1)))
        return cast(Tensor, self.head(mixed))

    def _gather(self, z: Tensor, before: Tensor, ago: Tensor, kind: Tensor, first: int) -> Tensor:
        length = before.shape[1]
        parts = [self.token(before), self.token(ago), z[:, None].expand(-1, length, -1)]
        return torch.cat([*parts, *self._situate(kind, length, first)], -1)

    def _situate(self, kind: Tensor, length: int, first: int) -> tuple[Tensor, Tensor]:
        places = torch.arange(first, first + length, device=kind.device)
        return (
            self.place(places)[None].expand(len(kind), -1, -1),
            self.metre(kind)[:, None].expand(-1, length, -1),
        )


def find_kind(metre: int, bars: int) -> int:
    """Return the number of a metre and length."""
    return metre * len(BARS) + BARS.index(bars)


def to_config(net: MelodyVae) -> dict[str, Any]:
    """What `config.json` says of the net."""
    return {"family": FAMILY, **asdict(net.config), "vocabulary": VOCABULARY}


def build_net(config: dict[str, Any], tensors: dict[str, Tensor] | None = None) -> MelodyVae:
    """Build the net of a checkpoint, ready to write.

    Raises:
        CheckpointError: of another family or vocabulary, or damaged.
    """
    if config.get("family") != FAMILY or config.get("vocabulary") != VOCABULARY:
        raise CheckpointError(
            "this checkpoint is of another family or vocabulary ({family}); choose one of melodies",
            family=config.get("family", "unknown"),
        )
    try:
        sizes = VaeConfig(**{name: config[name] for name in asdict(VaeConfig())})
        if not (0 < sizes.n_embd <= MOST_WIDTH and 0 < sizes.n_latent <= MOST_WIDTH):
            raise ValueError("sizes out of range")
        net = MelodyVae(sizes)
        if tensors is not None:
            net.load_state_dict(tensors)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise CheckpointError(
            "the weights of these melodies do not fit their config; take both of one training"
        ) from error
    return net.eval().requires_grad_(False)
