"""Transformer over frames with relative attention (Music Transformer, arXiv 1809.04281).

LSTM layers may run before the attention (as in R-Transformer, arXiv 1907.05572): what is near and
in order is learnt sooner that way, and attention is left with what comes again.
"""

import math
from dataclasses import dataclass, field
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

FAR: Final = 320
"""Distances told apart, frames; what is further away counts as this far."""
CHUNK: Final = 64
"""Frames by which the cache grows."""


@dataclass
class Cache:
    """Keys and values of the frames so far, one pair per layer: (n_head, room, width).

    Attributes:
        front: state of the LSTM.
        distances, biases: of each layer, the furthest first.
    """

    keys: list[Tensor] = field(default_factory=list)
    values: list[Tensor] = field(default_factory=list)
    count: int = 0
    front: tuple[Tensor, Tensor] | None = None
    distances: list[Tensor] = field(default_factory=list)
    biases: list[Tensor] = field(default_factory=list)


class RelativeTransformer(nn.Module):
    """Pre-norm blocks; a frame sees itself and those before it."""

    def __init__(
        self, n_embd: int, n_layer: int, n_head: int, dropout: float, n_front: int = 0
    ) -> None:
        super().__init__()
        self.front: nn.LSTM | None = None
        if n_front:
            within = dropout if n_front > 1 else 0.0
            self.front = nn.LSTM(n_embd, n_embd, n_front, batch_first=True, dropout=within)
        self.blocks = nn.ModuleList(_Block(n_embd, n_head, dropout) for _ in range(n_layer))
        self.norm = nn.LayerNorm(n_embd)

    def forward(self, x: Tensor) -> Tensor:
        """Run whole sequences (batch, frames, n_embd)."""
        if self.front is not None:
            x = x + self.front(x)[0]
        count = x.shape[1]
        ahead = torch.full((count, count), float("-inf"), device=x.device).triu(1)
        for block in self.blocks:
            x = block(x, ahead)
        result: Tensor = self.norm(x)
        return result

    def begin(self) -> Cache:
        """Start a sequence of one piece."""
        cache = Cache()
        for block in self.blocks:
            assert isinstance(block, _Block)
            cache.distances.append(block.distance.flip(0).T)
            cache.biases.append(block.bias.flip(1)[:, None])
        return cache

    def extend(self, x: Tensor, cache: Cache) -> Tensor:
        """Run the next frame (1, n_embd); the cache grows."""
        if self.front is not None:
            made, cache.front = self.front(x, cache.front)
            x = x + made
        for number, block in enumerate(self.blocks):
            assert isinstance(block, _Block)
            x = block.extend(x, cache, number)
        cache.count += 1
        result: Tensor = self.norm(x)
        return result


class _Block(nn.Module):
    def __init__(self, n_embd: int, n_head: int, dropout: float) -> None:
        super().__init__()
        self.n_head, self.width = n_head, n_embd // n_head
        self.norms = nn.ModuleList((nn.LayerNorm(n_embd), nn.LayerNorm(n_embd)))
        self.split = nn.Linear(n_embd, 3 * n_embd)
        self.join = nn.Linear(n_embd, n_embd)
        last = nn.Linear(4 * n_embd, n_embd)
        self.mlp = nn.Sequential(nn.Linear(n_embd, 4 * n_embd), nn.GELU("tanh"), last)
        # A new block changes nothing, so that blocks can be put on layers that have learnt.
        nn.init.zeros_(self.join.weight)
        nn.init.zeros_(last.weight)
        self.drop = nn.Dropout(dropout)
        self.distance = nn.Parameter(torch.randn(FAR, self.width) * 0.02)
        self.bias = nn.Parameter(torch.zeros(n_head, FAR))

    def forward(self, x: Tensor, ahead: Tensor) -> Tensor:
        batch, count, _ = x.shape
        query, key, value = self._project(self.norms[0](x))
        scores = torch.baddbmm(
            (self._relate(query, count) + ahead).flatten(0, 1),
            query.flatten(0, 1),
            key.flatten(0, 1).transpose(1, 2),
        )
        mixed = scores.softmax(-1) @ value.flatten(0, 1)
        mixed = mixed.view(batch, self.n_head, count, self.width).transpose(1, 2)
        x = x + self.drop(self.join(mixed.flatten(2)))
        result: Tensor = x + self.drop(self.mlp(self.norms[1](x)))
        return result

    def extend(self, x: Tensor, cache: Cache, number: int) -> Tensor:
        """Run one frame (1, n_embd) of one piece."""
        query, key, value = (part[0] for part in self._project(self.norms[0](x)[None]))
        keys = _append(cache.keys, number, key, cache.count)
        values = _append(cache.values, number, value, cache.count)
        if cache.count < FAR:
            distances = cache.distances[number][:, FAR - 1 - cache.count :]
            biases = cache.biases[number][..., FAR - 1 - cache.count :]
        else:
            near = self._pick(cache.count + 1)
            distances, biases = self.distance[near].T, self.bias[:, None, near]
        scores = query @ keys.transpose(1, 2) + query @ distances + biases
        mixed = (scores.softmax(-1) @ values).transpose(0, 1).flatten(1)
        x = x + self.join(mixed)
        result: Tensor = x + self.mlp(self.norms[1](x))
        return result

    def _project(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return query (scaled), key and value: (batch, n_head, frames, width)."""
        batch, count, _ = x.shape
        parts = self.split(x).view(batch, count, 3, self.n_head, self.width)
        query, key, value = parts.permute(2, 0, 3, 1, 4).unbind(0)
        return query / math.sqrt(self.width), key, value

    def _relate(self, query: Tensor, count: int) -> Tensor:
        """Score distances: (batch, n_head, frames, frames), by the paper's skewing."""
        near = self._pick(count)
        scores = query @ self.distance[near].T + self.bias[:, None, near]
        batch = scores.shape[0]
        skewed = functional.pad(scores, (1, 0)).view(batch, self.n_head, count + 1, count)
        return skewed[:, :, 1:]

    def _pick(self, count: int) -> Tensor:
        """Tell which row of `distance` each of `count` frames has, seen from the last."""
        return torch.arange(count - 1, -1, -1, device=self.distance.device).clamp(max=FAR - 1)


def _append(store: list[Tensor], number: int, new: Tensor, count: int) -> Tensor:
    """Write a frame (n_head, 1, width) into the cache; returns all so far."""
    if number == len(store):
        store.append(new.new_empty(new.shape[0], CHUNK, new.shape[2]))
    if count == store[number].shape[1]:
        store[number] = functional.pad(store[number], (0, 0, 0, CHUNK))
    store[number][:, count] = new[:, 0]
    return store[number][:, : count + 1]
