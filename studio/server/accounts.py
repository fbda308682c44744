"""Who may come in: users with passwords, their sessions in browsers, their tokens for programs.

All of it lives in the home's database; of passwords, sessions and tokens only hashes are kept.
"""

import hashlib
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from studio.database import Database, Row
from studio.server.errors import ConflictError, LoginError, NotFoundError, ServerError

SESSION_SECONDS = 30 * 24 * 3600
SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 1024

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")

SCRIPTS = (
    """
    CREATE TABLE users(
        name TEXT PRIMARY KEY,
        password TEXT NOT NULL,
        is_admin INTEGER NOT NULL,
        created REAL NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE sessions(
        hash TEXT PRIMARY KEY,
        user TEXT NOT NULL REFERENCES users(name) ON DELETE CASCADE,
        expires REAL NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX sessions_user ON sessions(user);
    CREATE TABLE tokens(
        hash TEXT PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        user TEXT NOT NULL REFERENCES users(name) ON DELETE CASCADE,
        label TEXT NOT NULL,
        created REAL NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX tokens_user ON tokens(user);
    """,
)


@dataclass(frozen=True)
class User:
    """Somebody who may come in."""

    name: str
    is_admin: bool
    created: float = 0.0


@dataclass(frozen=True)
class Token:
    """A program's way in; `id` names it, its secret is shown once."""

    id: str
    user: str
    label: str
    created: float


