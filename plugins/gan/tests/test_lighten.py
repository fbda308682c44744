import json
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from PIL import Image as Pictures
from safetensors.torch import save_file
from studio_gan import fit, fit_vae, lighten, ship, ship_vae
from studio_gan.config import GanConfig, read_autoencoder
from studio_gan.latents import AUTOENCODER
from studio_gan.lighten import build_trainer, compare, find_decoder
from studio_gan.painter import Painter
from studio_gan.params import PLACE
from studio_gan.pupil import get_autoencoder
from studio_gan.train import Train
from studio_gan.vae_config import VaeConfig
from studio_gan.vae_weights import load_painter
from studio_gan.weights import load_generator, save_generator
from studio_training import Settings
from studio_training.autoencoder import Autoencoder, build_autoencoder
from studio_training.sizes import LIGHT, AutoencoderConfig

from studio.errors import CheckpointError
from studio.generator import Checkpoint

SMALL = AutoencoderConfig(3, 2, 2, (4, 6), (8, 12), (1, 1))
TINY = replace(SMALL, up=(4, 8), blocks=(0, 1))


@pytest.fixture
def teacher():
    torch.manual_seed(0)
    return build_autoencoder(SMALL).eval().requires_grad_(False)


def draw(rng, count):
    return torch.randn(count, SMALL.latent, 16, 16, generator=rng)


def test_the_pupil_comes_nearer_and_leaves_latents_alone(teacher):
    trainer = build_trainer(teacher, draw, Settings(80, batch=4, rate=5e-3, warmup=0), TINY)
    pictures = torch.rand(4, 3, 64, 64) * 2 - 1
    before = compare(trainer.average, teacher, pictures)
    for _ in range(80):
        trainer.advance()
    after = compare(trainer.average, teacher, pictures)
    assert after["decoder_error"] < 0.5 * before["decoder_error"]
    assert after["decoder_grain"] < 0.8 * before["decoder_grain"]
    assert torch.equal(trainer.average.encode(pictures), teacher.encode(pictures))
    assert torch.equal(trainer.network.encode(pictures), teacher.encode(pictures))


def test_who_draws_as_the_teacher_has_no_error(teacher):
    same = compare(teacher, teacher, torch.rand(2, 3, 64, 64) * 2 - 1)
    assert same == {"decoder_error": 0, "decoder_grain": 0}


def test_going_on_is_bit_equal(teacher, tmp_path):
    plan = Settings(4, batch=2, rate=5e-3, warmup=0)
    whole, first, second = (build_trainer(teacher, draw, plan, TINY) for _ in range(3))
    for _ in range(4):
        whole.advance()
    for trainer in (first, second):
        if trainer is second:
            trainer.load(tmp_path / "state")
        for _ in range(2):
            trainer.advance()
        trainer.save(tmp_path / "state")
    one, two = whole.average.state_dict(), second.average.state_dict()
    assert [name for name in one if not torch.equal(one[name], two[name])] == []


def test_what_ships_is_lighter_and_of_the_same_latents():
    full = AutoencoderConfig()
    assert LIGHT.latents == full.latents
    assert LIGHT.factor == full.factor
    counts = [sum(w.numel() for w in Autoencoder(c).decoder.parameters()) for c in (LIGHT, full)]
    assert counts[0] < counts[1] / 4
    shipped = load_generator(PLACE / "texture")[1].autoencoder
    assert shipped == LIGHT


def test_weights_from_before_there_was_a_lighter_decoder_may_be_learnt_on_from(tmp_path):
    """Latents are the same, and `gan.train` brings its own decoder."""
    full = GanConfig("latent", 16, 4, 6, 16, autoencoder=AutoencoderConfig())
    save_generator(Painter(full, 6), full, tmp_path / "old", {"training": {}}, "# card")
    config = Train(Checkpoint("old", tmp_path / "old", ""), "cpu")._load_config()
    assert config == replace(full, autoencoder=LIGHT)
    assert get_autoencoder().config == LIGHT


def test_levels_without_blocks_may_be_read():
    facts = {"latent": 4, "patch": 2, "down": [24, 64], "up": [16, 48], "blocks": [0, 1]}
    assert read_autoencoder(facts) == LIGHT
    with pytest.raises(ValueError, match="out of range"):
        read_autoencoder({**facts, "blocks": [-1, 1]})


def test_no_such_training_is_told(tmp_path):
    with pytest.raises(CheckpointError, match="not the state of a training"):
        find_decoder(tmp_path, tmp_path / "nowhere")


def test_from_a_folder_to_shipped_weights(tmp_path, monkeypatch):
    for module in (fit, fit_vae, lighten, ship_vae):
        monkeypatch.setattr(module, "SIDE", 64)
    for module in (fit, fit_vae, lighten):
        monkeypatch.setattr(module, "AutoencoderConfig", lambda: SMALL)
    monkeypatch.setattr(lighten, "LIGHT", TINY)
    monkeypatch.setattr(ship, "EACH", 2)
    for number in range(16):
        path = tmp_path / "tiles" / ("brick" if number % 2 else "moss") / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(number).integers(0, 256, (64, 64, 3), dtype=np.uint8)
        Pictures.fromarray(pixels).save(path)
    whole = {f"average.{k}": v for k, v in Autoencoder(SMALL).state_dict().items()}
    save_file(whole, tmp_path / "state")
    data, run, light = (str(tmp_path / name) for name in ("tiles", "run", "light"))
    more = ["--autoencoder", str(tmp_path / "state"), "--steps", "2", "--batch", "2"]
    lighten.main([data, light, *more])
    assert (tmp_path / "light" / "samples" / "0000000.png").exists()
    fit.main([data, run, "--channels", "4", "--latent", "6", *more])
    ship.main([data, run, "--light", light, "--place", str(tmp_path / "gan")])
    net, config = load_generator(tmp_path / "gan")
    assert config.autoencoder == TINY == net.autoencoder.config
    facts = json.loads((tmp_path / "gan" / "config.json").read_text())
    assert facts["metrics"]["decoder_error"] > 0
    card = (tmp_path / "gan" / "README.md").read_text()
    assert "studio_gan.lighten DATA/textures LIGHT --autoencoder PLACE --steps 2" in card

    monkeypatch.setattr(
        fit_vae, "VaeConfig", partial(VaeConfig, fine=4, coarse=6, places=3, style=5)
    )
    run_vae = str(tmp_path / "run-vae")
    fit_vae.main([data, run_vae, *more])
    ship_vae.main([data, run_vae, "--light", light, "--place", str(tmp_path / "vae")])
    painter = load_painter(tmp_path / "vae")
    assert painter.config.autoencoder == TINY == painter.autoencoder.config
    own, other = (one.autoencoder.decoder.state_dict() for one in (painter, net))
    assert all(torch.equal(own[name], other[name]) for name in own)
    facts = json.loads((tmp_path / "vae" / "config.json").read_text())
    assert facts["metrics"]["decoder_error"] > 0

    torch.manual_seed(1)
    other = {f"average.{k}": v for k, v in Autoencoder(SMALL).state_dict().items()}
    save_file(other, tmp_path / "run" / AUTOENCODER)
    with pytest.raises(CheckpointError, match="taught by another autoencoder"):
        ship.main([data, run, "--light", light, "--place", str(tmp_path / "wrong")])
    assert not (tmp_path / "wrong").exists()
