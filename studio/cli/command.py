"""Commands and groups that speak the user's language and know the global flags."""

import inspect
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Any, TypeVar

import click

from studio.cli.context import Session

_Command = TypeVar("_Command", bound=Callable[..., Any])

GLOBAL_HELP = {
    "--home": "Folder of the library; also STUDIO_HOME.",
    "--language": "Language of messages: en or es; also STUDIO_LANGUAGE.",
    "--json": "Write one JSON document instead of text.",
    "--log-level": "Show messages from debug, info, warning or error on; on stderr, in the log.",
}
"""Flags that stand anywhere on the line (`flags.take_flags` reads them)."""

HELP_FLAG = "Show this help."


class WrongUseError(click.UsageError):
    """A wrong command line, told in the user's language."""

    def __init__(self, template: str, **values: object) -> None:
        super().__init__(template.format(**values) if values else template)
        self.template = template
        self.values = values


def find_text(context: click.Context | None) -> Callable[..., str]:
    """Return the translation of the session, or of nobody where there is none."""
    session = context.find_object(Session) if context else None
    return session.text if session else lambda template: template


class Formatter(click.HelpFormatter):
    """Help whose headings are translated."""

    def __init__(self, context: click.Context) -> None:
        super().__init__(width=context.terminal_width, max_width=context.max_content_width)
        self._text = find_text(context)

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write the usage line."""
        super().write_usage(prog, args, f"{self._text('Usage:')} " if prefix is None else prefix)

    def write_heading(self, heading: str) -> None:
        """Write the heading of a section."""
        super().write_heading(self._text(heading))


class Context(click.Context):
    """Makes translated help."""

    def make_formatter(self) -> click.HelpFormatter:
        """Return the formatter."""
        return Formatter(self)


class Command(click.Command):
    """A command whose docstring is its help; each paragraph is translated on its own."""

    context_class = Context

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the help."""
        write_help(self, ctx, formatter)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, and the flags that stand anywhere."""
        write_options(self, ctx, formatter)

    def get_short_help_str(self, limit: int = 45) -> str:
        """Return the first paragraph; it is never cut."""
        return get_summary(self)


class Group(click.Group):
    """A group of such commands; without arguments it shows its help."""

    context_class = Context
    command_class = Command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse, or show the help if there is nothing."""
        return super().parse_args(ctx, args or ["--help"])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that was named.

        Raises:
            WrongUseError: there is none.
        """
        name = args[0]
        if not name.startswith("-") and self.get_command(ctx, name) is None:
            known = self.list_commands(ctx)
            raise WrongUseError(
                "no command '{name}' in `{group}`; did you mean {close}?",
                name=name,
                group=ctx.command_path,
                close=", ".join(get_close_matches(name, known, n=1) or known),
            )
        return super().resolve_command(ctx, args)

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the help."""
        write_help(self, ctx, formatter)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands, then the options."""
        self.format_commands(ctx, formatter)
        write_options(self, ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write a line for each command."""
        text = find_text(ctx)
        rows = [(name, text(summary)) for name, summary in self.iterate_summaries(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def iterate_summaries(self, ctx: click.Context) -> list[tuple[str, str]]:
        """List name and summary of each command."""
        found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        return [(name, get_summary(command)) for name, command in found if command]

    def get_short_help_str(self, limit: int = 45) -> str:
        """Return the first paragraph; it is never cut."""
        return get_summary(self)


def split_help(command: click.Command) -> list[str]:
    """Split the help of a command into paragraphs, each on one line; but not "$ examples"."""
    paragraphs = inspect.cleandoc(command.help or "").split("\n\n")
    return [text if is_example(text) else " ".join(text.split()) for text in paragraphs if text]


def is_example(paragraph: str) -> bool:
    """Say whether a paragraph shows command lines."""
    return paragraph.startswith("$ ")


def get_summary(command: click.Command) -> str:
    """Return the first paragraph of the help."""
    return (split_help(command) or [""])[0]


def write_help(
    command: click.Command, context: click.Context, formatter: click.HelpFormatter
) -> None:
    """Write the help of a command, paragraph by paragraph."""
    text = find_text(context)
    formatter.write_paragraph()
    with formatter.indentation():
        paragraphs = [
            f"\b\n{part}" if is_example(part) else text(part) for part in split_help(command)
        ]
        formatter.write_text("\n\n".join(paragraphs))


def write_options(
    command: click.Command, context: click.Context, formatter: click.HelpFormatter
) -> None:
    """Write the options of a command, and the global ones."""
    text = find_text(context)
    options = [param for param in command.params if isinstance(param, click.Option)]
    records = [param.get_help_record(context) for param in options]
    rows = [(left, text(right)) for left, right in filter(None, records)]
    if rows:
        with formatter.section("Options"):
            formatter.write_dl(rows)
    with formatter.section("Everywhere"):
        names = {
            "--home": "--home FOLDER",
            "--language": "--language CODE",
            "--log-level": "--log-level LEVEL",
        }
        formatter.write_dl(
            [
                *[(names.get(name, name), text(summary)) for name, summary in GLOBAL_HELP.items()],
                ("--help", text(HELP_FLAG)),
            ]
        )


def option(*names: str, **settings: Any) -> Callable[[_Command], _Command]:
    """Declare an option; its `help` is a key of the translation table."""
    return click.option(*names, **settings)


def split_words(values: Sequence[str]) -> tuple[str, ...]:
    """Split values that are separated by commas."""
    return tuple(part.strip() for text in values for part in text.split(",") if part.strip())
