import math

import pytest
import torch
from studio_gan.augment import augment, roll
from studio_gan.losses import (
    get_critic_loss,
    get_generator_loss,
    get_gradient_penalty,
    get_r1,
)
from studio_training import DivergedError
from torch import nn

from studio.errors import CheckpointError


def states(learner):
    return {
        f"{part}.{name}": value
        for part in ("generator", "critic", "average")
        for name, value in getattr(learner, part).state_dict().items()
    }


@pytest.mark.parametrize("loss", ["hinge", "non-saturating", "wgan-gp"])
@pytest.mark.parametrize("family", ["dcgan", "spatial", "style"])
def test_going_on_is_bit_equal(make_learner, make_config, tmp_path, family, loss):
    def make():
        config = make_config(family, is_normed=loss != "wgan-gp", classes=("a", "b"))
        return make_learner(config, loss=loss)

    whole, first, second = make(), make(), make()
    for _ in range(5):
        whole.advance()
    for _ in range(2):
        first.advance()
    first.save(tmp_path / "state")
    torch.rand(3)
    second.load(tmp_path / "state")
    for _ in range(3):
        second.advance()
    one, two = states(whole), states(second)
    assert [name for name in one if not torch.equal(one[name], two[name])] == []


@pytest.mark.slow
def test_it_learns_colours_of_classes(make_learner, make_config):
    config = make_config(classes=("red", "green"))
    learner = make_learner(config, steps=300, rate=2e-3, batch=8, r1=0.1, augment="none")
    for _ in range(300):
        learner.advance()
    from studio_gan.drawing import Wish, draw_pictures

    means = {}
    for kind in range(2):
        weights = tuple(float(n == kind) for n in range(2))
        wishes = [Wish(seed, weights) for seed in range(8)]
        means[kind] = draw_pictures(learner.average, learner.config, wishes).mean((0, 2, 3))
    assert means[0][0] > means[0][1] + 0.2, "red is red"
    assert means[1][1] > means[1][0] + 0.2, "green is green"


def test_a_loss_that_is_not_finite_ends_it(make_learner):
    learner = make_learner()
    learner.advance()
    with torch.no_grad():
        learner.critic.score.bias.fill_(math.nan)
    with pytest.raises(DivergedError, match="critic was not finite at step 1"):
        learner.advance()
    assert all(bool(v.isfinite().all()) for v in learner.average.state_dict().values())


def test_a_state_of_another_net_is_refused(make_learner, make_config, tmp_path):
    make_learner().save(tmp_path / "state")
    with pytest.raises(CheckpointError):
        make_learner(make_config(channels=8, classes=("a", "b"))).load(tmp_path / "state")


def test_losses_by_hand():
    real, fake = torch.tensor([2.0, 0.0]), torch.tensor([-2.0, 1.0])
    assert get_critic_loss("hinge", real, fake) == pytest.approx((0 + 1) / 2 + (0 + 2) / 2)
    assert get_critic_loss("wgan-gp", real, fake) == pytest.approx(-0.5 - 1.0)
    soft = (math.log1p(math.exp(-2)) + math.log(2)) / 2
    soft += (math.log1p(math.exp(-2)) + math.log1p(math.e)) / 2
    assert float(get_critic_loss("non-saturating", real, fake)) == pytest.approx(soft, rel=1e-5)
    assert get_generator_loss("hinge", fake) == pytest.approx(0.5)
    expected = (math.log1p(math.exp(2)) + math.log1p(math.exp(-1))) / 2
    assert float(get_generator_loss("non-saturating", fake)) == pytest.approx(expected, rel=1e-5)


class Plane(nn.Module):
    """A critic with one slope everywhere."""

    def __init__(self, slope):
        super().__init__()
        self.slope = slope

    def forward(self, pictures, kinds):
        return (pictures * self.slope).sum((1, 2, 3))


def test_penalties_of_a_plane():
    slope = torch.zeros(3, 4, 4)
    slope[0, 0, 0], slope[1, 2, 2] = 3.0, 4.0  # of length 5
    real, fake, kinds = torch.rand(2, 3, 4, 4), torch.rand(2, 3, 4, 4), torch.zeros(2).long()
    assert float(get_r1(Plane(slope), real, kinds)) == pytest.approx(25 / 2)
    penalty = get_gradient_penalty(Plane(slope), real, fake, kinds, torch.rand(2))
    assert float(penalty) == pytest.approx(16)


@pytest.mark.parametrize("is_torus", [True, False])
def test_changes_let_gradients_through(is_torus):
    pictures = torch.rand(3, 3, 16, 16, requires_grad=True)
    torch.manual_seed(0)
    augment(pictures, "full", is_torus).sum().backward()
    assert pictures.grad is not None
    assert bool(pictures.grad.any())
    assert augment(pictures, "none", is_torus) is pictures


def test_a_roll_keeps_every_pixel():
    pictures = torch.rand(5, 3, 8, 6)
    rolled = roll(pictures)
    for one, two in zip(pictures, rolled, strict=True):
        found = [
            (down, across)
            for down in range(8)
            for across in range(6)
            if torch.equal(one.roll((down, across), (1, 2)), two)
        ]
        assert found
    assert any(not torch.equal(a, b) for a, b in zip(pictures, rolled, strict=True))
