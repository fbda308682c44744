"""The filters of asset lists, as they stand in an address."""

from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from studio.media import MediaType
from studio.server.access import Visitor
from studio.store import SearchQuery
from studio.store.labels import COLLECTION


class AssetFilters(BaseModel):
    """What to look for; everything given must hold."""

    model_config = ConfigDict(extra="ignore")

    text: str = Field("", max_length=1000, description="beginnings of words")
    kind: MediaType | None = None
    generator: str | None = Field(None, max_length=200)
    tag: list[str] = Field([], max_length=20)
    collection: str | None = Field(None, max_length=64)
    rating_min: int = Field(0, ge=0, le=5)
    created_after: float | None = Field(None, description="unix seconds")
    created_before: float | None = Field(None, description="unix seconds")
    colour: str | None = Field(None, max_length=32, description="a name, or #rrggbb")
    job: str | None = Field(None, max_length=64)
    trashed: bool = False

    def build_query(self, visitor: Visitor) -> SearchQuery:
        """Return the query of the store; of nobody's assets but the visitor's."""
        tags = list(self.tag)
        if self.collection:
            tags.append(COLLECTION + self.collection)
        return SearchQuery(
            text=self.text,
            kind=self.kind,
            generator=self.generator or None,
            tags=tuple(tags),
            rating_min=self.rating_min,
            created_after=self.created_after,
            created_before=self.created_before,
            job=self.job or None,
            colour=self.colour or None,
            trashed=self.trashed,
            user=visitor.owner,
        )


class PageFilters(AssetFilters):
    """A page of what is looked for."""

    limit: int = Field(60, ge=1, le=1000)
    cursor: str | None = Field(None, max_length=64)


AssetFilter = Annotated[AssetFilters, Query()]
PageFilter = Annotated[PageFilters, Query()]
