"""Small fields as rows of a product: what a convolution gives, and the same alone and together."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from studio_training.rows import CELLS, Linear, Pointwise, convolve, multiply
from torch import nn


@given(
    st.integers(1, 5), st.integers(1, 7), st.integers(1, 7),
    st.sampled_from([(3, 1, 0), (3, 1, 1), (2, 2, 0), (1, 1, 0), (4, 4, 0)]),
    st.booleans(),
)  # fmt: skip
@settings(max_examples=60)
def test_it_is_a_convolution(batch, height, width, shape, is_last):
    size, step, rim = shape
    layer = nn.Conv2d(3, 5, size, step, rim)
    x = torch.randn(batch, 3, height * step + size, width * step + size)
    if is_last:
        x = x.contiguous(memory_format=torch.channels_last)
    with torch.no_grad():
        assert torch.allclose(convolve(layer, x), layer(x), atol=1e-5)


@given(st.integers(1, 9), st.integers(1, 40))
@settings(max_examples=40)
def test_it_is_a_linear_layer(count, inner):
    layer, x = Linear(inner, 6), torch.randn(count, inner)
    with torch.no_grad():
        assert torch.allclose(
            layer(x), nn.functional.linear(x, layer.weight, layer.bias), atol=1e-5
        )
        assert torch.allclose(multiply(x, layer.weight), x @ layer.weight.T, atol=1e-5)


def count_products(monkeypatch):
    calls = []
    product = nn.functional.linear
    monkeypatch.setattr(nn.functional, "linear", lambda *a: calls.append(len(a[0])) or product(*a))
    return calls


def test_rows_come_in_fours(monkeypatch):
    calls = count_products(monkeypatch)
    with torch.no_grad():
        assert Linear(3, 2)(torch.randn(5, 3)).shape == (5, 2)
        Pointwise(3, 2, 1)(torch.randn(1, 3, 3, 3))
    assert calls == [8, 12]


@pytest.mark.parametrize("side", [16, 17])
def test_large_fields_and_learning_go_the_usual_way(monkeypatch, side):
    calls = count_products(monkeypatch)
    layer = Pointwise(3, 2, 1)
    with torch.no_grad():
        layer(torch.randn(1, 3, side, side))
    assert bool(calls) == (side**2 <= CELLS)
    made = layer(torch.randn(1, 3, 2, 2))
    assert len(calls) <= 1
    made.sum().backward()
    assert layer.weight.grad is not None
