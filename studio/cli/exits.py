"""How a command ends: exit codes, and what is said about an error."""

from enum import IntEnum

import click
from click.exceptions import NoSuchOption

from studio.cli.command import WrongUseError
from studio.cli.context import Session
from studio.errors import (
    ConfigError,
    JobCancelledError,
    JobFailedError,
    OutOfMemoryError,
    StoreError,
    StudioError,
)


class ExitCode(IntEnum):
    """What the shell is told."""

    OK = 0
    FAILED = 1  # something was tried and did not work
    WRONG_USE = 2  # nothing was queued
    INTERRUPTED = 3  # Ctrl-C, or somebody cancelled the job
    BROKEN = 4  # the home, its database or the settings
    BUG = 70  # not the user's fault; the traceback is shown


def find_exit_code(error: Exception, has_queued: bool) -> ExitCode:
    """Choose the exit code of an error."""
    if isinstance(error, JobCancelledError):
        return ExitCode.INTERRUPTED
    if isinstance(error, ConfigError | StoreError):
        return ExitCode.BROKEN
    if has_queued or isinstance(error, JobFailedError | OutOfMemoryError):
        return ExitCode.FAILED
    return ExitCode.WRONG_USE


def report(session: Session, error: Exception) -> ExitCode:
    """Tell an error in one line, or as JSON, and return the exit code."""
    code = find_exit_code(error, session.has_queued)
    message = describe_usage(session, error) if _is_click(error) else session.describe(error)
    message = " ".join(message.split())
    if session.out.as_json:
        fault = {"type": type(error).__name__, "message": message, "exit_code": int(code)}
        if isinstance(error, StudioError):
            fault |= error.to_dict()
        session.out.data({"error": fault})
        return code
    context = getattr(error, "ctx", None)
    session.out.note(f"studio: {message}")
    if isinstance(error, click.UsageError) and context is not None:
        session.note("See `{command} --help`.", command=context.command_path)
    return code


def describe_usage(session: Session, error: Exception) -> str:
    """Say a wrong command line in the user's language."""
    if isinstance(error, WrongUseError):
        return session.text(error.template, **error.values)
    if isinstance(error, NoSuchOption):
        option, close = error.option_name, sorted(error.possibilities or ())
        if close:
            return session.text(
                "no option {option}; did you mean {close}?", option=option, close=close[0]
            )
        return session.text("no option {option}", option=option)
    if isinstance(error, click.MissingParameter):
        name = error.param.make_metavar(error.ctx) if error.param and error.ctx else "?"
        return session.text("{name} is missing", name=name)
    if isinstance(error, click.BadParameter) and error.param:
        return session.text("{name}: {fault}", name=error.param.opts[-1], fault=error.message)
    return error.format_message() if isinstance(error, click.ClickException) else str(error)


def _is_click(error: Exception) -> bool:
    return isinstance(error, click.ClickException)
