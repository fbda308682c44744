import json

import numpy as np
import pytest
import torch
from PIL import Image as Pictures
from safetensors.torch import save_file
from studio_gan import fit_vae, lighten, ship_vae
from studio_gan.vae import Vae
from studio_gan.vae_config import VaeConfig
from studio_gan.vae_drawing import draw_themes, get_noise, invent, mix, read_theme, vary
from studio_gan.vae_net import Bell, VaePainter, get_loss
from studio_gan.vae_net import Vae as Net
from studio_gan.vae_weights import load_painter, save_painter
from studio_training import Settings, Trainer
from studio_training.autoencoder import Autoencoder
from studio_training.sizes import AutoencoderConfig

from studio.errors import CheckpointError, InvalidInputError, InvalidParamsError
from studio.generator import Checkpoint
from studio.testing import check_generator

SMALL = AutoencoderConfig(3, 2, 2, (4, 6), (4, 8), (1, 1))


@pytest.fixture
def config():
    return VaeConfig(("brick", "moss"), 4, 6, 3, 5, 64, SMALL)


@pytest.fixture
def painter(config):
    torch.manual_seed(0)
    return VaePainter(config).eval().requires_grad_(False)


@pytest.fixture
def place(painter, tmp_path):
    save_painter(painter, tmp_path / "weights", {"training": {}}, "# card")
    return tmp_path / "weights"


@pytest.fixture
def draw(studio, place):
    def draw(inputs=None, seed=1, count=1, **params):
        made = studio.generate(
            "gan.vae", checkpoint=str(place), seed=seed, count=count, inputs=inputs or {}, **params
        )
        arrays = []
        for asset in made:
            with Pictures.open(asset.path) as image:
                arrays.append(np.asarray(image).astype(int))
        return arrays

    return draw


@pytest.fixture
def pictures(tmp_path):
    """Two pictures, 48 x 32."""
    for number in range(2):
        pixels = np.random.default_rng(number).integers(0, 256, (32, 48, 3), dtype=np.uint8)
        Pictures.fromarray(pixels).save(tmp_path / f"{number}.png")
    return [str(tmp_path / f"{number}.png") for number in range(2)]


def test_bells_are_those_of_torch():
    torch.manual_seed(1)
    mean, log, values = torch.randn(3, 2, 4)
    ours, theirs = Bell(mean, log), torch.distributions.Normal(mean, log.exp())
    noise = Bell(torch.ones(2, 4), torch.full((2, 4), 0.3))
    other = torch.distributions.Normal(noise.mean, noise.log.exp())
    assert torch.allclose(ours.get_loss(values), -theirs.log_prob(values).sum(1), atol=1e-5)
    distance = torch.distributions.kl_divergence(theirs, other).sum(1)
    assert torch.allclose(ours.get_distance(noise), distance, atol=1e-5)


def test_what_is_drawn_is_a_torus(painter):
    rng = torch.Generator().manual_seed(0)
    theme = invent(painter, (1.0, 0.0), (3, 5), 1.0, rng)
    noise = get_noise(painter, theme.sides, rng)
    plain = draw_themes(painter, [theme], noise)[0]
    assert plain.shape == (3, 48, 80)
    rolled = type(theme)(theme.style, theme.field.roll((1, 2), (2, 3)))
    again = draw_themes(painter, [rolled], noise.roll((2, 4), (2, 3)))
    assert torch.allclose(again, plain.roll((16, 32), (1, 2)), atol=1e-4)


def test_what_is_read_is_a_torus(painter):
    picture = torch.rand(1, 3, 32, 48)
    one, other = read_theme(painter, picture), read_theme(painter, picture.roll((16, 32), (2, 3)))
    assert torch.allclose(one.style, other.style, atol=1e-4)
    assert torch.allclose(one.field.roll((1, 2), (2, 3)), other.field, atol=1e-4)


