"""Pictures of a batch are those drawn alone."""

import numpy as np
import pytest
import torch
from studio_gan.drawing import Wish, build_trial
from studio_gan.generators import Weaver
from studio_gan.params import PLACE
from studio_gan.vae_net import Vae as VaeNet
from studio_gan.weights import load_generator
from studio_training import together
from studio_training.budget import ENOUGH, MOST
from studio_training.side_by_side import FEW
from studio_training.together import Together

from studio import Studio

GENERATORS = ("gan.texture", "gan.vae")


@pytest.fixture
def count_drawn(monkeypatch):
    """Say how many pictures each call of a net that lays things out made."""
    drawn = []

    def count(net, method):
        usual = getattr(net, method)
        monkeypatch.setattr(
            net, method, lambda own, *some: drawn.append(len(some[0])) or usual(own, *some)
        )

    count(Weaver, "forward")
    count(VaeNet, "decode")
    return drawn


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("gan.texture", {"class": "any"}),
        ("gan.texture", {"class": "brick", "size": 72}),
        ("gan.texture", {"class": "rock", "style_seed": 3, "style_share": 0.4}),
        ("gan.vae", {"class": "any"}),
        ("gan.vae", {"class": "rock", "size": 80, "height": 56}),
    ],
)
def test_a_batch_is_its_pictures_drawn_alone(tmp_path, name, params):
    asked = {"size": 64, **params}
    with Studio(tmp_path / "home", workers="inline") as studio:
        many = studio.generate(name, params=asked, seed=5, count=ENOUGH + MOST)
        for place in (0, 1, MOST - 1, MOST):
            (alone,) = studio.generate(name, params=asked, seed=5 + place)
            assert alone.record.payload_hash == many[place].record.payload_hash
    assert all(asset.record.seconds > 0 for asset in many)


@pytest.mark.parametrize("threads", [1, 2])
def test_bits_are_kept_on_several_threads(threads):
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        net, config = load_generator(PLACE / "texture")
        wish = Wish(0, tuple(float(name == "brick") for name in config.classes), 0.8, 4, 4)
        trial = build_trial(net, config, wish)
        # Where this machine's libraries do not keep to it, this says one.
        most = Together().count("brick", 64**2, trial)
        for row, picture in enumerate(trial(range(most))):
            assert torch.equal(picture, trial([row])[0])
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("name", GENERATORS)
def test_many_are_drawn_together(tmp_path, count_drawn, monkeypatch, name):
    monkeypatch.setattr(together, "is_exact", lambda *_: True)
    with Studio(tmp_path / "home", workers="inline") as studio:
        studio.generate(name, params={"size": 64, "class": "rock"}, count=ENOUGH + MOST)
    assert sum(count_drawn) == ENOUGH + MOST
    assert max(count_drawn) <= FEW
    assert len(count_drawn) < (ENOUGH + MOST) / 2


@pytest.mark.parametrize("name", GENERATORS)
def test_few_are_drawn_one_by_one(tmp_path, count_drawn, name):
    with Studio(tmp_path / "home", workers="inline") as studio:
        studio.generate(name, params={"size": 64, "class": "rock"}, count=ENOUGH - 1)
    assert count_drawn == [1] * (ENOUGH - 1)


@pytest.mark.parametrize("name", GENERATORS)
def test_one_by_one_where_bits_are_not_kept(tmp_path, count_drawn, monkeypatch, name):
    monkeypatch.setattr(together, "is_exact", lambda *_: False)
    with Studio(tmp_path / "home", workers="inline") as studio:
        many = studio.generate(name, params={"size": 64, "class": "rock"}, count=ENOUGH)
    assert count_drawn == [1] * ENOUGH
    assert len({np.asarray(asset.image()).tobytes() for asset in many}) == ENOUGH
