import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image as Pictures
from safetensors.torch import load_file, save_file
from studio_gan import fit, lighten, ship
from studio_gan.cells import build_plan, decode_cells, encode_cells, normalise, restore
from studio_gan.config import GanConfig
from studio_gan.drawing import Wish, draw_between, draw_pictures
from studio_gan.generators import build_generator
from studio_gan.image import Texture
from studio_gan.latents import (
    MARKS,
    Variants,
    build_latent_draw,
    find_laid,
    keep_autoencoder,
    load_autoencoder,
)
from studio_gan.learner import GanLearner, Rules, _compare_laid
from studio_gan.painter import Painter
from studio_gan.statistics import compare_patches, measure_cells
from studio_gan.train import Train
from studio_gan.weights import load_generator, save_generator
from studio_training import Settings
from studio_training.autoencoder import Autoencoder
from studio_training.laying import Laying
from studio_training.sizes import AutoencoderConfig

from studio.errors import CheckpointError, InvalidParamsError
from studio.generator import Checkpoint
from studio.testing import check_generator

SMALL = AutoencoderConfig(3, 2, 2, (4, 6), (4, 8), (1, 1))
PLANES = 4 * SMALL.latent


@pytest.fixture
def config():
    return GanConfig("latent", 16, 4, 6, PLANES, ("brick", "moss"), autoencoder=SMALL, joints=True)


@pytest.fixture
def painter(config):
    torch.manual_seed(0)
    net = Painter(config, 6).eval()
    net.facts.copy_(torch.randn(6, config.facts) * 0.3)
    net.kinds.copy_(torch.tensor([0, 0, 0, 1, 1, 1]))
    return net


@pytest.fixture
def place(painter, config, tmp_path):
    save_generator(painter, config, tmp_path / "weights", {"training": {}}, "# card")
    return tmp_path / "weights"


def test_statistics_see_strength_and_direction():
    line = torch.randn(1, 1, 1, 16).expand(1, 4, 16, 16)
    cells = torch.nn.functional.pixel_unshuffle(line.repeat(1, 1, 1, 1).contiguous(), 2)
    facts = measure_cells(cells)
    turned = torch.nn.functional.pixel_unshuffle(line.transpose(2, 3).contiguous(), 2)
    assert float(facts[0, 0]) > 0.9, "all change is across"
    assert float(measure_cells(turned)[0, 0]) < -0.9
    assert torch.allclose(
        measure_cells(2 * cells)[:, 4:8] - facts[:, 4:8], torch.tensor(0.693), atol=0.02
    )


def test_patches_do_not_ask_where():
    real = torch.randn(2, 8, 16, 16)
    torch.manual_seed(0)
    assert float(compare_patches(real.roll((4, 8), (2, 3)), real)) < 1e-4
    assert float(compare_patches(torch.randn(2, 8, 16, 16) * 2, real)) > 0.3


def test_colours_come_back():
    pictures = torch.rand(3, 3, 16, 16) * torch.rand(3, 3, 1, 1)
    plain, facts = normalise(pictures)
    assert torch.allclose(plain.mean((2, 3)), torch.zeros(3, 3), atol=1e-5)
    assert torch.allclose(restore(plain, facts), pictures, atol=1e-5)


def test_latents_are_a_torus_of_cells():
    torch.manual_seed(0)
    net = Autoencoder(SMALL).eval()
    pictures = torch.rand(1, 3, 32, 48)
    with torch.no_grad():
        cells, facts = encode_cells(net, pictures)
        rolled, _ = encode_cells(net, pictures.roll((8, 16), (2, 3)))
        back = decode_cells(net, cells, facts)
    assert cells.shape == (1, PLANES, 4, 6)
    assert torch.allclose(cells.roll((1, 2), (2, 3)), rolled, atol=1e-4)
    assert back.shape == pictures.shape


