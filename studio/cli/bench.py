"""`studio bench`: measure what Studio promises, without a GPU."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from studio.cli.command import Command, Group, option
from studio.cli.context import Session


@click.group("bench", cls=Group)
def command() -> None:
    """Measure the scheduler in a simulator, on virtual devices."""


@command.command("scheduler", cls=Command)
@option("--seed", type=int, default=0, show_default=True, help="Seed of every trace.")
@option("--plot", type=click.Path(path_type=Path), help="Draw a timeline into this SVG file.")
@click.pass_obj
def run(session: Session, seed: int, plot: Path | None) -> None:
    """Compare the scheduler with others on simulated devices.

    Needs scipy for the lower bound: `pip install 'generative-media-studio[bench]'`.
    """
    from studio.scheduler import simulator_report as report  # most commands do without it

    found = report.run_all(seed)
    if plot is not None:
        report.plot_mix(seed, plot)
    if session.out.as_json:
        session.out.data(found)
        return
    session.out.table(
        ("trace", "ours / Belady", "LRU / Belady", "ours / bound", "reordered / Belady"),
        [_build_row(row) for row in [*found["traces"], found["public"]]],
    )
    for name in ("mix", "mix_with_host_memory", "errors", "scaling", "speed"):
        session.out.line()
        rows = [(f"{name}: {key}", value) for key, value in found[name].items()]
        session.out.table(("figure", "value"), rows)


def _build_row(row: Mapping[str, Any]) -> tuple[Any, ...]:
    keys = ("name", "ours_over_belady", "lru_over_belady", "ours_over_lp", "ours_free_over_belady")
    return tuple(row[key] for key in keys)
