"""Assets of a server, in a user's hands."""

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import quote

from studio.client.connection import Connection, clean
from studio.errors import InvalidInputError
from studio.media import MediaType

if TYPE_CHECKING:
    from PIL.Image import Image

_ID = re.compile(r"[0-7][0-9a-hjkmnp-tv-z]{25}")
_MOST_IN_ADDRESS = 200
_CHUNK = 1 << 20

InputValues = Mapping[str, Any]


class RemoteAsset:
    """A stored result on a server. Its files come when they are asked for.

    Attributes:
        data: all that the server says of it.
    """

    def __init__(self, data: dict[str, Any], connection: Connection) -> None:
        self.data = data
        self._connection = connection

    def __repr__(self) -> str:
        return f"RemoteAsset({self.id!r}, {self.kind.value}, {self.title!r})"

    @property
    def id(self) -> str:
        """26 characters; sorts by time."""
        return str(self.data["id"])

    @property
    def kind(self) -> MediaType:
        """Media type."""
        return MediaType(self.data["kind"])

    @property
    def title(self) -> str:
        """A short name."""
        return str(self.data["title"])

    @property
    def seed(self) -> int | None:
        """The seed that made it; None if it was imported."""
        seed: int | None = self.data["seed"]
        return seed

    @property
    def params(self) -> dict[str, Any]:
        """The params that made it."""
        return dict(self.data["params"])

    @property
    def info(self) -> dict[str, Any]:
        """What its generator noted of it."""
        return dict(self.data["info"])

    @property
    def metrics(self) -> dict[str, float]:
        """Figures measured when it was made."""
        return dict(self.data["metrics"])

    @property
    def tags(self) -> list[str]:
        """Tags."""
        return list(self.data["tags"])

    @property
    def rating(self) -> int:
        """0 (none) to 5 stars."""
        return int(self.data["rating"])

    @property
    def trashed(self) -> bool:
        """In the trash."""
        return bool(self.data["trashed"])

    @property
    def files(self) -> list[str]:
        """Names of its files; a texture's maps."""
        return list(self.data["files"])

    def open(self, name: str = "") -> BinaryIO:
        """Fetch a file of it, the main one by default, into memory."""
        buffer = io.BytesIO()
        self._fetch(name or str(self.data["main"]), buffer)
        buffer.seek(0)
        return buffer

    def image(self, name: str = "") -> "Image":
        """Fetch a picture of it (a texture's map by `name`)."""
        from PIL import Image, UnidentifiedImageError  # of no use to programs that only submit

        try:
            picture = Image.open(self.open(name))
            picture.load()
        except (UnidentifiedImageError, OSError) as error:
            raise InvalidInputError("asset {asset}: it is not a picture", asset=self.id) from error
        return picture

    def save(self, folder: Path | str) -> list[Path]:
        """Fetch its files into a folder under readable names, and return them."""
        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        paths = []
        for name, file in self.data["files"].items():
            path = target / self._name_file(name, file["suffix"])
            waiting = path.with_name(f".{path.name}.part")
            with waiting.open("wb") as stream:
                self._fetch(name, stream)
            waiting.replace(path)
            paths.append(path)
        return paths

    def lineage(self) -> dict[str, Any]:
        """Return `{nodes, edges, is_complete}`: what it was made from, and what from it."""
        found: dict[str, Any] = self._connection.get(f"assets/{self.id}/lineage")
        return found

    def reproduce(self) -> dict[str, Any]:
        """Run its recipe again: `{verdict, distance, reason, asset}`."""
        found: dict[str, Any] = self._connection.post(f"assets/{self.id}/reproduce")
        return found

    def _name_file(self, name: str, suffix: str) -> str:
        words = "".join(c if c.isalnum() else "-" for c in self.title.lower()).strip("-")
        words = re.sub("-{2,}", "-", words)[:48]
        stem = f"{words}-{self.id[-6:]}" if words else self.id
        is_alone = name == self.data["main"] and self.kind is not MediaType.TEXTURE
        clean_name = re.sub(r"[^\w.-]", "-", name)
        ending = suffix if re.fullmatch(r"\.\w{1,12}", suffix) else ""
        return f"{stem}{ending}" if is_alone else f"{stem}_{clean_name}{ending}"

    def _fetch(self, name: str, stream: BinaryIO) -> None:
        if name not in self.data["files"]:
            raise InvalidInputError(
                "asset {asset}: no file '{name}'; it has {known}",
                asset=self.id,
                name=name,
                known=", ".join(self.files),
            )
        path = f"assets/{self.id}/files/{quote(name, safe='')}"
        with self._connection.stream(path, timeout=60) as response:
            for chunk in response.iter_bytes(_CHUNK):
                stream.write(chunk)


