import pytest
import torch
from studio_training.torus import wrap
from torch.nn import functional


@pytest.fixture(params=[torch.contiguous_format, torch.channels_last])
def field(request):
    torch.manual_seed(0)
    x = torch.randn(2, 3, 4, 5, dtype=torch.double).contiguous(memory_format=request.param)
    return x.requires_grad_(True)


@pytest.mark.parametrize("width", [1, 2, 4])
def test_what_leaves_comes_in_at_the_other_border(field, width):
    assert torch.equal(wrap(field, width), functional.pad(field, (width,) * 4, mode="circular"))


@pytest.mark.parametrize("width", [1, 2])
def test_slopes_once_and_twice(field, width):
    """Twice, for penalties on slopes."""

    def bend(x):
        return wrap(x, width).square()

    assert torch.autograd.gradcheck(bend, field)
    assert torch.autograd.gradgradcheck(bend, field)


def test_it_stays_as_it_is_laid_out(field):
    layout = torch.channels_last
    expected = field.is_contiguous(memory_format=layout)
    assert wrap(field).is_contiguous(memory_format=layout) == expected
