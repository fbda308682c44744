"""`/collections`: assets gathered under a name."""

from typing import Annotated

from fastapi import APIRouter, Path

from studio.server.access import CurrentVisitor
from studio.server.models_assets import CollectionName, Count, Ids, NameCount, NameCounts
from studio.server.replies import LIBRARY
from studio.store.labels import (
    find_collections,
    name_collection,
    remove_collection,
    rename_collection,
)

router = APIRouter(tags=["collections"], responses=LIBRARY)

Name = Annotated[str, Path(min_length=1, max_length=50)]


@router.get("/collections")
def list_collections(visitor: CurrentVisitor) -> NameCounts:
    """List collections with how many assets are in them."""
    found = find_collections(visitor.studio.assets.store.database, user=visitor.owner)
    return NameCounts(items=[NameCount(name=name, count=count) for name, count in found])


@router.post("/collections/{name}/add")
def add_to_collection(visitor: CurrentVisitor, name: Name, body: Ids) -> Count:
    """Put assets into a collection, which is made by that."""
    return _change(visitor, name, body.ids, is_added=True)


@router.post("/collections/{name}/remove")
def remove_from_collection(visitor: CurrentVisitor, name: Name, body: Ids) -> Count:
    """Take assets out of a collection; an empty one is gone."""
    return _change(visitor, name, body.ids, is_added=False)


@router.post("/collections/{name}/rename")
def change_collection_name(visitor: CurrentVisitor, name: Name, body: CollectionName) -> Count:
    """Rename a collection, with those of its assets that are in the trash."""
    with visitor.studio.assets.store.database.transaction() as connection:
        return Count(count=rename_collection(connection, name, body.name, user=visitor.owner))


@router.delete("/collections/{name}")
def delete_collection(visitor: CurrentVisitor, name: Name) -> Count:
    """Take every asset out of a collection; the assets stay."""
    with visitor.studio.assets.store.database.transaction() as connection:
        return Count(count=remove_collection(connection, name, user=visitor.owner))


def _change(visitor: CurrentVisitor, name: str, ids: list[str], *, is_added: bool) -> Count:
    assets = visitor.check_assets(ids)
    store = visitor.studio.assets.store
    with store.database.transaction() as connection:
        owners = {asset.record.user for asset in assets} if is_added else set()
        tag = name_collection(connection, name, owners)
        for asset in assets:
            store.tag(asset.id, [tag] if is_added else (), () if is_added else [tag])
    return Count(count=len(assets))
