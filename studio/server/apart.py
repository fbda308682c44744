"""Long calls beside the server's own threads: they may wait for hours and never hold up its end."""

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

import anyio

Answer = TypeVar("Answer")

MOST = 8


class LongCalls:
    """Runs a few blocking calls at a time, each in a thread that dies with the process."""

    def __init__(self) -> None:
        self._limit = anyio.Semaphore(MOST)

    async def run(self, call: Callable[[], Answer], name: str) -> Answer:
        """Run a call and return what it returns, or raise what it raises."""
        async with self._limit:
            loop = asyncio.get_running_loop()
            future: asyncio.Future[Answer] = loop.create_future()
            threading.Thread(target=_run, args=(call, loop, future), name=name, daemon=True).start()
            return await future


def _run(
    call: Callable[[], Answer], loop: asyncio.AbstractEventLoop, future: "asyncio.Future[Answer]"
) -> None:
    try:
        answer = call()
    except BaseException as error:
        _tell(loop, future, lambda fault=error: future.set_exception(fault))  # type: ignore[misc]
    else:
        _tell(loop, future, lambda: future.set_result(answer))


def _tell(
    loop: asyncio.AbstractEventLoop, future: "asyncio.Future[Answer]", tell: Callable[[], None]
) -> None:
    """Tell the server; whoever asked, or the server itself, may be gone."""
    try:
        loop.call_soon_threadsafe(lambda: None if future.done() else tell())
    except RuntimeError:
        return
