"""`gan.train` by way of the autoencoder that ships."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image as Pictures
from studio_gan.cells import measure_loss
from studio_gan.learner import Rules
from studio_gan.painter import Painter
from studio_gan.params import CELL_SIDE, CELLS, check_size, choose_family
from studio_gan.pictures import Changes
from studio_gan.pictures import Pictures as Examples
from studio_gan.pupil import build_pupil, get_autoencoder, plan_latents
from studio_gan.weights import load_generator, save_generator
from studio_training import Settings
from studio_training.sizes import AutoencoderConfig

from studio.errors import InvalidParamsError

TINY = {"size": 64, "channels": 4, "latent": 4, "batch": 2}


def unpack(asset, folder):
    folder.mkdir()
    for name, path in asset.files.items():
        shutil.copyfile(path, folder / name)
    return folder


@pytest.fixture
def train(studio, folder):
    def train(**params):
        return studio.generate("gan.train", folder=str(folder), seed=1, **{**TINY, **params})[0]

    return train


def test_the_sizes_are_those_of_the_autoencoder_that_ships():
    config = get_autoencoder().config
    assert 2 * config.factor == CELL_SIDE
    for cells in CELLS:
        check_size(cells * CELL_SIDE, "latent")
        check_size(cells)


@pytest.mark.parametrize(
    ("family", "size", "expected"),
    [
        ("auto", 64, "latent"),
        ("auto", 96, "latent"),
        ("auto", 48, "spatial"),
        ("auto", 100, "spatial"),
        ("style", 64, "style"),
        ("latent", 48, "latent"),
    ],
)
def test_auto_is_latent_where_it_can_be(family, size, expected):
    assert choose_family(family, size) == expected


def test_a_size_of_no_cells_is_refused(train):
    with pytest.raises(InvalidParamsError, match="size: 48 does not fit the family latent"):
        train(family="latent", size=48, steps=1)


def test_from_a_folder_to_a_texture(studio, train):
    made = train(steps=2)
    config = json.loads(made.files["config.json"].read_text())
    assert (config["family"], config["classes"]) == ("latent", ["brick", "moss"])
    assert config["joints"], "bricks have them"
    assert 0 < made.metrics["lost_in_autoencoder"] < 2
    (drawn,) = studio.generate(
        "gan.texture", checkpoint=made.id, size=96, height=64, seed=4, **{"class": "moss"}
    )
    with Pictures.open(drawn.path) as image:
        assert image.size == (96, 64)


def test_pausing_and_going_on_equals_no_pause(train):
    whole, first = train(steps=4), train(steps=4, stop_after=2)
    second = train(steps=4, start=first.id)
    name = "model.safetensors"
    assert first.files[name].read_bytes() != whole.files[name].read_bytes()
    assert second.files[name].read_bytes() == whole.files[name].read_bytes()


def test_a_start_with_another_decoder_of_the_same_latents(train, studio, tmp_path):
    net, config = load_generator(unpack(train(steps=1), tmp_path / "first"))
    old = replace(config, autoencoder=AutoencoderConfig())
    assert old != config, "it has the lighter one"
    painter = Painter(old, len(net.kinds))
    painter.weaver = net.weaver
    painter.facts.copy_(net.facts)
    save_generator(painter, old, tmp_path / "old", {"training": {}}, "# card")
    made = train(steps=2, start=str(tmp_path / "old"))
    assert load_generator(unpack(made, tmp_path / "made"))[1] == config
    studio.generate("gan.texture", checkpoint=made.id, size=64, seed=1)


def test_a_start_that_knows_other_classes_is_refused(studio, folder, train):
    first = train(steps=1)
    (folder / "moss").rename(folder / "fern")
    with pytest.raises(InvalidParamsError, match="knows the classes brick, moss"):
        train(steps=1, start=first.id)


def test_grey_pictures_are_learnt_in_colour(studio, tmp_path):
    for number in range(8):
        pixels = np.random.default_rng(number).integers(0, 256, (64, 64), dtype=np.uint8)
        Pictures.fromarray(pixels).save(tmp_path / f"{number}.png")
    (made,) = studio.generate("gan.train", folder=str(tmp_path), steps=1, seed=1, **TINY)
    assert json.loads(made.files["config.json"].read_text())["colours"] == 16


def test_what_does_not_come_back_is_told():
    """Noise does not; one colour with a soft wave does."""
    torch.manual_seed(0)
    wave = (torch.arange(64) * (2 * torch.pi / 64)).sin()
    smooth = (wave[:, None] * wave * 0.5).expand(4, 3, 64, 64)
    net = get_autoencoder()
    assert measure_loss(net, smooth) < 0.1 < measure_loss(net, torch.rand(4, 3, 64, 64) * 2 - 1)


def test_encoded_once_is_as_encoded_anew(tmp_path):
    torch.manual_seed(0)
    pixels = torch.randint(0, 256, (6, 3, 64, 64), dtype=torch.uint8)
    pictures = Examples(pixels, torch.zeros(6, dtype=torch.long), (), pixels[:0])
    config = plan_latents(64, 4, 4, pictures)
    assert not config.joints, "nothing is known of a class without a name"
    plan = (Settings(3, batch=2, ema=0.9, clip=0.0), Rules())
    weights = []
    for _ in range(2):
        pupil = build_pupil(config, plan, pictures, Changes(is_torus=True), tmp_path)
        pupil.learner.advance()
        weights.append(pupil.net.state_dict())
    assert (tmp_path / "latents.safetensors").exists()
    assert [n for n in weights[0] if not torch.equal(weights[0][n], weights[1][n])] == []