def test_truncation_leads_to_the_mean_of_the_class(painter):
    painter.means[0] = 0.7

    def find(psi):
        rng = torch.Generator().manual_seed(3)
        return invent(painter, (1.0, 0.0), (1, 1), psi, rng).style

    assert torch.allclose(find(0.0), torch.full((1, 5), 0.7))
    assert torch.allclose(find(1.0) - 0.7, 2 * (find(0.5) - 0.7), atol=1e-5)


def test_styles_are_those_of_the_examples(painter, config):
    torch.manual_seed(0)
    mixing = torch.randn(5, 5)
    kinds = torch.arange(4000) % 2
    rows = torch.randn(4000, 5) @ mixing.T + kinds[:, None]
    painter.fit_styles(Bell(rows, torch.full_like(rows, -4.0)), kinds)
    rng = torch.Generator().manual_seed(0)
    made = [invent(painter, (0.0, 1.0), (1, 1), 1.0, rng).style for _ in range(2000)]
    made = torch.cat(made)
    assert torch.allclose(made.mean(0), torch.ones(5), atol=0.25)
    assert torch.allclose(
        torch.cov(made.T), mixing @ mixing.T, atol=0.12 * float(rows.var(0).max())
    )
    before = painter.means.clone()
    painter.fit_styles(Bell(rows[:1], torch.zeros(1, 5)), kinds[:1])
    assert torch.equal(painter.means[1], before[1]), "a class without examples keeps its styles"


def test_varying_keeps_style_and_loudness(painter):
    rng = torch.Generator().manual_seed(0)
    theme = invent(painter, (0.0, 1.0), (32, 32), 1.0, rng)
    same, fresh = vary(theme, 0.0, rng), vary(theme, 1.0, rng)
    assert torch.equal(same.field, theme.field)
    assert torch.equal(fresh.style, theme.style)
    for strength in (0.3, 0.7):
        assert float(vary(theme, strength, rng).field.std()) == pytest.approx(1.0, abs=0.05)
    middle = mix(theme, fresh, 0.5)
    assert float(middle.field.std()) == pytest.approx(1.0, abs=0.05)
    assert torch.allclose(mix(theme, fresh, 0.0).field, theme.field, atol=1e-5)
    assert torch.allclose(mix(theme, fresh, 1.0).field, fresh.field, atol=1e-5)


def test_it_learns_cells_of_two_kinds(config):
    """Rows and columns, each with a colour of its own."""

    def compute(net, rng):
        kinds = torch.randint(2, (8,), generator=rng)
        line = torch.sin(torch.arange(8) * (torch.pi / 2) + 6 * torch.rand(8, 1, generator=rng))
        rows = line[:, None, :, None].expand(-1, config.planes, -1, 8)
        cells = torch.where(kinds[:, None, None, None] > 0, rows, rows.transpose(2, 3))
        colours = kinds[:, None].float().expand(-1, 6) - 0.5
        weights = torch.nn.functional.one_hot(kinds, 2).float()
        return get_loss(net, cells, colours, weights)

    settings = Settings(150, batch=8, rate=1e-2, warmup=0, ema=0.0, seed=0)
    trainer = Trainer(lambda: Net(config), settings, compute)
    first = trainer.advance()
    for _ in range(149):
        last = trainer.advance()
    assert first["error"] > 0.6
    assert last["error"] < 0.6 * first["error"]
    assert last["loss"] < 0.8 * first["loss"]
    prior = trainer.network.get_prior(torch.eye(2))
    assert float((prior.mean[0] - prior.mean[1]).detach().abs().max()) > 0.1, (
        "classes have their own"
    )


def test_drawing_keeps_the_contract(place):
    found = Checkpoint("mine", place, "")
    check_generator(Vae, checkpoint=found, params={"checkpoint": "mine"}).assert_ok()


def test_any_size_is_drawn(draw):
    assert draw(size=40, height=24)[0].shape == (24, 40, 3)
    assert draw()[0].shape == (64, 64, 3)


