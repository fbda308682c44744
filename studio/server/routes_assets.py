"""`/assets`: looking for assets, looking at one, and changing what is said of it."""

from dataclasses import replace

from fastapi import APIRouter
from starlette.responses import JSONResponse

from studio.server.access import CurrentVisitor
from studio.server.models_assets import (
    AssetChange,
    AssetData,
    AssetPage,
    AssetsResponse,
    Count,
    TagCount,
    TagCounts,
    build_asset,
    build_assets,
)
from studio.server.queries import AssetFilter, PageFilter
from studio.server.replies import LIBRARY
from studio.store.labels import find_tags

router = APIRouter(tags=["assets"], responses=LIBRARY)


@router.get("/assets", responses={200: {"model": AssetPage}})
def list_assets(visitor: CurrentVisitor, filters: PageFilter) -> AssetsResponse:
    """List assets, newest first, a page at a time."""
    query = replace(
        filters.build_query(visitor), limit=filters.limit, cursor=filters.cursor or None
    )
    page = visitor.studio.assets.store.search(query)
    return AssetsResponse({"items": build_assets(page.records), "next_cursor": page.next_cursor})


@router.get("/assets/count")
def count_assets(visitor: CurrentVisitor, filters: AssetFilter) -> Count:
    """Count what a list has over all its pages."""
    return Count(count=visitor.studio.assets.store.count(filters.build_query(visitor)))


@router.get("/tags")
def list_tags(visitor: CurrentVisitor, prefix: str = "", limit: int = 50) -> TagCounts:
    """List the tags that begin so."""
    database = visitor.studio.assets.store.database
    found = find_tags(database, prefix[:64], user=visitor.owner, limit=min(max(limit, 1), 1000))
    return TagCounts(items=[TagCount(tag=tag, count=count) for tag, count in found])


@router.get("/assets/{id}", responses={200: {"model": AssetData}})
def get_asset(visitor: CurrentVisitor, id: str) -> JSONResponse:
    """Show an asset."""
    return JSONResponse(build_asset(visitor.check_asset(id).record))


@router.patch("/assets/{id}", responses={200: {"model": AssetData}})
def change_asset(visitor: CurrentVisitor, id: str, change: AssetChange) -> JSONResponse:
    """Change title, stars, notes and tags; all of it or nothing."""
    store = visitor.studio.assets.store
    visitor.check_asset(id)
    with store.database.transaction():
        if change.title is not None:
            store.set_title(id, change.title)
        if change.rating is not None:
            store.rate(id, change.rating)
        if change.notes is not None:
            store.note(id, change.notes)
        if change.add_tags or change.remove_tags:
            store.tag(id, change.add_tags, change.remove_tags)
    return JSONResponse(build_asset(store.get(id)))
