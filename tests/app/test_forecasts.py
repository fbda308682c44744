"""What a batch would take, and control of the queue, through the faces' one door."""

import pytest

from studio.errors import StudioError


def requests(count, **params):
    return [
        {"generator": "sample.noise", "params": {"size": 8, **params}, "seed": 1, "count": count}
    ]


def test_a_dry_run_queues_nothing_and_counts_only_what_is_missing(studio):
    before = studio.dry_run(requests(20))
    assert before.outputs == 20 and before.jobs >= 1 and before.disk_bytes is None
    assert not studio.jobs.list()
    studio.batch(requests(5)).wait(60)
    after = studio.dry_run(requests(20))
    assert after.outputs == 15 and after.seconds > 0 and after.disk_bytes > 0
    with pytest.raises(StudioError):
        studio.dry_run([{"generator": "sample.nothing"}])


def test_a_paused_batch_waits_and_is_forecast_when_it_goes_on(studio):
    batch = studio.batch(requests(10, steps=2000, delay=0.05))
    assert studio.jobs.pause(batch=batch.id) > 0
    assert studio.jobs.resume(batch=batch.id) > 0
    found = studio.forecaster.forecast()
    assert found.seconds >= max(found.ends.values(), default=0.0)
    assert studio.jobs.cancel(user=studio.config.user) > 0
    batch.wait(60)
    assert studio.jobs.resume(batch=batch.id) == 0