class Accounts:
    """Users, sessions and tokens of a home.

    Args:
        database: of the home.
        clock: unix seconds.
    """

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        database.migrate("accounts", SCRIPTS)
        self._database = database
        self._clock = clock
        self._hasher = PasswordHasher()
        self._nobody = self._hasher.hash(secrets.token_hex())

    # Users

    def has_users(self) -> bool:
        """Tell whether there is any user; without one the home belongs to whoever sits here."""
        return bool(self._database.query("SELECT 1 FROM users LIMIT 1"))

    def list_users(self) -> list[User]:
        """List them by name."""
        rows = self._database.query("SELECT name, is_admin, created FROM users ORDER BY name")
        return [_build_user(row) for row in rows]

    def get_user(self, name: str) -> User:
        """Return a user.

        Raises:
            NotFoundError: there is none.
        """
        sql = "SELECT name, is_admin, created FROM users WHERE name = ?"
        for row in self._database.query(sql, (clean_name(name),)):
            return _build_user(row)
        raise _build_missing_error(name)

    def check_free(self, name: str) -> None:
        """Check that a user of that name could be added.

        Raises:
            ServerError: it is no name.
            ConflictError: it is taken.
        """
        sql = "SELECT 1 FROM users WHERE name = ?"
        if self._database.query(sql, (clean_name(name),)):
            raise ConflictError("user {name}: is there already", name=name)

    def add_user(self, name: str, password: str, *, is_admin: bool = False) -> User:
        """Add a user.

        Raises:
            ServerError: the name or password will not do, or the name is taken.
        """
        name = clean_name(name)
        check_password(password)
        user = User(name, is_admin, self._clock())
        row = (name, self._hasher.hash(password), int(is_admin), user.created)
        with self._database.transaction() as connection:
            self.check_free(name)
            connection.execute("INSERT INTO users VALUES(?, ?, ?, ?)", row)
        return user

    def remove_user(self, name: str) -> None:
        """Remove a user with sessions and tokens; jobs and assets stay.

        Raises:
            NotFoundError: there is none.
        """
        self._change("DELETE FROM users WHERE name = ?", clean_name(name))

    def set_password(self, name: str, password: str) -> None:
        """Give a user another password, and log it out everywhere.

        Raises:
            ServerError: there is no such user, or the password will not do.
        """
        check_password(password)
        name = clean_name(name)
        with self._database.transaction() as connection:
            self._change(
                "UPDATE users SET password = ? WHERE name = ?", self._hasher.hash(password), name
            )
            connection.execute("DELETE FROM sessions WHERE user = ?", (name,))

    def check_login(self, name: str, password: str) -> User:
        """Return the user a name and password are of; takes as long for a name nobody has.

        Raises:
            LoginError: they are nobody's.
        """
        sql = "SELECT name, is_admin, created, password FROM users WHERE name = ?"
        rows = self._database.query(sql, (name.strip().lower()[:64],))
        try:
            self._hasher.verify(rows[0]["password"] if rows else self._nobody, password[:1025])
        except (Argon2Error, InvalidHashError):
            rows = []
        if not rows:
            raise LoginError("this name and password are nobody's; try again")
        return _build_user(rows[0])

    # Sessions

    def open_session(self, name: str) -> str:
        """Log a user in; return the secret for its browser."""
        secret = secrets.token_urlsafe(32)
        now = self._clock()
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM sessions WHERE expires <= ?", (now,))
            connection.execute(
                "INSERT INTO sessions VALUES(?, ?, ?)", (_hash(secret), name, now + SESSION_SECONDS)
            )
        return secret

    def find_session(self, secret: str) -> User | None:
        """Return the user of a browser's secret, or None."""
        sql = (
            "SELECT name, is_admin, created FROM sessions JOIN users ON name = user "
            "WHERE hash = ? AND expires > ?"
        )
        rows = self._database.query(sql, (_hash(secret), self._clock()))
        return _build_user(rows[0]) if rows else None

    def close_session(self, secret: str) -> None:
        """Log out."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM sessions WHERE hash = ?", (_hash(secret),))

    # Tokens

    def add_token(self, user: str, label: str = "") -> tuple[Token, str]:
        """Make a token; return it with its secret, which nobody can find out again.

        Raises:
            NotFoundError: there is no such user.
        """
        user = clean_name(user)
        secret = f"studio_{secrets.token_urlsafe(32)}"
        token = Token(secrets.token_hex(4), user, label, self._clock())
        with self._database.transaction() as connection:
            self.get_user(user)
            connection.execute(
                "INSERT INTO tokens VALUES(?, ?, ?, ?, ?)",
                (_hash(secret), token.id, user, label, token.created),
            )
        return token, secret

    def list_tokens(self) -> list[Token]:
        """List them, oldest first."""
        sql = "SELECT id, user, label, created FROM tokens ORDER BY created, id"
        return [Token(**row) for row in self._database.query(sql)]

    def find_token(self, secret: str) -> User | None:
        """Return the user of a token's secret, or None."""
        sql = (
            "SELECT name, is_admin, users.created FROM tokens JOIN users ON name = user "
            "WHERE hash = ?"
        )
        rows = self._database.query(sql, (_hash(secret),))
        return _build_user(rows[0]) if rows else None

    def remove_token(self, id: str) -> None:
        """Remove a token.

        Raises:
            NotFoundError: there is none.
        """
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM tokens WHERE id = ?", (id,))
            if not connection.changes():
                raise NotFoundError("token {id}: there is none; `studio token list`", id=id)

    def _change(self, sql: str, *values: str) -> None:
        with self._database.transaction() as connection:
            connection.execute(sql, values)
            if not connection.changes():
                raise _build_missing_error(values[-1])


def clean_name(name: str) -> str:
    """Return a user's name as it is kept, in lower case.

    Raises:
        ServerError: it is no name.
    """
    cleaned = name.strip().lower()
    if not _NAME.fullmatch(cleaned):
        raise ServerError(
            "user '{name}': a name has 1 to 32 letters a-z, digits, dots, dashes or underscores, "
            "and begins with a letter or digit",
            name=name,
        )
    return cleaned


def check_password(password: str) -> None:
    """Refuse what is no password.

    Raises:
        ServerError: it is too short or too long.
    """
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise ServerError(
            "a password has {shortest} to {longest} letters",
            shortest=SHORTEST_PASSWORD,
            longest=LONGEST_PASSWORD,
        )


def _build_user(row: Row) -> User:
    return User(row["name"], bool(row["is_admin"]), row["created"])


def _build_missing_error(name: str) -> NotFoundError:
    return NotFoundError("user {name}: there is none; `studio user list` shows them", name=name)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
