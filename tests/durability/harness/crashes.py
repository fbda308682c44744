"""Every way a recorded program may be cut off, as far as one has the patience."""

import hashlib
import random
from dataclasses import dataclass

from harness.log import Ack, Crash, Platter, Write


@dataclass(frozen=True)
class State:
    """What is on the disk after a crash, and what had been promised before it."""

    place: int
    crash: Crash
    files: dict[str, bytes]
    acks: tuple[Ack, ...]


def iterate_states(log, per_place, seed=0):
    """Yield the distinct states a log can leave, at most `per_place` for each place in it."""
    rng, seen = random.Random(seed), set()
    platter = Platter(log.base)
    for place in range(len(log.ops) + 1):
        found = 0
        for crash in iterate_crashes(platter, log, rng, per_place):
            files = platter.crash(crash)
            key = (hash_files(files), len(platter.acks))
            if key not in seen:
                seen.add(key)
                found += 1
                yield State(place, crash, files, tuple(platter.acks))
            if found == per_place:
                break
        if place < len(log.ops):
            platter.take(place, log.ops[place])


def iterate_crashes(platter, log, rng, most):
    """Yield losses: none, all, all after a point, each alone, each but one, and by chance."""
    pending = platter.pending
    yield Crash(frozenset())
    if not pending:
        return
    yield Crash(frozenset(pending))
    yield Crash(frozenset(), sized=True)
    singles = [frozenset(pending) - {number} for number in pending]
    singles += [frozenset({number}) for number in pending]
    singles += [frozenset(pending[:i]) for i in range(1, len(pending))]
    rng.shuffle(singles)
    for kept in singles[:most]:
        yield Crash(kept, sized=rng.random() < 0.5)
    for _ in range(2 * most):
        share = rng.choice((0.2, 0.5, 0.8, 0.95))
        kept = frozenset(number for number in pending if rng.random() < share)
        torn = None
        writes = [n for n in kept if isinstance(log.ops[n], Write) and len(log.ops[n].data) > 512]
        if writes and rng.random() < 0.3:
            torn = (rng.choice(writes), rng.randrange(1, 8))
        yield Crash(kept, rng.random() < 0.5, torn)


def hash_files(files):
    """Return a digest of what matters: scratch is cleared before anybody looks."""
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted(files):
        if not path.startswith("scratch"):
            digest.update(f"{path}\0{len(files[path])}\0".encode())
            digest.update(files[path])
    return digest.digest()
