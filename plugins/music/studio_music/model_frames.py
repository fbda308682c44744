"""The net of the chorales: a frame at a time, and within it soprano, alto, tenor, bass in turn.

The likelihood of a frame is the product over its four voices, so it is that of the sequence of
single notes, on sequences a quarter as long. The head scores a pitch by where it is and by its
intervals to the voice's last pitch and to the voices already there.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from studio_music.chorale_data import VOICES
from studio_music.chorale_features import PLACE_SIZES, STATE_SIZES, Scale
from studio_music.model_lstm import Memory, Recurrent
from studio_music.model_transformer import Cache, RelativeTransformer

Family = Literal["transformer", "lstm", "gru"]
State = Cache | Memory


@dataclass(frozen=True)
class FrameConfig:
    """Sizes.

    Attributes:
        family: what runs over the frames.
        n_front: LSTM layers before the attention.
        sharpness: by which scores are multiplied where likelihoods are measured: nets that have
            seen few pieces are too sure of themselves. 1 while they learn.
        n_hidden: width of the head.
        n_ahead: width of what reads the notes that are given.
        lowest, pitches: see `Scale`.
        is_set: voices are the falling pitches of a set, then rests.
    """

    family: Family = "transformer"
    n_embd: int = 176
    n_layer: int = 6
    n_head: int = 4
    n_hidden: int = 128
    n_ahead: int = 80
    dropout: float = 0.3
    lowest: int = 30
    pitches: int = 58
    is_set: bool = False
    n_front: int = 1
    sharpness: float = 1.0

    @property
    def scale(self) -> Scale:
        """Which pitches there are."""
        return Scale(self.lowest, self.pitches)


class FrameNet(nn.Module):
    """Frames so far, wishes and notes that are given -> the next frame, voice by voice."""

    def __init__(self, config: FrameConfig) -> None:
        super().__init__()
        self.config = config
        size = config.scale.size
        self.table = _Table((size,) * VOICES + STATE_SIZES + PLACE_SIZES, config.n_embd)
        self.ahead = Ahead(size, config.n_ahead, config.n_embd)
        self.drop = nn.Dropout(config.dropout)
        self.trunk: RelativeTransformer | Recurrent
        if config.family == "transformer":
            self.trunk = RelativeTransformer(
                config.n_embd, config.n_layer, config.n_head, config.dropout, config.n_front
            )
        else:
            self.trunk = Recurrent(config.family, config.n_embd, config.n_layer, config.dropout)
        self.heads = nn.ModuleList(Head(voice, config) for voice in range(VOICES))

    def forward(self, inputs: Tensor, known: Tensor | None = None) -> Tensor:
        """Read whole pieces.

        Args:
            inputs: (batch, frames, columns) what is before each frame, and where it stands.
            known: (batch, frames, VOICES) pitches that are given, as index + 1; 0 is open.

        Returns:
            (batch, frames, n_embd) what the head needs for each frame.
        """
        x = self.table(inputs)
        if known is not None:
            rows = known.flatten(1).any(1).nonzero()[:, 0]
            if len(rows):
                x = x.index_add(0, rows, self.ahead(known[rows]))
        result: Tensor = self.trunk(self.drop(x))
        return result

    def score(self, hidden: Tensor, before: Tensor, frames: Tensor) -> Tensor:
        """Score every note of frames that are there.

        Args:
            hidden: of `forward`, (..., n_embd).
            before: (..., VOICES) indices of the frame before; 0 at the beginning.
            frames: (..., VOICES) indices.

        Returns:
            (..., VOICES, size) log-probabilities.
        """
        made = [head(hidden, before, frames).log_softmax(-1) for head in self.heads]
        return torch.stack(made, -2)


class Ahead(nn.Module):
    """Reads the given notes from the end, so that each frame knows what will come."""

    def __init__(self, size: int, width: int, n_embd: int) -> None:
        super().__init__()
        self.table = _Table((size + 1,) * VOICES, width)
        self.cells = nn.GRU(width, width, batch_first=True)
        self.join = nn.Linear(2 * width, n_embd)
        nn.init.zeros_(self.join.weight)

    def forward(self, known: Tensor) -> Tensor:
        """Return (batch, frames, n_embd)."""
        notes = self.table(known)
        later = self.cells(notes.flip(1))[0].flip(1)
        result: Tensor = self.join(torch.cat([notes, later], -1))
        return result


class Head(nn.Module):
    """Scores the pitches of one voice, given those above it in the frame."""

    relations: Tensor

    def __init__(self, voice: int, config: FrameConfig) -> None:
        super().__init__()
        scale = config.scale
        self.voice, self.is_set = voice, config.is_set
        self.size, self.steps = scale.size, 2 * scale.pitches + 1
        self.inner = nn.Linear(config.n_embd, config.n_hidden)
        # Of each voice above: its pitch, its move, and its interval to where this voice was.
        above = (self.size, self.steps, self.steps) * voice
        self.table = _Table(above, config.n_hidden) if voice else None
        self.drop = nn.Dropout(config.dropout)
        self.outer = nn.Linear(config.n_hidden, self.size + self.steps * (1 + voice))
        nn.init.normal_(self.outer.weight, std=0.02)
        self.register_buffer("relations", _relate(scale), persistent=False)

    def forward(self, hidden: Tensor, before: Tensor, frames: Tensor) -> Tensor:
        """Return (..., size) scores."""
        return self.finish(self.inner(hidden), before, frames)

    def finish(self, x: Tensor, before: Tensor, frames: Tensor) -> Tensor:
        """Return (..., size) scores, given what `inner` makes of the frames so far."""
        own = before[..., self.voice]
        above = [frames[..., voice] for voice in range(self.voice)]
        if self.table is not None:
            columns = []
            for voice, pitch in enumerate(above):
                move = self.relations[before[..., voice], pitch]
                columns += [pitch, move, self.relations[own, pitch]]
            x = x + self.table(torch.stack(columns, -1))
        x = self.outer(self.drop(functional.gelu(x, approximate="tanh")))
        parts = torch.split(x, [self.size, *[self.steps] * (1 + self.voice)], -1)
        scores: Tensor = parts[0]
        for anchor, part in zip([own, *above], parts[1:], strict=True):
            scores = scores + part.gather(-1, self.relations[anchor])
        if self.is_set and self.voice:
            scores = scores.masked_fill(self._find_wrong(above[-1]), float("-inf"))
        return scores

    def _find_wrong(self, above: Tensor) -> Tensor:
        """Tell what cannot follow in a falling row of pitches: all but lower ones and rests."""
        wrong = torch.arange(self.size, device=above.device) >= above[..., None]
        wrong[..., 0] = False
        return wrong


class _Table(nn.Module):
    """Columns of indices, each with vectors of its own, summed."""

    starts: Tensor

    def __init__(self, sizes: tuple[int, ...], width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(sum(sizes), width) * 0.05)
        starts = torch.tensor([sum(sizes[:index]) for index in range(len(sizes))])
        self.register_buffer("starts", starts, persistent=False)

    def forward(self, columns: Tensor) -> Tensor:
        """Return (..., width) of (..., len(sizes))."""
        rows = (columns + self.starts).flatten(0, -2)
        summed = functional.embedding_bag(rows, self.weight, mode="sum")
        return summed.view(*columns.shape[:-1], -1)


def _relate(scale: Scale) -> Tensor:
    """Number the interval from index q to index p: (size, size); 0 if p is a rest, last if q is."""
    index = torch.arange(scale.size)
    made = index[None] - index[:, None] + scale.pitches
    made[0] = 2 * scale.pitches
    made[:, 0] = 0
    return made
