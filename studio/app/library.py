"""`studio.assets`: the library, as Python sees it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from studio.app.asset import Asset, AssetHome
from studio.errors import InvalidParamsError
from studio.media import MediaType
from studio.store import (
    AssetRecord,
    FsckReport,
    SearchQuery,
    Store,
    check_store,
    export_bundle,
    import_bundle,
)


class Library:
    """Search, import, export, tag, rate and trash assets."""

    def __init__(self, store: Store, home: AssetHome, user: str) -> None:
        self.store = store
        self._home = home
        self._user = user

    def get(self, asset: str) -> Asset:
        """Return an asset by id or unique beginning of one.

        Raises:
            AssetNotFoundError: there is no such asset, or several.
        """
        return Asset(self.store.get(asset), self._home)

    def get_many(self, ids: Sequence[str]) -> list[Asset]:
        """Return assets in the order of their ids."""
        return [self.get(asset) for asset in ids]

    def search(self, text: str = "", **filters: Any) -> Iterator[Asset]:
        """Yield assets, newest first, as many as there are; take what you need.

        Args:
            text: words; each must begin a word of title, prompt, tags, notes or generator.
            **filters: fields of `SearchQuery`: kind, generator, tags, rating_min, job, ...
        """
        if filters.get("kind") is not None:
            filters["kind"] = get_kind(filters["kind"])
        for record in iterate_records(self.store, SearchQuery(text=text, **filters)):
            yield Asset(record, self._home)

    def import_file(self, path: Path | str, *, title: str = "", tags: Sequence[str] = ()) -> Asset:
        """Add a file, or a folder of maps as one texture; the same content again is the same asset.

        Raises:
            InvalidInputError: missing, unreadable, corrupt or of no known kind.
        """
        record = self.store.import_file(Path(path), title=title, tags=tuple(tags), user=self._user)
        return Asset(record, self._home)

    def export(self, ids: Sequence[str], path: Path | str, *, with_ancestors: bool = True) -> Path:
        """Write assets with their ancestors into one bundle (zip) that another home can import."""
        found = [self.store.get(asset).id for asset in ids]
        export_bundle(self.store, found, Path(path), with_ancestors=with_ancestors)
        return Path(path)

    def import_bundle(self, path: Path | str, *, adopt: bool = False) -> list[Asset]:
        """Add the assets of a bundle; nothing is added if anything in it is wrong.

        Args:
            path: of the bundle.
            adopt: they become this user's, whoever made them.
        """
        user = self._user if adopt else None
        records = import_bundle(self.store, Path(path), user=user)
        return [Asset(record, self._home) for record in records]

    def tag(self, asset: str, *, add: Sequence[str] = (), remove: Sequence[str] = ()) -> Asset:
        """Add and remove tags."""
        record = self.store.get(asset)
        self.store.tag(record.id, add=tuple(add), remove=tuple(remove))
        return self.get(record.id)

    def rate(self, asset: str, rating: int) -> Asset:
        """Give 0 (none) to 5 stars."""
        record = self.store.get(asset)
        self.store.rate(record.id, rating)
        return self.get(record.id)

    def note(self, asset: str, notes: str) -> Asset:
        """Replace the notes."""
        record = self.store.get(asset)
        self.store.note(record.id, notes)
        return self.get(record.id)

    def trash(self, ids: Sequence[str]) -> int:
        """Move assets to the trash; return how many were not there yet."""
        return self.store.trash([self.store.get(asset).id for asset in ids])

    def restore(self, ids: Sequence[str]) -> int:
        """Take assets out of the trash; return how many were in it."""
        return self.store.restore([self.store.get(asset).id for asset in ids])

    def check(self, *, deep: bool = False, repair: bool = False) -> FsckReport:
        """Look for damage: missing, changed or orphaned files, broken rows."""
        return check_store(self.store, deep=deep, repair=repair)


def get_kind(name: str) -> MediaType:
    """Turn the name of a media type into one.

    Raises:
        InvalidParamsError: there is none of that name.
    """
    try:
        return MediaType(name)
    except ValueError:
        raise InvalidParamsError(
            "kind '{name}': must be one of {known}", name=name, known=", ".join(MediaType)
        ) from None


def iterate_records(store: Store, query: SearchQuery) -> Iterator[AssetRecord]:
    """Yield what a query finds, page by page."""
    while True:
        page = store.search(query)
        yield from page.records
        if page.next_cursor is None:
            return
        query = replace(query, cursor=page.next_cursor)


def find_all(store: Store, kind: MediaType) -> Iterator[AssetRecord]:
    """Yield every asset of a kind."""
    return iterate_records(store, SearchQuery(kind=kind, limit=1000))