class RemoteLibrary:
    """`client.assets`: search, import, export, tag, rate and trash."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, asset: str) -> RemoteAsset:
        """Return an asset by its id.

        Raises:
            AssetNotFoundError: there is none, or it is another user's.
        """
        return RemoteAsset(
            self._connection.get(f"assets/{quote(asset, safe='')}"), self._connection
        )

    def get_many(self, ids: Sequence[str]) -> list[RemoteAsset]:
        """Return assets in the order of their ids."""
        return [self.get(asset) for asset in ids]

    def search(self, text: str = "", **filters: Any) -> Iterator[RemoteAsset]:
        """Yield assets, newest first, as many as there are; take what you need.

        Args:
            text: words; each must begin a word of title, prompt, tags, notes or generator.
            **filters: kind, generator, tags, collection, rating_min, created_after,
                created_before, job, trashed; limit: assets a page.
        """
        params = rename_filters(text, filters)
        while True:
            page = self._connection.get("assets", params)
            for data in page["items"]:
                yield RemoteAsset(data, self._connection)
            if page["next_cursor"] is None:
                return
            params = {**params, "cursor": page["next_cursor"]}

    def count(self, text: str = "", **filters: Any) -> int:
        """Count what `search` would yield."""
        return int(self._connection.get("assets/count", rename_filters(text, filters))["count"])

    def import_file(
        self, path: Path | str, *, title: str = "", tags: Sequence[str] = ()
    ) -> RemoteAsset:
        """Send a file, or a folder of maps as one texture."""
        source = Path(path)
        paths = sorted(p for p in source.iterdir() if p.is_file()) if source.is_dir() else [source]
        with ExitStack() as stack:
            try:
                files = [("files", (p.name, stack.enter_context(p.open("rb")))) for p in paths]
            except OSError as error:
                raise InvalidInputError(
                    "{path}: {fault}", path=path, fault=error.strerror or error
                ) from error
            fields = clean({"title": title, "tags": ",".join(tags)})
            answer = self._connection.post("assets", fields, files=files)
        return RemoteAsset(answer["items"][0], self._connection)

    def export(self, ids: Sequence[str], path: Path | str) -> Path:
        """Fetch assets with their ancestors as one bundle (zip) that another home can import."""
        target = Path(path)
        place, params = "assets/bundle", {"id": list(ids)}
        if len(ids) > _MOST_IN_ADDRESS:
            ready = self._connection.post("assets/bundle/prepare", {"ids": list(ids)})
            place, params = f"assets/bundle/{ready['address'].rpartition('/')[2]}", {}
        with self._connection.stream(place, params) as response, target.open("wb") as stream:
            for chunk in response.iter_bytes(_CHUNK):
                stream.write(chunk)
        return target

    def import_bundle(self, path: Path | str) -> list[RemoteAsset]:
        """Send a bundle; nothing is added if anything in it is wrong."""
        with Path(path).open("rb") as stream:
            answer = self._connection.post(
                "assets/bundle", {}, files=[("file", (Path(path).name, stream))]
            )
        return [RemoteAsset(data, self._connection) for data in answer["items"]]

    def tag(
        self, asset: str, *, add: Sequence[str] = (), remove: Sequence[str] = ()
    ) -> RemoteAsset:
        """Add and remove tags."""
        return self._change(asset, {"add_tags": list(add), "remove_tags": list(remove)})

    def rate(self, asset: str, rating: int) -> RemoteAsset:
        """Give 0 (none) to 5 stars."""
        return self._change(asset, {"rating": rating})

    def note(self, asset: str, notes: str) -> RemoteAsset:
        """Replace the notes."""
        return self._change(asset, {"notes": notes})

    def trash(self, ids: Sequence[str]) -> int:
        """Move assets to the trash; return how many were not there yet."""
        return int(self._connection.post("assets/trash", {"ids": list(ids)})["count"])

    def restore(self, ids: Sequence[str]) -> int:
        """Take assets out of the trash; return how many were in it."""
        return int(self._connection.post("assets/restore", {"ids": list(ids)})["count"])

    def resolve(self, inputs: InputValues) -> dict[str, list[str]]:
        """Turn slot -> paths, assets or ids into slot -> ids; files are sent first."""
        return {
            slot: [self._resolve_one(value) for value in as_list(given)]
            for slot, given in inputs.items()
        }

    def _resolve_one(self, value: Any) -> str:
        if isinstance(value, RemoteAsset):
            return value.id
        if isinstance(value, str) and _ID.fullmatch(value):
            return value
        return self.import_file(value).id

    def _change(self, asset: str, change: dict[str, Any]) -> RemoteAsset:
        data = self._connection.patch(f"assets/{quote(asset, safe='')}", change)
        return RemoteAsset(data, self._connection)


def as_list(given: Any) -> list[Any]:
    """Return what is given as a list."""
    return [given] if isinstance(given, str | Path | RemoteAsset) else list(given)


def rename_filters(text: str, filters: Mapping[str, Any]) -> dict[str, Any]:
    """Return filters as the server calls them."""
    params = {"text": text, **filters}
    if "tags" in params:
        params["tag"] = list(params.pop("tags"))
    return params
