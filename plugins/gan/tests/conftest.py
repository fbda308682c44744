from dataclasses import asdict

import numpy as np
import pytest
import torch
from PIL import Image
from studio_gan.config import GanConfig
from studio_gan.generators import build_generator
from studio_gan.learner import GanLearner, Rules
from studio_gan.weights import save_generator
from studio_training import Settings

from studio import Studio


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    with Studio(tmp_path_factory.mktemp("home"), workers="inline") as studio:
        yield studio


@pytest.fixture
def make_config():
    def make(family="spatial", **sizes):
        return GanConfig(**{"family": family, "size": 16, "channels": 4, "latent": 6, **sizes})

    return make


@pytest.fixture
def make_learner(make_config):
    """Learners of stripes in two colours."""

    def make(config=None, steps=50, rate=1e-3, seed=0, batch=4, **rules):
        config = config or make_config(classes=("red", "green"))
        side = config.size

        def draw(rng, count):
            kinds = torch.randint(2, (count,), generator=rng)
            pictures = -torch.ones(count, 3, side, side)
            pictures[:, :, :, ::4] = 0.5
            pictures[torch.arange(count), kinds] += 0.5
            return pictures[:, : config.colours], kinds % max(1, len(config.classes))

        settings = Settings(steps, batch=batch, rate=rate, warmup=0, ema=0.9, clip=0.0, seed=seed)
        return GanLearner(config, settings, Rules(**rules), draw)

    return make


@pytest.fixture
def make_checkpoint(tmp_path, make_config):
    """A folder with random weights."""

    def make(family="spatial", **sizes):
        config = make_config(family, **{"classes": ("brick", "wet_moss"), **sizes})
        torch.manual_seed(0)
        folder = tmp_path / f"checkpoint-{family}"
        save_generator(build_generator(config), config, folder, {"training": {}}, "# card")
        return folder

    return make


@pytest.fixture
def folder(tmp_path):
    """Sixteen pictures in two classes."""
    home = tmp_path / "pictures"
    for number in range(16):
        place = home / ("brick" if number % 2 else "moss") / f"{number}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(number).integers(0, 256, (24, 20, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(place)
    return home


@pytest.fixture
def plain():
    return asdict
