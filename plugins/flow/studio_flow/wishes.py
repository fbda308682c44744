"""From words, colours and a seed to facts: what the net is told."""

import re
from dataclasses import dataclass
from typing import Final

import torch
from studio_training.colours import from_spread_fact, limit_spread, to_spread_fact
from torch import Tensor

from studio.errors import InvalidParamsError
from studio_flow.book import Page
from studio_flow.describe import DETAIL, GRAIN, MEAN, SPREAD, TONES, get_overall, normalise
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


def wish_page(page: Page, wish: Wish) -> Page:
    """Return a page changed by words and palette; octaves change as the facts of them do."""
    facts = apply_wish(page.facts, wish)
    if page.likeness is None:
        return Page(facts, None)
    octaves = page.likeness.octaves.clone()
    # A fact of detail is the logarithm of a standard deviation.
    octaves[:, 0] *= (facts - page.facts)[DETAIL].exp()
    return Page(facts, page.likeness._replace(octaves=octaves))


def count_channels(wish: Wish) -> int:
    """Return how many channels are made like a picture learnt from: not colours asked for."""
    has_tint = any(QUALITIES[word].tint_share for word in wish.qualities)
    return 1 if wish.palette or wish.colours or has_tint else 3


def clamp_facts(facts: Tensor) -> Tensor:
    """Keep facts where pictures can be: brightness within range, spread that does not clip."""
    facts = facts.clone()
    facts[MEAN] = facts[MEAN].clamp(-0.95, 0.95)
    facts[GRAIN] = facts[GRAIN].clamp(-0.95, 0.95)
    room = 1 - float(facts[MEAN].mean().abs())
    spread = from_spread_fact(facts[SPREAD])
    # Along brightness, a spread of sqrt(3) s is one of s in each of the three colours.
    shrink = min(1.0, max(0.05, 1.2 * room) / float(spread[0]))
    facts[SPREAD] = to_spread_fact(limit_spread(spread * shrink))
    return facts


def _apply_quality(facts: Tensor, quality: Quality) -> None:
    # A share of the way to black or white: what is dark already is not made black.
    goal = 1.0 if quality.light > 0 else -1.0
    facts[MEAN] += abs(quality.light) * (goal - facts[MEAN])
    spread = from_spread_fact(facts[SPREAD]) * quality.contrast
    if quality.tint_share:
        _tint(facts, float(get_overall(spread)), quality)
    facts[SPREAD] = to_spread_fact(limit_spread(spread))
    if quality.size:
        tilt = torch.linspace(-1, 1, len(facts[DETAIL]))
        facts[DETAIL] += 0.5 * quality.size * tilt
    facts[GRAIN] += quality.grain


def _tint(facts: Tensor, overall: float, quality: Quality) -> None:
    """Let the dark third take a colour; the mean follows, the other tones stay."""
    tint = torch.tensor(quality.tint) / 127.5 - 1
    dark = facts[TONES][:3] * overall + facts[MEAN]
    moved = quality.tint_share * (tint - dark)
    facts[MEAN] += moved * 0.6
    tones = facts[TONES].clone()
    tones[:3] += moved / overall * 0.7
    tones[3:6] += moved / overall * 0.1
    facts[TONES] = tones - tones.view(3, 3).mean(0).repeat(3)


def _apply_palette(facts: Tensor, colours: Tensor, share: float) -> None:
    """Let the facts be those of a picture with as much of each colour."""
    facts[MEAN] += share * (colours.mean(0) - facts[MEAN])
    if len(colours) < 2:
        return
    field = colours.repeat_interleave(12, 0).T[None, :, :, None]
    _, told = normalise(field)
    facts[SPREAD] += share * (told[0, SPREAD] - facts[SPREAD])
    facts[TONES] += share * (told[0, TONES] - facts[TONES])
