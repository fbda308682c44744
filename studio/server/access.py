"""Who asks, in which language, and what they may see.

Routes take a `Visitor`:

    def list_things(visitor: CurrentVisitor) -> ...:
        visitor.studio.submit(...)  # the home as this user
        visitor.check_asset(id)  # the asset, or "there is none"
        find(user=visitor.owner)  # None: an admin sees everybody's
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources import files
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection

from studio.app.asset import Asset
from studio.app.studio import Studio
from studio.errors import AssetNotFoundError, StudioError
from studio.ids import is_id
from studio.plugin_texts import find_tables
from studio.scheduler.job import JobRecord
from studio.server.accounts import Accounts, User
from studio.server.errors import NotFoundError
from studio.server.settings import ServerSettings
from studio.translation import Translator

COOKIE = "studio_session"


@dataclass
class Visitor:
    """Whoever sent a request.

    Attributes:
        name: user name; jobs and assets belong to it.
        is_admin: sees and touches everybody's.
        translator: into the language of the browser.
        home: the home as the server's own user; `studio` is the one to use.
    """

    name: str
    is_admin: bool
    translator: Translator
    home: Studio

    @cached_property
    def studio(self) -> Studio:
        """The home as this user."""
        return self.home.for_user(self.name)

    @property
    def owner(self) -> str | None:
        """Whose things may be seen; None: everybody's."""
        return None if self.is_admin else self.name

    @property
    def language(self) -> str:
        """Code of the language, e.g. "en"."""
        return self.translator.language

    def check_asset(self, id: str) -> Asset:
        """Return an asset by its whole id.

        Raises:
            AssetNotFoundError: there is none, or it is another user's.
        """
        if is_id(id):
            asset = self.studio.asset(id)
            if self.owner in (None, asset.record.user):
                return asset
        raise AssetNotFoundError(
            "asset {id}: there is none; `studio assets list` shows what there is", id=id
        )

    def check_assets(self, ids: Iterable[str]) -> list[Asset]:
        """Return assets in order; raises as `check_asset`."""
        return [self.check_asset(id) for id in ids]

    def check_job(self, id: str) -> JobRecord:
        """Return a job's record by its whole id.

        Raises:
            NotFoundError: there is none, or it is another user's.
        """
        if is_id(id):
            try:
                record = self.home.get_job(id)
            except StudioError:
                record = None
            if record is not None and self.owner in (None, record.request.user):
                return record
        raise NotFoundError("job {id}: there is none", id=id)


class Languages:
    """The translators of a server, each read once."""

    def __init__(self, default: str) -> None:
        tables = files("studio.translations").iterdir()
        names = [path.name.removesuffix(".json") for path in tables if path.name.endswith(".json")]
        self._translators = {name: Translator(name, find_tables(name)) for name in ("en", *names)}
        self._default = default

    def find(self, language: str) -> Translator | None:
        """Return the translator into a language, if there is one."""
        return self._translators.get(language)

    def choose(self, accepted: str) -> Translator:
        """Return the best translator for an `Accept-Language` header."""
        wanted: list[tuple[float, str]] = []
        for part in accepted[:500].split(","):
            match = re.match(r"\s*([A-Za-z]{2,3})\b[^;]*(?:;\s*q=([\d.]+))?", part)
            if match:
                wanted.append((_read_weight(match[2]), match[1].lower()))
        for weight, name in sorted(wanted, key=lambda pair: -pair[0]):
            if weight > 0 and name in self._translators:
                return self._translators[name]
        return self._translators[self._default if not wanted else "en"]


@dataclass(frozen=True)
class Door:
    """What the server knows, and how it knows people. One per application (`app.state.door`)."""

    studio: Studio
    settings: ServerSettings
    accounts: Accounts
    languages: Languages = field(repr=False)

    def find_user(self, headers: Headers, cookies: dict[str, str]) -> User | None:
        """Return who sends a request, or None where a login is needed.

        Without users everybody on this machine is the home's own user, and admin.
        """
        kind, _, token = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            return self.accounts.find_token(token.strip())
        if cookies.get(COOKIE) and (user := self.accounts.find_session(cookies[COOKIE])):
            return user
        if self.settings.is_private and not self.accounts.has_users():
            return User(self.studio.config.user, True)
        return None

    def build_visitor(self, user: User, headers: Headers) -> Visitor:
        """Return the visitor a user is in this request."""
        translator = self.languages.choose(headers.get("accept-language", ""))
        return Visitor(user.name, user.is_admin, translator, self.studio)


def get_door(request: HTTPConnection) -> Door:
    """Return the server's own."""
    door: Door = request.app.state.door
    return door


async def get_visitor(request: Request) -> Visitor:
    """Return who sent this request; the gate has looked already."""
    visitor: Visitor = request.state.visitor
    return visitor


async def get_admin(request: Request) -> Visitor:
    """Return who sent this request.

    Raises:
        NotFoundError: it is no admin.
    """
    visitor: Visitor = request.state.visitor
    if not visitor.is_admin:
        raise NotFoundError("there is nothing here for {user}", user=visitor.name)
    return visitor


def find_user(request: Request) -> str | None:
    """Return the name of who sent a request, for `gr.mount_gradio_app(auth_dependency=...)`."""
    visitor: Visitor | None = getattr(request.state, "visitor", None)
    return visitor.name if visitor else None


CurrentVisitor = Annotated[Visitor, Depends(get_visitor)]
CurrentAdmin = Annotated[Visitor, Depends(get_admin)]


def _read_weight(text: str | None) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 0.0
