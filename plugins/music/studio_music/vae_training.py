"""Learning the melody VAE, and its figures: reconstruction, and samples from the prior."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from studio_training import Settings, Trainer
from torch import Tensor, nn
from torch.nn import functional as F

from studio_music.drum_training import get_divergence
from studio_music.leaning import UPRIGHT, Leaning
from studio_music.melody_data import (
    BAR_STEPS,
    BARS,
    FIRST,
    HIGHEST,
    LOWEST,
    METRES,
    VOCABULARY,
    Line,
    Tokens,
    cut_windows,
)
from studio_music.model_vae import MelodyVae, VaeConfig, find_kind

KL_WEIGHT: Final = 0.15
SKETCH_WEIGHT: Final = 0.5
"""Of what the plan says without the past: it makes the latent vector say something early."""
FREE_NATS: Final = 0.05
"""Per latent dimension."""
HIDDEN_SHARE: Final = 0.35
"""Of the tokens before, hidden from the writer while it learns."""
FARTHEST: Final = 3
"""Semitones: the tonic is found by rule, and modes of one scale lie so far apart."""


class MelodyCorpus:
    """Windows by metre and length.

    Attributes:
        groups: (metre, bars, windows).
        farthest: semitones by which a window is moved while it is learnt.
    """

    def __init__(self, lines: Sequence[Line], farthest: int = FARTHEST) -> None:
        self.farthest = farthest
        self.groups: list[tuple[int, int, Tensor]] = []
        for bars in BARS:
            for metre, windows in sorted(cut_windows(lines, bars).items()):
                self.groups.append((metre, bars, torch.from_numpy(windows.astype(np.int64))))
        sizes = torch.tensor([float(len(group[2])) for group in self.groups])
        self.shares = sizes / sizes.sum() if len(sizes) else sizes

    def __len__(self) -> int:
        return sum(len(group[2]) for group in self.groups)

    def draw(self, batch: int, rng: torch.Generator) -> tuple[int, int, Tensor]:
        """Return metre, bars and tokens (B, N)."""
        place = int(torch.multinomial(self.shares, 1, generator=rng))
        metre, bars, windows = self.groups[place]
        chosen = torch.randint(len(windows), (batch,), generator=rng)
        return metre, bars, windows[chosen]


def build_trainer(
    corpus: MelodyCorpus, config: VaeConfig, settings: Settings, device: str = "cpu"
) -> Trainer:
    """Build a trainer of the melody VAE."""

    def compute_loss(net: nn.Module, rng: torch.Generator) -> Mapping[str, Tensor]:
        assert isinstance(net, MelodyVae)
        metre, bars, tokens = corpus.draw(settings.batch, rng)
        most = corpus.farthest
        shift = torch.randint(-most, most + 1, (len(tokens),), generator=rng)
        return compute_losses(net, move(tokens, shift).to(device), metre, bars)

    return Trainer(lambda: MelodyVae(config), settings, compute_loss, device)


def move(tokens: Tensor, shift: Tensor) -> Tensor:
    """Transpose windows (B, N) by semitones (B,); a window that would leave the range stays."""
    sounding = tokens >= FIRST
    moved = tokens + shift[:, None] * sounding
    top = FIRST + HIGHEST - LOWEST
    fits = ((moved >= FIRST) & (moved <= top) | ~sounding).all(1)
    return torch.where(fits[:, None], moved, tokens)


def compute_losses(net: MelodyVae, tokens: Tensor, metre: int, bars: int) -> dict[str, Tensor]:
    """Return the loss of windows (B, N), nats a window."""
    kind = torch.full((len(tokens),), find_kind(metre, bars), device=tokens.device)
    mean, logvar = net.encode(tokens, kind)
    z = mean + torch.randn_like(mean) * (logvar / 2).exp()
    hidden = torch.rand(tokens.shape, device=tokens.device) < HIDDEN_SHARE
    shown = tokens.masked_fill(hidden, VOCABULARY)
    logits, sketch = net.decode(z, shown, kind, BAR_STEPS[metre])
    missed, apart = (
        F.cross_entropy(made.flatten(0, 1), tokens.flatten(), reduction="sum") / len(tokens)
        for made in (logits, sketch)
    )
    spread = get_divergence(mean, logvar).mean(0)
    # Twice the bars have twice as much to say.
    penalty = KL_WEIGHT * spread.clamp(min=FREE_NATS).sum()
    loss = (missed + SKETCH_WEIGHT * apart + penalty) * (2 / bars)
    return {"loss": loss, "missed": missed * 2 / bars, "kl": spread.sum()}


@dataclass(frozen=True)
class Draw:
    """How tokens are chosen.

    Attributes:
        uniform: (B, N) in 0..1, decides the draws; None takes the likeliest token each time.
        temperature: of the draws.
        leaning: tilts their odds.
    """

    uniform: Tensor | None = None
    temperature: float = 1.0
    leaning: Leaning = UPRIGHT


LIKELIEST: Final = Draw()


@torch.no_grad()
def write_tokens(
    net: MelodyVae,
    z: Tensor,
    metre: int,
    bars: int,
    draw: Draw = LIKELIEST,
) -> Tensor:
    """Write melodies (B, N) from latent vectors.

    Args:
        net: the net.
        z: (B, n_latent).
        metre: place in `METRES`.
        bars: 2 or 4.
        draw: how tokens are chosen.
    """
    bar = BAR_STEPS[metre]
    kind = torch.full((len(z),), find_kind(metre, bars), device=z.device)
    state, plan = net.start(z, kind), net.plan(z, kind, bar * bars)
    unseen = torch.full((len(z),), VOCABULARY, device=z.device)
    tokens: list[Tensor] = []
    for at in range(bar * bars):
        before = tokens[-1] if tokens else unseen
        ago = tokens[at - bar] if at >= bar else unseen
        logits, state = net.step(plan, (before, ago), kind, at, state)
        logits = draw.leaning.tilt(logits, tokens, bar)
        if draw.uniform is None:
            tokens.append(logits.argmax(-1))
            continue
        shares = (logits / draw.temperature).softmax(-1).double().cumsum(-1)
        threshold = draw.uniform[:, at].to(shares)[:, None] * shares[:, -1:]
        tokens.append((shares < threshold).sum(-1).clamp(max=VOCABULARY - 1))
    return torch.stack(tokens, 1)


@torch.no_grad()
def measure(net: MelodyVae, corpus: MelodyCorpus, most: int = 1024) -> dict[str, float]:
    """Return figures on held-out windows.

    `reconstruction`: share of steps right when written greedily from the mean of z;
    `teacher_forced`: the same where the true past is seen; `onsets`: share of the true notes that
    begin at their step with their pitch.
    """
    was_training = net.training
    net.eval()
    figures: dict[str, float] = {}
    for bars in BARS:
        sums = np.zeros(7)
        for metre, own_bars, windows in corpus.groups:
            if own_bars != bars or not len(windows):
                continue
            step = max(1, len(windows) * len(METRES) // most)
            sums += _measure_group(net, windows[::step][:most], metre, bars)
        right, forced, steps, notes, found, kl, count = sums
        figures |= {
            f"reconstruction_{bars}": right / max(1, steps),
            f"teacher_forced_{bars}": forced / max(1, steps),
            f"onsets_{bars}": found / max(1, notes),
            f"kl_{bars}": kl / max(1, count),
        }
    net.train(was_training)
    figures["valid_error"] = 1 - figures["reconstruction_2"]
    return figures


def _measure_group(net: MelodyVae, tokens: Tensor, metre: int, bars: int) -> Tokens:
    kind = torch.full((len(tokens),), find_kind(metre, bars))
    mean, logvar = net.encode(tokens, kind)
    forced = net.decode(mean, tokens, kind, BAR_STEPS[metre])[0].argmax(-1)
    made = write_tokens(net, mean, metre, bars)
    notes = tokens >= FIRST
    return np.array(
        [
            float((made == tokens).sum()),
            float((forced == tokens).sum()),
            tokens.numel(),
            float(notes.sum()),
            float((made == tokens)[notes].sum()),
            float(get_divergence(mean, logvar).sum()),
            len(tokens),
        ]
    )


@torch.no_grad()
def measure_smoothness(net: MelodyVae, corpus: MelodyCorpus, pairs: int = 16) -> float:
    """Return how evenly two clips are walked between, 0..1; 1 would be steps all alike.

    Each walk has seven points, written greedily; of the steps' Hamming distances the mean is
    divided by the largest.
    """
    rates = []
    for metre, bars, windows in corpus.groups:
        if bars != BARS[0] or len(windows) < 2:
            continue
        kind = torch.full((len(windows),), find_kind(metre, bars))
        means = net.encode(windows, kind)[0]
        for number in range(min(pairs, len(windows) // 2)):
            share = torch.linspace(0, 1, 7)[:, None]
            first, last = means[number], means[len(windows) - 1 - number]
            made = write_tokens(net, first + (last - first) * share, metre, bars)
            steps = (made[1:] != made[:-1]).float().mean(1)
            if float(steps.max()) > 0:
                rates.append(float(steps.mean() / steps.max()))
    return float(np.mean(rates)) if rates else 1.0
