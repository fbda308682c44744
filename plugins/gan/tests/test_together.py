"""Pictures of a batch are those drawn alone."""

import numpy as np
import pytest
import torch
from studio_gan.drawing import Wish, build_trial
from studio_gan.generators import Weaver
from studio_gan.image import Texture
from studio_gan.params import PLACE, SHIPPED
from studio_gan.vae import Vae
from studio_gan.vae_net import Vae as VaeNet
from studio_gan.vae_params import SHIPPED as VAES
from studio_gan.weights import load_generator
from studio_training import together
from studio_training.budget import ENOUGH, MOST
from studio_training.together import is_exact

from studio import Studio

GENERATORS = {"gan.texture": SHIPPED, "gan.vae": VAES}


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
def test_a_batch_is_its_pictures_drawn_alone(tmp_path, count_drawn, name, params):
    asked = {"size": 64, **params}
    with Studio(tmp_path / "home", workers="inline") as studio:
        many = studio.generate(name, params=asked, seed=5, count=ENOUGH + MOST)
        assert {MOST, ENOUGH} <= set(count_drawn), "drawn together"
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
        assert is_exact(build_trial(net, config, wish), MOST)
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("name", sorted(GENERATORS))
def test_few_are_drawn_one_by_one(tmp_path, count_drawn, name):
    with Studio(tmp_path / "home", workers="inline") as studio:
        studio.generate(name, params={"size": 64, "class": "rock"}, count=ENOUGH - 1)
    assert count_drawn == [1] * (ENOUGH - 1)


@pytest.mark.parametrize("generator", [Texture, Vae])
def test_one_by_one_where_bits_are_not_kept(tmp_path, count_drawn, monkeypatch, generator):
    monkeypatch.setattr(together, "is_exact", lambda *_: False)
    with Studio(tmp_path / "home", workers="inline") as studio:
        many = studio.generate(generator.id, params={"size": 64, "class": "rock"}, count=ENOUGH)
    assert count_drawn == [1] * ENOUGH
    assert len({np.asarray(asset.image()).tobytes() for asset in many}) == ENOUGH
