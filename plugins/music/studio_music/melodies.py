"""Melodies of two and four bars from the trained net: new, varied, and between two others."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from studio_training import load_weights
from torch import Tensor

from studio.errors import InvalidInputError
from studio_music.folk import find_fifths
from studio_music.latent import Prior, shift_latent, take_prior
from studio_music.leaning import Leaning
from studio_music.melody import find_key, find_melody
from studio_music.melody_data import (
    BAR_STEPS,
    BARS,
    FIRST,
    HOLD,
    METRES,
    REST,
    Tokens,
    decode_tokens,
    encode_notes,
)
from studio_music.model_vae import MelodyVae, build_net, find_kind
from studio_music.notes import Note, Part, Piece
from studio_music.vae_training import Draw, write_tokens

KINDS: Final = len(METRES) * len(BARS)
TURNS: Final = 2
"""Of writing and reading again what was drawn."""
GREEDY: Final = 0.05
"""Temperature below which the likeliest token is taken."""


@dataclass(frozen=True)
class MelodyWish:
    """What is wanted.

    Attributes:
        metre: place in `METRES`.
        bars: 2 or 4.
        tonic: pitch class.
        attributes: name -> standard deviations.
        in_scale: notes outside the major scale are rare.
    """

    metre: int = 0
    bars: int = 4
    tonic: int = 0
    temperature: float = 0.7
    attributes: tuple[tuple[str, float], ...] = ()
    in_scale: bool = False


@dataclass(frozen=True)
class Clip:
    """What was read of a score: tokens of its first bars, and its key."""

    tokens: Tokens
    metre: int
    bars: int
    tonic: int
    mode: str


class MelodyWriter:
    """A melody net at work; see `model_vae`."""

    def __init__(
        self, net: MelodyVae, directions: Mapping[str, Any], prior: Prior | None = None
    ) -> None:
        """Take a net, the directions of attributes in its latent space, and where to draw."""
        self.net = net
        self.directions = directions
        self.prior = prior or take_prior({}, KINDS, self.latent)[1]

    @property
    def latent(self) -> int:
        """Size of the latent vector."""
        return self.net.config.n_latent

    @torch.no_grad()
    def encode(self, clip: Clip) -> Tensor:
        """Return the latent vector (1, n) of a clip."""
        tokens = torch.from_numpy(clip.tokens.astype(np.int64))[None]
        return self.net.encode(tokens, torch.tensor([find_kind(clip.metre, clip.bars)]))[0]

    def draw(self, wish: MelodyWish, seed: int) -> Tensor:
        """Draw a latent vector (1, n) of something new.

        What is written from it is read again a few times, without the wishes for attributes: such
        a chain ends where the net is at home (Rezende et al., 2014).
        """
        z = self.prior.draw(find_kind(wish.metre, wish.bars), seed)
        plain = replace(wish, attributes=())
        for turn in range(TURNS):
            made = self.write(z, plain, seed + turn)
            z = self.encode(Clip(made, wish.metre, wish.bars, wish.tonic, "major"))
        return z

    def vary(self, clip: Clip, amount: float, seed: int) -> Tensor:
        """Return the latent vector (1, n) of something like a clip."""
        kind = find_kind(clip.metre, clip.bars)
        return self.prior.vary(self.encode(clip), kind, amount, seed)

    def write(self, z: Tensor, wish: MelodyWish, seed: int) -> Tokens:
        """Write tokens (N,) from a latent vector (1, n)."""
        z = shift_latent(z, self.directions, dict(wish.attributes))
        steps = BAR_STEPS[wish.metre] * wish.bars
        uniform = None
        if wish.temperature > GREEDY:
            draws = np.random.default_rng([seed, 3]).random((1, steps))
            uniform = torch.from_numpy(draws)
        sliders = dict(wish.attributes)
        leaning = Leaning(**sliders, in_scale=wish.in_scale)
        draw = Draw(uniform, max(wish.temperature, GREEDY), leaning)
        made = write_tokens(self.net, z, wish.metre, wish.bars, draw)
        return made[0].numpy().astype(np.int16)


def load_writer(path: Path) -> MelodyWriter:
    """Load weights.

    Raises:
        CheckpointError: damaged, or of another family.
    """
    config, tensors = load_weights(path)
    size = config.get("n_latent")
    weights, prior = take_prior(tensors, KINDS, size if isinstance(size, int) else 0)
    return MelodyWriter(build_net(config, weights), config.get("attributes", {}), prior)


def read_clip(piece: Piece, bars: int) -> Clip:
    """Read the melody of the first bars of a score.

    Raises:
        InvalidInputError: no melody, another metre, or a range that is too wide.
    """
    part, key = find_melody(piece), find_key(piece)
    line = encode_notes(part.notes, key.tonic, piece.metre, piece.pickup, piece.title)
    if line is None:
        raise InvalidInputError(
            "{title}: a clip is a melody in 4/4, 2/4, 3/4 or 6/8 of at most four octaves; this is "
            "in {metre}, or wider",
            title=piece.title or "the score",
            metre=f"{piece.metre[0]}/{piece.metre[1]}",
        )
    steps = BAR_STEPS[line.metre] * bars
    tokens = np.pad(
        line.tokens[:steps], (0, max(0, steps - len(line.tokens))), constant_values=HOLD
    )
    if len(line.tokens) < steps:
        tokens[len(line.tokens)] = REST
    if not (tokens >= FIRST).any():
        raise InvalidInputError(
            "{title}: its first bars are silent; cut the silence off",
            title=piece.title or "the score",
        )
    return Clip(tokens, line.metre, bars, key.tonic, key.mode)


def to_melody_piece(clips: list[Tokens], wish: MelodyWish, bpm: float, title: str) -> Piece:
    """Put clips one behind the other into a score."""
    notes: list[Note] = []
    start = 0
    for tokens in clips:
        notes += [
            Note((start + begin) / 4, length / 4, pitch, 84)
            for begin, length, pitch in decode_tokens(tokens, wish.tonic)
        ]
        start += len(tokens)
    return Piece(
        (Part("Melody", 73, tuple(notes)),),
        bpm=bpm,
        metre=METRES[wish.metre],
        fifths=find_fifths(wish.tonic, "major"),
        mode="major",
        title=title,
    )
