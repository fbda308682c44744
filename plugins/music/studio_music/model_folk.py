"""A net over note events with look-back (LSTM, GRU or Transformer), pitch before length."""

from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from studio.errors import CheckpointError
from studio_music.folk_data import DANCES, LENGTHS, METRES, MODES, MOST_SECTIONS, PITCHES
from studio_music.folk_features import ANY_TONIC, COLUMNS, LONGEST_BAR, LOOK_BACKS, MOST_BARS

Core = Literal["lstm", "gru", "transformer"]
FAMILY: Final = "folk"
LENGTH_TOKENS: Final = len(LENGTHS) + 1
_SIZES: Final = {
    "place": (LONGEST_BAR + 1, 16),
    "ticks_left": (LONGEST_BAR + 1, 16),
    "bars_left": (MOST_BARS + 1, 8),
    "bar": (MOST_BARS + 1, 8),
    "section": (MOST_SECTIONS, 4),
    "sections_left": (MOST_SECTIONS, 4),
    "repeated": (2, 2),
    "mode": (len(MODES), 6),
    "metre": (len(METRES), 6),
    "dance": (len(DANCES), 6),
    "tonic": (ANY_TONIC + 1, 6),
}
"""Column -> values, width of its embedding."""
MOST_LAYERS, MOST_WIDTH = 16, 2048


@dataclass(frozen=True)
class FolkConfig:
    """Sizes of the net.

    Attributes:
        core: what carries the memory.
        n_layer, n_embd: its layers and width.
        n_head: of the Transformer.
        dropout: while it learns.
    """

    core: Core = "lstm"
    n_layer: int = 2
    n_embd: int = 256
    n_head: int = 4
    dropout: float = 0.25


