"""From words, colours and a seed to facts: what the net is told."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from studio.errors import InvalidParamsError
from studio_flow.describe import (
    DETAIL,
    GRAIN,
    MEAN,
    SPREAD,
    TONES,
    find_tones,
    from_spread_fact,
    to_spread_fact,
)
from studio_flow.vocabulary import COLOURS, QUALITIES, Quality

HEX: Final = re.compile(r"#?[0-9a-fA-F]{6}")
COLOUR_SHARE: Final = 0.75
"""How far a colour word pulls the mean colour; the rest is the material's own brightness."""


@dataclass(frozen=True)
class Wish:
    """What a user asks for beside the class.

    Attributes:
        qualities: words of QUALITIES.
        colours: words of COLOURS.
        palette: colours (P, 3), -1..1; empty for none.
        palette_strength: 1 meets the palette's colours exactly, 0 not at all.
    """

    qualities: tuple[str, ...] = ()
    colours: tuple[str, ...] = ()
    palette: tuple[tuple[float, float, float], ...] = ()
    palette_strength: float = 1.0


def read_palette(text: str, most: int = 16) -> tuple[tuple[float, float, float], ...]:
    """Read "#7a3b2a, #c9b9a0" into colours, -1..1.

    Raises:
        InvalidParamsError: a part is no colour, or there are too many.
    """
    parts = [part for part in re.split(r"[\s,;]+", text) if part]
    wrong = [part for part in parts if not HEX.fullmatch(part)]
    if wrong:
        raise InvalidParamsError(
            "palette: '{part}' is no colour; write colours like #7a3b2a, with commas between",
            part=wrong[0],
        )
    if len(parts) > most:
        raise InvalidParamsError(
            "palette: {count} colours are too many; give at most {most}",
            count=len(parts),
            most=most,
        )
    raw = [bytes.fromhex(part.removeprefix("#")) for part in parts]
    return tuple((r / 127.5 - 1, g / 127.5 - 1, b / 127.5 - 1) for r, g, b in raw)


def apply_wish(facts: Tensor, wish: Wish) -> Tensor:
    """Return facts (F,) changed by words and palette."""
    facts = facts.clone()
    for word in wish.qualities:
        _apply_quality(facts, QUALITIES[word])
    if wish.colours:
        named = torch.tensor([COLOURS[word] for word in wish.colours]) / 127.5 - 1
        facts[MEAN] += COLOUR_SHARE * (named.mean(0) - facts[MEAN])
        if len(named) > 1:
            _apply_palette(facts, named, COLOUR_SHARE)
    if wish.palette:
        _apply_palette(facts, torch.tensor(wish.palette), wish.palette_strength)
    return clamp_facts(facts)


def clamp_facts(facts: Tensor) -> Tensor:
    """Keep facts where pictures can be: brightness within range, spread that does not clip."""
    facts = facts.clone()
    facts[MEAN] = facts[MEAN].clamp(-0.95, 0.95)
    room = 1 - float(facts[MEAN].mean().abs())
    most = to_spread_fact(torch.tensor(max(0.05, 0.75 * room)))
    facts[SPREAD] = torch.minimum(facts[SPREAD], most)
    return facts


def find_picture_facts(facts: Tensor) -> Tensor:
    """Return what of the facts is colour: mean, spread and tones (13,)."""
    return facts[: TONES.stop]


def _apply_quality(facts: Tensor, quality: Quality) -> None:
    facts[MEAN] += quality.light
    spread = from_spread_fact(facts[SPREAD]) * quality.contrast
    if quality.tint_share:
        tint = torch.tensor(quality.tint) / 127.5 - 1
        dark = facts[TONES][:3] * spread + facts[MEAN]
        moved = quality.tint_share * (tint - dark)
        # The dark third takes the tint; the mean follows by a third, the other tones stay.
        facts[MEAN] += moved * 0.6
        tones = facts[TONES].clone()
        tones[:3] += moved / spread * 0.7
        tones[3:6] += moved / spread * 0.1
        facts[TONES] = tones - tones.view(3, 3).mean(0).repeat(3)
    facts[SPREAD] = to_spread_fact(spread.clamp_min(0.03))
    if quality.size:
        bands = facts[DETAIL]
        tilt = torch.linspace(-1, 1, len(bands))
        facts[DETAIL] = bands + 0.5 * quality.size * tilt
    facts[GRAIN] = (facts[GRAIN] + quality.grain).clamp(-0.95, 0.95)


def _apply_palette(facts: Tensor, colours: Tensor, share: float) -> None:
    """Let the facts be those of a picture with as much of each colour."""
    mean = colours.mean(0)
    facts[MEAN] += share * (mean - facts[MEAN])
    if len(colours) < 2:
        return
    plain = colours - mean
    spread = plain.square().mean().sqrt().clamp_min(0.03)
    facts[SPREAD] += share * (to_spread_fact(spread) - facts[SPREAD])
    field = (plain / spread).repeat_interleave(12, 0).T[None, :, :, None]
    facts[TONES] += share * (find_tones(field)[0] - facts[TONES])


def list_words() -> dict[str, Sequence[str]]:
    """Return the words that do something, by table."""
    return {"qualities": sorted(QUALITIES), "colours": sorted(COLOURS)}
