import numpy as np
import pytest
import torch
from studio_upscale.fit_pixels import draw_batch, get_loss, measure_scaler, reduce_frequent
from studio_upscale.pixelart import PixelArt
from studio_upscale.pixelnet import (
    ChoiceConfig,
    ChoiceNet,
    load_choice,
    save_choice,
    scale_learnt,
)
from studio_upscale.pixels import scale_pixels

from studio.errors import CheckpointError
from studio.generator import Checkpoint
from studio.testing import check_generator


@pytest.fixture
def network():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(2)
        return ChoiceNet(ChoiceConfig(8, 1)).eval()


def draw_sprite(channels=4):
    """A thing of few colours on nothing."""
    sprite = np.zeros((20, 20, 4), np.uint8)
    y, x = np.mgrid[:20, :20]
    disc = (y - 9) ** 2 + (x - 10) ** 2 < 60
    sprite[disc] = (200, 40, 40, 255)
    sprite[disc & (y < x)] = (250, 200, 90, 255)
    return sprite[..., :channels]


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_no_colour_is_new(network, channels):
    sprite = draw_sprite(channels)
    made = scale_learnt(network, sprite, wraps=False)
    assert made.shape == (40, 40, channels)
    known = {tuple(c) for c in sprite.reshape(-1, channels)}
    assert {tuple(c) for c in made.reshape(-1, channels)} <= known


def test_windows_make_no_difference(network, monkeypatch):
    sprite = draw_sprite()
    whole = scale_learnt(network, sprite, wraps=True)
    monkeypatch.setattr("studio_upscale.pixelnet.TILE", 7)
    assert (scale_learnt(network, sprite, wraps=True) == whole).all()


def test_what_tiles_goes_on_tiling(network):
    sprite = draw_sprite(3)
    rolled = scale_learnt(network, np.roll(sprite, (5, 8), (0, 1)), wraps=True)
    assert (rolled == np.roll(scale_learnt(network, sprite, wraps=True), (10, 16), (0, 1))).all()


def test_the_most_frequent_colour_is_taken():
    true = np.zeros((2, 4, 4), np.uint8)
    true[:, :2], true[0, 0] = 9, 5
    true[0, 2:], true[1, 2:] = 7, 3
    small = reduce_frequent(true, np.random.default_rng(0))
    assert (small[0, 0] == 9).all()
    assert small[0, 1, 0] in (3, 7)


def test_it_learns(network):
    rng = np.random.default_rng(0)
    optimiser = torch.optim.Adam(network.parameters(), 1e-2)
    losses = []
    for _ in range(25):
        loss = get_loss(network, *draw_batch([draw_sprite()], rng, 4))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert np.mean(losses[-5:]) < 0.7 * np.mean(losses[:5])


def test_a_perfect_scaler_is_all_right():
    square = draw_sprite().repeat(2, axis=0).repeat(2, axis=1)
    figures = measure_scaler(lambda small: scale_pixels(small, 2, "nearest", False), [square])
    assert figures["right"] == 100


def test_weights_come_back(network, tmp_path):
    save_choice(network, tmp_path / "w", {"note": 1}, "# Card\n")
    again = load_choice(tmp_path / "w")
    assert (
        scale_learnt(again, draw_sprite(), False) == scale_learnt(network, draw_sprite(), False)
    ).all()
    (tmp_path / "w" / "config.json").write_text("{}")
    with pytest.raises(CheckpointError, match="no weights of upscale"):
        load_choice(tmp_path / "w")


def test_contract(network, tmp_path):
    save_choice(network, tmp_path / "w", {}, "# Card\n")
    checkpoint = Checkpoint("pixels", tmp_path / "w", "")
    report = check_generator(
        PixelArt, checkpoint=checkpoint, params={"method": "learnt", "scale": 2}
    )
    report.assert_ok()


@pytest.mark.skipif(not PixelArt.checkpoints, reason="these weights do not ship yet")
def test_shipped_weights_round_a_stair():
    from studio_upscale.shelf import PLACE

    network = load_choice(PLACE / "pixels")
    y, x = np.mgrid[:40, :40]
    true = np.zeros((40, 40, 4), np.uint8)
    true[(y - 19.5) ** 2 + (x - 19.5) ** 2 < 300] = (200, 40, 40, 255)
    figures = {
        name: measure_scaler(scaler, [true])["right"]
        for name, scaler in {
            "net": lambda small: scale_learnt(network, small, False),
            "nearest": lambda small: scale_pixels(small, 2, "nearest", False),
        }.items()
    }
    assert figures["net"] > figures["nearest"]
