"""The Python API, end to end: a plugin's generator, the queue, the commit, the library."""

import asyncio
import time

import pytest

from studio import Studio
from studio.errors import (
    InvalidInputError,
    InvalidParamsError,
    JobCancelledError,
    UnknownGeneratorError,
)
from studio.events import AssetAdded, JobChanged
from studio.scheduler.job import JobStatus


def wait_for(is_so, timeout=60.0):
    end = time.monotonic() + timeout
    while not is_so():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.01)


def test_three_lines_to_an_asset(studio):
    (asset,) = studio.generate("sample.noise", seed=7, size=16)
    assert asset.seed == 7
    assert asset.params["size"] == 16
    assert asset.image().size == (16, 16)
    assert asset.path.read_bytes().startswith(b"\x89PNG")
    assert studio.asset(asset.id).payload_hash == asset.payload_hash


def test_seeds_count_up_and_differ(studio):
    assets = studio.generate("sample.noise", seed=3, count=4, size=8)
    assert [asset.seed for asset in assets] == [3, 4, 5, 6]
    assert len({asset.payload_hash for asset in assets}) == 4


def test_alone_or_in_a_batch_is_the_same(studio):
    (alone,) = studio.generate("sample.noise", seed=5, size=8)
    assets = studio.generate("sample.noise", seed=3, count=4, size=8)
    assert assets[2].payload_hash == alone.payload_hash
    assert assets[2].id != alone.id


def test_inputs_are_paths_ids_or_assets(studio, tmp_path):
    (noise,) = studio.generate("sample.noise", seed=1, size=8)
    noise.image().save(tmp_path / "picture.png")
    results = [
        studio.generate("sample.invert", inputs={"image": value})[0].payload_hash
        for value in (noise, noise.id, noise.path, tmp_path / "picture.png")
    ]
    assert len(set(results)) == 1
    inverted = studio.assets.get(noise.id)
    assert inverted.lineage().edges


def test_groups_are_kept_together(studio):
    assets = studio.generate("sample.group", seed=1, count=2)
    assert len(assets) == 4
    assert [asset.seed for asset in assets] == [1, 1, 2, 2]


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (("sample.nois", {}), UnknownGeneratorError, ["sample.noise"]),
        (("sample.noise", {"sise": 3}), InvalidParamsError, ["sise", "size"]),
        (("sample.noise", {"size": -1}), InvalidParamsError, ["size", "-1"]),
        (("sample.noise", {"size": "big"}), InvalidParamsError, ["size", "big"]),
        (("sample.noise", {"size": float("nan")}), InvalidParamsError, ["size", "nan"]),
        (("sample.noise", {"seed": -1}), InvalidParamsError, ["seed"]),
        (("sample.noise", {"count": 0}), InvalidParamsError, ["count"]),
        (("sample.invert", {"count": 2}), InvalidParamsError, ["count"]),
        (("sample.invert", {}), InvalidInputError, ["image"]),
        (("sample.invert", {"inputs": {"imag": "x.png"}}), InvalidInputError, ["imag", "image"]),
        (("sample.invert", {"inputs": {"image": "gone.png"}}), InvalidInputError, ["gone.png"]),
    ],
)
def test_wrong_requests_name_the_fault_and_queue_nothing(studio, arguments, error, words):
    generator, rest = arguments
    with pytest.raises(error) as raised:
        studio.submit(generator, **rest)
    for word in words:
        assert word in str(raised.value)
    assert studio.jobs.count() == {}
    assert list(studio.assets.search()) == []


def test_reuse_takes_what_is_there(studio):
    first = studio.generate("sample.noise", seed=1, count=3, size=8)
    job = studio.submit("sample.noise", seed=2, count=3, size=8, reuse=True)
    assets = job.result()
    assert [asset.id for asset in assets[:2]] == [first[1].id, first[2].id]
    assert assets[2].id not in {asset.id for asset in first}
    again = studio.submit("sample.noise", seed=2, count=3, size=8, reuse=True)
    assert again.status is JobStatus.DONE  # without running anything


