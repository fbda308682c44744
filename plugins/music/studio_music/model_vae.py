"""A variational autoencoder of two and four bars of melody (after MusicVAE, Roberts et al., 2018).

A Transformer reads the bars a quarter at a time into a latent vector; another lays out a plan from
it, quarter by quarter, and a GRU writes the 16ths along the plan. The writer also sees what it
wrote a bar before, which carries figures on; the loss hides a share of what it wrote, so that it
needs the plan.
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
QUARTER: Final = 4
"""Steps that are read and planned together."""
QUARTERS: Final = LONGEST // QUARTER
MOST_WIDTH: Final = 2048
MOST_LAYERS: Final = 64
TOKEN, PLACE, PLAN, SHORT = 48, 16, 64, 24


@dataclass(frozen=True)
class VaeConfig:
    """Sizes.

    Attributes:
        n_embd: width of reader, planner and writer.
        n_latent: of the latent vector.
        dropout: while it learns.
        n_layer: of the reader, and of the planner.
    """

    n_embd: int = 256
    n_latent: int = 48
    dropout: float = 0.1
    n_layer: int = 2


class MelodyVae(nn.Module):
    """tokens (B, N) of `bars` bars <-> z (B, n_latent)."""

    def __init__(self, config: VaeConfig) -> None:
        super().__init__()
        self.config = config
        width, latent = config.n_embd, config.n_latent
        kinds = len(METRES) * len(BARS)
        self.token = nn.Embedding(VOCABULARY + 1, TOKEN)
        """The last entry is what cannot be seen."""
        self.place = nn.Embedding(LONGEST, PLACE)
        self.metre = nn.Embedding(kinds, PLACE)
        self.quarter = nn.Embedding(QUARTERS, width)
        self.form = nn.Embedding(kinds, width)
        self.reach = nn.Linear(QUARTER * TOKEN, width)
        self.reader = build_layers(config)
        self.shorten = nn.Linear(width, SHORT)
        self.to_latent = nn.Linear(QUARTERS * SHORT, 2 * latent)
        self.lay_out = nn.Linear(latent, QUARTERS * SHORT)
        self.widen = nn.Linear(SHORT, width)
        self.planner = build_layers(config)
        self.unfold = nn.Linear(width, QUARTER * PLAN)
        self.begin = nn.Linear(latent + PLACE, width)
        self.writer = nn.GRU(2 * TOKEN + PLAN + 2 * PLACE, width, batch_first=True)
        self.drop = nn.Dropout(config.dropout)
        self.out = nn.Linear(width + PLAN, width)
        self.head = nn.Linear(width, VOCABULARY)
        self.sketch = nn.Linear(PLAN, VOCABULARY)
        """What the plan says of each step before anything is written."""

    def encode(self, tokens: Tensor, kind: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and log-variance (B, n_latent).

        Args:
            tokens: (B, N).
            kind: (B,), see `find_kind`.
        """
        quarters = self.reach(self.token(tokens).flatten(1).unflatten(1, (-1, QUARTER * TOKEN)))
        read = self.shorten(self.reader(quarters + self._mark(kind, quarters.shape[1])))
        joined = F.pad(read, (0, 0, 0, QUARTERS - read.shape[1])).flatten(1)
        mean, logvar = self.to_latent(joined).chunk(2, -1)
        return mean, logvar.clamp(-8, 4)

    def plan(self, z: Tensor, kind: Tensor, length: int) -> Tensor:
        """Lay out a clip: (B, length, PLAN).

        Args:
            z: (B, n_latent).
            kind: (B,).
            length: steps.
        """
        count = -(-length // QUARTER)
        short = self.lay_out(z).unflatten(1, (QUARTERS, SHORT))[:, :count]
        planned = self.planner(self.widen(short) + self._mark(kind, count))
        return cast(Tensor, self.unfold(planned).flatten(1).unflatten(1, (-1, PLAN))[:, :length])

    def decode(self, z: Tensor, shown: Tensor, kind: Tensor, bar: int) -> tuple[Tensor, Tensor]:
        """Return logits (B, N, VOCABULARY), and those of the plan alone.

        Args:
            z: (B, n_latent).
            shown: (B, N): the true tokens, some of them hidden (`VOCABULARY`).
            kind: (B,).
            bar: steps of a bar.
        """
        length = shown.shape[1]
        before = F.pad(shown, (1, 0), value=VOCABULARY)[:, :-1]
        ago = F.pad(shown, (bar, 0), value=VOCABULARY)[:, :length]
        plan = self.plan(z, kind, length)
        written, _ = self.writer(self._gather(plan, (before, ago), kind, 0), self.start(z, kind))
        return self._judge(written, plan), self.sketch(plan)

    def start(self, z: Tensor, kind: Tensor) -> Tensor:
        """Return the writer's first state."""
        return torch.tanh(self.begin(torch.cat([z, self.metre(kind)], -1)))[None]

    def step(
        self, plan: Tensor, seen: tuple[Tensor, Tensor], kind: Tensor, at: int, state: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return logits (B, VOCABULARY) of step `at` and the new state.

        Args:
            plan: (B, N, PLAN), of the whole clip.
            seen: the token before and the one a bar before, (B,) each.
            kind: (B,).
            at: which step.
            state: of the writer.
        """
        before, ago = seen
        here = plan[:, at : at + 1]
        gathered = self._gather(here, (before[:, None], ago[:, None]), kind, at)
        written, state = self.writer(gathered, state)
        return self._judge(written, here)[:, 0], state

    def _mark(self, kind: Tensor, count: int) -> Tensor:
        places = torch.arange(count, device=kind.device)
        return cast(Tensor, self.quarter(places)[None] + self.form(kind)[:, None])

    def _judge(self, written: Tensor, plan: Tensor) -> Tensor:
        mixed = torch.relu(self.out(torch.cat([self.drop(written), plan], -1)))
        return cast(Tensor, self.head(mixed) + self.sketch(plan))

    def _gather(
        self, plan: Tensor, seen: tuple[Tensor, Tensor], kind: Tensor, first: int
    ) -> Tensor:
        count, length, _ = plan.shape
        places = torch.arange(first, first + length, device=plan.device)
        place = self.place(places)[None].expand(count, -1, -1)
        metre = self.metre(kind)[:, None].expand(-1, length, -1)
        return torch.cat([*(self.token(tokens) for tokens in seen), plan, place, metre], -1)


def build_layers(config: VaeConfig) -> nn.TransformerEncoder:
    """Build layers that see all quarters."""
    width = config.n_embd
    heads = next(heads for heads in (4, 2, 1) if width % heads == 0)
    layer = nn.TransformerEncoderLayer(
        width, heads, 3 * width, config.dropout, "gelu", batch_first=True, norm_first=True
    )
    return nn.TransformerEncoder(
        layer, config.n_layer, nn.LayerNorm(width), enable_nested_tensor=False
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
        if not 0 < sizes.n_layer <= MOST_LAYERS:
            raise ValueError("layers out of range")
        net = MelodyVae(sizes)
        if tensors is not None:
            net.load_state_dict(tensors)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise CheckpointError(
            "the weights of these melodies do not fit their config; take both of one training"
        ) from error
    return net.eval().requires_grad_(False)
