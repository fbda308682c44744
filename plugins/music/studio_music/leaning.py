"""Leaning of what is drawn: larger or smaller steps, on or against the beat.

What a latent vector hardly says, sliders cannot reach through it; so the odds of each token are
tilted as it is drawn (exponential tilting).
"""

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from studio_music.melody_data import FIRST, LOWEST

WIDEST: Final = 12
"""Semitones; wider leaps are favoured no more than this one."""
PER_SEMITONE: Final = 0.35
"""Nats of odds for each semitone and standard deviation."""
PER_NOTE: Final = 1.2
"""Nats of odds of a note rather than none, for each standard deviation of density."""
FOREIGN: Final = 1.5
"""Nats of odds against a note outside the scale."""
MAJOR: Final = (0, 2, 4, 5, 7, 9, 11)
PER_PLACE: Final = 2.5
"""Nats of odds, for each standard deviation, of a note against the beat or on it."""


@dataclass(frozen=True)
class Leaning:
    """How draws lean, in standard deviations; 0 leaves them alone.

    Attributes:
        interval: larger steps above 0.
        syncopation: notes against the beat above 0.
        density: more notes above 0.
        range: notes far from those before above 0.
        in_scale: notes outside the major scale on the tonic are rare.
    """

    interval: float = 0.0
    syncopation: float = 0.0
    density: float = 0.0
    range: float = 0.0
    in_scale: bool = False

    def tilt(self, logits: Tensor, past: list[Tensor], bar: int) -> Tensor:
        """Return the logits (B, VOCABULARY) of the next token, tilted.

        Args:
            logits: before.
            past: the tokens (B,) of each step so far.
            bar: steps of a bar.
        """
        if self.interval and past:
            logits = _favour_steps(logits, _find_last(past), self.interval * PER_SEMITONE)
        if self.range and past:
            logits = _favour_steps(logits, _find_middle(past), self.range * PER_SEMITONE)
        if self.syncopation:
            logits = _favour_places(logits, past, bar, self.syncopation * PER_PLACE)
        if self.density:
            logits = _favour_notes(logits, self.density * PER_NOTE)
        if self.in_scale:
            logits = _favour_scale(logits)
        return logits


UPRIGHT: Final = Leaning()


def get_beat(bar: int) -> int:
    """Return the steps of a beat: a quarter, or a dotted quarter where a bar has two of them."""
    return 4 if bar % 16 == 0 else bar // 2


def _find_last(past: list[Tensor]) -> Tensor:
    """Return the pitch tokens (B,) that were begun last, 0 where there was none."""
    last = torch.zeros_like(past[0])
    for tokens in past:
        last = torch.where(tokens >= FIRST, tokens, last)
    return last


def _find_middle(past: list[Tensor]) -> Tensor:
    """Return the mean of the pitch tokens (B,) begun so far, 0 where there was none."""
    tokens = torch.stack(past, -1)
    sounding = tokens >= FIRST
    return (tokens * sounding).sum(-1) / sounding.sum(-1).clamp(min=1)


def _favour_notes(logits: Tensor, weight: float) -> Tensor:
    return torch.cat([logits[:, :FIRST], logits[:, FIRST:] + weight], -1)


def _favour_scale(logits: Tensor) -> Tensor:
    steps = torch.arange(logits.shape[1] - FIRST, device=logits.device) + LOWEST
    foreign = torch.isin(steps % 12, torch.tensor(MAJOR, device=logits.device), invert=True)
    return torch.cat([logits[:, :FIRST], logits[:, FIRST:] - FOREIGN * foreign], -1)


def _favour_steps(logits: Tensor, last: Tensor, weight: float) -> Tensor:
    pitches = torch.arange(FIRST, logits.shape[1], device=logits.device)
    leaps = (pitches[None] - last[:, None]).abs().clamp(max=WIDEST) * (last > 0)[:, None]
    old = logits[:, FIRST:]
    new = old + weight * leaps
    # A note is as likely as before; only which one it is changes.
    new = new + (old.logsumexp(-1) - new.logsumexp(-1))[:, None]
    return torch.cat([logits[:, :FIRST], new], -1)


def _favour_places(logits: Tensor, past: list[Tensor], bar: int, weight: float) -> Tensor:
    beat = get_beat(bar)
    place = len(past) % beat
    if place == 0 and past:
        struck = torch.stack(past[-(beat - 1) :], -1).ge(FIRST).any(-1)
        push = -weight * struck
    elif place * 2 == beat:
        push = torch.full_like(logits[:, 0], weight / 2)
    else:
        return logits
    return torch.cat([logits[:, :FIRST], logits[:, FIRST:] + push[:, None]], -1)