def test_a_batch_does_only_what_is_missing(studio):
    requests = [
        {"generator": "sample.noise", "params": {"size": 8}, "seed": seed, "count": 5}
        for seed in (0, 100)
    ]
    batch = studio.batch(requests)
    assert set(batch.wait(60)) == {JobStatus.DONE}
    made = {asset.id for asset in batch.result()}
    assert len(made) == 10
    again = studio.batch(requests)
    assert again.id == batch.id
    assert {asset.id for asset in again.result()} == made
    assert len(list(studio.assets.search())) == 10


def test_a_wrong_request_in_a_batch_queues_nothing(studio):
    good = {"generator": "sample.noise", "seed": 1}
    with pytest.raises(InvalidParamsError, match="request 1"):
        studio.batch([good, {"generator": "sample.noise", "sed": 1}])
    with pytest.raises(InvalidParamsError, match="sise"):
        studio.batch([good, {"generator": "sample.noise", "params": {"sise": 1}}])
    assert studio.jobs.count() == {}


def test_a_running_job_is_cancelled_at_its_next_step(studio):
    job = studio.submit("sample.noise", seed=1, steps=5000, delay=0.02, size=8)
    wait_for(lambda: job.progress.done)
    assert job.cancel()
    assert job.wait(60) is JobStatus.CANCELLED
    with pytest.raises(JobCancelledError):
        job.result()
    assert list(studio.assets.search()) == []
    assert studio.generate("sample.noise", seed=1, size=8)  # the worker lives


def test_a_queued_job_is_cancelled_at_once(studio):
    blocker = studio.submit("sample.noise", seed=1, steps=5000, delay=0.02, size=8)
    waiting = studio.submit("sample.noise", seed=2, size=8)
    assert waiting.cancel()
    assert waiting.status is JobStatus.CANCELLED
    blocker.cancel()
    assert studio.jobs.retry([waiting.id]) == 1
    assert len(waiting.result(60)) == 1


def test_reproduce_says_bit_equal(studio):
    (noise,) = studio.generate("sample.noise", seed=1, size=8)
    report = noise.reproduce()
    assert report.verdict == "bit-equal"
    # The trial is in the trash, not in the library.
    assert len(list(studio.assets.search())) == 1
    assert [asset.id for asset in studio.assets.search(trashed=True)] == [report.asset]


def test_reproduce_says_why_it_cannot(studio, tmp_path):
    (noise,) = studio.generate("sample.noise", seed=1, size=8)
    noise.image().save(tmp_path / "other.png")
    imported = studio.assets.import_file(tmp_path / "other.png")
    if imported.record.recipe is None:
        assert imported.reproduce().verdict == "impossible"
        assert "imported" in imported.reproduce().reason


def test_events_tell_what_happens(studio):
    seen = []
    studio.events.subscribe(seen.append)
    studio.generate("sample.noise", seed=1, size=8)

    def list_statuses():
        return [event.status for event in list(seen) if isinstance(event, JobChanged)]

    wait_for(lambda: "done" in list_statuses())  # who waits for a job may hear of its end first
    assert list_statuses() == ["running", "done"]
    assert sum(isinstance(event, AssetAdded) for event in seen) == 1


def test_a_subscriber_that_raises_costs_nothing(studio, caplog):
    studio.events.subscribe(lambda event: 1 / 0)
    assert studio.generate("sample.noise", seed=1, size=8)
    assert "subscriber" in caplog.text


def test_results_can_be_awaited(studio):
    job = studio.submit("sample.noise", seed=1, size=8)
    assert len(asyncio.run(job.aresult(60))) == 1


