import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from studio_training import DivergedError, Settings, follow, get_rate, mix_seed, save_state
from studio_training.state import read_average

from studio.errors import CheckpointError


def state_of(trainer):
    return {
        **{f"n.{k}": v for k, v in trainer.network.state_dict().items()},
        **{f"a.{k}": v for k, v in trainer.average.state_dict().items()},
    }


def assert_equal(one, two):
    assert one.keys() == two.keys()
    assert [name for name in one if not torch.equal(one[name], two[name])] == []


def test_it_learns(make_trainer):
    trainer = make_trainer(steps=300)
    losses = [trainer.advance()["loss"] for _ in range(300)]
    assert sum(losses[-20:]) < 0.3 * sum(losses[:20])


@pytest.mark.parametrize("pause", [1, 17])
def test_going_on_is_bit_equal(make_trainer, tmp_path, pause):
    whole, first, second = make_trainer(), make_trainer(), make_trainer(seed=0)
    for _ in range(30):
        whole.advance()
    for _ in range(pause):
        first.advance()
    first.save(tmp_path / "state")
    torch.rand(5)  # what others draw in between does not count
    second.load(tmp_path / "state")
    assert second.step == pause
    for _ in range(30 - pause):
        second.advance()
    assert_equal(state_of(whole), state_of(second))


def test_the_seed_decides(make_trainer):
    one, two, other = make_trainer(), make_trainer(), make_trainer(seed=1)
    for trainer in (one, two, other):
        trainer.advance()
    assert_equal(state_of(one), state_of(two))
    assert not torch.equal(one.network.net[0].weight, other.network.net[0].weight)


def test_the_global_rng_is_left_alone(make_trainer):
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    make_trainer().advance()
    assert torch.equal(torch.rand(4), expected)


def test_a_loss_that_is_not_finite_changes_nothing(make_trainer):
    def loss(network, rng):
        out = network(torch.ones(4, 1)).mean()
        return {"loss": out * (math.inf if network.bad else 1.0)}

    trainer = make_trainer(loss=loss)
    trainer.network.bad = False
    trainer.advance()
    before = {name: value.clone() for name, value in state_of(trainer).items()}
    trainer.network.bad = True
    with pytest.raises(DivergedError, match="step 1; lower the learning rate"):
        trainer.advance()
    changed = [n for n, v in state_of(trainer).items() if not torch.equal(v, before[n])]
    # Counters of normalisation see every forward pass; no weight moved.
    assert all("running" in name or "num_batches" in name for name in changed)
    trainer.network.bad = False
    assert math.isfinite(trainer.advance()["loss"])


def test_gradients_are_clipped(make_trainer):
    moved = {}
    for clip in (0.0, 1e-4):
        trainer = make_trainer(clip=clip, rate=1.0, warmup=0)
        trainer._optimiser = torch.optim.SGD(trainer.network.parameters(), lr=1.0)
        before = trainer.network.net[0].weight.clone()
        trainer.advance()
        moved[clip] = float((trainer.network.net[0].weight - before).detach().norm())
    assert moved[1e-4] <= 1e-4 < moved[0.0]


def test_without_an_average_the_net_is_kept(make_trainer, tmp_path):
    trainer = make_trainer(ema=0.0)
    trainer.advance()
    assert trainer.average is trainer.network
    trainer.save(tmp_path / "state")
    again = make_trainer(ema=0.0)
    again.load(tmp_path / "state")
    assert_equal(state_of(trainer), state_of(again))


def test_the_average_lags_behind(make_trainer):
    trainer = make_trainer(ema=0.99)
    follow(trainer.average, trainer.network, 0.99, 10**6)
    with torch.no_grad():
        trainer.network.net[0].weight.add_(1.0)
    before = trainer.average.net[0].weight.clone()
    follow(trainer.average, trainer.network, 0.99, 10**6)
    assert torch.allclose(trainer.average.net[0].weight - before, torch.tensor(0.01), atol=1e-5)


def test_bfloat16_learns_too(make_trainer):
    trainer = make_trainer(steps=60, precision="bfloat16")
    losses = [trainer.advance()["loss"] for _ in range(60)]
    assert sum(losses[-10:]) < sum(losses[:10])
    assert trainer.network.net[0].weight.dtype == torch.float32


@pytest.mark.parametrize("damage", ["cut", "other", "empty"])
def test_a_state_that_does_not_fit_is_refused(make_trainer, tmp_path, damage):
    trainer, path = make_trainer(), tmp_path / "state"
    trainer.advance()
    trainer.save(path)
    data = path.read_bytes()
    path.write_bytes({"cut": data[: len(data) // 2], "other": b"hello", "empty": b""}[damage])
    with pytest.raises(CheckpointError, match="start anew"):
        make_trainer().load(path)


@given(st.integers(1, 5000), st.integers(0, 200), st.floats(0, 1), st.data())
def test_the_rate_is_a_ramp_a_plateau_and_a_fall(steps, warmup, decay, data):
    settings = Settings(steps, rate=1.0, warmup=warmup, decay=decay)
    step = data.draw(st.integers(0, steps - 1))
    rate = get_rate(settings, step)
    assert 0 < rate <= 1.0
    if step >= warmup:
        assert rate >= get_rate(settings, min(step + 1, steps))
    if warmup <= step:
        assert get_rate(replace(settings, decay=0.0), step) == 1.0


@given(st.integers(0, 2**63 - 1), st.integers(0, 10**7))
def test_seeds_of_steps_differ(seed, step):
    assert 0 <= mix_seed(seed, step) < 2**63
    assert mix_seed(seed, step) != mix_seed(seed, step + 1)


def test_the_average_is_read_out_of_a_state(make_trainer, tmp_path):
    trainer = make_trainer()
    for _ in range(3):
        trainer.advance()
    trainer.save(tmp_path / "state")
    facts, average = read_average(tmp_path / "state")
    assert facts["step"] == 3
    assert_equal(average, trainer.average.state_dict())


def test_a_state_without_an_average_is_refused(make_trainer, tmp_path):
    save_state(tmp_path / "state", {"network": make_trainer().network}, {})
    with pytest.raises(CheckpointError, match="keeps no running average"):
        read_average(tmp_path / "state")
    (tmp_path / "state").write_bytes(b"\0" * 40)
    with pytest.raises(CheckpointError, match="not the state of a training"):
        read_average(tmp_path / "state")
