"""Drums from the trained nets: new patterns, drums for a rhythm, and human force and timing."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from studio_training import load_weights
from torch import Tensor

from studio_music.groove_data import BARS, STEPS, STYLES, DrumLoop, to_taps
from studio_music.latent import draw_latent, shift_latent, vary
from studio_music.model_drums import COUNT, SPAN, DrumNet, build_net

QUIET: Final = 0.12
"""Least force of a hit, of 1."""
KEEP: Final = 0.6
"""Share of a drummer's deviation from the mean that is still there a step later."""
NEWS: Final = 0.25
"""How far the latent vector moves from one pair of bars to the next."""


@dataclass(frozen=True)
class DrumWish:
    """What is wanted.

    Attributes:
        style: one of `STYLES`.
        bars: 1..64.
        temperature: of what is struck.
        human: 0 machine-like, 1 as the drummers of the data; of force and push.
        attributes: name -> standard deviations.
    """

    style: str = "rock"
    bpm: float = 110.0
    bars: int = 4
    temperature: float = 0.8
    human: float = 1.0
    attributes: tuple[tuple[str, float], ...] = ()


class DrumPlayer:
    """Drum nets at work; see `model_drums`."""

    def __init__(self, net: DrumNet, directions: Mapping[str, Any]) -> None:
        """Take nets, and the directions of attributes in their latent space."""
        self.net = net
        self.directions = directions

    @property
    def latent(self) -> int:
        """Size of the latent vector."""
        return self.net.config.n_latent

    @torch.no_grad()
    def encode(self, loop: DrumLoop) -> Tensor:
        """Return the latent vector (1, n) of the first two bars."""
        hits = torch.from_numpy(loop.cut(0, SPAN).hits)[None]
        return self.net.pattern.encode(hits)[0]

    def compose(
        self,
        wish: DrumWish,
        z: Tensor,
        seed: int,
        taps: DrumLoop | None = None,
        *,
        strict: bool = True,
    ) -> DrumLoop:
        """Write bars from a latent vector; with taps, drums that play their rhythm.

        Args:
            wish: what is wanted.
            z: (1, n) of the first two bars; later pairs move a little from it.
            seed: decides all draws.
            taps: rhythm, as hits of any drum.
            strict: strike on taps only, and on each.
        """
        rng = np.random.default_rng(seed)
        z = shift_latent(z, self.directions, dict(wish.attributes))
        pairs = -(-wish.bars // BARS)
        hits = []
        for pair in range(pairs):
            rhythm = to_taps(taps.cut(pair * SPAN, SPAN)) if taps is not None else None
            uniform = rng.random((SPAN, COUNT)).astype(np.float32)
            own = z if pair % 4 == 0 else vary(z, NEWS, seed * 1000 + pair)
            hits.append(self._write(own, wish, uniform, (rhythm, strict)))
        full = np.concatenate(hits)[: wish.bars * STEPS]
        empty = np.zeros_like(full)
        style = STYLES.index(wish.style)
        return self.play(DrumLoop(full, empty, empty, style, wish.bpm), wish, seed)

    def play(self, loop: DrumLoop, wish: DrumWish, seed: int, blend: float = 1.0) -> DrumLoop:
        """Give each hit a force and a push, as a drummer would.

        Args:
            loop: what is struck; its forces guide where they are above 0.
            wish: style, bpm, and how human.
            seed: decides the deviations.
            blend: 1 replaces force and push, 0 leaves them.
        """
        rng = np.random.default_rng([seed, 7])
        force, push = np.zeros_like(loop.force), np.zeros_like(loop.push)
        noise = draw_drift(rng, loop.steps)
        for first in range(0, loop.steps, SPAN):
            part = loop.cut(first, SPAN)
            size = min(SPAN, loop.steps - first)
            own = self._touch(
                part,
                wish,
                np.pad(noise[:, first : first + size], ((0, 0), (0, SPAN - size), (0, 0))),
            )
            force[first : first + size], push[first : first + size] = (
                values[:size] for values in own
            )
        flat = np.full_like(force, 0.75)
        force = flat + (force - flat) * min(1.0, wish.human)
        mask = loop.hits > 0.5
        mixed_force = blend * force + (1 - blend) * loop.force
        mixed_push = blend * push * wish.human + (1 - blend) * loop.push
        return replace(
            loop,
            force=(np.clip(mixed_force, QUIET, 1) * mask).astype(np.float32),
            push=(np.clip(mixed_push, -0.49, 0.49) * mask).astype(np.float32),
        )

    @torch.no_grad()
    def _touch(
        self, loop: DrumLoop, wish: DrumWish, noise: "np.ndarray[Any, Any]"
    ) -> tuple["np.ndarray[Any, Any]", "np.ndarray[Any, Any]"]:
        hits, known = (torch.from_numpy(values)[None] for values in (loop.hits, loop.force))
        style, bpm = torch.tensor([STYLES.index(wish.style)]), torch.tensor([float(wish.bpm)])
        force, push, spread_force, spread_push = self.net.touch(hits, known, style, bpm).numpy()[
            :, 0
        ]
        return (
            force + noise[0] * np.exp(spread_force) * wish.human,
            push + noise[1] * np.exp(spread_push),
        )

    @torch.no_grad()
    def _write(
        self, z: Tensor, wish: DrumWish, uniform: "np.ndarray[Any, Any]", taps: tuple[Any, bool]
    ) -> "np.ndarray[Any, Any]":
        """Draw two bars (32, 9); under a strict rhythm hits are on its onsets, and only there."""
        net = self.net.pattern
        rhythm, strict = taps
        plan, state = net.start(z)
        between = torch.triu(net.between, 1)
        conditions = (torch.tensor([STYLES.index(wish.style)]), to_condition(rhythm))
        past = torch.zeros(1, SPAN, COUNT)
        for at in range(SPAN):
            logits, state = net.step(plan, past, conditions, at, state)
            struck = torch.zeros(1, COUNT)
            best, best_drum = -np.inf, 0
            for drum in range(COUNT):
                score = float(logits[0, drum] + struck[0] @ between[:, drum])
                share = 1 / (1 + np.exp(-score / max(wish.temperature, 1e-3)))
                struck[0, drum] = float(uniform[at, drum] < share)
                best, best_drum = max((best, best_drum), (score, drum))
            if rhythm is not None and strict:
                struck = _follow(struck, rhythm[at, 0] > 0.5, best_drum)
            past[:, at] = struck
        return np.asarray(past[0].numpy())


def load_player(path: Path) -> DrumPlayer:
    """Load weights.

    Raises:
        CheckpointError: damaged, or of another family.
    """
    config, tensors = load_weights(path)
    return DrumPlayer(build_net(config, tensors), config.get("attributes", {}))


def _follow(struck: Tensor, is_tapped: bool, likeliest: int) -> Tensor:
    if not is_tapped:
        return torch.zeros_like(struck)
    if not bool(struck.any()):
        struck[0, likeliest] = 1
    return struck


def to_condition(rhythm: Any) -> Tensor:
    """Return taps (1, 32, 3) for the net; zeros where there is no rhythm."""
    if rhythm is None:
        return torch.zeros(1, SPAN, 3)
    values = torch.from_numpy(np.asarray(rhythm, np.float32))
    return torch.cat([torch.ones(SPAN, 1), values], -1)[None]


def draw_drift(rng: np.random.Generator, steps: int) -> "np.ndarray[Any, Any]":
    """Return deviations (2, steps, 9) of spread 1 that change slowly, as a drummer's do."""
    fresh = rng.standard_normal((2, steps, COUNT))
    out = np.empty_like(fresh)
    last = fresh[:, 0]
    for step in range(steps):
        last = KEEP * last + np.sqrt(1 - KEEP**2) * fresh[:, step] if step else fresh[:, 0]
        out[:, step] = last
    return out.astype(np.float32)


def to_machine(loop: DrumLoop) -> DrumLoop:
    """Return a loop on the grid, all hits alike."""
    mask = loop.hits > 0.5
    return replace(loop, force=(0.75 * mask).astype(np.float32), push=np.zeros_like(loop.push))


def draw_pattern(player: DrumPlayer, seed: int) -> Tensor:
    """Draw a latent vector from the prior."""
    return draw_latent(player.latent, seed)
