from pathlib import Path

import pytest
import studio_upscale
from studio_upscale import fit, shipped
from studio_upscale.network import NetworkConfig, build_network
from studio_upscale.synthetic import draw_picture
from studio_upscale.weights import save_network

from studio.generator import Checkpoint

SHIPPED = Path(studio_upscale.__file__).parent / "checkpoints"


@pytest.fixture
def tiny():
    """A net of random weights, too small to be any good."""
    return build_network(NetworkConfig(8, 1), seed=3).eval().requires_grad_(False)


@pytest.fixture
def tiny_checkpoint(tiny, tmp_path):
    folder = tmp_path / "tiny"
    save_network(tiny, folder, {}, "# Tiny\n")
    return Checkpoint("tiny", folder, "0" * 64)


@pytest.fixture
def fast():
    return Checkpoint("fast", SHIPPED / "fast", "0" * 64)


@pytest.fixture
def data(tmp_path, monkeypatch):
    """A small stand-in for the pictures that the shipped weights learn from."""
    monkeypatch.setattr(fit, "DRAWN", 2)
    monkeypatch.setattr(fit, "EVERY", 2)
    monkeypatch.setattr(shipped, "find_spec", lambda name: None)  # no scikit-image
    for number, place in enumerate(
        ("photos/kodak24/01", "photos/kodak24/03", "textures/brick/a", "textures/pbr/x/albedo")
    ):
        path = tmp_path / "data" / f"{place}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        draw_picture(number).save(path)
    return tmp_path / "data"
