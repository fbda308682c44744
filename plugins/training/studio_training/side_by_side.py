"""Small pictures side by side: one on each core, where all cores on one would wait for each other.

A net's sums on one thread are not those on several, so a small picture is always made on one,
alone or among others, and gives the same on a machine with any number of cores.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Final, TypeVar

import torch
from torch import Tensor

SMALL: Final = 1 << 14
"""Pixels of a picture that one thread draws as fast as two: 128 x 128."""
FEW: Final = 8
"""Pictures that a thread draws at once. With fewer, threads wait for each other in Python between
many short steps; with more, some wait long for the last."""

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
    return list(stream_side_by_side(call, parts, len(parts)))


def stream_side_by_side(
    call: Callable[[Part], Made], parts: Iterable[Part], ahead: int = 2
) -> Iterator[Made]:
    """Yield what `map_side_by_side` returns, part by part; the next are at work meanwhile.

    Args:
        call: as there.
        parts: asked for when their turn comes.
        ahead: parts that are begun before they are asked for, on each thread.
    """

    def run(part: Part) -> Made:
        with torch.inference_mode():  # which belongs to a thread
            return call(part)

    threads = torch.get_num_threads()
    if threads == 1:  # a part of another call, too
        yield from map(run, parts)
        return
    begun: deque[Future[Made]] = deque()
    try:
        for part in parts:
            begun.append(_get_pool(threads).submit(run, part))
            if len(begun) > ahead * threads:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()
    finally:
        for task in begun:
            task.cancel()
        wait(begun)


def draw_in_parts(draw: Callable[[slice], Tensor], count: int, pixels: int) -> Tensor:
    """Draw pictures (N, ...), small ones a few on each core; where they are large, all in one go.

    Args:
        draw: those of some rows, on the processor; no slopes are kept.
        count: of all.
        pixels: of one.
    """
    if pixels > SMALL:
        return draw(slice(count))
    return torch.cat(map_side_by_side(draw, cut_in_parts(count)))


def cut_in_parts(count: int) -> list[slice]:
    """Cut rows of small pictures into parts for the threads there are."""
    size = max(1, min(FEW, -(-count // torch.get_num_threads())))
    return [slice(first, min(first + size, count)) for first in range(0, count, size)]


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