def test_what_is_where_comes_from_the_noise_alone(config):
    """A net that knew its place would draw one layout for all seeds, tile after tile."""
    torch.manual_seed(0)
    net = build_generator(config).eval()
    style = net.get_stylist()(torch.randn(1, 6 + config.facts), torch.tensor([[1.0, 0.0]]))
    field = torch.randn(1, config.noise, 4, 7)
    with torch.no_grad():
        drawn = net(field, style)
        rolled = net(field.roll((1, 2), (2, 3)), style)
    assert torch.allclose(drawn.roll((4, 8), (2, 3)), rolled, atol=1e-4)


def test_noise_of_any_size_becomes_latents(config):
    net = build_generator(config).eval()
    style = net.get_stylist()(torch.randn(1, 6 + config.facts), torch.tensor([[1.0, 0.0]]))
    with torch.no_grad():
        drawn = net(torch.randn(1, config.noise, 4, 7), style)
    assert drawn.shape == (1, config.planes, 16, 28)
    told = drawn[:, config.colours : config.colours + config.facts, 0, 0]
    assert torch.equal(told, style[:, config.latent :])


def test_weights_that_read_their_place_are_refused(place):
    """Of nets with sines of the place, before layouts were measured."""
    tensors = load_file(place / "model.safetensors")
    del tensors["weaver.plant.weight"], tensors["weaver.plant.bias"]
    save_file(tensors, place / "model.safetensors")
    with pytest.raises(CheckpointError, match=r"older version.*train again"):
        load_generator(place)


def test_facts_are_those_of_the_class(painter, config):
    rng = torch.Generator().manual_seed(0)
    painter.facts[:3] = 0.5
    chosen = painter.choose_facts(torch.tensor([[1.0, 0.0], [0.0, 1.0]]), rng)
    assert torch.allclose(chosen[0], torch.full((config.facts,), 0.5)), "all three are alike"
    low, high = painter.facts[3:].min() - 1, painter.facts[3:].max() + 1
    assert bool((chosen[1] > low).all() and (chosen[1] < high).all())


def test_a_walk_begins_at_its_seed(painter, config):
    wish = Wish(3, (1.0, 0.0))
    (single,) = draw_pictures(painter, config, [wish])
    assert torch.allclose(draw_between(painter, config, wish, 4, 0.0)[0], single, atol=1e-5)
    assert not torch.allclose(draw_between(painter, config, wish, 4, 0.5)[0], single, atol=1e-2)


def build_variants():
    """Latents that say where they are, and joints at the same places."""
    where = torch.arange(256.0).view(16, 16) / 256
    latents = where.expand(2, 5, PLANES, 16, 16)
    joints = where.repeat_interleave(8, 0).repeat_interleave(8, 1) * MARKS
    return Variants(latents.half(), joints.expand(2, 5, 128, 128).round().to(torch.int8))


def test_joints_move_with_the_latents_and_only_bricks_have_some(config):
    kinds = torch.tensor([0, 0, 1, 1, 1])
    laid = find_laid(config.classes, kinds)
    assert laid.tolist() == [True, True, False, False, False]
    draw = build_latent_draw(build_variants(), torch.randn(5, 6), kinds, laid)
    torch.manual_seed(0)
    real, drawn = draw(torch.Generator().manual_seed(0), 60)
    assert real.shape[1] == config.planes
    plan = real[:, config.colours + config.facts :]
    told = plan[:, -1, 0, 0] > 0
    assert not told[drawn == 1].any() and 0.5 < float(told[drawn == 0].float().mean()) < 1
    assert torch.equal(plan[:, -1], told.float()[:, None, None].expand(60, 16, 16))
    assert torch.allclose(plan[told][:, 0], real[told][:, 0], atol=0.01)
    assert not plan[~told].any()


def test_only_what_is_laid_is_compared_place_by_place():
    real = torch.randn(4, 3, 8, 8)
    real[:, 2] = torch.tensor([1.0, 0, 0, 1])[:, None, None]
    drawn = real.clone()
    drawn[1:3, 0] += 5
    assert float(_compare_laid(drawn, real, 2)) == 0
    drawn[0, :2] += 1
    assert float(_compare_laid(drawn, real, 2)) == pytest.approx(0.5)
    assert float(_compare_laid(drawn, real * 0, 2)) == 0


