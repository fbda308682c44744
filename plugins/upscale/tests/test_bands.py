import numpy as np
import pytest
import torch
from studio_training.winograd import has_nnpack
from studio_upscale.bands import run_in_bands
from studio_upscale.enlarge import WIDE, Style, enlarge
from studio_upscale.network import NetworkConfig, build_network

needs_nnpack = pytest.mark.skipif(not has_nnpack(), reason="this processor has no NNPACK")


@pytest.fixture
def threads():
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


@needs_nnpack
@pytest.mark.parametrize("fold", [1, 2])
def test_bands_are_one_picture(fold, threads):
    scale = 4 if fold == 1 else 1
    config = NetworkConfig(16, 2, scale=scale, fold=fold, equivariant=True)
    net = build_network(config, 0).eval()
    x = torch.rand(1, 3, 58, 20)
    threads(1)
    with torch.inference_mode():
        whole = net(x)
    threads(2)
    seen = []

    def call(part):
        seen.append(part.shape[2])
        return net(part)

    with torch.inference_mode():
        made = run_in_bands(call, x, config.radius, fold)
    assert len(seen) == 2 and max(seen) < 58
    assert torch.allclose(made, whole, rtol=0, atol=2e-6)


@needs_nnpack
@pytest.mark.parametrize("fold", [1, 2])
def test_pictures_of_wide_nets_are_enlarged_in_bands(fold, threads, monkeypatch):
    config = NetworkConfig(WIDE, 2, scale=4 if fold == 1 else 1, fold=fold)
    net = build_network(config, 0).eval()
    picture = np.random.default_rng(0).integers(0, 256, (90, 37, 3)).astype(np.uint8)
    threads(1)
    whole = enlarge(net, picture, config.scale, Style())
    seen = []
    monkeypatch.setattr(type(net), "forward", watch(type(net).forward, seen))
    threads(2)
    made = enlarge(net, picture, config.scale, Style())
    assert len(seen) == 2
    assert np.abs(made.astype(int) - whole).max() <= 1


def watch(forward, seen):
    def watched(net, x):
        seen.append(x.shape)
        return forward(net, x)

    return watched


@needs_nnpack
def test_low_pictures_are_not_cut(threads):
    threads(2)
    seen = []

    def call(part):
        seen.append(part.shape[2])
        return part

    run_in_bands(call, torch.rand(1, 3, 18, 20), 10)
    assert seen == [18]
