"""Winograd's convolutions are convolutions."""

import threading

import pytest
import torch
from studio_training import winograd
from studio_training.winograd import convolve, has_nnpack, is_quick
from torch import nn

needs_nnpack = pytest.mark.skipif(not has_nnpack(), reason="this processor has no NNPACK")


@pytest.fixture
def threads():
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


@needs_nnpack
@pytest.mark.parametrize("channels", [(3, 24), (64, 64), (64, 48)])
@pytest.mark.parametrize("size", [(1, 1), (5, 40), (37, 51)])
def test_it_gives_what_the_layer_gives(channels, size, threads):
    threads(1)
    torch.manual_seed(0)
    layer = nn.Conv2d(*channels, 3, padding=1).to(memory_format=torch.channels_last)
    x = torch.rand(1, channels[0], *size).to(memory_format=torch.channels_last)
    with torch.inference_mode():
        assert is_quick(x)
        assert torch.allclose(convolve(layer, x), layer(x), atol=2e-5)


@needs_nnpack
def test_it_is_for_what_is_not_learning_on_one_thread_in_float32(threads):
    threads(1)
    x = torch.rand(1, 3, 8, 8)
    assert not is_quick(x), "slopes may be wanted"
    with torch.inference_mode():
        assert is_quick(x)
        assert not is_quick(x.bfloat16())
        with torch.autocast("cpu", torch.bfloat16):
            assert not is_quick(x)
        threads(2)
        assert not is_quick(x)


def test_without_it_the_layer_is_called(monkeypatch, threads):
    threads(1)
    monkeypatch.setattr(winograd, "has_nnpack", lambda: False)
    layer, x = nn.Conv2d(3, 4, 3, padding=1), torch.rand(1, 3, 9, 9)
    with torch.inference_mode():
        assert torch.equal(convolve(layer, x), layer(x))


@needs_nnpack
def test_large_maps_are_left_to_the_layer(threads):
    threads(1)
    with torch.inference_mode():
        assert not is_quick(torch.empty(1, 1, 512, 257))


@needs_nnpack
def test_many_threads_at_once_get_what_one_gets(threads):
    threads(1)
    torch.manual_seed(0)
    layer = nn.Conv2d(16, 16, 3, padding=1)
    pictures = torch.rand(8, 1, 16, 33, 47)
    made = [None] * 8

    def work(number):
        torch.set_num_threads(1)
        with torch.inference_mode():
            for _ in range(5):
                made[number] = convolve(layer, pictures[number])

    running = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    with torch.inference_mode():
        for one, x in zip(made, pictures, strict=True):
            assert torch.equal(one, convolve(layer, x))
