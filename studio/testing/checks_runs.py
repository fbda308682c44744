"""Checks of what a generator does when it runs."""

import random
from dataclasses import replace
from pathlib import Path

from studio.codecs import Codec
from studio.errors import JobCancelledError
from studio.recipe import Recipe
from studio.testing.bench import Bench, Trial
from studio.testing.report import CheckFailure
from studio.worker.protocol import EncodedData


def check_runs(bench: Bench) -> str:
    """The main run ends without an error."""
    trial = bench.main
    return f"{len(trial.seeds)} seeds at once"


def check_count(bench: Bench) -> str:
    """One yield per seed, no more and no fewer."""
    trial = bench.main
    made = len(trial.outputs) + trial.extra
    if made != len(trial.seeds):
        raise CheckFailure(f"yielded {made} times for {len(trial.seeds)} seeds")
    kinds = {output[0].kind for output in trial.outputs}
    if kinds != {bench.generator.output}:
        named = ", ".join(sorted(kinds))
        raise CheckFailure(f"`output` says {bench.generator.output}, it yields {named} first")
    return f"{sum(map(len, trial.outputs))} artifacts"


def check_progress(bench: Bench) -> str:
    """Steps are told, never go back, and end at their total."""
    steps = bench.main.steps
    if not steps:
        raise CheckFailure("never called job.step(); nobody could see or cancel it")
    total = steps[0][1]
    last = 0
    for done, of in steps:
        if of != total:
            raise CheckFailure(f"the total changed from {total} to {of}")
        if not last <= done <= total:
            raise CheckFailure(f"went from {last} to {done} of {total}")
        last = done
    if last != total or total <= 0:
        raise CheckFailure(f"ended at {last} of {total}")
    return f"{len(steps)} steps, the longest {bench.main.longest_step:.2f} s"


def check_alone(bench: Bench) -> str:
    """A seed gives the same alone as among others."""
    seed = bench.request.seeds[-1]
    random.seed(99)  # what somebody else did with the global generator must not matter
    _compare(bench.main, bench.run((seed,)), (seed,), "alone it is another payload than in a batch")
    return ""


def check_again(bench: Bench) -> str:
    """A fresh instance and another order of seeds change nothing."""
    seeds = tuple(reversed(bench.request.seeds[:2]))
    instance = bench.build_instance()
    try:
        again = bench.run(seeds, instance=instance)
    finally:
        instance.close()
    _compare(bench.main, again, seeds, "another instance gives another payload")
    return ""


def check_seeds(bench: Bench) -> str:
    """Seeds matter, or the class says that they do not."""
    hashes = [tuple(bench.main.get_hashes(seed)) for seed in bench.request.seeds]
    different = len(set(hashes))
    if bench.generator.seeded and different != len(hashes):
        raise CheckFailure(
            f"{len(hashes)} seeds gave {different} different payloads; if seeds make no "
            "difference, say `seeded = False`"
        )
    if not bench.generator.seeded and different != 1:
        raise CheckFailure("`seeded` is False, yet seeds give different payloads")
    return "" if bench.generator.seeded else "the seed makes no difference"


def check_titles(bench: Bench) -> str:
    """What an input is called is no part of the recipe, unless the class says that it reads it."""
    if not bench.inputs:
        return "no inputs"
    renamed = {
        slot: [replace(asset, title=f"other {number}") for number, asset in enumerate(assets)]
        for slot, assets in bench.inputs.items()
    }
    seed = bench.request.seeds[0]
    trial = bench.run((seed,), inputs=renamed)
    if bench.generator.reads_titles:
        return "the class says that it reads them"
    if trial.get_hashes(seed) != bench.main.get_hashes(seed):
        raise CheckFailure("the payload changed with the title of an input; say `reads_titles`")
    return ""


def check_cancel(bench: Bench) -> str:
    """A cancelled job stops at the next step: at its first one, and in its middle."""
    middle = len(bench.main.steps) // 2 + 1
    for place in sorted({1, middle}):
        _cancel_at(bench, place)
    return ""


def check_writes(bench: Bench) -> str:
    """No run wrote anywhere but in its scratch folder."""
    if bench.written:
        more = f" and {len(bench.written) - 1} more" if len(bench.written) > 1 else ""
        raise CheckFailure(f"wrote {bench.written[0]}{more}; temporary files belong in job.scratch")
    return ""


def check_recipes(bench: Bench) -> str:
    """Files can be read again, have the same payload, and carry their recipe."""
    for seed, output in zip(bench.main.seeds, bench.main.outputs, strict=False):
        for item in output:
            _check_files(bench.codecs.get(item.kind), item, bench.recipe.with_seed(seed))
    names = sorted(
        {name for output in bench.main.outputs for item in output for name in item.files}
    )
    return f"files: {', '.join(names)}"


def check_close(bench: Bench) -> str:
    """`close()` frees without an error."""
    bench.instance.close()
    return ""


def _compare(main: Trial, other: Trial, seeds: tuple[int, ...], fault: str) -> None:
    for seed in seeds:
        if main.get_hashes(seed) != other.get_hashes(seed):
            raise CheckFailure(f"seed {seed}: {fault}; take all randomness from the seed")


def _cancel_at(bench: Bench, place: int) -> None:
    """Cancel a run at its step number `place` (from 1)."""
    try:
        trial = bench.run(bench.request.seeds, on_step=lambda trial: len(trial.steps) + 1 >= place)
    except JobCancelledError:
        return
    except Exception as error:
        raise CheckFailure(
            f"cancelled at step {place} it raised {type(error).__name__}; let JobCancelledError "
            "pass through"
        ) from error
    raise CheckFailure(
        f"cancelled at step {place} it went on and yielded {len(trial.outputs)} results; let "
        "JobCancelledError pass through"
    )


def _check_files(codec: Codec, item: EncodedData, recipe: Recipe) -> None:
    files = {name: Path(path) for name, path in item.files.items()}
    codec.probe(files)
    if codec.hash_payload(files) != item.payload_hash:
        raise CheckFailure(f"{item.kind}: embedding the recipe changed the payload")
    found = [codec.extract_recipe(path) for path in files.values()]
    if recipe not in found:
        raise CheckFailure(f"{item.kind}: the recipe cannot be read back from the files")
