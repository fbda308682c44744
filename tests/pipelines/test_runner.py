import math
import random
import threading
import time
from typing import Any

import pytest

from studio.errors import InvalidInputError, JobCancelledError, JobFailedError, PipelineError
from studio.events import Event
from studio.pipelines import (
    BELOW_GATE,
    PipelineFailedError,
    PipelineRun,
    events,
    run_pipeline,
)
from studio.pipelines.expand import derive_seed
from studio.pipelines.recipe import Pipeline, parse_pipeline

GATE = 'gate = { metric = "seam", max = 1.3, tries = 3 }'


def parse(text: str, extra: str = "") -> Pipeline:
    return parse_pipeline(text.replace("GATE", extra), "pack")


def run(pipeline: Pipeline, host: Any, pictures: list[Any], **params: Any) -> PipelineRun:
    return run_pipeline(pipeline, host, {"pictures": pictures}, params)


def titles(result: PipelineRun, step: str) -> list[str]:
    return [asset.title for asset in result.steps[step]]


def test_a_pack_runs_through(pack: str, host: Any, picture: Any) -> None:
    heard: list[Event] = []
    inputs = {"pictures": [picture("brick"), picture("grass")]}
    result = run_pipeline(parse(pack), host, inputs, {}, on_event=heard.append)
    assert titles(result, "vary") == ["brick 1", "brick 2", "grass 1", "grass 2"]
    assert titles(result, "material") == ["brick 1", "brick 2", "grass 1", "grass 2"]
    assert titles(result, "export")[:2] == ["brick 1 godot", "brick 1 unity"]
    assert titles(result, "sheet") == ["Pack sheet"]
    assert list(result.steps) == ["vary", "material", "export", "sheet"]
    sheet = next(call for call in host.calls if call.step == "sheet")
    assert [a.title for a in sheet.inputs["pictures"]] == titles(result, "vary")
    assert result.params["variations"] == 2 and not result.failures and not result.skipped
    assert heard[0] == events.PipelineStarted(
        "pack", {"vary": 2, "material": 4, "export": 8, "sheet": 1}
    )
    assert isinstance(heard[-1], events.PipelineDone) and heard[-1].assets == 17
    done = {event.step: event.assets for event in heard if isinstance(event, events.StepDone)}
    assert done == {"vary": 4, "material": 4, "export": 8, "sheet": 1}


def test_a_second_run_makes_nothing(pack: str, host: Any, picture: Any) -> None:
    pictures = [picture("brick"), picture("grass")]
    first = run(parse(pack), host, pictures)
    made = len(host.ran)
    second = run(parse(pack), host, pictures)
    assert len(host.ran) == made == 17
    assert second.steps == first.steps


def test_a_picture_more_makes_only_its_own(pack: str, host: Any, picture: Any) -> None:
    run(parse(pack), host, [picture("brick"), picture("grass")])
    host.ran.clear()
    run(parse(pack), host, [picture("new"), picture("grass"), picture("brick")])
    steps = [step for step, _ in host.ran]
    assert sorted(steps) == ["export"] * 4 + ["material"] * 2 + ["sheet"] + ["vary"] * 2


def test_two_variations_more_make_only_those(pack: str, host: Any, picture: Any) -> None:
    run(parse(pack), host, [picture("brick")], variations=2)
    host.ran.clear()
    run(parse(pack), host, [picture("brick")], variations=4)
    assert [step for step, _ in host.ran].count("vary") == 2


def test_another_seed_gives_other_results(pack: str, host: Any, picture: Any) -> None:
    inputs = {"pictures": [picture("brick")]}
    first = run_pipeline(parse(pack), host, inputs, {}, seed=0)
    other = run_pipeline(parse(pack), host, inputs, {}, seed=1)
    assert {a.seed for a in first.steps["vary"]}.isdisjoint(a.seed for a in other.steps["vary"])


