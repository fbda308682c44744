from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from studio_flow.describe import FACTS
from studio_flow.learn_textures import compare
from studio_flow.network import FlowConfig, Wanted, build_network
from studio_flow.sampling import Course, Style, plan_times, walk
from studio_training.torus import wrap


def wish(count, facts, classes=3):
    return Wanted(torch.zeros(count, dtype=torch.long), torch.zeros(count, facts),
                  torch.ones(count), torch.zeros(count))  # fmt: skip


@given(st.integers(0, 7), st.integers(0, 7))
@settings(max_examples=8)
def test_a_torus_has_no_border(texture_flow, down, right):
    """Rolling the noise by whole strides rolls the result: no place is special."""
    stride = texture_flow.network.config.stride
    shift = (down * stride, right * stride)
    noise = torch.randn((1, 4, 32, 32), generator=torch.Generator().manual_seed(3))
    wanted = wish(1, texture_flow.network.config.facts)
    with torch.no_grad():
        plain = texture_flow.network(noise, torch.full((1,), 0.4), wanted)
        rolled = texture_flow.network(noise.roll(shift, (2, 3)), torch.full((1,), 0.4), wanted)
    assert torch.allclose(plain.roll(shift, (2, 3)), rolled, atol=2e-5)


def test_zero_padding_has_a_border(sprite_flow):
    noise = torch.randn((1, 4, 16, 16), generator=torch.Generator().manual_seed(3))
    wanted = wish(1, sprite_flow.network.config.facts)
    with torch.no_grad():
        plain = sprite_flow.network(noise, torch.full((1,), 0.4), wanted)
        rolled = sprite_flow.network(noise.roll(8, 3), torch.full((1,), 0.4), wanted)
    assert not torch.allclose(plain.roll(8, 3), rolled, atol=1e-3)


def test_wrap_is_a_rim_of_one():
    x = torch.arange(12.0).view(1, 1, 3, 4)
    wide = wrap(x)
    assert wide.shape == (1, 1, 5, 6)
    assert wide[0, 0, 0, 1:-1].tolist() == x[0, 0, -1].tolist()
    assert wide[0, 0, 2, 0] == x[0, 0, 1, -1]
    assert wide[0, 0, 0, 0] == x[0, 0, -1, -1]


@pytest.mark.parametrize("time", [0.05, 0.5, 0.95])
def test_what_is_learnt_and_what_is_used_agree(texture_flow, time):
    """A net that predicts the target exactly returns the clean picture exactly."""
    rng = torch.Generator().manual_seed(0)
    clean, noise = (torch.randn((2, 4, 16, 16), generator=rng) for _ in range(2))
    norm = (time**2 + (1 - time) ** 2) ** 0.5
    target = ((1 - time) * clean - time * noise) / norm
    noised = time * clean + (1 - time) * noise
    assert torch.allclose(time / norm**2 * noised + (1 - time) / norm * target, clean, atol=1e-5)
    network, moment = texture_flow.network, torch.full((2,), time)
    wanted = wish(2, network.config.facts)
    with torch.no_grad():
        guess = network.predict(noised, moment, wanted)
        expected = time / norm**2 * noised + (1 - time) / norm * guess
        assert torch.allclose(network(noised, moment, wanted), expected, atol=1e-5)
        loss = compare(network, clean, moment, wanted, noise)
        assert torch.allclose(loss, (guess - target).square().mean())


class Knows(torch.nn.Module):
    """A net that knows the answer."""

    def __init__(self, clean):
        super().__init__()
        self.clean = clean
        self.config = FlowConfig()

    def forward(self, noised, time, wanted):
        return self.clean.expand_as(noised)


@pytest.mark.parametrize("method", ["euler", "heun"])
@pytest.mark.parametrize("steps", [1, 4])
def test_a_straight_path_is_walked_exactly(method, steps):
    clean = torch.randn((1, 4, 8, 8), generator=torch.Generator().manual_seed(0))
    noise = torch.randn((1, 4, 8, 8), generator=torch.Generator().manual_seed(1))
    style = Style(steps, 1.0, method)
    seen = []
    course = Course(style, plan_times(style), on_step=seen.append)
    made = walk(Knows(clean), noise, wish(1, FACTS), course)
    assert torch.allclose(made, clean, atol=1e-5)
    assert len(seen) == steps


def test_what_is_known_is_kept(texture_flow):
    known = torch.randn((1, 4, 16, 16), generator=torch.Generator().manual_seed(5))
    mask = torch.zeros(1, 1, 16, 16)
    mask[..., 4:12, 4:12] = 1
    style = Style(3, 1.5)
    course = Course(
        style,
        plan_times(style),
        change=lambda field, time, guess: guess * mask + known * (1 - mask),
        repeats=2,
        rng=torch.Generator().manual_seed(1),
    )
    noise = torch.randn((1, 4, 16, 16), generator=torch.Generator().manual_seed(2))
    made = walk(texture_flow.network, noise, wish(1, FACTS), course)
    assert torch.allclose(made * (1 - mask), known * (1 - mask), atol=1e-4)
    assert not torch.allclose(made * mask, known * mask, atol=1e-2)


@given(st.integers(1, 50), st.floats(0, 0.95))
def test_times_go_up_to_one(steps, start):
    times = plan_times(Style(steps), start)
    assert len(times) == steps + 1
    assert times[0] == pytest.approx(start)
    assert times[-1] == pytest.approx(1)
    assert all(a < b for a, b in pairwise(times))


def test_guidance_forgets_all_it_is_told():
    wanted = Wanted(torch.tensor([1]), torch.ones(1, 2), torch.ones(1), torch.ones(1)).forget(7)
    assert wanted.kind.tolist() == [7]
    assert wanted.known.tolist() == [0]
    assert wanted.size.tolist() == [1]


def test_attention_only_where_asked():
    sizes = FlowConfig(widths=(8, 8), blocks=(1, 1), embedding=8)
    assert not any("ask" in name for name, _ in build_network(sizes).named_parameters())
