"""The accounts of a home, for the commands that change them."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

from studio.cli.context import Session
from studio.errors import StudioError

if TYPE_CHECKING:
    from studio.server.accounts import Accounts


@contextmanager
def open_accounts(session: Session) -> Iterator["Accounts"]:
    """Open the accounts, and nothing else of the home.

    Raises:
        StudioError: a library is missing, or the home cannot be opened.
    """
    if find_spec("argon2") is None:
        raise StudioError(
            "users need {missing}; install it with: pip install 'generative-media-studio[ui]'",
            missing="argon2-cffi",
        )
    from studio.database import Database
    from studio.server.accounts import Accounts

    database = Database(session.load_config().database_path)
    try:
        yield Accounts(database)
    finally:
        database.close()
