"""`/events`: what happens, as server-sent events."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import APIRouter, FastAPI, Header, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

import studio as package
from studio.server.access import CurrentVisitor, Visitor, get_door
from studio.server.feed import Feed
from studio.server.replies import LIST, Responses

BEAT = 15.0
"""Seconds between signs of life."""

_STREAM: Responses = {200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}}


@asynccontextmanager
async def run_feed(app: FastAPI) -> AsyncIterator[None]:
    """Have a feed as long as the server runs."""
    feed = get_feed(app)
    try:
        yield
    finally:
        await run_in_threadpool(feed.close)


router = APIRouter(tags=["events"], lifespan=run_feed)


def get_feed(app: FastAPI) -> Feed:
    """Return the application's feed."""
    studio = app.state.door.studio
    feed: Feed | None = getattr(app.state, "feed", None)
    if feed is None or feed.studio is not studio:
        feed = app.state.feed = Feed(studio)
    return feed


@router.get(
    "/events",
    operation_id="stream_events",
    summary="Stream what happens.",
    responses={**LIST, **_STREAM},
    response_class=StreamingResponse,
)
async def stream_events(
    request: Request,
    visitor: CurrentVisitor,
    after: Annotated[str, Query(max_length=64, description="id of the last event seen")] = "",
    last_event_id: Annotated[str, Header(max_length=64)] = "",
) -> StreamingResponse:
    """Stream server-sent events: `hello`, `job`, `progress`, `asset`, `worker`, `run`, `reset`.

    A client that comes back with the id of the last event it saw misses nothing; `reset` says
    that this is not possible, or that very much changed, and that it should read everything anew.
    """
    feed = get_feed(request.app)
    await run_in_threadpool(feed.start)
    return StreamingResponse(
        stream(request, feed, visitor, last_event_id or after),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
    )


async def stream(request: Request, feed: Feed, visitor: Visitor, last: str) -> AsyncIterator[str]:
    """Yield frames until the client goes or the server ends."""
    ring = feed.ring
    place = ring.newest
    yield "retry: 1000\n" + build_frame("hello", f'{{"version":"{package.__version__}"}}', "")
    if last:
        known = ring.find(last)
        if known is None:
            yield build_frame("reset", '{"reason":"too long ago"}', ring.name(place))
        else:
            place = known
    yield f"id: {ring.name(place)}\n\n"
    async with feed.listen() as bell:
        while not feed.is_closing:
            bell.clear()
            batch = ring.read(place)
            place = batch.place
            if batch.has_gap:
                yield build_frame("reset", '{"reason":"too slow"}', ring.name(place))
            elif batch.entries:
                frames = [
                    build_frame(entry.kind, entry.text, ring.name(entry.seq))
                    for entry in batch.entries
                    if visitor.is_admin or entry.user in ("", visitor.name)
                ]
                if frames:
                    yield "".join(frames)
            try:
                await asyncio.wait_for(bell.wait(), BEAT)
            except TimeoutError:
                if not await run_in_threadpool(is_welcome, request, visitor):
                    return
                yield f": beat\nid: {ring.name(place)}\n\n"


def build_frame(kind: str, text: str, id: str) -> str:
    """Return an event as it is sent; JSON has no line breaks."""
    head = f"id: {id}\n" if id else ""
    return f"{head}event: {kind}\ndata: {text}\n\n"


def is_welcome(request: Request, visitor: Visitor) -> bool:
    """Tell whether the client is still logged in."""
    user = get_door(request).find_user(request.headers, request.cookies)
    return user is not None and user.name == visitor.name