def test_pictures_take_the_tones_of_the_nearest_example(painter, config):
    torch.manual_seed(1)
    painter.tones.copy_(torch.linspace(-1, 1, painter.tones.shape[2]).expand_as(painter.tones))
    painter.tones[4] *= 4
    found = painter.find_likeness(painter.facts[[4, 1]] + 0.01)
    assert torch.equal(found.tones, painter.tones[[4, 1]])
    style = torch.cat([torch.randn(2, 6), painter.facts[[4, 1]]], 1)
    field = torch.randn(2, config.noise, 4, 4)
    wide, narrow = painter(field, style)[:, :1].flatten(1).std(1)
    painter.is_alike = False
    plain_wide, plain_narrow = painter(field, style)[:, :1].flatten(1).std(1)
    assert wide / plain_wide > 1.5 * narrow / plain_narrow


def test_bricks_are_laid_and_moss_is_not(painter, config):
    assert painter.lay(Laying(), (0.0, 1.0), (4, 4), 1) is None
    lines = painter.lay(Laying(), (0.6, 0.4), (4, 6), 1)
    assert lines.joints.shape == (1, 1, 4 * config.step, 6 * config.step)
    field = torch.randn(1, config.noise, 4, 6)
    style = painter.get_stylist()(torch.randn(1, 6 + config.facts), torch.tensor([[1.0, 0.0]]))
    plain = painter(field, style)
    plan = build_plan(lines.joints, 24)
    assert not torch.allclose(painter(field, style, plan), plain, atol=1e-3)
    shaded = painter.paint(field, style, plan, torch.ones(1, 1, 4 * config.step, 6 * config.step))
    assert bool((shaded > painter(field, style, plan)).all()), "lighter everywhere"


def test_only_what_has_joints_is_laid_otherwise(place):
    generator = Texture(Checkpoint("mine", place, ""), "cpu")
    params = Texture.Params(**{"class": "brick", "layout": "grid", "courses": 4})
    wish, _ = generator._build_wish(params, 1, (4, 4))
    assert (wish.laying.layout, wish.laying.courses) == ("grid", 4)
    with pytest.raises(InvalidParamsError, match="moss has no joints"):
        generator._build_wish(params.model_copy(update={"class": "moss"}), 1, (4, 4))


def test_pictures_of_one_style_have_the_same_joints(painter, config, monkeypatch):
    seen = []
    paint = painter.paint
    monkeypatch.setattr(painter, "paint", lambda *parts: seen.append(parts[2]) or paint(*parts))
    wishes = [Wish(seed, (1.0, 0.0), style_seed=style) for seed, style in ((1, 9), (2, 9), (3, 8))]
    draw_pictures(painter, config, wishes)
    assert torch.equal(seen[0], seen[1]) and not torch.equal(seen[0], seen[2])


def test_weights_from_before_there_were_joints(tmp_path, config):
    plain = replace(config, joints=False)
    save_generator(Painter(plain, 6), plain, tmp_path / "old", {"training": {}}, "# card")
    facts = json.loads((tmp_path / "old" / "config.json").read_text())
    del facts["joints"]
    (tmp_path / "old" / "config.json").write_text(json.dumps(facts))
    net, found = load_generator(tmp_path / "old")
    assert found == plain
    draw_pictures(net, found, [Wish(1, (1.0, 0.0))])


def test_going_on_is_bit_equal(config, tmp_path):
    kinds = torch.tensor([0, 0, 1, 1, 1])
    laid = find_laid(config.classes, kinds)
    draw = build_latent_draw(build_variants(), torch.randn(5, 6), kinds, laid)

    def make():
        settings = Settings(4, batch=2, ema=0.9, clip=0.0, warmup=0)
        return GanLearner(config, settings, Rules(r1=0.1, augment="shift"), draw)

    whole, first, second = make(), make(), make()
    for _ in range(3):
        whole.advance()
    first.advance()
    first.save(tmp_path / "state")
    second.load(tmp_path / "state")
    for _ in range(2):
        second.advance()
    one, two = whole.average.state_dict(), second.average.state_dict()
    assert [name for name in one if not torch.equal(one[name], two[name])] == []


