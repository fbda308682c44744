"""Runs every check of a generator, one after the other."""

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from studio.errors import StudioError
from studio.generator import Checkpoint, Generator
from studio.plugins import describe_exception
from studio.testing import checks_inputs, checks_params, checks_runs
from studio.testing.bench import Bench, Request
from studio.testing.report import CheckFailure, CheckReport, CheckRow, Place
from studio.testing.samples import Inputs
from studio.worker.faults import build_params_error

Check = Callable[[Bench], str]

PHASES: Final[Sequence[Mapping[str, Check]]] = (
    {
        "class is complete": checks_params.check_class,
        "params survive JSON": checks_params.check_round_trip,
    },
    {"runs": checks_runs.check_runs},
    {
        "params are described and bounded": checks_params.check_described,
        "defaults are valid": checks_params.check_defaults,
        "unknown params are refused": checks_params.check_unknown,
        "wrong values are refused": checks_params.check_wrong_values,
        "checkpoint() reads only checkpoint_from": checks_params.check_checkpoint_name,
        "footprint() is in bytes": checks_params.check_footprint,
        "one result per seed": checks_runs.check_count,
        "progress reaches its total": checks_runs.check_progress,
        "a seed gives the same alone": checks_runs.check_alone,
        "a seed gives the same again": checks_runs.check_again,
        "seeds make a difference": checks_runs.check_seeds,
        "titles of inputs make no difference": checks_runs.check_titles,
        "files keep payload and recipe": checks_runs.check_recipes,
        "stops when cancelled": checks_runs.check_cancel,
        "missing and wrong inputs are refused": checks_inputs.check_missing,
        "every kind of input works": checks_inputs.check_kinds,
        "broken input files are told": checks_inputs.check_wrong_files,
        "writes only in scratch": checks_runs.check_writes,
        "closes": checks_runs.check_close,
    },
)
"""Name -> check, in order; a phase is begun only if the one before it passed."""


def check_generator(
    generator: type[Generator],
    *,
    params: Mapping[str, Any] | None = None,
    inputs: Inputs | None = None,
    checkpoint: Checkpoint | Path | None = None,
    seeds: Sequence[int] = (1, 2, 3),
) -> CheckReport:
    """Run a generator in this process, on the CPU, and check that it keeps the contract.

    Args:
        generator: the class.
        params: cheap ones, over those of `Generator.testing_params`.
        inputs: slot name -> file, asset, or a list of them; small samples by default.
        checkpoint: weights, if the plugin does not ship those that the params name.
        seeds: two or more different ones.
    """
    if len(seeds) < 2 or len(set(seeds)) != len(seeds):
        raise ValueError("give two or more different seeds")
    request = Request(params or {}, inputs or {}, checkpoint, tuple(seeds))
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(generator, request, Path(folder).resolve())
        rows = tuple(line for line in iterate_lines(bench) if isinstance(line, CheckRow))
    return CheckReport(_get_id(generator), rows)


def iterate_lines(bench: Bench) -> Iterator[CheckRow | Place]:
    """Run the checks one by one; each is announced by its `Place` before it runs."""
    passed = True
    for phase in PHASES:
        if not passed:
            return
        for name, check in phase.items():
            yield Place(_get_id(bench.generator), name)
            row = _run_check(bench, name, check)
            passed = passed and row.passed
            yield row


def _run_check(bench: Bench, name: str, check: Check) -> CheckRow:
    """Run one check; whatever it raises is its failure."""
    generator = _get_id(bench.generator)
    start = time.monotonic()
    try:
        passed, detail = True, check(bench)
    except (CheckFailure, StudioError) as error:
        passed, detail = False, str(error)
    except ValidationError as error:
        passed, detail = False, str(build_params_error(error, generator))
    except (Exception, SystemExit) as error:
        passed, detail = False, describe_exception(error)
    return CheckRow(generator, name, passed, detail, time.monotonic() - start)


def _get_id(generator: type[Generator]) -> str:
    return str(getattr(generator, "id", generator.__name__))
