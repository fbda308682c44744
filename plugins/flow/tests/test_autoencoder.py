import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from studio_flow.describe import normalise
from studio_flow.enlarger import EnlargerConfig, build_enlarger, double
from studio_flow.fit import STATE, train_autoencoder, train_decoder
from studio_flow.learn_autoencoder import AutoencoderLesson, send_through, settle
from studio_flow.learn_enlarger import EnlargerLesson
from studio_flow.learn_textures import TextureLesson
from studio_flow.network import FlowConfig, build_network
from studio_flow.patches import build_cosines, compare_bands, compare_patches
from studio_flow.tiles import load_tiles
from studio_training import Settings, Trainer
from studio_training.autoencoder import build_autoencoder
from studio_training.sizes import AutoencoderConfig
from studio_training.state import read_average


@pytest.fixture
def tiles(tile_folder):
    return load_tiles(tile_folder, 32)


@pytest.fixture
def autoencoder():
    torch.manual_seed(0)
    return build_autoencoder(AutoencoderConfig(down=(8, 16), up=(8, 16))).requires_grad_(False)


def draw(seed, side=32):
    return torch.randn((1, 3, side, side), generator=torch.Generator().manual_seed(seed))


@settings(max_examples=10)
@given(st.integers(0, 7), st.integers(0, 7))
def test_rolling_by_cells_rolls_the_latents(down, right):
    torch.manual_seed(0)
    network = build_autoencoder(AutoencoderConfig(down=(8, 16), up=(8, 16))).requires_grad_(False)
    factor = network.config.factor
    rolled = draw(1).roll((down * factor, right * factor), (2, 3))
    latents = network.encode(draw(1))
    assert latents.shape == (1, 4, 8, 8)
    assert torch.allclose(network.encode(rolled), latents.roll((down, right), (2, 3)), atol=1e-4)
    back = network.decode(latents)
    again = network.decode(latents.roll((down, right), (2, 3)))
    assert torch.allclose(again, back.roll((down * factor, right * factor), (2, 3)), atol=1e-4)


def test_latents_are_settled(autoencoder, tiles):
    settle(autoencoder, tiles)
    latents = autoencoder.encode(normalise(tiles.get_floats())[0])
    assert latents.mean((0, 2, 3)) == pytest.approx(torch.zeros(4), abs=1e-3)
    assert latents.std((0, 2, 3)) == pytest.approx(torch.ones(4), abs=1e-3)
    # The glimpse is the best linear guess: its error stands at a right angle to the latents.
    plain = normalise(tiles.get_floats())[0]
    small = torch.nn.functional.avg_pool2d(plain, autoencoder.config.factor)
    error = small - autoencoder.preview(latents)
    assert torch.einsum("bchw,blhw->cl", error, latents).abs().max() / latents[0].numel() < 0.05


def test_it_learns_to_send_tiles_through(tiles):
    trainer = Trainer(
        lambda: build_autoencoder(AutoencoderConfig(down=(8, 16), up=(8, 16))),
        Settings(40, 2, 3e-3, warmup=2, ema=0),
        AutoencoderLesson(tiles, 2),
    )
    losses = [trainer.advance()["loss"] for _ in range(40)]
    assert sum(losses[-8:]) < 0.9 * sum(losses[:8]), losses
    back = send_through(trainer.network.eval(), tiles.get_floats())
    assert back.shape == (17, 3, 32, 32)


def test_the_enlarger_begins_bilinear_and_learns(tiles):
    trainer = Trainer(
        lambda: build_enlarger(EnlargerConfig(8, 1)),
        Settings(30, 4, 3e-3, warmup=2, ema=0),
        EnlargerLesson(tiles, 4),
    )
    assert torch.equal(trainer.network(draw(2)), double(draw(2)))
    before = {name: value.clone() for name, value in trainer.network.state_dict().items()}
    for _ in range(3):
        trainer.advance()
    after = trainer.network.state_dict()
    assert any(not torch.equal(before[name], after[name]) for name in before)


def test_doubling_goes_around_the_torus():
    rolled = double(draw(3).roll(5, 3))
    assert torch.allclose(rolled, double(draw(3)).roll(10, 3), atol=1e-5)
    flat = torch.full((1, 3, 4, 4), 0.7)
    assert torch.allclose(double(flat), torch.full((1, 3, 8, 8), 0.7))


def test_patches_do_not_mind_where_things_stand():
    rng = torch.Generator().manual_seed(0)
    assert float(compare_patches(draw(4), draw(4).roll((6, 10), (2, 3)), rng)) < 1e-6
    assert float(compare_patches(draw(4), 2 * draw(4), rng)) > 0.1


def test_bands_notice_that_faint_grain_is_gone():
    """Waves over many pixels, and grain of a twentieth of their spread: without it, or with."""
    wave = torch.sin(torch.arange(32) * torch.pi / 8).expand(1, 3, 32, 32)
    grain = 0.05 * draw(5)
    tell = {"patches": compare_patches, "bands": compare_bands}
    away = {
        name: [
            float(compare(made, wave + grain, torch.Generator().manual_seed(0)))
            for made in (wave, wave + 0.05 * draw(6))
        ]
        for name, compare in tell.items()
    }
    smooth, other = away["bands"]
    assert smooth > 0.3 and smooth > 3 * other
    assert away["patches"][0] < 0.1


def test_cosines_are_a_basis():
    cosines = build_cosines(5).flatten(1)
    assert torch.allclose(cosines @ cosines.T, torch.eye(25), atol=1e-5)


def test_a_decoder_learns_on_and_latents_stay(monkeypatch, tile_folder, tmp_path):
    small = AutoencoderConfig(down=(8, 16), up=(8, 16))
    monkeypatch.setattr("studio_flow.fit.AutoencoderConfig", lambda: small)
    monkeypatch.setattr("studio_flow.fit.load_tiles", lambda data: load_tiles(data, 32))
    settings = Settings(2, 1, 1e-3, warmup=1)
    train_autoencoder(tile_folder, tmp_path / "autoencoder", settings)
    train_decoder(tile_folder, tmp_path / "decoder", settings)
    before, after = (
        read_average(tmp_path / name / STATE)[1] for name in ("autoencoder", "decoder")
    )
    changed = {name.partition(".")[0] for name in before if not before[name].equal(after[name])}
    assert changed == {"decoder"}


def test_variants_do_not_depend_on_what_was_drawn_before(tiles, autoencoder):
    """So a training that was interrupted goes on bit-equal, though its variants are not kept."""
    torch.manual_seed(0)
    network = build_network(FlowConfig(widths=(8, 16), blocks=(1, 1), classes=2, embedding=16))

    def learn(lesson, seed):
        return float(lesson(network, torch.Generator().manual_seed(seed))["loss"].detach())

    used, fresh = (TextureLesson(tiles, autoencoder, 4, variants=3) for _ in range(2))
    for seed in range(5):
        learn(used, seed)
    assert learn(used, 9) == learn(fresh, 9)
