"""The `studio` command: a group that imports each of its commands on use."""

import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import click

import studio
from studio.cli.command import Group, WrongUseError
from studio.cli.context import Session
from studio.cli.exits import ExitCode, report
from studio.cli.flags import take_flags
from studio.errors import StudioError

COMPLETION = "_STUDIO_COMPLETE"

SUMMARIES = {
    "generate": "Make assets with a generator.",
    "demo": "Make a pack of seamless textures from pictures.",
    "pipeline": "List, show and run pipelines.",
    "batch": "Run a file of requests; only what is missing is made.",
    "generators": "List the generators, or show one.",
    "plugins": "List the plugins and how they fare.",
    "presets": "List, show, save and delete presets.",
    "checkpoints": "List, add, verify, approve and remove checkpoints.",
    "assets": "Look for, import, export, tag and trash assets.",
    "jobs": "Look at jobs; wait for, cancel and retry them.",
    "top": "Watch devices, workers, the queue and rates.",
    "metrics": "Write figures for Prometheus.",
    "trace": "Show when a job waited, loaded, stepped and stored.",
    "serve": "Serve the web interface.",
    "mcp": "Offer the studio to an assistant, as tools on standard input and output.",
    "user": "Add, list and remove users of the web interface.",
    "token": "Make, list and remove tokens, with which programs use the web interface.",
    "fsck": "Look for damage in the library.",
    "doctor": "Say what this installation has and what it lacks.",
    "bench": "Measure the scheduler in a simulator, on virtual devices.",
    "plugin": "Write, check and enable plugins, and give them a Python of their own.",
}
"""Command -> the first paragraph of its help; its module is `studio.cli.<command>`."""


class RootGroup(Group):
    """Knows the names and summaries of its commands without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the names."""
        return list(SUMMARIES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; unknown names are looked for among those of plugins."""
        if cmd_name in SUMMARIES:
            module = import_module(f"studio.cli.{cmd_name}")
            command: click.Command = module.command
            return command
        return _find_plugin_command(cmd_name)

    def iterate_summaries(self, ctx: click.Context) -> list[tuple[str, str]]:
        """List name and summary of each command."""
        return list(SUMMARIES.items())

    def main(self, args: Any = None, prog_name: Any = None, *rest: Any, **extra: Any) -> Any:
        """Run a command line and leave with its exit code."""
        words = list(sys.argv[1:] if args is None else args)
        if COMPLETION in os.environ:
            super().main(words, "studio", complete_var=COMPLETION)
        sys.exit(self.run(words, prog_name or "studio"))

    def run(self, words: Sequence[str], name: str = "studio") -> ExitCode:
        """Run a command line and return its exit code."""
        flags, rest = take_flags(words)
        with Session(flags) as session:
            try:
                if flags.fault:
                    raise WrongUseError("{name}: wrong or missing value", name=flags.fault)
                code = super().main(rest, name, standalone_mode=False, obj=session)
                return ExitCode(code) if isinstance(code, int) else ExitCode.OK
            except (click.ClickException, StudioError) as error:
                return report(session, error)
            except click.Abort:
                session.note("interrupted")
                return ExitCode.INTERRUPTED
            except BrokenPipeError:
                # Whoever reads our output has seen enough; Python must not flush it again.
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                return ExitCode.OK
            except Exception:
                traceback.print_exc()
                return ExitCode.BUG


def _find_plugin_command(name: str) -> click.Command | None:
    """Find a command that a plugin adds; plugins are imported only for an unknown name."""
    host_plugins = import_module("studio.host_plugins")
    group = click.Group()
    host_plugins.HostPlugins().call("register_commands", cli=group)
    return group.commands.get(name)


@click.group("studio", cls=RootGroup, context_settings={"max_content_width": 100})
@click.version_option(studio.__version__, prog_name="studio", help="Show the version.")
def cli() -> None:
    """A local-first generative media studio.

    Exit codes: 0 done, 1 something failed, 2 wrong use (nothing was queued), 3 interrupted or
    cancelled, 4 the home, its database or the settings are broken.
    """


def main() -> None:
    """Run the command line."""
    cli.main()


if __name__ == "__main__":
    main()
