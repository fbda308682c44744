"""Makes whoever guesses passwords wait, longer each time."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from studio.server.errors import TooManyError

_MOST_KEYS = 10_000


@dataclass(frozen=True)
class Patience:
    """How many failures are free, and how long the wait gets at most (seconds)."""

    free: int
    longest: float


ADDRESS = Patience(5, 300.0)
NAME = Patience(20, 30.0)
"""Nobody may keep a user out for long by guessing in its name."""


class Throttle:
    """Counts failures by address and by name; used from one thread.

    Args:
        clock: seconds that only go up.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: dict[tuple[str, str], tuple[int, float]] = {}

    def check(self, address: str, name: str) -> None:
        """Let a try happen.

        Raises:
            TooManyError: it is too soon; tells the seconds to wait.
        """
        now = self._clock()
        wait = max(self._failures.get(key, (0, now))[1] - now for key in _get_keys(address, name))
        if wait > 0:
            raise TooManyError(
                "too many wrong passwords; try again in {seconds} s", seconds=int(wait) + 1
            )

    def note_failure(self, address: str, name: str) -> None:
        """Count a wrong password."""
        now = self._clock()
        if len(self._failures) > _MOST_KEYS:
            self._failures = {key: kept for key, kept in self._failures.items() if kept[1] > now}
        for key, patience in _get_keys(address, name).items():
            count = self._failures.get(key, (0, now))[0] + 1
            over = min(count - patience.free, 30)
            wait = min(2.0**over, patience.longest) if over >= 0 else 0.0
            self._failures[key] = (count, now + wait)

    def forgive(self, address: str, name: str) -> None:
        """Forget the failures before a right password."""
        for key in _get_keys(address, name):
            self._failures.pop(key, None)


def _get_keys(address: str, name: str) -> dict[tuple[str, str], Patience]:
    return {("address", address): ADDRESS, ("name", name.strip().lower()[:64]): NAME}
