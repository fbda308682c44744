import pytest
import torch
from studio_gan.indicators import build_yardstick, get_features, judge_samples


@pytest.fixture(params=[True, False], ids=["torus", "plain"])
def yardstick(request):
    torch.manual_seed(0)
    real = torch.rand(60, 3, 32, 32) * torch.rand(60, 3, 1, 1) * 2 - 1
    return build_yardstick(real[:40], real[40:], request.param), real


def test_fresh_pictures_are_diverse_and_new(yardstick):
    yard, real = yardstick
    figures = judge_samples(real[40:], yard)
    assert figures["novelty"] == pytest.approx(1, abs=0.01)
    assert 0.7 < figures["diversity"] < 1.4


def test_collapse_is_seen(yardstick):
    yard, real = yardstick
    alike = real[41:42].repeat(20, 1, 1, 1) + 1e-3 * torch.randn(20, 3, 32, 32)
    assert judge_samples(alike, yard)["diversity"] < 0.1


def test_copies_are_seen(yardstick):
    yard, real = yardstick
    copies = real[:20]
    if yard.is_torus:
        copies = copies.roll((5, 9), (2, 3))
    assert judge_samples(copies, yard)["novelty"] < 0.1


def test_a_roll_is_no_difference_on_a_torus():
    pictures = torch.rand(2, 3, 32, 32)
    rolled = pictures.roll((7, 3), (2, 3))
    assert torch.allclose(get_features(pictures, True), get_features(rolled, True), atol=1e-5)
    assert not torch.allclose(get_features(pictures, False), get_features(rolled, False), atol=1e-3)


def test_without_held_out_pictures_there_is_no_novelty():
    real = torch.rand(8, 3, 32, 32)
    figures = judge_samples(real, build_yardstick(real, real[:0], True))
    assert figures.keys() == {"diversity"}
