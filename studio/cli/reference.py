"""The CLI reference, written from the commands themselves: `python -m studio.cli.reference`."""

from collections.abc import Iterator
from pathlib import Path

import click

from studio.cli.command import Context
from studio.cli.main import cli

_HEAD = """# Command line

<!-- Written by `python -m studio.cli.reference docs/cli.md`; a test says when it is stale. -->

`studio` is one command with subcommands. Four flags stand anywhere on the line:

| flag | means |
|---|---|
| `--home FOLDER` | folder of the library, the queue and the logs; also `STUDIO_HOME` |
| `--language CODE` | `en` or `es`; also `STUDIO_LANGUAGE`, or `language` in `config.toml` |
| `--json` | one JSON document on stdout, nothing else; errors as `{"error": {...}}` |
| `--log-level LEVEL` | `debug`, `info`, `warning`, `error`: shown on stderr and kept in the log |

Results go to stdout, progress and remarks to stderr. On a terminal there are progress bars with
the time left; otherwise a plain line now and then.

## Exit codes

| code | means |
|---|---|
| 0 | done |
| 1 | something was tried and failed: a job, a check, a reproduction that differs |
| 2 | wrong use: an unknown option, param, generator or file, a bad value; nothing was queued |
| 3 | interrupted by Ctrl-C, or somebody cancelled the job |
| 4 | broken: the home, its database or the settings |
| 70 | a bug; the traceback is shown |

After Ctrl-C `generate` cancels its job. `batch`, `pipeline run` and `demo` go on where they were
when the same command is given again.

## Params are options

`studio generate ID` turns each param of the generator into an option: `--tile-size 64` (or
`--tile_size 64`), `--flag`, `--no-flag`, `--list-param 1,2,3` or as JSON. `studio generate ID
--help` lists them with range, default, unit and description. A value that begins with `--` is
written `--prompt=--value`. A param whose name is also an option's (`seed`, `out`, `language`, ...)
is given with `--param NAME=VALUE`. Pipelines are the same.

## Shell completion

```
eval "$(_STUDIO_COMPLETE=bash_source studio)"      # in ~/.bashrc
eval "$(_STUDIO_COMPLETE=zsh_source studio)"       # in ~/.zshrc
_STUDIO_COMPLETE=fish_source studio | source       # in ~/.config/fish/config.fish
```
"""


def build_reference() -> str:
    """Return the page, Markdown."""
    parts = [_HEAD, "## Commands\n"]
    for command, context in iterate_commands(cli, Context(cli, info_name="studio")):
        formatter = context.make_formatter()
        formatter.width = 96
        command.format_help(context, formatter)
        level = "###" if context.command_path.count(" ") < 2 else "####"
        text = "\n".join(line.rstrip() for line in formatter.getvalue().splitlines())
        # The flags that stand anywhere are told once, above.
        text = text.partition("\nEverywhere:")[0].strip()
        parts.append(f"{level} `{context.command_path}`\n\n```text\n{text}\n```\n")
    return "\n".join(parts)


def iterate_commands(
    command: click.Command, context: click.Context
) -> Iterator[tuple[click.Command, click.Context]]:
    """Yield every command below one, with its context; groups come before their commands."""
    if command is not cli:
        yield command, context
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None and not child.hidden:
                yield from iterate_commands(child, Context(child, context, name))


@click.command("reference")
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False))
def write_reference(path: Path) -> None:
    """Write the page."""
    path.write_text(build_reference(), encoding="utf-8")


if __name__ == "__main__":
    write_reference()
