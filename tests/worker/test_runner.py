"""The run loop, in this process."""

import gc
import weakref
from pathlib import Path

import pytest
from PIL import Image

from studio.codecs.image import ImageCodec
from studio.generator import Artifact
from studio.media import MediaType
from studio.worker.faults import DeviceLostError
from studio.worker.outputs import read_share
from studio.worker.protocol import Cancelled, Done, Failed, Loaded, Output, Step
from studio.worker.runner import Runner


@pytest.fixture
def run(hostile, make_order):
    """Run an order with a fresh runner; return its events."""
    runner = Runner("cpu")

    def run_order(*args, is_cancelled=lambda: False, order=None, **params):
        events = []
        runner.run(order or make_order(*args, **params), events.append, is_cancelled)
        return events

    run_order.runner = runner
    return run_order


def get_error(events):
    assert isinstance(events[-1], Failed), events
    error = events[-1].error
    return error["type"], error["template"].format(**error["values"])


def get_hashes(events):
    assert isinstance(events[-1], Done), events
    outputs = [event for event in events if isinstance(event, Output)]
    return [[item.payload_hash for item in output.artifacts] for output in outputs]


def test_a_seed_gives_the_same_alone_and_in_a_batch(run, make_order):
    batch = get_hashes(run("sample.noise", seeds=(3, 4, 5)))
    assert len({hash for (hash,) in batch}) == 3
    assert get_hashes(run("sample.noise", seeds=(4,))) == [batch[1]]


def test_positions_are_those_of_the_whole_job(run, make_order):
    order = make_order("sample.noise", seeds=(8, 9)).model_copy(update={"positions": [2, 5]})
    outputs = [event for event in run(order=order) if isinstance(event, Output)]
    assert [(output.position, output.seed) for output in outputs] == [(2, 8), (5, 9)]


def test_every_kind_of_sample(run, make_order, tmp_path, sample_path):
    picture = tmp_path / "picture.png"
    Image.new("RGB", (4, 4), "red").save(picture)
    assert len(get_hashes(run("sample.words"))[0]) == 1
    assert len(get_hashes(run("sample.material"))[0]) == 1
    assert [len(group) for group in get_hashes(run("sample.group", seeds=(1, 2)))] == [2, 2]
    assert get_hashes(run("sample.invert", inputs={"image": picture}))
    assert get_hashes(run("sample.blend", inputs={"first": picture, "second": picture}))
    weights = sample_path / "sample_plugin" / "weights" / "tiny.safetensors"
    events = run("sample.weights", checkpoint={"name": "tiny", "path": str(weights), "sha256": "0"})
    with Image.open(events[-2].artifacts[0].files["main"]) as made:
        assert made.getpixel((1, 1)) == (40, 90, 200)


def test_the_recipe_of_a_file_has_its_seed(run):
    output = run("sample.noise", seeds=(77,))[-2]
    recipe = ImageCodec().extract_recipe(Path(output.artifacts[0].files["main"]))
    assert (recipe.seed, recipe.generator) == (77, "sample.noise")


def test_progress_reaches_total_and_previews_are_few(run):
    events = run("sample.noise", seeds=(1, 2), steps=400)
    steps = [event for event in events if isinstance(event, Step)]
    assert (steps[-1].done, steps[-1].total) == (800, 800)
    assert len(steps) < 400
    previews = [step.preview for step in steps if step.preview]
    assert 1 <= len(previews) <= 8
    with Image.open(previews[0]) as picture:
        assert picture.size == (32, 32)


def test_residents_are_loaded_once_and_evicted(run):
    first, second = run("sample.noise"), run("sample.noise")
    assert first[0].seconds > 0
    assert second[0] == Loaded(job=second[0].job, resident="sample.noise", seconds=0.0)
    reference = weakref.ref(run.runner.residents["sample.noise"])
    run.runner.evict("sample.noise")
    run.runner.evict("never.there")
    gc.collect()
    assert reference() is None


def test_a_broken_close_is_only_logged(run, caplog):
    run("hostile.any")
    run.runner.close()
    assert not run.runner.residents
    assert "close is broken too" in caplog.text


