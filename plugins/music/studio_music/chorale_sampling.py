"""Writing chorales: from nothing, on from a beginning, or around notes that are given."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from studio_music.chorale_data import BEAT, REST, VOICES, Frames
from studio_music.chorale_features import Scale, Wishes
from studio_music.chorale_rules import NEVER, Moment, weigh
from studio_music.sampling import Taste, choose

OPEN: Final = -2
"""In a draft: a note yet to be found."""


@dataclass(frozen=True)
class Draft:
    """What is asked for.

    Attributes:
        frames: (frames, VOICES) pitches, -1 rests, `OPEN` what is to be written.
        wishes: what the whole is to be.
        begins: frames at the beginning that are known as the past only, not as what is to come.
    """

    frames: Frames
    wishes: Wishes = Wishes()
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
    model.begin(draft)
    for index in range(len(made)):
        model.look(index, made)
        filled = np.where(made[index] == OPEN, REST, made[index]).astype(np.int16)
        for voice in np.flatnonzero(draft.frames[index] == OPEN):
            scores = model.score(int(voice), filled)
            added = _weigh(model.scale, draft, made, filled, (index, int(voice)), taste)
            chosen = choose(scores, added, taste, float(rng.random()))
            likelihood += float(scores[chosen])
            made[index, voice] = filled[voice] = model.scale.pitch(chosen)
        on_frame()
    return made, likelihood / max(1, int((draft.frames == OPEN).sum()))


def _weigh(  # noqa: PLR0913 - what there is, what is asked, and where
    scale: Scale,
    draft: Draft,
    made: Frames,
    filled: Frames,
    place: tuple[int, int],
    taste: Taste,
) -> npt.NDArray[np.float64]:
    index, voice = place
    if not taste.rules:
        added = np.zeros(scale.size)
        added[0] = NEVER
        return added
    after = None
    if index + 1 < len(made):
        given = draft.frames[index + 1]
        after = np.where(given == OPEN, REST, given).astype(np.int16)
    moment = Moment(
        here=filled,
        before=made[index - 1] if index else None,
        after=after,
        beat_before=made[index - BEAT] if index >= BEAT and index % BEAT == 0 else None,
    )
    return weigh(voice, moment, scale)
