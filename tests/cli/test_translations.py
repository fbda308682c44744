"""Every text of the command line has its Spanish, with the same values in it."""

import ast
import json
import string
from importlib.resources import files
from pathlib import Path

import click

import studio.cli
from studio.cli.command import GLOBAL_HELP, HELP_FLAG, Context, is_example, split_help
from studio.cli.main import SUMMARIES, cli
from studio.cli.reference import iterate_commands

FOLDER = Path(studio.cli.__file__).parent
SPOKEN = ("text", "_text", "say", "note")


def iterate_literals():
    for path in sorted(FOLDER.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            first = node.args[0]
            if name in SPOKEN or name.endswith("Error"):
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    yield first.value
            if name == "table" and isinstance(first, ast.Tuple):
                yield from (item.value for item in first.elts)
            if name == "section" and isinstance(first, ast.Constant):
                yield first.value


def iterate_help():
    for command, _ in iterate_commands(cli, Context(cli, info_name="studio")):
        yield from (part for part in split_help(command) if not is_example(part))
        for param in command.params:
            if isinstance(param, click.Option) and param.help:
                yield param.help
    yield from (part for part in split_help(cli))
    yield from (param.help for param in cli.params if param.help)
    yield from SUMMARIES.values()
    yield from GLOBAL_HELP.values()
    yield from (HELP_FLAG, "Usage:")


def collect_keys():
    return sorted(
        {*iterate_literals(), *iterate_help()} - {"this command runs only below `studio`"}
    )


def load_spanish():
    return json.loads((files("studio.translations") / "es.json").read_text(encoding="utf-8"))


def list_values(template):
    return sorted(name for _, name, _, _ in string.Formatter().parse(template) if name)


def test_spanish_is_complete():
    table = load_spanish()
    keys = collect_keys()
    assert len(keys) > 300
    assert [key for key in keys if key not in table] == []


def test_spanish_has_the_same_values():
    table = load_spanish()
    other = [k for k in collect_keys() if list_values(table.get(k, k)) != list_values(k)]
    assert other == []


def test_summary_is_the_first_paragraph_of_the_help():
    context = Context(cli, info_name="studio")
    for name, summary in SUMMARIES.items():
        assert split_help(cli.get_command(context, name))[0] == summary
