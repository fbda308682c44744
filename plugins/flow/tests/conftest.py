import os
from dataclasses import replace

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch: idle threads spin on a busy machine

import numpy as np
import pytest
import torch
from PIL import Image
from studio_flow.book import FactBook
from studio_flow.describe import FACTS
from studio_flow.enlarger import EnlargerConfig, build_enlarger
from studio_flow.judge import FEATURES, TextureJudgeConfig, build_judge
from studio_flow.model import SPRITE, TEXTURE, Flow, Verdicts, save_flow, save_judge
from studio_flow.network import FlowConfig, build_network
from studio_flow.sprites import FACTS as SPRITE_FACTS
from studio_training.autoencoder import build_autoencoder
from studio_training.sizes import AutoencoderConfig

from studio.generator import Checkpoint, InputAsset, JobContext
from studio.media import MediaType

CLASSES = ("brick", "grass", "wood")
KINDS = ("monster", "wall")


def wake(network):
    """Give weights that do something to layers that begin at zero."""
    for name, weight in network.named_parameters():
        if name.endswith(("leave.conv.weight", "second.conv.weight", "answer.weight")):
            torch.nn.init.normal_(weight, std=0.05)
    return network.eval().requires_grad_(False)


def build_flow(sizes, classes, pages):
    """A flow with random weights that do something: the last layer of a fresh net is zero.

    Rows of 32: torch takes what does not fill two of a processor's registers through another `exp`,
    whose last bit differs, and then pictures are drawn one by one.
    """
    torch.manual_seed(0)
    network = wake(build_network(sizes))
    facts = torch.randn(4 * pages, sizes.facts) * 0.3
    return Flow(network, classes, FactBook(facts, torch.arange(4 * pages) % pages), {})


@pytest.fixture(scope="session")
def texture_flow():
    sizes = FlowConfig(widths=(8, 16), blocks=(1, 1), classes=3, facts=FACTS, embedding=32)
    flow = build_flow(sizes, CLASSES, 3)
    autoencoder = wake(build_autoencoder(AutoencoderConfig(down=(8, 16), up=(8, 16))))
    enlarger = wake(build_enlarger(EnlargerConfig(width=8, blocks=1)))
    return replace(flow, autoencoder=autoencoder, enlarger=enlarger)


@pytest.fixture(scope="session")
def sprite_flow():
    sizes = FlowConfig(
        channels=4,
        patch=1,
        widths=(8, 16),
        blocks=(1, 1),
        classes=2,
        facts=SPRITE_FACTS,
        embedding=32,
        padding="zeros",
        attention=True,
    )
    flow = build_flow(sizes, KINDS, 4)
    facts = flow.book.facts.repeat(8, 1)
    return Flow(flow.network, KINDS, FactBook(facts, flow.book.kinds.repeat(8)), {})


@pytest.fixture(scope="session")
def texture_place(texture_flow, tmp_path_factory):
    folder = tmp_path_factory.mktemp("texture")
    save_flow(folder, texture_flow, TEXTURE, "# card\n", ["flow.texture"])
    return folder


@pytest.fixture(scope="session")
def sprite_place(sprite_flow, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sprite")
    save_flow(folder, sprite_flow, SPRITE, "# card\n", ["flow.sprite"])
    return folder


@pytest.fixture(scope="session")
def judge_place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("judge")
    torch.manual_seed(0)
    judge = build_judge(TextureJudgeConfig(classes=3, filters=6, octaves=2, hidden=16)).eval()
    real = {"train": torch.randn(12, FEATURES), "held_out": torch.randn(6, FEATURES)}
    save_judge(folder, Verdicts(judge, CLASSES, real, {"metrics": {"class_accuracy": 0.5}}), "#\n")
    return folder


@pytest.fixture
def run(tmp_path):
    """Run a generator by hand; returns its artifacts and the steps it reported."""

    def go(generator, params, place=None, inputs=None, seeds=(0,)):
        steps = []
        scratch = tmp_path / "scratch"
        scratch.mkdir(exist_ok=True)
        assets = {
            slot: [
                InputAsset(f"{slot}{i}", MediaType.IMAGE, path, {"main": path}, title=path.stem)
                for i, path in enumerate(paths)
            ]
            for slot, paths in (inputs or {}).items()
        }
        job = JobContext(seeds, assets, scratch, lambda *step: steps.append(step), lambda: False)
        checkpoint = Checkpoint("own", place, "") if place else None
        made = generator(checkpoint, "cpu").generate(generator.Params(**params), job)
        return list(made), steps

    return go


def draw_tile(seed, side=64):
    """A tile that wraps: waves of whole periods in two colours."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side] * 2 * np.pi / side
    wave = np.sin(rng.integers(1, 5) * x + rng.integers(1, 5) * y + rng.uniform(0, 6))
    colours = rng.uniform(0, 255, (2, 3))
    share = (wave[..., None] + 1) / 2
    return Image.fromarray((colours[0] * share + colours[1] * (1 - share)).astype(np.uint8))


def draw_sprite(seed, side=16):
    """A blob of two colours on nothing."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side] - side / 2
    far = np.hypot(x * rng.uniform(0.8, 1.4), y)
    pixels = np.zeros((side, side, 4), np.uint8)
    pixels[far < side * 0.4] = (*rng.integers(0, 255, 3), 255)
    pixels[far < side * 0.2] = (*rng.integers(0, 255, 3), 255)
    return Image.fromarray(pixels)


@pytest.fixture(name="draw_tile", scope="session")
def give_draw_tile():
    return draw_tile


@pytest.fixture(name="draw_sprite", scope="session")
def give_draw_sprite():
    return draw_sprite


@pytest.fixture
def tile_folder(tmp_path):
    """A folder of two classes, with a copy and a file that is no picture."""
    for kind in ("brick", "grass"):
        folder = tmp_path / "tiles" / kind
        folder.mkdir(parents=True)
        for number in range(8):
            draw_tile(number + 100 * (kind == "grass"), 32).save(folder / f"{number}.png")
    draw_tile(0, 32).save(tmp_path / "tiles" / "brick" / "copy.png")
    (tmp_path / "tiles" / "grass" / "broken.png").write_bytes(b"no picture")
    return tmp_path / "tiles"


@pytest.fixture
def sprite_folder(tmp_path):
    for kind in KINDS:
        folder = tmp_path / "sprites" / kind
        folder.mkdir(parents=True)
        for number in range(6):
            side = 16 if number % 2 else 32
            draw_sprite(number + 50 * (kind == "wall"), side).save(folder / f"{number}.png")
    return tmp_path / "sprites"
