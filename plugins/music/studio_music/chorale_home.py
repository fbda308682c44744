"""Keeping to a key while writing: its chord at both ends, and few notes foreign to it."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from studio_music.chorale_data import BEAT, REST, VOICES, Frames
from studio_music.chorale_features import Scale, Wishes
from studio_music.chorale_rules import NEVER

MAJOR_SCALE: Final = frozenset((0, 2, 4, 5, 7, 9, 11))
MINOR_SCALE: Final = frozenset((0, 2, 3, 5, 7, 8, 10, 11))
FOREIGN: Final = -2.0
"""What a note outside of the scale loses when a voice moves to it."""
LEADING: Final = (frozenset((7, 11, 2)), *2 * (frozenset((7, 11, 2, 5)),), frozenset((7,)))
"""Of each voice, what leads home in the beat before the last chord."""
DRAWN: Final = 1.0
"""What such a note gains there."""
ASTRAY: Final = -6.0
"""What others lose there, where the cadence is ours to write."""
LAST_NOTE: Final = -6.0
"""What a last note of the tune loses that is not the tonic."""
HOMEWARD: Final = 32
"""Frames before the last chord in which the key itself must be heard, not one beside it."""
TWICE: Final = 1.5
"""How many times as much a foreign note loses there."""
CLOSES: Final = {16: 8, 12: 12}
"""Frames of the last chord, by frames in a bar."""


@dataclass(frozen=True)
class Home:
    """A key, and where it must be heard.

    Attributes:
        opens: the first chord is on the tonic.
        closes: frame from which the last chord stands, on the tonic; past the end for none.
        cadence: the beat before it can be the dominant chord.
    """

    tonic: int
    is_minor: bool
    opens: bool
    closes: int
    cadence: bool = False

    @property
    def chord(self) -> frozenset[int]:
        """Intervals of the tonic chord over the tonic, major thirds in minor too."""
        return frozenset((0, 3, 4, 7) if self.is_minor else (0, 4, 7))


def find_home(frames: Frames, wishes: Wishes, missing: int) -> Home | None:
    """Find what the key asks of a draft; None if no key is known.

    Args:
        frames: with `missing` where notes are to be written.
        wishes: key, and frames in a bar.
        missing: marks what is open.
    """
    if wishes.tonic is None:
        return None
    home = Home(wishes.tonic % 12, wishes.is_minor, False, len(frames))
    home = replace(home, opens=_suits(home, frames[0], missing))
    if not _suits(home, frames[-1], missing):
        return home
    start = len(frames) - CLOSES.get(wishes.bar, 8)
    if frames[-1, 0] != missing:
        start = max(start, _find_last_run(frames[:, 0]))
    last_beat = frames[max(0, start - BEAT) : max(0, start)]
    cadence = len(last_beat) == BEAT and bool((last_beat[:, -1] == missing).all())
    for voice, line in enumerate(last_beat.T):
        given = {(int(p) - home.tonic) % 12 for p in line if p not in (missing, REST)}
        cadence = cadence and given <= LEADING[voice]
    return replace(home, closes=max(0, start), cadence=cadence)


def _suits(home: Home, frame: Frames, missing: int) -> bool:
    """Tell whether the tonic chord can be put under what is given of a frame."""
    given = {(int(p) - home.tonic) % 12 for p in frame if p not in (missing, REST)}
    return bool(frame[-1] == missing) and given <= home.chord


def _find_last_run(line: Frames) -> int:
    """Return where the last pitch of a line begins."""
    other = np.flatnonzero(line != line[-1])
    return int(other[-1]) + 1 if other.size else 0


def weigh_home(
    home: Home, place: tuple[int, int], filled: Frames, before: Frames | None, scale: Scale
) -> npt.NDArray[np.float64]:
    """Return what the key adds to the log-probability of each index of `scale`.

    Args:
        home: the key.
        place: frame and voice.
        filled: the frame so far, -1 where nothing is.
        before: the frame before.
        scale: of the pitches.
    """
    index, voice = place
    over = (np.arange(scale.size) + scale.lowest - 1 - home.tonic) % 12
    if index >= home.closes or (index == 0 and home.opens):
        allowed = {0} if voice == VOICES - 1 else set(home.chord)
        thirds = {3, 4} & {(int(p) - home.tonic) % 12 for p in filled if p != REST}
        if thirds:
            allowed -= {3, 4} - thirds
        elif index == 0 and home.opens:
            allowed -= {4} if home.is_minor else set()
        added = np.where(np.isin(over, list(allowed)), 0.0, NEVER)
        # Tunes end on the tonic itself, nearly always.
        return added + LAST_NOTE * (over != 0) if voice == 0 and index else added
    steps = MINOR_SCALE if home.is_minor else MAJOR_SCALE
    is_near = 0 < home.closes - index <= HOMEWARD
    added = np.where(np.isin(over, list(steps)), 0.0, FOREIGN * (TWICE if is_near else 1.0))
    if is_near and home.is_minor:
        # The leading note, not that of the relative major's dominant.
        added += np.where(over == 10, FOREIGN, 0.0)
    until = home.closes - index
    if until <= BEAT:
        leads = np.isin(over, list(LEADING[voice]))
        added += np.where(leads, DRAWN, ASTRAY if home.cadence else 0.0)
    may_hold = until > BEAT or not home.cadence or (voice in (1, 2) and until > BEAT // 2)
    if may_hold and before is not None and before[voice] != REST:
        added[scale.index(before)[voice]] = 0.0
    return np.asarray(added)
