from pathlib import Path

import pytest
import studio_upscale
from studio_upscale.network import NetworkConfig, build_network
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
