import json

import numpy as np
import pytest
from PIL import Image
from studio_upscale.colorize import Colorize
from studio_upscale.colour import (
    ColourConfig,
    ColourNet,
    borrow_chroma,
    load_colour,
    paint,
    save_colour,
)
from studio_upscale.degrade import degrade
from studio_upscale.enlarge import Style, enlarge
from studio_upscale.network import NetworkConfig, build_network
from studio_upscale.restore import Deblock, Denoise
from studio_upscale.srgan import Srgan
from studio_upscale.weights import load_network, save_network

from studio.errors import CheckpointError
from studio.generator import Checkpoint, InputAsset, JobContext
from studio.media import MediaType
from studio.testing import check_generator


@pytest.fixture
def mender(tmp_path):
    """Random weights that keep the size."""
    network = build_network(NetworkConfig(8, 1, scale=1, fold=2), seed=1)
    save_network(network, tmp_path / "mender", {}, "# Mender\n")
    return Checkpoint("mender", tmp_path / "mender", "")


@pytest.fixture
def painter(tmp_path):
    save_colour(ColourNet(ColourConfig(4)), tmp_path / "painter", {}, "# Painter\n")
    return Checkpoint("painter", tmp_path / "painter", "")


def run(generator, checkpoint, image, tmp_path, example=None, **params):
    paths = {"image": tmp_path / "in.png"}
    image.save(paths["image"])
    if example is not None:
        paths["example"] = tmp_path / "example.png"
        example.save(paths["example"])
    inputs = {
        slot: [InputAsset("x", MediaType.IMAGE, path, {"main": path})]
        for slot, path in paths.items()
    }
    job = JobContext((0,), inputs, tmp_path, lambda *step: None, lambda: False)
    (made,) = generator(checkpoint, "cpu").generate(generator.Params(**params), job)
    return made


def noise(height, width, channels=3):
    return np.random.default_rng(0).integers(0, 256, (height, width, channels), np.uint8)


@pytest.mark.parametrize("generator", [Denoise, Deblock])
def test_contract(generator, mender):
    check_generator(generator, checkpoint=mender).assert_ok()


def test_contract_of_colour(painter):
    check_generator(Colorize, checkpoint=painter).assert_ok()


@pytest.mark.parametrize("size", [(1, 1), (17, 9), (33, 40)])
def test_windows_of_a_folded_net_make_no_difference(mender, size):
    network, picture = load_network(mender.path), noise(*size)
    whole = enlarge(network, picture, 1, Style(tile=512))
    cut = enlarge(network, picture, 1, Style(tile=16))
    assert whole.shape == picture.shape
    assert np.abs(whole.astype(int) - cut).max() <= 1


def test_strength_and_transparency(mender, tmp_path):
    image = Image.fromarray(noise(20, 31, 4))
    same = run(Denoise, mender, image, tmp_path, strength=0)
    assert (np.asarray(same.payload) == np.asarray(image)).all()
    changed = np.asarray(run(Denoise, mender, image, tmp_path).payload)
    assert (changed[..., 3] == np.asarray(image)[..., 3]).all()
    assert (changed[..., :3] != np.asarray(image)[..., :3]).any()


def test_sixteen_bits_stay(mender, tmp_path):
    deep = Image.fromarray(np.arange(400, dtype=np.uint16).reshape(20, 20) * 100)
    assert run(Deblock, mender, deep, tmp_path).payload.mode == "I;16"


def test_weights_of_the_other_sort_are_refused(mender, tiny_checkpoint):
    with pytest.raises(CheckpointError, match="keep the size"):
        Srgan(mender, "cpu")
    with pytest.raises(CheckpointError, match="enlarge 4 times"):
        Denoise(tiny_checkpoint, "cpu")
    with pytest.raises(CheckpointError, match="no weights of restore"):
        Colorize(mender, "cpu")


@pytest.mark.parametrize(
    ("generator", "damage"), [(Denoise, "noise"), (Deblock, "jpeg")], ids=["noise", "jpeg"]
)
def test_shipped_weights_mend(generator, damage):
    from studio_upscale.metrics import measure_psnr
    from studio_upscale.synthetic import draw_picture

    if not generator.checkpoints:
        pytest.skip("these weights do not ship yet")
    place = generator.checkpoints[0].name
    network = load_network(find_place(place))
    true = np.asarray(draw_picture(5000))
    hurt = degrade(true[None], 1, damage, np.random.default_rng(3))[0]
    made = enlarge(network, hurt, 1, Style())
    assert measure_psnr(made, true, 2) > measure_psnr(hurt, true, 2) + 0.2


def find_place(name):
    from studio_upscale.shelf import PLACE

    return PLACE / name


def test_an_example_gives_its_colours(tmp_path, painter):
    """Where the example is bright it is red, where it is dark blue."""
    ramp = np.tile(np.linspace(30, 220, 64).astype(np.uint8), (64, 1))
    colours = np.zeros((64, 64, 3), np.uint8)
    colours[:, :32], colours[:, 32:] = (10, 20, 120), (240, 120, 110)
    made = run(Colorize, painter, Image.fromarray(ramp), tmp_path, Image.fromarray(colours))
    pixels = np.asarray(made.payload).astype(int)
    assert made.info["from"] == "example"
    assert pixels[32, 6, 2] > pixels[32, 6, 0] + 15
    assert pixels[32, 58, 0] > pixels[32, 58, 2] + 15


def test_brightness_stays(tmp_path, painter):
    grey = Image.fromarray(noise(30, 45, 1)[..., 0] // 2 + 64)
    made = run(Colorize, painter, grey, tmp_path, saturation=0)
    assert (np.asarray(made.payload.convert("L")).astype(int) - np.asarray(grey)).max() <= 1
    example = Image.new("RGB", (1, 1), (200, 10, 10))
    assert paint(grey, borrow_chroma(example, grey), 1).size == (45, 30)


def test_other_weights_are_no_colour(tmp_path):
    with pytest.raises(CheckpointError, match="no weights of restore"):
        load_colour(tmp_path)


@pytest.mark.parametrize("channels", [0, 10**6])
def test_sizes_out_of_range_are_refused_before_anything_is_built(painter, channels):
    config = painter.path / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "channels": channels}))
    with pytest.raises(CheckpointError, match="no weights of restore") as raised:
        load_colour(painter.path)
    assert "channels" in str(raised.value.__cause__)