class FolkNet(nn.Module):
    """Rows in (B, N, WIDTH), features out (B, N, n_embd); heads give pitch, then length."""

    def __init__(self, config: FolkConfig) -> None:
        super().__init__()
        self.config = config
        self.pitch = nn.Embedding(PITCHES, 32)
        self.length = nn.Embedding(LENGTH_TOKENS, 12)
        self.columns = nn.ModuleDict({n: nn.Embedding(*size) for n, size in _SIZES.items()})
        width = config.n_embd
        looks = 1 + len(LOOK_BACKS) + 2
        total = looks * (32 + 12) + sum(size[1] for size in _SIZES.values())
        self.enter = nn.Linear(total, width)
        self.core = build_core(config)
        self.mix = nn.Linear(2 * width, width)
        self.drop = nn.Dropout(config.dropout)
        self.pitch_head = nn.Linear(width, PITCHES)
        self.after_pitch = nn.Linear(width + 32, width // 2)
        self.length_head = nn.Linear(width // 2, LENGTH_TOKENS)

    def forward(self, rows: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        """Return features (B, N, n_embd) and the memory after the last row."""
        seen = torch.relu(self.enter(self._embed(rows)))
        carried, state = self.core(self.drop(seen), state)
        # The look-back goes round the memory too: copying needs no memory.
        mixed = torch.relu(self.mix(torch.cat([self.drop(carried), seen], -1)))
        return self.drop(mixed), state

    def predict_pitch(self, features: Tensor) -> Tensor:
        """Return logits (..., PITCHES)."""
        return cast(Tensor, self.pitch_head(features))

    def predict_length(self, features: Tensor, pitch: Tensor) -> Tensor:
        """Return logits (..., LENGTH_TOKENS) under given pitch tokens (...)."""
        joined = torch.cat([features, self.pitch(pitch)], -1)
        return cast(Tensor, self.length_head(torch.relu(self.after_pitch(joined))))

    def _embed(self, rows: Tensor) -> Tensor:
        parts = [self.pitch(rows[..., 0]), self.length(rows[..., 1])]
        parts += [
            self.columns[name](rows[..., place])
            for place, name in enumerate(COLUMNS)
            if name in _SIZES
        ]
        looks = rows[..., len(COLUMNS) :]
        parts.append(self.pitch(looks[..., 0::2]).flatten(-2))
        parts.append(self.length(looks[..., 1::2]).flatten(-2))
        return torch.cat(parts, -1)


def build_core(config: FolkConfig) -> nn.Module:
    """Build the memory: (B, N, n_embd), state -> the same shape, new state."""
    if config.core == "transformer":
        return CausalStack(config)
    kind = nn.LSTM if config.core == "lstm" else nn.GRU
    return kind(
        config.n_embd,
        config.n_embd,
        config.n_layer,
        batch_first=True,
        dropout=config.dropout if config.n_layer > 1 else 0.0,
    )


class CausalStack(nn.Module):
    """Pre-norm Transformer whose attention falls off with distance (ALiBi, Press et al., 2021)."""

    def __init__(self, config: FolkConfig) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(_Block(config) for _ in range(config.n_layer))
        self.norm = nn.LayerNorm(config.n_embd)

    def forward(self, values: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        """Attend to all before; the state is the keys and values of each layer."""
        state = state or [None] * len(self.blocks)
        new = []
        for block, memory in zip(self.blocks, state, strict=True):
            values, kept = block(values, memory)
            new.append(kept)
        return self.norm(values), new


class _Block(nn.Module):
    def __init__(self, config: FolkConfig) -> None:
        super().__init__()
        width = config.n_embd
        self.heads = config.n_head
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.join, self.leave = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.think = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )
        self.drop = nn.Dropout(config.dropout)

    def forward(self, values: Tensor, memory: Any) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        count, length, width = values.shape
        parts = self.join(self.first(values)).view(count, length, 3, self.heads, -1)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        if memory is not None:
            key, value = torch.cat([memory[0], key], 2), torch.cat([memory[1], value], 2)
        bias = build_alibi(self.heads, length, key.shape[2]).to(values)
        mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        mixed = mixed.transpose(1, 2).reshape(count, length, width)
        values = values + self.drop(self.leave(mixed))
        return values + self.drop(self.think(self.second(values))), (key, value)


def build_alibi(heads: int, rows: int, columns: int) -> Tensor:
    """Return the bias of attention (heads, rows, columns); -inf for what is to come."""
    distance = torch.arange(columns) - (torch.arange(rows)[:, None] + columns - rows)
    slopes = torch.tensor([2.0 ** (-8.0 * (n + 1) / heads) for n in range(heads)])
    bias = slopes[:, None, None] * distance
    return bias.masked_fill(distance > 0, float("-inf"))


def compute_losses(net: FolkNet, rows: Tensor, targets: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return summed nats of pitches, of lengths, and the count of notes.

    Args:
        net: the net.
        rows: (B, N, WIDTH).
        targets: (B, N, 2); 0 is no target.
    """
    features, _ = net(rows)
    pitch, length = targets[..., 0].flatten(), targets[..., 1].flatten()
    features = features.flatten(0, 1)[pitch > 0]
    pitch, length = pitch[pitch > 0], length[length > 0]
    first = F.cross_entropy(net.predict_pitch(features), pitch, reduction="sum")
    second = F.cross_entropy(net.predict_length(features, pitch), length, reduction="sum")
    return first, second, torch.tensor(len(pitch))


def to_config(net: FolkNet) -> dict[str, Any]:
    """What `config.json` says of the net."""
    return {"family": FAMILY, **asdict(net.config), "pitches": PITCHES, "lengths": list(LENGTHS)}


def build_net(config: dict[str, Any], tensors: dict[str, Tensor] | None = None) -> FolkNet:
    """Build the net that a checkpoint holds, ready to compose.

    Raises:
        CheckpointError: of another family or vocabulary, or damaged.
    """
    if config.get("family") != FAMILY or config.get("pitches") != PITCHES:
        raise CheckpointError(
            "this checkpoint is of another family or vocabulary ({family}); choose one of tunes",
            family=config.get("family", "unknown"),
        )
    if list(config.get("lengths", ())) != list(LENGTHS):
        raise CheckpointError(
            "this checkpoint knows other note lengths; train it again with this version"
        )
    try:
        sizes = FolkConfig(**{name: config[name] for name in asdict(FolkConfig())})
        _check_sizes(sizes)
        net = FolkNet(sizes)
        if tensors is not None:
            net.load_state_dict(tensors)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise CheckpointError(
            "the weights of these folk tunes do not fit their config; take both of one training"
        ) from error
    return net.eval().requires_grad_(False)


def _check_sizes(config: FolkConfig) -> None:
    if not (0 < config.n_layer <= MOST_LAYERS and 0 < config.n_embd <= MOST_WIDTH):
        raise ValueError("sizes out of range")
    if config.core not in ("lstm", "gru", "transformer") or config.n_embd % config.n_head:
        raise ValueError("no such core")