def test_the_same_picture_twice_is_done_once(pack: str, host: Any, picture: Any) -> None:
    result = run(parse(pack), host, [picture("brick"), picture("brick")])
    assert titles(result, "vary") == ["brick 1", "brick 2"]


def test_order_does_not_depend_on_who_is_done_first(
    pack: str, host: Any, manual_host: Any, picture: Any
) -> None:
    """Jobs finish in any order, on other threads; the result is the same."""
    pictures = [picture(name) for name in ("c", "a", "b")]
    expected = run(parse(pack), host, pictures)
    chance = random.Random(3)
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            if manual_host.queue:
                n = chance.randrange(len(manual_host.queue))
                manual_host.work(*manual_host.queue.pop(n))
            else:
                stop.wait(0.001)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        result = run(parse(pack), manual_host, pictures)
    finally:
        stop.set()
        thread.join()
    for step, assets in expected.steps.items():
        assert [asset.payload_hash for asset in result.steps[step]] == [
            asset.payload_hash for asset in assets
        ]


def test_steps_run_side_by_side(pack: str, manual_host: Any, picture: Any) -> None:
    """The first picture's materials start while the second picture is not done."""
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            steps = [call.step for call, _ in manual_host.queue]
            if len(steps) == 2 and steps == ["vary", "vary"]:
                manual_host.work(*manual_host.queue.pop(0))
            elif "material" in steps and "vary" in steps:
                overlapping.append(True)
                manual_host.work(*manual_host.queue.pop(0))
            elif steps and "vary" not in steps:
                manual_host.work(*manual_host.queue.pop(0))
            else:
                stop.wait(0.001)

    overlapping: list[bool] = []
    thread = threading.Thread(target=work)
    thread.start()
    try:
        run(parse(pack), manual_host, [picture("a"), picture("b")])
    finally:
        stop.set()
        thread.join()
    assert overlapping


def test_wrong_inputs_run_nothing(pack: str, host: Any, picture: Any) -> None:
    with pytest.raises(InvalidInputError):
        run(parse(pack), host, [])
    with pytest.raises(PipelineError):
        run(parse(pack, "params = { size = 1 }"), host, [picture("a")])
    assert host.calls == []


# Failures


def test_a_failure_costs_only_what_depends_on_it(pack: str, host: Any, picture: Any) -> None:
    host.broken = lambda call: call.step == "material" and call.item == "brick 1"
    heard: list[Event] = []
    with pytest.raises(PipelineFailedError) as caught:
        inputs = {"pictures": [picture("brick"), picture("grass")]}
        run_pipeline(parse(pack), host, inputs, {}, on_event=heard.append)
    result = caught.value.run
    assert titles(result, "material") == ["brick 2", "grass 1", "grass 2"]
    assert len(result.steps["export"]) == 6
    assert titles(result, "sheet") == ["Pack sheet"], "the sheet needs `vary` only"
    assert [(f.step, f.item) for f in result.failures] == [("material", "brick 1")]
    for word in ("pack", "material", "brick 1", "it broke", "1 failed", "14 assets"):
        assert word in str(caught.value)
    assert isinstance(caught.value.__cause__, JobFailedError)
    assert events.CallFailed("pack", "material", "brick 1", "it broke") in heard


def test_a_sheet_of_all_fails_with_one_of_them(pack: str, host: Any, picture: Any) -> None:
    host.broken = lambda call: call.step == "vary" and call.item == "brick"
    with pytest.raises(PipelineFailedError) as caught:
        run(parse(pack), host, [picture("brick"), picture("grass")])
    result = caught.value.run
    assert result.steps["sheet"] == [] and "vary" in result.skipped["sheet"]
    assert len(result.steps["export"]) == 4


def test_a_partial_step_takes_what_is_there(pack: str, host: Any, picture: Any) -> None:
    host.broken = lambda call: call.step == "vary" and call.item == "brick"
    with pytest.raises(PipelineFailedError) as caught:
        run(parse(pack + "partial = true"), host, [picture("brick"), picture("grass")])
    assert titles(caught.value.run, "sheet") == ["Pack sheet"]


