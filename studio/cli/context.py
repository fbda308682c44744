"""What every command is given: flags, language, output, and the `Studio`, opened on use."""

from collections.abc import Callable, Sequence
from importlib import import_module
from types import TracebackType
from typing import TYPE_CHECKING, Self

import click

import studio
from studio.cli.flags import Flags, find_language
from studio.cli.output import Output
from studio.errors import StudioError
from studio.translation import Translator

if TYPE_CHECKING:
    from studio.app.studio import Studio
    from studio.config import Config


class Session:
    """One run of the command line.

    Attributes:
        has_queued: something was queued, so that an error is a failure and no wrong use.
    """

    def __init__(self, flags: Flags) -> None:
        self.flags = flags
        self.translator = Translator(find_language(flags))
        self.out = Output(flags.json)
        self.has_queued = False
        self._studio: Studio | None = None
        self._close_console: Callable[[], None] = lambda: None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def studio(self) -> "Studio":
        """The home, opened when it is first asked for.

        Raises:
            StudioError: it cannot be opened.
        """
        if self._studio is None:
            if self.flags.log_level:
                opened = import_module("studio.observe.logs").open_console(self.flags.log_level)
                self._close_console = opened
            # Through the package: the host is imported only now.
            self._studio = studio.Studio(
                self.flags.home or None,
                language=self.flags.language or None,
                log_level=self.flags.log_level or None,
            )
        return self._studio

    def load_config(self) -> "Config":
        """Read the settings without opening the home.

        Raises:
            ConfigError: a setting is wrong or the home cannot be made.
        """
        from studio.config import load_config  # pydantic costs a tenth of a second

        return load_config(home=self.flags.home or None, language=self.flags.language or None)

    def close(self) -> None:
        """Close the home if it was opened."""
        if self._studio is not None:
            opened, self._studio = self._studio, None
            opened.close()
        self._close_console()

    def text(self, template: str, **values: object) -> str:
        """Say something in the user's language."""
        return self.translator.text(template, **values)

    def say(self, template: str, **values: object) -> None:
        """Write a line for a person on stdout; nothing with `--json`."""
        if not self.out.as_json:
            self.out.line(self.text(template, **values))

    def note(self, template: str, **values: object) -> None:
        """Write a line for a person on stderr; nothing with `--json`."""
        if not self.out.as_json:
            self.out.note(self.text(template, **values))

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Write a table on stdout; the columns' names are translated."""
        self.out.table([self.text(name) for name in columns], rows)

    def describe(self, error: Exception | None) -> str:
        """Say an error in the user's language."""
        if isinstance(error, StudioError):
            return self.translator.error(error)
        return f"{type(error).__name__}: {error}" if error else ""


def get_session(context: click.Context | None = None) -> Session:
    """Return the session of a running command."""
    session = (context or click.get_current_context()).find_object(Session)
    if session is None:
        raise RuntimeError("this command runs only below `studio`")
    return session
