from pathlib import Path

import numpy as np
import pytest
import studio_training.story
import studio_upscale
import torch
from PIL import Image
from studio_training import Settings
from studio_upscale import distil, fit, ship
from studio_upscale.corpus import Corpus, Views, build_group
from studio_upscale.enlarge import Style, enlarge
from studio_upscale.network import NetworkConfig, build_network
from studio_upscale.shipped import SHIFTS
from studio_upscale.synthetic import draw_picture
from studio_upscale.trainer import build_enlarger, get_net
from studio_upscale.weights import save_network

SMALL = NetworkConfig(8, 1, 2)
FAST = Path(studio_upscale.__file__).parent / "checkpoints" / "fast"


def forbid(*args):
    raise AssertionError("asked again")


@pytest.fixture
def teacher(tmp_path):
    network = build_network(SMALL, seed=3).eval().requires_grad_(False)
    return distil.Teacher(network, tmp_path / "answers", weight=1)


@pytest.fixture
def groups():
    return build_group("drawn", [draw_picture(n) for n in range(3)], 1, 2, Views((0.5,)))


def test_answers_are_the_mean_of_eight_turns_and_are_kept(teacher, groups, monkeypatch):
    low = groups.pairs[0].low
    answer = teacher.answer(low)
    assert (answer == enlarge(teacher.network, low, 2, Style(ensemble=True))).all()
    monkeypatch.setattr(distil, "enlarge", forbid)
    assert (teacher.answer(low) == answer).all()
    with pytest.raises(AssertionError, match="asked again"):
        teacher.answer(groups.pairs[1].low)


@pytest.mark.parametrize("weight", [0, 0.5, 1])
def test_the_truth_is_mixed_in(teacher, groups, weight):
    mixed = distil.Teacher(teacher.network, teacher.cache, weight).teach(groups)
    for taught, true in zip(mixed.pairs, groups.pairs, strict=True):
        wanted = weight * teacher.answer(true.low).astype(float) + (1 - weight) * true.high
        assert np.abs(taught.high - wanted).max() <= 0.5
        assert (taught.low == true.low).all()


def test_the_student_gets_nearer_to_the_teacher(teacher):
    lone = teacher.teach_alone("lone", [draw_picture(n).resize((48, 48)) for n in range(3)], 1)
    settings = Settings(steps=60, batch=4, rate=5e-3, warmup=4, ema=0.9, clip=0)
    trainer = build_enlarger(SMALL, settings, Corpus([lone], 2, 16).draw, "luma")
    low = np.asarray(draw_picture(9).resize((40, 40)))
    wanted = teacher.answer(low).astype(float)

    def measure_distance():
        return np.abs(enlarge(get_net(trainer), low, 2, Style()) - wanted).mean()

    before = measure_distance()
    for _ in range(60):
        trainer.advance()
    assert measure_distance() < 0.5 * before


def test_a_run_that_was_cut_off_ends_as_one_that_was_not(data, tmp_path, monkeypatch):
    monkeypatch.setattr(distil, "KNOWN_ZOOMS", (1.0,))
    monkeypatch.setattr(studio_training.story, "FIRST_SAVE", 0.0)

    def run(name):
        settings = Settings(steps=5, batch=1, clip=0)
        plan = fit.Plan("fast", data, tmp_path / name, settings, "luma", 16, FAST, teacher=FAST)
        return fit.fit(plan).state_dict()

    whole = run("whole")
    with monkeypatch.context() as patch:
        patch.setattr(fit, "measure", forbid)
        with pytest.raises(AssertionError):
            run("parts")
    # It stands at step 1 or 2, and has all answers.
    monkeypatch.setattr(distil, "enlarge", forbid)
    assert (tmp_path / "parts" / "state.safetensors").exists()
    parts = run("parts")
    assert [name for name, value in whole.items() if not torch.equal(value, parts[name])] == []
    assert any((value != 0).any() for value in whole.values())
    assert '"taught": 0.7' in (tmp_path / "parts" / "000005" / "config.json").read_text()


def test_taught_groups_hold_what_patches_of_the_truth_cannot(data, tmp_path):
    teacher = distil.load_teacher(FAST, tmp_path, 0.7)
    taught = {group.name: group for group in distil.build_taught_groups(data, teacher)}
    assert {name: len(group.pairs) for name, group in taught.items()} == {
        "taught photos": len(distil.KNOWN_ZOOMS),
        "lone photos": 1,
        "lone albedos": 1,
    }
    assert taught["lone albedos"].pairs[0].low.shape == (256, 256, 3)


def test_every_way_to_begin_a_reduction_is_taken():
    assert len(set(SHIFTS)) == 16
    noise = np.random.default_rng(0).integers(0, 256, (72, 72, 3), np.uint8)
    picture = Image.fromarray(noise)
    group = build_group("shifted", [picture], 1, 4, Views([1.0] * 16, SHIFTS))
    assert len({pair.high[:40, :40].tobytes() for pair in group.pairs}) == 16
    for pair, (left, top) in zip(group.pairs, SHIFTS, strict=True):
        assert (pair.high[0, 0] == np.asarray(picture)[top, left]).all()


def test_the_mean_of_weights(tmp_path):
    nets = [build_network(SMALL, seed) for seed in (1, 2, 3)]
    for number, network in enumerate(nets):
        save_network(network, tmp_path / str(number), {}, "")
    mean = ship.average_networks([tmp_path / str(number) for number in range(3)])
    for name, value in mean.state_dict().items():
        wanted = sum(network.state_dict()[name] for network in nets) / 3
        assert torch.allclose(value, wanted, atol=1e-3)


def test_cards_say_what_was_learnt_from():
    plain = ship.describe_data({"patch": 32, "mix": "plain"}, 4)
    assert "1,100 material albedos" in plain
    assert "dead leaves" not in plain
    large = ship.describe_data({"patch": 40, "mix": "leaves"}, 4)
    assert "1,100" not in large
    assert "160 pictures of dead leaves cut out" in large
    stroked = ship.describe_data({"patch": 40, "mix": "strokes"}, 4)
    assert "400 pictures of dead leaves and strokes cut out" in stroked
    taught = ship.describe_data({"patch": 40, "mix": "shifted", "taught": 0.7}, 4)
    assert "dead leaves" in taught
    assert (
        f"to {distil.KNOWN_PHOTOS} of the photographs at {len(distil.KNOWN_ZOOMS)} sizes" in taught
    )
    assert all(f"at {zoom} times" in taught for zoom in distil.LONE_ZOOMS)
