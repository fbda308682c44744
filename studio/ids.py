"""Identifiers: 26 lower-case Crockford base32 letters that sort by the time they were made.

The first 10 letters are the time (milliseconds), the other 16 are random, as in a ULID.
"""

import re
import secrets
import threading
import time
from collections.abc import Callable

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PATTERN = re.compile(r"[0-7][0-9a-hjkmnp-tv-z]{25}")
_RANDOM_BITS = 80


class IdSource:
    """Makes ids; each is greater than the one before, even if the clock is set back."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._guard = threading.Lock()
        self._last = (0, 0)  # milliseconds, random part

    def new_id(self, milliseconds: int | None = None) -> str:
        """Return a new id.

        Args:
            milliseconds: a time of the past to carry instead of now (an asset that moves house).
        """
        if milliseconds is not None:
            return _encode(milliseconds, secrets.randbits(_RANDOM_BITS))
        with self._guard:
            now = int(self._clock() * 1000)
            last, random = self._last
            # One bit is left free at the top so that counting up never overflows.
            fresh = secrets.randbits(_RANDOM_BITS - 1)
            self._last = (now, fresh) if now > last else (last, random + 1)
            return _encode(*self._last)


def is_id(text: str) -> bool:
    """Tell whether `text` is a whole id."""
    return _PATTERN.fullmatch(text) is not None


def read_milliseconds(id: str) -> int:
    """Return the time an id carries, milliseconds since 1970."""
    value = 0
    for letter in id[:10]:
        value = value * 32 + _ALPHABET.index(letter)
    return value


def _encode(milliseconds: int, random: int) -> str:
    value = milliseconds << _RANDOM_BITS | random
    return "".join(_ALPHABET[value >> shift & 31] for shift in range(125, -1, -5))
