"""A command about one generator or pipeline, whose params become its options."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import click

from studio.cli.command import Command, WrongUseError, find_text
from studio.cli.context import Session
from studio.cli.options import Schema, describe_params


class Slot(Protocol):
    """What is shown of an input."""

    @property
    def kinds(self) -> Sequence[str]:
        """Media types."""
        ...

    @property
    def many(self) -> bool:
        """More than one asset."""
        ...

    @property
    def optional(self) -> bool:
        """It may be left out."""
        ...

    @property
    def summary(self) -> str:
        """A line about it."""
        ...


@dataclass(frozen=True)
class Subject:
    """A generator or a pipeline, as far as a command line is concerned."""

    name: str
    title: str
    summary: str
    slots: dict[str, Slot]
    schema: Schema


class SubjectCommand(Command):
    """Knows the params of what its first argument names; unknown options are left to them.

    A subclass says what that is.
    """

    def __init__(self, *args: Any, **settings: Any) -> None:
        settings["context_settings"] = {
            "ignore_unknown_options": True,
            "allow_extra_args": True,
            "help_option_names": ["--help"],
        }
        super().__init__(*args, **settings)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Return the parts of the usage line."""
        return [*super().collect_usage_pieces(ctx), "[--PARAM VALUE]..."]

    def get_subject(self, session: Session, name: str) -> Subject:
        """Find what is meant.

        Raises:
            StudioError: there is none.
        """
        raise NotImplementedError

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse; what is not known here is left in `ctx.args`."""
        given, _, _ = self.make_parser(ctx).parse_args(list(args))
        first = next(param.name for param in self.params if isinstance(param, click.Argument))
        name = given.get(str(first)) or ""
        if not isinstance(name, str):  # click's own mark for "not given"
            name = ""
        if name.startswith("-") and not ctx.resilient_parsing:
            raise WrongUseError(
                "name it first: `{command} NAME {option} ...`",
                command=ctx.command_path,
                option=name,
            )
        # `--help` is answered while parsing: what it is about must be known by then.
        ctx.meta[self._key] = name
        return super().parse_args(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write inputs and params of the subject, then the options."""
        session = ctx.find_object(Session)
        name = ctx.meta.get(self._key, "")
        if session and name:
            write_subject(self.get_subject(session, name), ctx, formatter)
        super().format_options(ctx, formatter)

    def list_options(self) -> list[str]:
        """List its own options."""
        return [name for param in self.params for name in param.opts if name.startswith("--")]

    @property
    def _key(self) -> str:
        return "studio.cli.subject"


def write_subject(subject: Subject, context: click.Context, formatter: click.HelpFormatter) -> None:
    """Write what a generator or pipeline takes."""
    text = find_text(context)
    formatter.write_paragraph()
    formatter.write_text(f"{subject.name}: {text(subject.title)}")
    if subject.summary:
        with formatter.indentation():
            formatter.write_text(text(subject.summary))
    if subject.slots:
        with formatter.section("Inputs"):
            formatter.write_dl(
                [(f"--input {name}=...", describe_slot(slot, text)) for name, slot in
                 subject.slots.items()]
            )  # fmt: skip
    params = describe_params(subject.schema)
    if params:
        with formatter.section("Params"):
            formatter.write_dl([(f"{p.option} {p.type}", p.describe(text)) for p in params])


def describe_slot(slot: Slot, text: Any) -> str:
    """Say what an input takes."""
    kinds = text(" or ").join(slot.kinds)
    facts = [kinds, text("any number") if slot.many else text("one")]
    if slot.optional:
        facts.append(text("may be left out"))
    bracket = f"[{', '.join(facts)}]"
    return f"{text(slot.summary)}  {bracket}" if slot.summary else bracket