@pytest.mark.parametrize(
    ("way", "kind", "words"),
    [
        ("raise", "JobFailedError", "hostile.any: ValueError: a bug with {braces}"),
        ("silent", "JobFailedError", "hostile.any: ValueError: no message"),
        ("own_error", "InvalidInputError", "input 'image' is odd"),
        ("cancel", "JobCancelledError", "not asked for"),
        ("full", "StoreError", "no space left on the disk; free some"),
        ("memory", "OutOfMemoryError", "out of memory on cpu"),
        ("torch_memory", "OutOfMemoryError", "out of memory on cpu"),
        ("sys_exit", "JobFailedError", "called sys.exit(3)"),
        ("outside", "JobFailedError", "it must write its files in the job's scratch folder"),
        ("link", "JobFailedError", "it must write its files in the job's scratch folder"),
        ("missing", "JobFailedError", "no.png, which is not there"),
        ("thing", "JobFailedError", "yielded 'a text'"),
        ("empty", "JobFailedError", "yielded []"),
        ("kind", "JobFailedError", "it must yield an Artifact"),
        ("metric", "JobFailedError", "metric 'bad' must be a number, not <stubborn>"),
        ("info", "JobFailedError", "`info` must be plain JSON"),
        ("long", "JobFailedError", "write that much to a file"),
        ("fewer", "JobFailedError", "yielded fewer results than the 1 seeds"),
        ("nonexistent", "JobFailedError", "KeyError"),
    ],
)
def test_what_a_generator_does_wrong_is_named(run, way, kind, words):
    events = run("hostile.any", way=way)
    found, message = get_error(events)
    assert found == kind
    assert words in message
    assert "Traceback" in events[-1].traceback


def test_more_results_than_seeds(run):
    assert (
        "yielded more results than the 2" in get_error(run("hostile.any", seeds=(1, 2), high=99))[1]
    )


def test_a_number_that_is_none_is_left_out(run, caplog):
    artifact = run("hostile.any", way="nan")[-2].artifacts[0]
    assert artifact.metrics == {"good": 1.0}
    assert artifact.info == {"x": None}
    assert "metric 'bad' is nan" in caplog.text


def test_a_preview_that_is_no_picture_costs_nothing(run):
    events = run("hostile.any", way="preview")
    assert isinstance(events[-1], Done)
    assert events[1].preview is None


def test_params_are_checked_by_the_real_class(run):
    assert get_error(run("sample.noise", size=4000)) == (
        "InvalidParamsError",
        "sample.noise: param 'size': Input should be less than or equal to 1024, not 4000",
    )
    assert "low must not be above high" in get_error(run("hostile.any", low=5))[1]


def test_a_missing_input_file_is_named(run, tmp_path):
    kind, message = get_error(run("sample.invert", inputs={"image": tmp_path / "gone.png"}))
    assert kind == "InvalidInputError"
    assert "gone.png is missing or unreadable" in message


def test_unknown_plugin_generator_and_broken_weights(run):
    assert get_error(run("nobody.there")) == (
        "PluginLoadError",
        "no plugin 'nobody' is installed here",
    )
    assert get_error(run("sample.there"))[0] == "UnknownGeneratorError"
    assert "weights are damaged" in get_error(run("hostile.unloadable"))[1]
    assert not run.runner.residents


def test_cancelled_between_seeds_without_a_step(run):
    """A generator that never calls `step` still stops after a result."""
    events = run("hostile.any", seeds=(1, 2, 3), is_cancelled=lambda: True)
    assert [type(event) for event in events] == [Loaded, Output, Cancelled]


def test_a_lost_device_is_passed_on(run):
    with pytest.raises(DeviceLostError, match="device-side assert"):
        run("hostile.any", way="device")


@pytest.mark.parametrize(
    ("told", "seconds"),
    [((None,), 9.0), ((2.0,), 2.0), ((2.0, None, 1.5), 3.5), ((float("nan"), -1.0), 9.0)],
)
def test_what_was_drawn_at_once_says_its_share_of_time(told, seconds):
    made = [Artifact("text", MediaType.TEXT, seconds=one) for one in told]
    assert read_share(made if len(made) > 1 else made[0], 9.0) == seconds
