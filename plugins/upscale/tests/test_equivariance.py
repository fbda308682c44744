"""Nets that turn and mirror alike."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from studio_training import Settings
from studio_upscale import enlarge as enlarging
from studio_upscale.adversarial import SharpConfig, SharpTrainer
from studio_upscale.corpus import Corpus, build_group
from studio_upscale.enlarge import Style, enlarge
from studio_upscale.equivariance import TURNS, Channels
from studio_upscale.network import NetworkConfig, build_network
from studio_upscale.synthetic import draw_picture
from studio_upscale.trainer import build_enlarger, get_net
from studio_upscale.weights import load_network, save_network

from studio.errors import CheckpointError

NETS = [
    NetworkConfig(8, 1, 2, equivariant=True),
    NetworkConfig(16, 2, 4, equivariant=True),
    NetworkConfig(24, 1, 3, equivariant=True),
    NetworkConfig(16, 1, 1, fold=2, equivariant=True),
]


def turn(pictures, number):
    mirrored = pictures.flip(3) if number >= TURNS // 2 else pictures
    return torch.rot90(mirrored, number % 4, (2, 3))


def measure_difference(network):
    """Return how far turned answers are from answers to what is turned, and their spread."""
    picture = torch.rand(1, 3, 12, 8, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        answer = network(picture)
        far = [(turn(answer, n) - network(turn(picture, n))).abs().max() for n in range(TURNS)]
    return float(max(far)), float((answer - answer.mean()).std())


@pytest.mark.parametrize("config", NETS)
def test_a_turned_picture_gives_the_turned_answer(config):
    far, spread = measure_difference(build_network(config, seed=0))
    assert far < 1e-5 < 0.1 < spread
    plain, _ = measure_difference(build_network(replace(config, equivariant=False), seed=0))
    assert plain > 1e-3, "and it does not by itself"


@pytest.mark.parametrize("config", NETS)
def test_random_weights_are_as_large_as_those_of_other_nets(config):
    alike, other = (build_network(replace(config, equivariant=e), 0) for e in (True, False))
    for one, two in zip(alike.parameters(), other.parameters(), strict=True):
        if one.ndim == 4:
            assert 0.6 < one.std().item() / two.std().item() < 1.6


@pytest.fixture(scope="module")
def corpus():
    return Corpus([build_group("drawn", [draw_picture(n) for n in range(3)], 1, 2)], 2, 16)


def test_it_stays_so_while_it_learns(corpus):
    settings = Settings(steps=30, batch=2, rate=5e-3, warmup=4, ema=0.9, clip=0)
    trainer = build_enlarger(NETS[0], settings, corpus.draw)
    start = trainer.network.head.weight.detach().clone()
    losses = [trainer.advance()["loss"] for _ in range(30)]
    assert (trainer.network.head.weight - start).abs().max() > 1e-2
    assert np.mean(losses[-6:]) < np.mean(losses[:6])
    assert max(measure_difference(net)[0] for net in (trainer.network, get_net(trainer))) < 1e-4


def test_it_stays_so_while_it_is_sharpened(corpus):
    trainer = SharpTrainer(build_network(NETS[0], 0), SharpConfig(batch=2), corpus.draw)
    start = trainer.network.head.weight.detach().clone()
    for _ in range(4):
        trainer.advance()
    assert (trainer.network.head.weight != start).any()
    assert measure_difference(trainer.network)[0] < 1e-5


def test_weights_of_another_sort_are_not_gone_on_with(corpus):
    settings = Settings(steps=30, batch=2, rate=5e-3, warmup=4, ema=0.9, clip=0)
    trainer = build_enlarger(NETS[0], settings, corpus.draw)
    trainer.restart(build_network(replace(NETS[0], equivariant=False), 0).state_dict())
    with pytest.raises(CheckpointError, match="start anew"):
        trainer.advance()


@pytest.mark.parametrize("config", NETS)
def test_a_file_holds_an_eighth(config, tmp_path):
    network = build_network(config, seed=2)
    save_network(network, tmp_path / "alike", {}, "")
    again = load_network(tmp_path / "alike")
    assert again.config == config
    for name, value in network.state_dict().items():
        assert torch.equal(again.state_dict()[name], value.half().float()), name
    save_network(build_network(replace(config, equivariant=False), 2), tmp_path / "other", {}, "")
    sizes = [(tmp_path / n / "model.safetensors").stat().st_size for n in ("alike", "other")]
    assert sizes[0] < 0.4 * sizes[1], "small nets have large headers"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"equivariant": False}, "do not fit"),
        ({"channels": 24}, "do not fit"),
        ({"blocks": 2}, "do not fit"),
        ({"channels": 20}, "out of range"),
        ({"architecture": "fsrcnn"}, "out of range"),
        ({"equivariant": "yes"}, "do not fit"),
    ],
)
def test_files_of_another_net_are_refused(tmp_path, change, message):
    save_network(build_network(NetworkConfig(16, 1, equivariant=True), 0), tmp_path, {}, "")
    path = tmp_path / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(CheckpointError, match=message):
        load_network(tmp_path)


def test_an_ensemble_of_its_turns_is_not_worked_out(monkeypatch):
    monkeypatch.setattr(enlarging, "_run_turned", None)
    network = build_network(NETS[1], 0).eval().requires_grad_(False)
    picture = np.random.default_rng(0).integers(0, 256, (9, 14, 3), np.uint8)
    once, often = (enlarge(network, picture, 4, Style(ensemble=e)) for e in (False, True))
    assert (once == often).all()
    turned = enlarge(network, np.ascontiguousarray(np.rot90(picture)), 4, Style())
    assert np.abs(np.rot90(turned, -1).astype(int) - once).max() <= 1


@pytest.mark.parametrize("side", [0, 1, 2, 4])
def test_turns_of_channels_are_permutations_that_form_a_group(side):
    channels, count = Channels(side), 3 * (side**2 or TURNS)
    moves = [tuple(channels.permute(count, number)) for number in range(TURNS)]
    assert all(sorted(move) == list(range(count)) for move in moves)
    assert moves[0] == tuple(range(count))
    assert len(set(moves)) == (1 if side == 1 else TURNS)
    for first in moves:
        for second in moves:
            assert tuple(first[place] for place in second) in moves
