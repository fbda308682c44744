"""`/collections`: assets gathered under a name."""

from typing import Annotated

from fastapi import APIRouter, Path

from studio.server.access import CurrentVisitor
from studio.server.models_assets import Count, Ids, NameCount, NameCounts
from studio.store.labels import COLLECTION, find_collections

router = APIRouter(tags=["collections"])

Name = Annotated[str, Path(min_length=1, max_length=50)]


@router.get("/collections")
def list_collections(visitor: CurrentVisitor) -> NameCounts:
    """List collections with how many assets are in them."""
    found = find_collections(visitor.studio.assets.store.database, user=visitor.owner)
    return NameCounts(items=[NameCount(name=name, count=count) for name, count in found])


@router.post("/collections/{name}/add")
def add_to_collection(visitor: CurrentVisitor, name: Name, body: Ids) -> Count:
    """Put assets into a collection, which is made by that."""
    return _change(visitor, body.ids, add=[COLLECTION + name])


@router.post("/collections/{name}/remove")
def remove_from_collection(visitor: CurrentVisitor, name: Name, body: Ids) -> Count:
    """Take assets out of a collection; an empty one is gone."""
    return _change(visitor, body.ids, remove=[COLLECTION + name])


def _change(
    visitor: CurrentVisitor, ids: list[str], *, add: list[str] | None = None,
    remove: list[str] | None = None,
) -> Count:  # fmt: skip
    assets = visitor.check_assets(ids)
    store = visitor.studio.assets.store
    with store.database.transaction():
        for asset in assets:
            store.tag(asset.id, add or (), remove or ())
    return Count(count=len(assets))