def test_mended_and_run_again_it_finishes(pack: str, host: Any, picture: Any) -> None:
    host.broken = lambda call: call.step == "vary" and call.item == "brick"
    pictures = [picture("brick"), picture("grass")]
    with pytest.raises(PipelineFailedError):
        run(parse(pack), host, pictures)
    host.broken = lambda call: False
    host.ran.clear()
    result = run(parse(pack), host, pictures)
    assert len(result.steps["export"]) == 8
    assert [step for step, _ in host.ran].count("vary") == 2


def test_a_call_that_cannot_be_queued_fails_like_any(pack: str, host: Any, picture: Any) -> None:
    submit = host.submit

    def refuse(call: Any) -> Any:
        if call.step == "export":
            raise InvalidInputError("no room")
        return submit(call)

    host.submit = refuse
    with pytest.raises(PipelineFailedError, match="no room"):
        run(parse(pack), host, [picture("a")])


def test_an_interrupt_gives_up_what_is_queued(pack: str, manual_host: Any, picture: Any) -> None:
    submit = manual_host.submit

    def submit_and_do_the_first(call: Any) -> Any:
        future = submit(call)
        if len(manual_host.calls) == 1:
            manual_host.work(*manual_host.queue.pop(0))
        return future

    def stop(event: Event) -> None:
        if isinstance(event, events.StepProgressed):
            raise KeyboardInterrupt

    manual_host.submit = submit_and_do_the_first
    inputs = {"pictures": [picture("a"), picture("b")]}
    with pytest.raises(KeyboardInterrupt):
        run_pipeline(parse(pack), manual_host, inputs, {}, on_event=stop)
    assert [call.item for call in manual_host.cancelled] == ["b"]


def test_a_cancelled_job_is_a_failure(pack: str, manual_host: Any, picture: Any) -> None:
    submit = manual_host.submit

    def cancel(call: Any) -> Any:
        future = submit(call)
        future.cancel()
        return future

    manual_host.submit = cancel
    with pytest.raises(PipelineFailedError) as caught:
        run(parse(pack), manual_host, [picture("a")])
    assert isinstance(caught.value.__cause__, JobCancelledError)


# Switches, groups and lists


def test_a_step_that_is_off(pack: str, host: Any, picture: Any) -> None:
    text = pack.replace(
        "[params.engines]", '[params.maps]\ntype = "boolean"\ndefault = false\n[params.engines]'
    ).replace('name = "material"', 'name = "material"\nwhen = "${maps}"')
    result = run(parse(text), host, [picture("a")])
    assert result.skipped == {"material": "it is off", "export": "nothing to work on"}
    assert titles(result, "sheet") == ["Pack sheet"]
    result = run(parse(text), host, [picture("a")], maps=True)
    assert len(result.steps["export"]) == 4 and not result.skipped


def test_what_belongs_together_stays_together(host: Any, picture: Any) -> None:
    text = """
    [inputs.pictures]
    kinds = ["image"]
    many = true
    [[steps]]
    name = "vary"
    generator = "toys.vary"
    foreach = "pictures"
    inputs = { image = "$each" }
    count = 2
    [[steps]]
    name = "material"
    generator = "toys.pbr"
    foreach = "vary"
    inputs = { image = "$each" }
    [[steps]]
    name = "sheet"
    generator = "toys.sheet"
    foreach = "pictures"
    inputs = { pictures = ["$each", "$each.material"] }
    """
    pictures = [picture("a"), picture("b")]
    result = run(parse(text), host, pictures)
    assert titles(result, "sheet") == ["a", "b"]
    last = [call for call in host.calls if call.step == "sheet"][-1]
    assert [a.title for a in last.inputs["pictures"]] == ["b", "b 1", "b 2"]

    host.broken = lambda call: call.step == "material" and call.item == "c 1"
    with pytest.raises(PipelineFailedError) as caught:
        run(parse(text), host, [picture("c"), picture("d")])
    assert titles(caught.value.run, "sheet") == ["d"], "a sheet of c would lack a material"


