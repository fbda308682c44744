"""Learning folk tunes: batches of whole tunes of like length, and perplexity per note."""

import math
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import torch
from studio_training import Settings, Trainer
from torch import Tensor, nn

from studio_music.folk_data import FolkTune
from studio_music.folk_features import ANY_TONIC, COLUMNS, WIDTH, build_rows
from studio_music.model_folk import FolkConfig, FolkNet, compute_losses

LONGEST: Final = 288
"""Rows of a tune in a batch; longer ones are cut anywhere."""
NEIGHBOURS: Final = 4
"""Batches are drawn from so many times their size of tunes next in length."""
UNKNOWN_SHARE: Final = 0.2
"""Of the tunes in a batch whose key is not told, for keys that fiddlers avoid."""


class FolkCorpus:
    """Tunes as rows, the shortest first."""

    def __init__(self, tunes: Sequence[FolkTune]) -> None:
        pairs = [build_rows(tune) for tune in tunes]
        self._pairs = sorted(pairs, key=lambda pair: len(pair[0]))

    def __len__(self) -> int:
        return len(self._pairs)

    def draw(self, batch: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return rows (B, N, WIDTH) and targets (B, N, 2) of tunes alike in length."""
        span = min(len(self._pairs), batch * NEIGHBOURS)
        first = int(torch.randint(len(self._pairs) - span + 1, (1,), generator=rng))
        chosen = (first + torch.randperm(span, generator=rng)[:batch]).tolist()
        cuts = torch.randint(2**31, (len(chosen),), generator=rng).tolist()
        rows, targets = self._stack(chosen, cuts, LONGEST)
        hidden = torch.rand(len(chosen), generator=rng) < UNKNOWN_SHARE
        rows[hidden, :, COLUMNS.index("tonic")] = ANY_TONIC
        return rows, targets

    def iterate(self, batch: int = 32) -> "list[tuple[Tensor, Tensor]]":
        """Return everything once, uncut, in batches."""
        places = range(0, len(self._pairs), batch)
        return [
            self._stack(range(p, min(p + batch, len(self._pairs))), None, 10**6) for p in places
        ]

    def _stack(
        self, chosen: Sequence[int], cuts: Sequence[int] | None, most: int
    ) -> tuple[Tensor, Tensor]:
        longest = min(most, max(len(self._pairs[place][0]) for place in chosen))
        rows = np.zeros((len(chosen), longest, WIDTH), np.int64)
        targets = np.zeros((len(chosen), longest, 2), np.int64)
        for line, place in enumerate(chosen):
            own, next_ones = self._pairs[place]
            spare = max(0, len(own) - longest)
            first = cuts[line] % (spare + 1) if cuts is not None else 0
            part = slice(first, first + longest)
            rows[line, : len(own[part])] = own[part]
            targets[line, : len(own[part])] = next_ones[part]
        return torch.from_numpy(rows), torch.from_numpy(targets)


def build_trainer(
    corpus: FolkCorpus, config: FolkConfig, settings: Settings, device: str = "cpu"
) -> Trainer:
    """Build a trainer of the folk net."""

    def compute_loss(net: nn.Module, rng: torch.Generator) -> Mapping[str, Tensor]:
        rows, targets = corpus.draw(settings.batch, rng)
        assert isinstance(net, FolkNet)
        pitch, length, count = compute_losses(net, rows.to(device), targets.to(device))
        count = count.clamp(min=1).to(pitch)
        return {"loss": (pitch + length) / count, "pitch": pitch / count, "length": length / count}

    return Trainer(lambda: FolkNet(config), settings, compute_loss, device)


@torch.no_grad()
def measure_perplexity(net: FolkNet, corpus: FolkCorpus, device: str = "cpu") -> dict[str, float]:
    """Return nats per note (pitch and length together) over whole tunes, and the perplexity."""
    was_training = net.training
    net.eval()
    sums = [0.0, 0.0, 0.0]
    for rows, targets in corpus.iterate():
        values = compute_losses(net, rows.to(device), targets.to(device))
        sums = [old + float(new) for old, new in zip(sums, values, strict=True)]
    net.train(was_training)
    pitch, length, count = sums[0], sums[1], max(1.0, sums[2])
    nats = (pitch + length) / count
    return {
        "valid_nll": nats,
        "valid_nll_pitch": pitch / count,
        "valid_nll_length": length / count,
        "valid_perplexity": math.exp(min(30.0, nats)),
    }
