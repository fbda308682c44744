"""Learning drums: the evidence bound of the patterns, and the likelihood of force and push."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import torch
from studio_training import Settings, Trainer
from torch import Tensor, nn
from torch.nn import functional as F

from studio_music.groove_data import DrumLoop
from studio_music.model_drums import SPAN, DrumConfig, DrumNet

KL_WEIGHT: Final = 0.2
"""Below 1 the latent vector says more; measured: see the card."""
SKETCH_WEIGHT: Final = 0.5
"""Of what the plan says without the past: it makes the latent vector say something early."""
FREE_NATS: Final = 0.05
"""Per latent dimension, not counted in the bound: keeps them from falling silent."""
HIDDEN_STEPS: Final = 0.3
"""Of the steps before, hidden while it learns, so that the latent vector is needed."""
HIDDEN_STYLE, HIDDEN_TAPS, HIDDEN_FORCE = 0.3, 0.5, 0.5
TOLD_FORCES: Final = 0.1


class DrumCorpus:
    """Two-bar windows as tensors."""

    def __init__(self, windows: Sequence[DrumLoop]) -> None:
        self.hits = torch.from_numpy(np.stack([w.hits for w in windows]))
        self.force = torch.from_numpy(np.stack([w.force for w in windows]))
        self.push = torch.from_numpy(np.stack([w.push for w in windows]))
        self.style = torch.tensor([w.style for w in windows])
        self.bpm = torch.tensor([w.bpm for w in windows])

    def __len__(self) -> int:
        return len(self.hits)

    def draw(self, batch: int, rng: torch.Generator) -> Tensor:
        """Return places of windows."""
        return torch.randint(len(self), (batch,), generator=rng)


def build_trainer(
    corpus: DrumCorpus, config: DrumConfig, settings: Settings, device: str = "cpu"
) -> Trainer:
    """Build a trainer of both nets."""

    def compute_loss(net: nn.Module, rng: torch.Generator) -> Mapping[str, Tensor]:
        assert isinstance(net, DrumNet)
        places = corpus.draw(settings.batch, rng)
        batch = [
            values[places].to(device)
            for values in (corpus.hits, corpus.force, corpus.push, corpus.style, corpus.bpm)
        ]
        return compute_losses(net, batch)

    return Trainer(lambda: DrumNet(config), settings, compute_loss, device)


def compute_losses(net: DrumNet, batch: Sequence[Tensor]) -> dict[str, Tensor]:
    """Return the loss of a batch of (hits, force, push, style, bpm), nats a window."""
    hits, force, push, style, bpm = batch
    style = style * (torch.rand(len(style), device=style.device) > HIDDEN_STYLE)
    mean, logvar = net.pattern.encode(hits)
    z = mean + torch.randn_like(mean) * (logvar / 2).exp()
    taps = build_taps(hits, force, torch.rand(len(hits), device=hits.device) > HIDDEN_TAPS)
    shown = hits * (torch.rand(hits.shape[:2], device=hits.device) > HIDDEN_STEPS)[..., None]
    logits = decode_with(net, z, (hits, shown), style, taps)
    sketch = net.pattern.sketch(net.pattern.plan(z))
    missed, apart = (
        F.binary_cross_entropy_with_logits(made, hits, reduction="sum") / len(hits)
        for made in (logits, sketch)
    )
    spread = get_divergence(mean, logvar).mean(0)
    penalty = spread.clamp(min=FREE_NATS).sum()
    # A tenth of the forces are told, as a hint of how loud the player is.
    told = (torch.rand(hits.shape, device=hits.device) < TOLD_FORCES) & (hits > 0)
    told &= torch.rand(len(hits), 1, 1, device=hits.device) > HIDDEN_FORCE
    touch = measure_touch(net, hits, (force, push), force * told, (style, bpm))
    loss = missed + SKETCH_WEIGHT * apart + KL_WEIGHT * penalty + touch
    return {"loss": loss, "missed": missed, "kl": spread.sum(), "touch": touch}


def decode_with(
    net: DrumNet, z: Tensor, hits: tuple[Tensor, Tensor], style: Tensor, taps: Tensor
) -> Tensor:
    """Return logits where the memory sees `hits[1]` but drums of one step see the true ones."""
    true, shown = hits
    between = torch.triu(net.pattern.between, 1)
    return net.pattern.decode(z, shown, style, taps) + (true - shown) @ between


def build_taps(hits: Tensor, force: Tensor, known: Tensor) -> Tensor:
    """Return (B, 32, 3): known or not, struck or not, how hard."""
    mask = known[:, None].expand(hits.shape[:2]).to(hits)
    return torch.stack([mask, hits.amax(-1) * mask, force.amax(-1) * mask], -1)


def get_divergence(mean: Tensor, logvar: Tensor) -> Tensor:
    """Kullback-Leibler divergence from the standard normal, nats per dimension."""
    return (mean.square() + logvar.exp() - 1 - logvar) / 2


def measure_touch(
    net: DrumNet,
    hits: Tensor,
    truth: tuple[Tensor, Tensor],
    known: Tensor,
    conditions: tuple[Tensor, Tensor],
) -> Tensor:
    """Return minus the log-likelihood of force and push under Gaussians, nats a window."""
    mean_force, mean_push, spread_force, spread_push = net.touch(hits, known, *conditions)
    total = torch.zeros((), device=hits.device)
    for mean, log_spread, true in (
        (mean_force, spread_force, truth[0]),
        (mean_push, spread_push, truth[1]),
    ):
        error = ((true - mean) * (-log_spread).exp()).square() / 2
        total = total + ((error + log_spread + math.log(2 * math.pi) / 2) * hits).sum()
    return total / len(hits)


@torch.no_grad()
def measure(net: DrumNet, corpus: DrumCorpus) -> dict[str, float]:
    """Return figures on held-out windows; reconstructions are drawn greedily from the mean of z."""
    was_training = net.training
    net.eval()
    rows: list[dict[str, Any]] = []
    for first in range(0, len(corpus), 256):
        part = slice(first, first + 256)
        hits, force, push = corpus.hits[part], corpus.force[part], corpus.push[part]
        style, bpm = corpus.style[part], corpus.bpm[part]
        mean, logvar = net.pattern.encode(hits)
        nothing = torch.zeros(len(hits), SPAN, 3)
        logits = net.pattern.decode(mean, hits, style, nothing)
        made = write_hits(net, mean, style, nothing)
        mean_force, mean_push, _, _ = net.touch(hits, torch.zeros_like(hits), style, bpm)
        struck = hits > 0
        rows.append(
            {
                "count": len(hits),
                "hits": float(hits.sum()),
                "nll": float(F.binary_cross_entropy_with_logits(logits, hits, reduction="sum")),
                "kl": float(get_divergence(mean, logvar).sum()),
                "exact": float((made == hits).all(-1).float().mean(1).sum()),
                "both": float((made * hits).sum()),
                "made": float(made.sum()),
                "force": float((mean_force - force).abs()[struck].sum()),
                "push": float((mean_push - push).abs()[struck].sum()),
                "plain_push": float(push.abs()[struck].sum()),
            }
        )
    net.train(was_training)
    total = {name: sum(row[name] for row in rows) for name in rows[0]}
    return {
        "valid_nll": total["nll"] / total["count"],
        "valid_kl": total["kl"] / total["count"],
        "valid_bound": (total["nll"] + total["kl"]) / total["count"],
        "valid_goal": (total["nll"] + KL_WEIGHT * total["kl"]) / total["count"],
        "reconstruction_step": total["exact"] / total["count"],
        "reconstruction_f1": 2 * total["both"] / max(1.0, total["made"] + total["hits"]),
        "force_error": total["force"] / max(1.0, total["hits"]),
        "push_error_steps": total["push"] / max(1.0, total["hits"]),
        "push_error_of_grid": total["plain_push"] / max(1.0, total["hits"]),
    }


@torch.no_grad()
def write_hits(net: DrumNet, z: Tensor, style: Tensor, taps: Tensor) -> Tensor:
    """Write patterns greedily: a drum is struck where that is likelier than not."""
    plan, state = net.pattern.start(z)
    past = torch.zeros(len(z), SPAN, net.pattern.head.out_features)
    between = torch.triu(net.pattern.between, 1)
    for at in range(SPAN):
        logits, state = net.pattern.step(plan, past, (style, taps), at, state)
        struck = torch.zeros_like(logits)
        for drum in range(logits.shape[1]):
            struck[:, drum] = (logits[:, drum] + struck @ between[:, drum] > 0).float()
        past[:, at] = struck
    return past