def test_foreach_over_values(host: Any) -> None:
    text = """
    [params.prompts]
    type = "array"
    [[steps]]
    name = "dream"
    generator = "toys.dream"
    foreach = "${prompts}"
    params = { prompt = "${each}" }
    [[steps]]
    name = "sheet"
    generator = "toys.sheet"
    inputs = { pictures = "$dream" }
    """
    result = run_pipeline(parse(text), host, {}, {"prompts": ["cat", "dog", "cat"]})
    assert titles(result, "dream") == ["cat", "dog"]
    result = run_pipeline(parse(text), host, {}, {"prompts": []})
    assert set(result.skipped) == {"dream", "sheet"}


def test_optional_inputs_none_of_them_given(host: Any) -> None:
    text = """
    [inputs.pictures]
    kinds = ["image"]
    many = true
    optional = true
    [params.prompts]
    type = "array"
    default = []
    [[steps]]
    name = "dream"
    generator = "toys.dream"
    foreach = "${prompts}"
    params = { prompt = "${each}" }
    [[steps]]
    name = "sheet"
    generator = "toys.sheet"
    inputs = { pictures = ["$pictures", "$dream"] }
    """
    with pytest.raises(InvalidInputError, match="nothing to make; give inputs \\(pictures\\)"):
        run_pipeline(parse(text), host, {}, {})
    result = run_pipeline(parse(text), host, {}, {"prompts": ["cat"]})
    assert len(result.steps["sheet"]) == 1


# Gates


def bad_first(host: Any, bad: int) -> None:
    """Make the first `bad` seeds of every picture's first result fail."""

    def judge(call: Any, seed: int) -> dict[str, float]:
        if call.step != "vary":
            return {}
        identity = call.inputs["image"][0].payload_hash
        for attempt in range(bad):
            if seed == derive_seed(0, "vary", identity, 0, attempt):
                return {"seam": 3.0 - attempt}
        return {"seam": 1.0}

    host.judge = judge  # fmt: skip


def test_a_failing_seed_is_replaced(pack: str, host: Any, picture: Any) -> None:
    bad_first(host, 2)
    heard: list[Event] = []
    brick = picture("brick")
    result = run_pipeline(parse(pack, GATE), host, {"pictures": [brick]}, {}, on_event=heard.append)
    seeds = [derive_seed(0, "vary", brick.payload_hash, 0, attempt) for attempt in range(3)]
    assert titles(result, "vary") == ["brick 1", "brick 2"]
    assert result.steps["vary"][0].seed == seeds[2]
    (replacement,) = result.replacements
    assert replacement.rejected == ((seeds[0], 3.0), (seeds[1], 2.0))
    assert (replacement.seed, replacement.value, replacement.passed) == (seeds[2], 1.0, True)
    said = [event for event in heard if isinstance(event, events.SeedReplaced)]
    assert [(event.value, event.seed, event.new_seed) for event in said] == [
        (3.0, seeds[0], seeds[1]),
        (2.0, seeds[1], seeds[2]),
    ]
    trashed = {asset.seed for asset in host.library.values() if asset.trashed}
    assert trashed == {seeds[0], seeds[1]}
    assert host.tags == {}
    assert len(result.steps["material"]) == 2, "what was rejected goes no further"


def test_a_gate_is_not_tried_again_in_a_second_run(pack: str, host: Any, picture: Any) -> None:
    bad_first(host, 2)
    first = run(parse(pack, GATE), host, [picture("brick")])
    made = len(host.ran)
    second = run(parse(pack, GATE), host, [picture("brick")])
    assert len(host.ran) == made
    assert second.steps == first.steps and second.replacements == first.replacements


