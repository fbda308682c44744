"""Latent vectors: drawing, walking between two, and the directions of attributes."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from studio.errors import CheckpointError
from studio_music.attributes import DRUM, MELODY, find_directions, measure_drums, measure_melody
from studio_music.drum_training import DrumCorpus
from studio_music.melody_data import BAR_STEPS, BARS, METRES
from studio_music.model_drums import DrumNet
from studio_music.model_vae import MelodyVae, find_kind
from studio_music.vae_training import MelodyCorpus

NEARER: Final = 0.8
MEAN, FACTOR = "prior.mean", "prior.factor"
SEEN: Final = 4000
"""Windows from which directions are found, at most, of each metre and length."""


@torch.no_grad()
def find_melody_directions(net: MelodyVae, corpus: MelodyCorpus) -> Mapping[str, list[float]]:
    """Return the directions of `attributes.MELODY`."""
    latents, values = [], []
    for metre, bars, windows in corpus.groups:
        chosen = windows[:: max(1, len(windows) // SEEN)][:SEEN]
        kind = torch.full((len(chosen),), find_kind(metre, bars))
        latents.append(net.encode(chosen, kind)[0].numpy())
        rows = chosen.numpy().astype(np.int16)
        values.append(np.stack([measure_melody(row, BAR_STEPS[metre]) for row in rows]))
    z = np.concatenate(latents).astype(np.float64)
    return find_directions(z, np.concatenate(values), MELODY)


@torch.no_grad()
def find_drum_directions(net: DrumNet, corpus: DrumCorpus) -> Mapping[str, list[float]]:
    """Return the directions of `attributes.DRUM`."""
    hits = corpus.hits[:: max(1, len(corpus) // SEEN)][:SEEN]
    z = net.pattern.encode(hits)[0].numpy().astype(np.float64)
    values = np.stack([measure_drums(window) for window in hits.numpy()])
    return find_directions(z, values, DRUM)


@dataclass(frozen=True)
class Prior:
    """Where latent vectors of what was learnt from lie: a normal distribution for each kind.

    Drawing from it, and not from the standard normal that a net was pulled to, keeps to what it
    has seen.

    Attributes:
        mean: (kinds, n).
        factor: (kinds, n, n), lower triangles; its square is the covariance.
    """

    mean: Tensor
    factor: Tensor

    def draw(self, kind: int, seed: int) -> Tensor:
        """Draw (1, n), a little nearer to the middle than the average."""
        return (
            self.mean[kind] + NEARER * draw_latent(self.mean.shape[1], seed) @ self.factor[kind].T
        )

    def vary(self, z: Tensor, kind: int, amount: float, seed: int) -> Tensor:
        """Mix z (1, n) with a draw: 0 leaves it, 1 draws anew."""
        middle, keep = self.mean[kind], math.sqrt(max(0.0, 1 - amount**2))
        return middle + keep * (z - middle) + amount * (self.draw(kind, seed) - middle)

    def to_tensors(self) -> dict[str, Tensor]:
        """Return what goes into a file."""
        return {MEAN: self.mean, FACTOR: self.factor}


def take_prior(
    tensors: dict[str, Tensor], kinds: int, size: int
) -> tuple[dict[str, Tensor], Prior]:
    """Part a checkpoint's prior from its weights; the standard normal where it has none.

    Raises:
        CheckpointError: it is damaged.
    """
    rest = {name: value for name, value in tensors.items() if name not in (MEAN, FACTOR)}
    if len(rest) == len(tensors):
        return rest, Prior(torch.zeros(kinds, size), torch.eye(size).expand(kinds, -1, -1))
    mean, factor = (tensors.get(name, torch.zeros(0)).float() for name in (MEAN, FACTOR))
    fits = mean.shape == (kinds, size) and factor.shape == (kinds, size, size)
    if not fits or not bool(torch.isfinite(mean).all() and torch.isfinite(factor).all()):
        raise CheckpointError(
            "the prior of these weights does not fit their config; take both of one training"
        )
    return rest, Prior(mean, factor)


@torch.no_grad()
def fit_prior(net: MelodyVae, corpus: MelodyCorpus) -> Prior:
    """Find where the latent vectors of each metre and length lie."""
    size, kinds = net.config.n_latent, len(METRES) * len(BARS)
    mean, factor = torch.zeros(kinds, size), torch.eye(size).repeat(kinds, 1, 1)
    for metre, bars, windows in corpus.groups:
        chosen = windows[:: max(1, len(windows) // SEEN)][:SEEN]
        if len(chosen) < 2 * size:
            continue
        kind = find_kind(metre, bars)
        z = net.encode(chosen, torch.full((len(chosen),), kind))[0].double()
        spread = torch.cov(z.T) + 1e-4 * torch.eye(size, dtype=z.dtype)
        mean[kind] = z.mean(0).float()
        factor[kind] = torch.linalg.cholesky(spread).float()
    return Prior(mean, factor)


def draw_latent(size: int, seed: int) -> Tensor:
    """Draw from the prior (1, size)."""
    rng = np.random.default_rng(seed)
    return torch.from_numpy(rng.standard_normal((1, size)).astype(np.float32))


def walk(first: Tensor, last: Tensor, count: int) -> Tensor:
    """Return `count` points (count, n) on the great circle from first to last, both included."""
    a, b = first / first.norm(), last / last.norm()
    angle = torch.arccos((a * b).sum().clamp(-1, 1))
    steps = torch.linspace(0, 1, count)
    if float(angle) < 1e-4:
        return first + (last - first) * steps[:, None]
    weights = torch.stack([torch.sin((1 - steps) * angle), torch.sin(steps * angle)], 1)
    return (weights / torch.sin(angle)) @ torch.cat([first, last])


def shift_latent(z: Tensor, directions: Mapping[str, Any], wishes: Mapping[str, float]) -> Tensor:
    """Move z along the directions of attributes, by standard deviations."""
    for name, amount in wishes.items():
        if amount and name in directions:
            z = z + amount * torch.tensor(directions[name], dtype=z.dtype)
    return z


def vary(z: Tensor, amount: float, seed: int) -> Tensor:
    """Mix z with noise: 0 leaves it, 1 draws anew; the length of z stays about the same."""
    noise = draw_latent(z.shape[-1], seed)
    return float(np.sqrt(max(0.0, 1 - amount**2))) * z + amount * noise
