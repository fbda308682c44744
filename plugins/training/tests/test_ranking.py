"""Sorting by radix gives what torch gives."""

import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from studio_training.ranking import sort_stably

floats = st.floats(width=32, allow_nan=False) | st.sampled_from([0.0, -0.0, 1.5, -1.5])


@given(arrays.arrays(np.float32, arrays.array_shapes(max_dims=3, max_side=40), elements=floats))
def test_order_is_that_of_torch(numbers):
    values = torch.from_numpy(numbers)
    assert torch.equal(sort_stably(values), torch.argsort(values, dim=-1, stable=True))


def test_equal_numbers_keep_their_order():
    assert sort_stably(torch.tensor([0.0, 1, -0.0, 1, 0, -1])).tolist() == [5, 0, 2, 4, 1, 3]


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.int64])
def test_other_numbers_go_torchs_way(dtype):
    values = torch.tensor([[3, 1, 2, 1], [0, -1, 5, 0]]).to(dtype)
    assert sort_stably(values).tolist() == [[1, 3, 2, 0], [1, 0, 3, 2]]


def test_what_is_learnt_from_is_sorted_too():
    values = torch.randn(3, 100, requires_grad=True)
    assert torch.equal(sort_stably(values), torch.argsort(values.detach(), dim=-1, stable=True))
