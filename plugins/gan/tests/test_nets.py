import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from studio_gan.config import GanConfig, read_config, split_size
from studio_gan.critic import Critic
from studio_gan.generators import build_generator
from studio_gan.layers import DoublingConv, ModulatedConv, TorusConv, double

TORUS = ("spatial", "style")


def draw(config, field, style):
    torch.manual_seed(1)
    with torch.no_grad():
        return build_generator(config).eval()(field, style)


@pytest.mark.parametrize("family", TORUS)
def test_a_picture_is_a_torus_of_any_size(family, make_config):
    """Rolling the noise rolls the picture: no place is special, so no border is."""
    config = make_config(family)
    field, style = torch.randn(1, config.noise, 3, 5), torch.randn(1, config.latent)
    one = draw(config, field, style)
    step = 2**config.doublings
    assert one.shape == (1, 3, 3 * step, 5 * step)
    other = draw(config, field.roll((1, 2), (2, 3)), style)
    assert torch.allclose(one.roll((step, 2 * step), (2, 3)), other, atol=1e-5)


@pytest.mark.parametrize("family", ["dcgan", *TORUS])
@pytest.mark.parametrize("colours", [1, 3])
def test_pictures_have_the_size_that_was_asked_for(family, colours, make_config):
    config = make_config(family, size=28, colours=colours)
    side = config.first
    picture = draw(config, torch.randn(2, config.noise, side, side), torch.randn(2, config.latent))
    assert picture.shape == (2, colours, 28, 28)
    assert float(picture.abs().max()) <= 1


@pytest.mark.parametrize("family", TORUS)
def test_field_and_style_both_count(family, make_config):
    config = make_config(family)
    field, style = torch.randn(2, config.noise, 4, 4), torch.randn(2, config.latent) * 3
    same = draw(config, field[:1].repeat(2, 1, 1, 1), style)
    assert not torch.allclose(same[0], same[1], atol=1e-3)
    same = draw(config, field, style[:1].repeat(2, 1))
    assert not torch.allclose(same[0], same[1], atol=1e-3)


def test_doubling_and_convolving_in_one_is_one_after_the_other():
    torch.manual_seed(0)
    both, plain = DoublingConv(3, 5), TorusConv(3, 5, 3)
    plain.load_state_dict(both.state_dict())
    x = torch.randn(2, 3, 4, 6)
    assert both(x).shape == (2, 5, 8, 12)
    assert torch.allclose(both(x), plain(double(x)), atol=1e-5)


def test_a_modulated_layer_doubles_in_one_too():
    torch.manual_seed(0)
    conv = ModulatedConv(3, 5, 4)
    x, style = torch.randn(2, 3, 4, 6), torch.randn(2, 4)
    assert torch.allclose(conv(x, style, doubles=True), conv(double(x), style), atol=1e-5)


@pytest.mark.parametrize(("size", "stride"), [(1, 1), (3, 1), (4, 2), (5, 1)])
def test_a_convolution_on_a_torus_is_one_of_a_torus(size, stride):
    torch.manual_seed(0)
    conv = TorusConv(2, 3, size, stride)
    x = torch.randn(1, 2, 8, 12)
    assert conv(x).shape == (1, 3, 8 // stride, 12 // stride)
    rolled = conv(x.roll((2, 4), (2, 3)))
    assert torch.allclose(conv(x).roll((2 // stride, 4 // stride), (2, 3)), rolled, atol=1e-5)


def test_modulation_by_input_and_output_is_modulation_of_weights():
    """The reference: weights scaled and normed per example, as StyleGAN2 writes it."""
    conv = ModulatedConv(3, 5, 4)
    x, style = torch.randn(2, 3, 8, 8), torch.randn(2, 4)
    for row in range(2):
        scale = 1 + conv.affine(style[row])
        weight = conv.weight * scale[None, :, None, None]
        weight = weight / (weight.square().sum((1, 2, 3), keepdim=True) + 1e-8).sqrt()
        padded = torch.nn.functional.pad(x[row : row + 1], (1, 1, 1, 1), mode="circular")
        expected = torch.nn.functional.conv2d(padded, weight)
        assert torch.allclose(conv(x, style)[row : row + 1], expected, atol=1e-5)


def test_truncation_goes_to_the_mean_of_the_class(make_config):
    stylist = build_generator(make_config(classes=("a", "b"))).stylist
    weights = torch.tensor([[1.0, 0.0]])
    style = stylist(torch.randn(1, 6), weights)
    for _ in range(2000):
        stylist.follow(style, weights)
    assert torch.allclose(stylist.truncate(style + 1, weights, 0.0), style, atol=1e-4)
    assert torch.allclose(stylist.truncate(style + 1, weights, 1.0), style + 1)
    assert not stylist.mean[1].any(), "the other class was never seen"


def test_the_critic_hears_of_class_and_sameness(make_config):
    config = make_config(classes=("a", "b"))
    critic = Critic(config).eval()
    pictures = torch.randn(4, 3, 16, 16)
    zeros, ones = torch.zeros(4, dtype=torch.long), torch.ones(4, dtype=torch.long)
    assert not torch.allclose(critic(pictures, zeros), critic(pictures, ones))
    alike = pictures[:1].repeat(4, 1, 1, 1)
    assert not torch.allclose(critic(pictures, zeros)[0], critic(alike, zeros)[0])
    rolled = pictures.roll((4, 8), (2, 3))
    assert torch.allclose(critic(pictures, zeros), critic(rolled, zeros), atol=1e-5)


@given(st.integers(1, 4096))
@settings(max_examples=300)
def test_sides_are_four_to_seven_doubled(size):
    try:
        first, doublings = split_size(size)
    except ValueError:
        assert not any(size == n * 2**k for n in (4, 5, 6, 7) for k in range(1, 12))
    else:
        assert first * 2**doublings == size
        assert 4 <= first <= 7


@pytest.mark.parametrize(
    "change",
    [
        {"family": "other"},
        {"size": 30},
        {"size": 10**9},
        {"channels": 0},
        {"colours": 4},
        {"latent": 10**9},
        {"classes": ["x"] * 2000},
    ],
)
def test_a_config_out_of_range_is_refused(change, plain):
    with pytest.raises((ValueError, KeyError)):
        read_config({**plain(GanConfig()), **change})


def test_a_config_is_read_back(plain):
    config = GanConfig("style", 48, 8, 16, 1, ("a",), False)
    assert read_config(plain(config)) == config