def test_after_the_last_try_the_best_is_kept_and_tagged(pack: str, host: Any, picture: Any) -> None:
    bad_first(host, 9)
    brick = picture("brick")
    result = run(parse(pack, GATE), host, [brick])
    best = derive_seed(0, "vary", brick.payload_hash, 0, 2)  # 3.0, 2.0, then 1.0 would pass
    host.judge = lambda call, seed: {"seam": 2.0 + (seed % 7)}
    result = run(parse(pack, GATE), host, [picture("worse")])
    assert best != result.steps["vary"][0].seed
    assert [r.passed for r in result.replacements] == [False, False]
    for replacement, kept in zip(result.replacements, result.steps["vary"], strict=True):
        assert len(replacement.rejected) == 2
        assert all(value >= replacement.value for _, value in replacement.rejected)
        assert host.tags[kept.id] == BELOW_GATE
        assert not host.library[kept.id].trashed
    assert len(result.steps["material"]) == 2


def test_a_required_gate_fails_the_result(pack: str, host: Any, picture: Any) -> None:
    brick = picture("brick")
    first = {derive_seed(0, "vary", brick.payload_hash, 0, attempt) for attempt in range(3)}
    host.judge = lambda call, seed: {"seam": 9.0 if seed in first else 1.0}
    gate = 'gate = { metric = "seam", max = 1.3, tries = 3, required = true }'
    with pytest.raises(PipelineFailedError, match=r"vary.*seam.*1\.3.*9\.0") as caught:
        run(parse(pack, gate), host, [brick])
    result = caught.value.run
    assert titles(result, "vary") == ["brick 2"], "the other result is kept and used"
    assert titles(result, "material") == ["brick 2"]
    assert {a.seed for a in host.library.values() if a.trashed} == first


def test_a_metric_that_is_not_there(pack: str, host: Any, picture: Any) -> None:
    host.judge = lambda call, seed: {"contrast": 1.0}
    with pytest.raises(PipelineFailedError, match=r"gate\.metric.*'seam'.*contrast"):
        run(parse(pack, GATE), host, [picture("a")])


def test_a_metric_that_is_no_number(pack: str, host: Any, picture: Any) -> None:
    host.judge = lambda call, seed: {"seam": math.nan}
    result = run(parse(pack, GATE), host, [picture("a")])
    assert all(not replacement.passed for replacement in result.replacements)


def test_a_gate_restores_what_passes(pack: str, host: Any, picture: Any) -> None:
    """The user loosened the gate: what was in the trash is good now."""
    host.judge = lambda call, seed: {"seam": 2.0 + (seed % 5) / 10}
    strict = run(parse(pack, GATE), host, [picture("a")])
    made = len(host.ran)
    loose = run(parse(pack, GATE.replace("1.3", "9.0")), host, [picture("a")])
    assert [step for step, _ in host.ran[made:]].count("vary") == 0
    assert all(not host.library[asset.id].trashed for asset in loose.steps["vary"])
    assert strict.steps["vary"] != [] and loose.replacements == []


def test_a_broken_replacement_keeps_the_other_results(pack: str, host: Any, picture: Any) -> None:
    bad_first(host, 1)
    host.broken = lambda call: call.step == "vary" and len(call.seeds) == 1
    with pytest.raises(PipelineFailedError) as caught:
        run(parse(pack, GATE), host, [picture("brick")])
    assert titles(caught.value.run, "vary") == ["brick 2"]


def test_a_generator_that_leaves_out_a_seed(pack: str, host: Any, picture: Any) -> None:
    work = host.work

    def lose(call: Any, future: Any) -> None:
        if call.step == "vary":
            future.set_result([host.make(call, 0)])
        else:
            work(call, future)

    host.work = lose
    with pytest.raises(PipelineFailedError, match="no result for seed") as caught:
        run(parse(pack), host, [picture("a")])
    assert titles(caught.value.run, "vary") == ["a 1"]


def test_a_thousand_pictures_take_a_moment(pack: str, host: Any, picture: Any) -> None:
    start = time.thread_time()  # not of the wall: others may have the processor for seconds
    result = run(parse(pack), host, [picture(str(n)) for n in range(300)], variations=1)
    assert len(result.steps["export"]) == 600
    assert time.thread_time() - start < 5