def test_timeout_leaves_the_job_running(studio):
    job = studio.submit("sample.noise", seed=1, steps=5000, delay=0.02, size=8)
    with pytest.raises(TimeoutError):
        job.wait(0.05)
    job.cancel()
    assert job.wait(60) is JobStatus.CANCELLED


def test_textures_are_one_asset_with_named_maps(studio, tmp_path):
    (material,) = studio.generate("sample.material", seed=1)
    assert next(iter(material.files)) == "albedo"
    saved = material.save(tmp_path / "out")
    assert {path.suffix for path in saved} == {".png"}
    with pytest.raises(InvalidInputError, match="albedo"):
        material.open("gloss")


def test_jobs_survive_the_process(home, sample_path, use_plugins):
    use_plugins(sample_path)
    with Studio(home, workers="inline") as studio:
        blocker = studio.submit("sample.noise", seed=1, steps=400, delay=0.02, size=8)
        job = studio.submit("sample.noise", seed=2, size=8)
        blocker.cancel()
    with Studio(home, workers="inline") as studio:
        assert len(studio.jobs.get(job.id).result(60)) == 1


def test_params_may_be_given_as_a_mapping(studio):
    (one,) = studio.generate("sample.noise", seed=1, params={"size": 8})
    (two,) = studio.generate("sample.noise", seed=1, params={"size": 9}, size=8)
    assert one.payload_hash == two.payload_hash


def test_a_studio_may_only_enqueue(home, sample_path, use_plugins):
    use_plugins(sample_path)
    with Studio(home, workers="inline", schedules=False) as studio:
        job = studio.submit("sample.noise", seed=1, size=8)
        with pytest.raises(TimeoutError):
            job.wait(0.1)
        assert job.status is JobStatus.QUEUED
        assert studio.scheduler is None
    with Studio(home, workers="inline") as studio:
        assert studio.jobs.get(job.id).result(60)


def test_tiny_materials_have_thumbnails(studio):
    (material,) = studio.generate("sample.material", seed=1, size=4)
    assert studio.assets.store.thumbnails.find(material.id) is not None


HOOKS = """
from studio import hookimpl

seen = []

@hookimpl
def startup(studio):
    seen.append(type(studio).__name__)

@hookimpl
def track_event(studio, event):
    seen.append(type(event).__name__)
    raise ValueError("a bug in an observer")
"""


def test_host_plugins_hear_of_everything(home, sample_path, make_plugin, use_plugins):
    use_plugins(sample_path, make_plugin("watcher", HOOKS, group="studio.host"))
    with Studio(home, workers="inline") as studio:
        assert studio.generate("sample.noise", seed=1, size=8)
    import watcher_plugin

    assert watcher_plugin.seen[0] == "Studio"
    assert {"JobChanged", "AssetAdded"} <= set(watcher_plugin.seen)


def test_kinds_may_be_named(studio):
    studio.generate("sample.noise", seed=1, size=8)
    studio.generate("sample.words", seed=1)
    assert [asset.kind.value for asset in studio.assets.search(kind="text")] == ["text"]
    with pytest.raises(InvalidParamsError, match="texture"):
        list(studio.assets.search(kind="picture"))


def test_equal_numbers_make_equal_recipes(studio):
    (one,) = studio.generate("sample.noise", seed=1, size=8, delay=0)
    (two,) = studio.generate("sample.noise", seed=1, size=8.0, delay=0.0)
    assert one.record.recipe_key == two.record.recipe_key


def test_the_weights_of_every_default_are_there(home):
    """The host names weights without a plugin's code: what a first click asks for must exist."""
    with Studio(home, workers="inline") as studio:
        for spec in studio.registry.specs.values():
            fields = spec.params_schema["properties"]
            chosen = [fields[name].get("default") for name in spec.checkpoint_from]
            name = "/".join(str(value) for value in chosen if value)
            if name and "/" not in name:  # those of a hub are fetched when somebody asks for them
                assert studio.checkpoints.resolve(name, spec).path.exists(), (spec.id, name)