def test_drawing_keeps_the_contract(place):
    found = Checkpoint("mine", place, "")
    check_generator(Texture, checkpoint=found, params={"checkpoint": "mine"}).assert_ok()


def test_gan_train_teaches_latents_of_its_own_autoencoder_only(place):
    with pytest.raises(InvalidParamsError, match="of another autoencoder"):
        Train(Checkpoint("mine", place, ""), "cpu")._load_config()


@pytest.mark.parametrize("damage", ["latent", "blocks", "up", "autoencoder"])
def test_a_tampered_autoencoder_is_refused(place, damage):
    facts = json.loads((place / "config.json").read_text())
    inner = facts["autoencoder"]
    inner |= {"latent": 10**6, "blocks": [1, 99], "up": [4]}
    kept = {"latent": 2, "blocks": [1, 1], "up": [4, 8]}
    inner |= {name: value for name, value in kept.items() if name != damage}
    if damage == "autoencoder":
        facts["autoencoder"] = None
    (place / "config.json").write_text(json.dumps(facts))
    with pytest.raises(CheckpointError):
        load_generator(place)


def test_another_net_is_no_autoencoder(tmp_path):
    save_file({"a": torch.zeros(1)}, tmp_path / "x.safetensors")
    with pytest.raises(CheckpointError, match="no weights of this autoencoder"):
        load_autoencoder(tmp_path / "x.safetensors", SMALL)


def test_an_autoencoder_out_of_a_checkpoint(tmp_path, painter, config):
    save_generator(painter, config, tmp_path / "c", {"training": {}}, "# card")
    whole = {f"autoencoder.{k}": v for k, v in Autoencoder(SMALL).state_dict().items()}
    save_file({**whole, "net.weight": torch.zeros(1)}, tmp_path / "c" / "model.safetensors")
    kept = keep_autoencoder(tmp_path / "c", tmp_path / "run")
    for place in (tmp_path / "c", kept):
        found = load_autoencoder(place, SMALL).state_dict()
        assert all(torch.equal(found[k], whole[f"autoencoder.{k}"]) for k in found)
    assert keep_autoencoder(tmp_path / "nowhere", tmp_path / "run") == kept, "the one that is there"


def test_from_a_folder_to_shipped_weights(tmp_path, monkeypatch):
    monkeypatch.setattr(fit, "SIDE", 64)
    for module in (fit, lighten):
        monkeypatch.setattr(module, "AutoencoderConfig", lambda: SMALL)
    monkeypatch.setattr(ship, "EACH", 2)
    for number in range(12):
        path = tmp_path / "tiles" / ("brick" if number % 2 else "moss") / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(number).integers(0, 256, (64, 64, 3), dtype=np.uint8)
        Pictures.fromarray(pixels).save(path)
    state = {f"average.{k}": v for k, v in Autoencoder(SMALL).state_dict().items()}
    save_file(state, tmp_path / "state")
    data, run = str(tmp_path / "tiles"), str(tmp_path / "run")
    sizes = ["--channels", "4", "--latent", "6", "--batch", "2", "--steps", "2"]
    fit.main([data, run, "--autoencoder", str(tmp_path / "state"), *sizes])
    assert (tmp_path / "run" / "samples" / "0000000.png").exists()
    sheet = tmp_path / "sheet.png"
    ship.main([data, run, "--place", str(tmp_path / "made"), "--sheet", str(sheet)])
    net, config = load_generator(tmp_path / "made")
    assert config.classes == ("brick", "moss")
    assert isinstance(net, Painter)
    with Pictures.open(sheet) as image:
        assert image.size == (2 * 66 - 2, 2 * 66 - 2)
    facts = json.loads((tmp_path / "made" / "config.json").read_text())
    assert facts["metrics"]["diversity_psi_0.8"] > 0
