"""Writing chorales: from nothing, on from a beginning, or around notes that are given."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from studio_music.chorale_data import BEAT, REST, VOICES, Frames
from studio_music.chorale_features import Scale, Wishes
from studio_music.chorale_home import find_home, weigh_home
from studio_music.chorale_rules import NEVER, SELDOM, Moment, weigh
from studio_music.sampling import Taste, choose

OPEN: Final = -2
"""In a draft: a note yet to be found."""
LONG: Final = 12
"""Frames after which a chord that still stands should move."""


@dataclass(frozen=True)
class Draft:
    """What is asked for.

    Attributes:
        frames: (frames, VOICES) pitches, -1 rests, `OPEN` what is to be written.
        wishes: what the whole is to be.
        begins: frames at the beginning that are known as the past only, not as what is to come.
    """

    frames: Frames
    wishes: Wishes = field(default_factory=Wishes)
    begins: int = 0


class Model(Protocol):
    """What can foresee notes."""

    @property
    def scale(self) -> Scale:
        """Which pitches there are."""
        ...

    def begin(self, draft: Draft) -> None:
        """Start anew."""
        ...

    def look(self, index: int, made: Frames) -> None:
        """Take in all frames before `index`; called once for each, in order."""
        ...

    def score(self, voice: int, filled: Frames) -> npt.NDArray[np.floating]:
        """Return the log-probability of each pitch of a voice.

        Args:
            voice: those above it are in `filled`.
            filled: (VOICES,) the frame so far, -1 where nothing is.
        """
        ...


def compose(
    model: Model,
    draft: Draft,
    taste: Taste,
    rng: np.random.Generator,
    on_frame: Callable[[], None] = lambda: None,
) -> tuple[Frames, float]:
    """Fill what is open in a draft, from left to right.

    Args:
        model: what foresees notes.
        draft: at least one frame.
        taste: how to choose.
        rng: one number is drawn for every open note.
        on_frame: called after every frame; may raise to stop.

    Returns:
        the frames, and the mean log-probability of the notes written.
    """
    made = draft.frames.copy()
    likelihood = 0.0
    rules = _Rules(draft, model.scale, taste)
    model.begin(draft)
    for index in range(len(made)):
        model.look(index, made)
        filled = np.where(made[index] == OPEN, REST, made[index]).astype(np.int16)
        for voice in np.flatnonzero(draft.frames[index] == OPEN):
            scores = model.score(int(voice), filled)
            added = rules.weigh(made, filled, index, int(voice))
            chosen = choose(scores, added, taste, float(rng.random()))
            likelihood += float(scores[chosen])
            made[index, voice] = filled[voice] = model.scale.pitch(chosen)
        on_frame()
    return made, likelihood / max(1, int((draft.frames == OPEN).sum()))


class _Rules:
    """What is added to the log-probabilities of notes."""

    def __init__(self, draft: Draft, scale: Scale, taste: Taste) -> None:
        self._draft, self._scale = draft, scale
        self._obeys = taste.rules
        self._home = find_home(draft.frames, draft.wishes, OPEN)

    def weigh(
        self, made: Frames, filled: Frames, index: int, voice: int
    ) -> npt.NDArray[np.float64]:
        """Return what is added for each index; rests are never taken."""
        if not self._obeys:
            added = np.zeros(self._scale.size)
            added[0] = NEVER
            return added
        after = None
        if index + 1 < len(made):
            given = self._draft.frames[index + 1]
            after = np.where(given == OPEN, REST, given).astype(np.int16)
        before = made[index - 1] if index else None
        on_beat = index >= BEAT and index % BEAT == 0
        moment = Moment(filled, before, after, made[index - BEAT] if on_beat else None)
        added = weigh(voice, moment, self._scale)
        added += self._weigh_standing(made, filled, index, voice)
        if self._home is not None:
            added += weigh_home(self._home, (index, voice), filled, before, self._scale)
        return added

    def _weigh_standing(
        self, made: Frames, filled: Frames, index: int, voice: int
    ) -> npt.NDArray[np.float64]:
        """Keep a chord from standing for longer than a bar, or from an upbeat over its bar line."""
        added = np.zeros(self._scale.size)
        if len(made) - index <= LONG or index <= BEAT:
            return added
        last = made[index - 1]
        if (filled[:voice] != last[:voice]).any():
            return added
        place = self._scale.index(last)[voice]
        wishes = self._draft.wishes
        if index >= LONG and (made[index - LONG : index] == last).all():
            added[place] = NEVER if voice == VOICES - 1 else SELDOM
        elif wishes.bar and (index - wishes.phase) % wishes.bar == 0:
            stood = (made[index - BEAT - 1 : index] == last).all(1)
            added[place] = SELDOM if stood[1:].all() and not stood[0] else 0.0
        return added
