"""How well nets foresee chorales: nats per note or per frame, by the two protocols of JSB.

Frame by frame, teacher forced on whole pieces, from nothing; several nets and several
transpositions of a piece can be mixed, note by note. Scores are taken as sharp as the net's config
says (Guo et al., 2017, "On calibration of modern neural networks").
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from scipy.optimize import minimize_scalar

from studio_music.chorale_corpus import Batch, Corpus, join
from studio_music.chorale_data import VOICES, Chorale
from studio_music.chorale_features import Wishes
from studio_music.model_frames import FrameNet

Floats = npt.NDArray[np.float32]
Mixing = Literal["arithmetic", "geometric"]


@dataclass(frozen=True)
class Score:
    """What `measure` found.

    Attributes:
        total: nats.
        notes: voices times frames.
    """

    total: float
    notes: int

    @property
    def per_note(self) -> float:
        """Nats per note: protocol 2."""
        return self.total / self.notes

    @property
    def per_frame(self) -> float:
        """Nats per frame: protocol 1."""
        return self.total / self.notes * VOICES


def compute_loss(network: FrameNet, batch: Batch) -> torch.Tensor:
    """Return mean nats per note that counts."""
    hidden = network(batch.inputs, batch.known)
    scores = network.score(hidden, batch.before, batch.frames)
    found = scores.gather(-1, batch.frames[..., None])[..., 0]
    return -(found * batch.weight).sum() / batch.weight.sum().clamp(min=1)


@torch.inference_mode()
def measure(
    networks: Sequence[FrameNet],
    pieces: Sequence[Chorale],
    shifts: Sequence[int] = (0,),
    mixing: Mixing = "arithmetic",
) -> Score:
    """Measure pieces under a mixture of all nets at all transpositions.

    Args:
        networks: of one scale; one that is there twice counts twice.
        pieces: whole.
        shifts: semitones.
        mixing: mean of probabilities, or of their logarithms, made to sum to one.
    """
    corpus = Corpus(pieces, networks[0].config.scale)
    total = 0.0
    for number, piece in enumerate(pieces):
        seen = {
            id(network): [predict(network, corpus, number, shift) for shift in shifts]
            for network in networks
        }
        views = [view for network in networks for view in seen[id(network)]]
        mixed = mix(np.stack(views), mixing)
        target = corpus.scale.index(piece.frames)
        total -= float(np.take_along_axis(mixed, target[..., None], -1).sum(dtype=np.float64))
    return Score(total, sum(piece.frames.size for piece in pieces))


def mix(views: Floats, mixing: Mixing) -> Floats:
    """Mix log-probabilities (views, ..., size) into (..., size)."""
    if len(views) == 1:
        return np.asarray(views[0])
    if mixing == "arithmetic":
        return np.asarray(np.logaddexp.reduce(views, axis=0) - np.log(len(views)))
    mean = views.mean(0)
    peak = mean.max(-1, keepdims=True)
    return np.asarray(mean - peak - np.log(np.exp(mean - peak).sum(-1, keepdims=True)))


@torch.inference_mode()
def predict(network: FrameNet, corpus: Corpus, number: int, shift: int) -> Floats:
    """Foresee every note of a piece that is transposed, and name the pitches as untransposed.

    Returns:
        (frames, VOICES, size) log-probabilities.
    """
    length = len(corpus.pieces[number].frames)
    batch = join([corpus.cut(number, (0, length), Wishes(shift=shift), None)])
    hidden = network(batch.inputs)
    scores = sharpen(
        network.score(hidden, batch.before, batch.frames)[0].numpy(), network.config.sharpness
    )
    if not shift:
        return np.asarray(scores)
    moved = np.full_like(scores, -30.0)
    moved[..., 0] = scores[..., 0]
    if shift > 0:
        moved[..., 1:-shift] = scores[..., 1 + shift :]
    else:
        moved[..., 1 - shift :] = scores[..., 1:shift]
    return moved


def sharpen(scores: Floats, sharpness: float) -> Floats:
    """Multiply log-probabilities (..., size), and make them sum to one again."""
    if sharpness == 1:
        return scores
    scaled = scores * np.float32(sharpness)
    peak = scaled.max(-1, keepdims=True)
    return np.asarray(scaled - peak - np.log(np.exp(scaled - peak).sum(-1, keepdims=True)))


@torch.inference_mode()
def find_sharpness(network: FrameNet, pieces: Sequence[Chorale]) -> float:
    """Return the sharpness under which pieces are likeliest; the config's own does not count."""
    corpus = Corpus(pieces, network.config.scale)
    plain = replace(network.config, sharpness=1.0)
    own, network.config = network.config, plain
    try:
        views = [predict(network, corpus, number, 0) for number in range(len(pieces))]
    finally:
        network.config = own
    targets = [corpus.scale.index(piece.frames)[..., None] for piece in pieces]

    def count_nats(sharpness: float) -> float:
        return -sum(
            float(np.take_along_axis(sharpen(view, sharpness), target, -1).sum(dtype=np.float64))
            for view, target in zip(views, targets, strict=True)
        )

    found = minimize_scalar(
        count_nats, bounds=(0.3, 2.0), method="bounded", options={"xatol": 1e-3}
    )
    return round(float(found.x), 3)
