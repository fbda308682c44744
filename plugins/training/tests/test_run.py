import errno
import json
from dataclasses import replace

import pytest
import torch
from PIL import Image
from studio_training import DivergedError, Run, fit, learn
from tensorboardX.proto.event_pb2 import Event

from studio.errors import StoreError
from studio.generator import FIGURES, FINISH


def weights(trainer):
    return trainer.average.net[0].weight.clone()


def draw():
    return Image.new("RGB", (4, 4))


def test_a_job_sees_progress_pictures_and_figures(make_trainer, make_job, caplog):
    caplog.set_level("INFO")
    job, seen = make_job(seeds=(1, 2))
    for index in range(2):
        outcome = learn(make_trainer(), job, Run(40, draw=draw), index)
        assert (outcome.step, outcome.ended, outcome.params) == (40, "all", {})
    assert seen.steps[0] == (0, 80)
    assert seen.steps[-1] == (80, 80)
    assert [done for done, _ in seen.steps] == sorted(done for done, _ in seen.steps)
    assert seen.previews >= 80
    rows = [
        json.loads(r.message.removeprefix(FIGURES)) for r in caplog.records if FIGURES in r.message
    ]
    assert rows[0].keys() == {"step", "loss", "root"}
    assert outcome.figures["loss"] == pytest.approx(rows[-1]["loss"])


def test_a_job_that_was_killed_goes_on(make_trainer, make_job, cancelled, monkeypatch):
    monkeypatch.setattr("studio_training.story.SAVE_EVERY", 0.0)
    whole = make_trainer()
    learn(whole, make_job(seeds=(5,))[0], Run(40))
    job, _ = make_job(seeds=(7,), cancel_at=25)
    with pytest.raises(cancelled):
        learn(make_trainer(), job, Run(40))
    again, (job, seen) = make_trainer(), make_job(seeds=(7,))
    learn(again, job, Run(40))
    assert seen.steps[0] == (25, 40), "not from the start"
    assert torch.equal(weights(again), weights(whole))


def test_pausing_and_going_on_equals_no_pause(make_trainer, make_job):
    whole, first = make_trainer(), make_trainer()
    learn(whole, make_job(seeds=(1,))[0], Run(40))
    paused = learn(first, make_job(seeds=(2,))[0], Run(40, stop_after=15))
    assert (paused.step, paused.ended, paused.params) == (15, "asked", {})
    second = make_trainer()
    second.load(paused.state)
    job, seen = make_job(seeds=(3,))
    learn(second, job, Run(40))
    assert seen.steps[0] == (0, 25), "progress is of this run"
    assert torch.equal(weights(second), weights(whole))


def test_finishing_early_says_what_would_have_given_it(make_trainer, make_job):
    job, seen = make_job()
    trainer = make_trainer()
    plain = trainer.advance

    def advance():
        if trainer.step == 11:
            (job.scratch / FINISH).touch()
        return plain()

    trainer.advance = advance
    outcome = learn(trainer, job, Run(40))
    assert (outcome.step, outcome.ended, outcome.params) == (12, "asked", {"stop_after": 12})
    twin = make_trainer()
    learn(twin, make_job(seeds=(9,))[0], Run(40, stop_after=12))
    assert torch.equal(weights(twin), weights(trainer))
    assert seen.steps[-1] == (40, 40)


def test_the_best_weights_are_kept_and_patience_ends(make_trainer, make_job):
    trainer = make_trainer()
    figures = iter([5.0, 2.0, 3.0, 4.0, 1.0])
    at = {}

    def measure():
        at[trainer.step] = weights(trainer)
        return {"held": next(figures)}

    run = Run(100, measure=measure, every=4, watch="held", patience=2)
    outcome = learn(trainer, make_job()[0], run)
    assert (outcome.step, outcome.best_step, outcome.ended) == (16, 8, "early")
    assert "held did not fall for 2" in outcome.reason
    assert torch.equal(weights(trainer), at[8])
    again = make_trainer()
    again.load(outcome.state)
    assert torch.equal(weights(again), at[16]), "going on starts where it stood, not at its best"


def test_diverging_keeps_the_last_good_weights(make_trainer, make_job):
    def loss(network, rng):
        x = torch.rand(8, 1, generator=rng)
        return {"loss": network(x).mean() * (float("nan") if trainer.step >= 6 else 1.0)}

    trainer = make_trainer(loss=loss)
    outcome = learn(trainer, make_job()[0], Run(40))
    assert (outcome.step, outcome.ended) == (6, "diverged")
    assert "lower the learning rate" in outcome.reason
    trainer = make_trainer(loss=lambda network, rng: {"loss": network(torch.ones(2, 1)).mean() / 0})
    with pytest.raises(DivergedError):
        learn(trainer, make_job(seeds=(8,))[0], Run(40))


def test_a_full_disk_says_so_and_leaves_no_half_file(make_trainer, make_job, monkeypatch, tmp_path):
    def save_file(tensors, path, metadata):
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("studio_training.story.SAVE_EVERY", 0.0)
    monkeypatch.setattr("studio_training.state.save_file", save_file)
    with pytest.raises(StoreError, match=r"no room on the disk .* at step 1"):
        learn(make_trainer(), make_job()[0], Run(40))
    assert not list((tmp_path / "kept").rglob("*.safetensors*"))


def test_a_command_line_goes_on_too(make_trainer, tmp_path):
    whole, first, second = make_trainer(), make_trainer(), make_trainer()
    fit(whole, tmp_path / "whole", Run(40))
    fit(first, tmp_path / "cut", Run(40, stop_after=10))
    story = tmp_path / "cut" / "story.json"
    story.write_text(json.dumps({**json.loads(story.read_text()), "first": 0}))
    fit(second, tmp_path / "cut", replace(Run(40), draw=draw))
    assert torch.equal(weights(second), weights(whole))
    rows = [
        json.loads(line) for line in (tmp_path / "cut" / "curve.jsonl").read_text().splitlines()
    ]
    assert [row["step"] for row in rows] == list(range(1, 41))
    assert (tmp_path / "cut" / "samples" / "0000010.png").exists()


def test_tensorboard_can_read_the_logs(make_trainer, make_job):
    job, _ = make_job()
    learn(make_trainer(), job, Run(40))
    (path,) = (job.logs / "seed-7").iterdir()
    data, tags = path.read_bytes(), set()
    while data:
        length = int.from_bytes(data[:8], "little")
        event = Event.FromString(data[12 : 12 + length])
        tags |= {(value.tag, event.step) for value in event.summary.value}
        data = data[12 + length + 4 :]
    assert ("loss", 40) in tags
    assert ("root", 1) in tags
