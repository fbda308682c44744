"""`/assets/trash` and its like: one thing done to many assets, all or none."""

from fastapi import APIRouter

from studio.server.access import CurrentVisitor
from studio.server.models_assets import Count, Ids, IdsAndRating, IdsAndTags
from studio.server.replies import LIBRARY

router = APIRouter(tags=["assets"], responses=LIBRARY)


@router.post("/assets/trash")
def trash_assets(visitor: CurrentVisitor, body: Ids) -> Count:
    """Move assets to the trash; count those that were not there yet."""
    visitor.check_assets(body.ids)
    return Count(count=visitor.studio.assets.store.trash(body.ids))


@router.post("/assets/restore")
def restore_assets(visitor: CurrentVisitor, body: Ids) -> Count:
    """Take assets out of the trash; count those that were in it."""
    visitor.check_assets(body.ids)
    return Count(count=visitor.studio.assets.store.restore(body.ids))


@router.post("/assets/purge")
def purge_assets(visitor: CurrentVisitor, body: Ids) -> Count:
    """Remove for ever those that are in the trash; the others stay, and are not counted."""
    visitor.check_assets(body.ids)
    return Count(count=visitor.studio.assets.store.purge(body.ids))


@router.post("/assets/tag")
def tag_assets(visitor: CurrentVisitor, body: IdsAndTags) -> Count:
    """Give tags to assets and take others away."""
    assets = visitor.check_assets(body.ids)
    store = visitor.studio.assets.store
    with store.database.transaction():
        for asset in assets:
            store.tag(asset.id, body.add_tags, body.remove_tags)
    return Count(count=len(assets))


@router.post("/assets/rate")
def rate_assets(visitor: CurrentVisitor, body: IdsAndRating) -> Count:
    """Give stars to assets."""
    assets = visitor.check_assets(body.ids)
    store = visitor.studio.assets.store
    with store.database.transaction():
        for asset in assets:
            store.rate(asset.id, body.rating)
    return Count(count=len(assets))