def test_a_picture_comes_back_and_is_varied(draw, pictures):
    given = {"image": pictures[0]}
    (back,), (again,), (fresh,) = (
        draw(given, seed=seed, grain=0.0, strength=strength)
        for seed, strength in ((1, 0.0), (2, 0.0), (2, 1.0))
    )
    assert back.shape == (32, 48, 3)
    assert np.array_equal(back, again), "nothing was left to the seed"
    assert not np.array_equal(back, fresh)
    assert draw(given, size=96)[0].shape == (64, 96, 3)


def test_between_two_pictures(draw, pictures):
    given = {"image": pictures[0], "second": pictures[1]}
    ends = [draw(given, grain=0.0, share=share)[0] for share in (0.0, 1.0)]
    alone = draw({"image": pictures[0]}, grain=0.0)[0]
    assert np.abs(ends[0] - alone).max() <= 1
    assert not np.array_equal(*ends)
    frames = draw(given, grain=0.0, frames=4)
    assert [np.abs(a - b).max() <= 1 for a, b in zip(frames[::2], ends, strict=True)] == [True] * 2


def test_a_loop_from_seed_to_seed_leads_back(draw):
    frames = draw(frames=8)
    assert len(frames) == 8
    assert np.array_equal(frames[0], draw()[0])
    assert np.abs(frames[1] - frames[7]).max() <= 1, "there and back along the same way"


def test_what_cannot_be_drawn_is_refused(draw, pictures, studio):
    with pytest.raises(InvalidParamsError, match="class: 'lava'"):
        draw(**{"class": "lava"})
    with pytest.raises(InvalidInputError, match="second: there is no image to go from"):
        draw({"second": pictures[0]})
    with pytest.raises(CheckpointError, match="needs weights"):
        Vae(None, "cpu")


@pytest.mark.parametrize("damage", ["kind", "fine", "shape", "classes", "nan", "missing"])
def test_a_damaged_checkpoint_is_refused(place, painter, damage):
    facts = json.loads((place / "config.json").read_text())
    changes = {"kind": {"kind": "gan"}, "fine": {"fine": 10**6}, "shape": {"places": 4}}
    facts |= changes.get(damage, {})
    if damage == "classes":
        facts["classes"] = []
    if damage == "missing":
        del facts["side"]
    if damage == "nan":
        painter.means[0, 0] = float("nan")
        save_painter(painter, place, {}, "# card")
    else:
        (place / "config.json").write_text(json.dumps(facts))
    with pytest.raises(CheckpointError):
        load_painter(place)


def test_from_a_folder_to_shipped_weights(tmp_path, monkeypatch, studio):
    for module in (fit_vae, ship_vae):
        monkeypatch.setattr(module, "SIDE", 64)
    small = VaeConfig(("brick", "moss"), 4, 6, 3, 5, 64, SMALL)
    monkeypatch.setattr(fit_vae, "VaeConfig", lambda classes, side, autoencoder: small)
    monkeypatch.setattr(lighten, "AutoencoderConfig", lambda: SMALL)
    for number in range(16):
        path = tmp_path / "tiles" / ("brick" if number % 2 else "moss") / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(number).integers(0, 256, (32, 32, 3), dtype=np.uint8)
        Pictures.fromarray(pixels).save(path)
    state = {f"average.{k}": v for k, v in Autoencoder(SMALL).state_dict().items()}
    save_file(state, tmp_path / "state")
    data, run, sheet = str(tmp_path / "tiles"), str(tmp_path / "run"), tmp_path / "sheet.png"
    more = ["--autoencoder", str(tmp_path / "state"), "--steps", "2", "--batch", "2"]
    fit_vae.main([data, run, *more])
    ship_vae.main([data, run, "--place", str(tmp_path / "made"), "--sheet", str(sheet)])
    with Pictures.open(sheet) as image:
        assert image.width == 8 * 64
    facts = json.loads((tmp_path / "made" / "config.json").read_text())
    assert 0 < facts["metrics"]["autoencoder_error"] < 1
    made = studio.generate("gan.vae", checkpoint=str(tmp_path / "made"), seed=1)
    assert made[0].metrics["seam_ratio"] > 0
