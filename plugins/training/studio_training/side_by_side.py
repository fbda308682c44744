"""Small pictures side by side: one on each core, where all cores on one would wait for each other.

A net's sums on one thread are not those on several, so a small picture is always made on one,
alone or among others, and gives the same on a machine with any number of cores.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

Part = TypeVar("Part")
Made = TypeVar("Made")

_LOCK = threading.Lock()
_POOLS: dict[int, ThreadPoolExecutor] = {}


def map_side_by_side(call: Callable[[Part], Made], parts: Sequence[Part]) -> list[Made]:
    """Call for each part on a single thread of torch's, as many at once as it has threads.

    Args:
        call: on the processor; no slopes are kept.
        parts: what it takes.
    """

    def run(part: Part) -> Made:
        with torch.inference_mode():  # which belongs to a thread
            return call(part)

    return list(_get_pool(torch.get_num_threads()).map(run, parts))


def _get_pool(threads: int) -> ThreadPoolExecutor:
    with _LOCK:
        if threads not in _POOLS:
            pool = ThreadPoolExecutor(threads, "studio-side")
            ready = threading.Barrier(threads)

            def begin() -> None:
                torch.get_num_threads()  # or a thread's first sum sets the number of all others
                torch.set_num_threads(1)
                ready.wait()

            try:
                for started in [pool.submit(begin) for _ in range(threads)]:
                    started.result()
            except BaseException:
                ready.abort()  # a thread that cannot start must not hold up the others
                raise
            torch.set_num_threads(threads)  # threads that begin later take the last number set
            _POOLS[threads] = pool
        return _POOLS[threads]
