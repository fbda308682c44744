import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from studio_flow.describe import (
    FACTS,
    GRAIN,
    MEAN,
    SPREAD,
    TONES,
    get_overall,
    level,
    normalise,
    restore,
)
from studio_flow.wishes import Wish, apply_wish, clamp_facts, read_palette
from studio_training.colours import from_spread_fact

from studio.errors import InvalidParamsError


def draw(seed, count=2, side=32):
    rng = torch.Generator().manual_seed(seed)
    return torch.rand((count, 3, side, side), generator=rng) * 1.6 - 0.8


@given(st.integers(0, 1000))
@settings(max_examples=20)
def test_restore_undoes_normalise(seed):
    pictures = draw(seed)
    plain, facts = normalise(pictures)
    assert torch.allclose(restore(plain, facts), pictures, atol=1e-5)
    assert torch.allclose(plain.mean((2, 3)), torch.zeros(2, 3), atol=1e-5)
    assert (plain.square().mean((2, 3)) < 1 + 1e-4).all()
    assert facts.shape == (2, FACTS)


@given(st.integers(0, 1000), st.integers(0, 31), st.integers(0, 31))
@settings(max_examples=20)
def test_facts_of_colour_do_not_change_when_a_torus_is_rolled(seed, down, right):
    pictures = draw(seed)
    _, facts = normalise(pictures)
    _, rolled = normalise(pictures.roll((down, right), (2, 3)))
    assert torch.allclose(facts[:, : TONES.stop], rolled[:, : TONES.stop], atol=1e-4)
    assert torch.allclose(facts[:, GRAIN][:, 0], rolled[:, GRAIN][:, 0], atol=1e-4)


def test_grain_tells_rows_from_columns():
    lines = torch.zeros(1, 3, 32, 32)
    lines[..., ::4] = 1
    assert normalise(lines)[1][0, GRAIN][0] > 0.9
    assert normalise(lines.transpose(2, 3))[1][0, GRAIN][0] < -0.9


def test_a_flat_picture_is_no_accident():
    plain, facts = normalise(torch.full((1, 3, 16, 16), 0.3))
    assert torch.isfinite(plain).all()
    assert torch.isfinite(facts).all()
    assert torch.allclose(restore(plain, facts), torch.full((1, 3, 16, 16), 0.3), atol=1e-5)


def test_level_meets_the_facts_exactly():
    made = normalise(draw(1))[0] * 0.8 + 0.2
    _, facts = normalise(draw(2))
    shown = restore(level(made), facts)
    assert torch.allclose(shown.mean((2, 3)), facts[:, MEAN], atol=1e-5)
    spread = (shown - shown.mean((2, 3), keepdim=True)).square().mean((1, 2, 3)).sqrt()
    wanted = get_overall(from_spread_fact(facts[:, SPREAD]))
    assert torch.allclose(spread, wanted, atol=1e-4)


def test_words_do_what_they_say():
    _, facts = normalise(draw(0, 1) * 0.4)
    facts = facts[0]

    def get(word, **more):
        return apply_wish(facts, Wish(qualities=(word,), **more))

    assert get("dark")[MEAN].mean() < facts[MEAN].mean() < get("light")[MEAN].mean()
    assert get("rough")[SPREAD][0] > facts[SPREAD][0] > get("smooth")[SPREAD][0]
    assert get("horizontal")[GRAIN].mean() < facts[GRAIN].mean() < get("vertical")[GRAIN].mean()
    red = apply_wish(facts, Wish(colours=("red",)))[MEAN]
    assert red[0] > red[1] + 0.3
    green = get("mossy")[MEAN] - facts[MEAN]
    assert green[1] > green[2]


@given(st.lists(st.tuples(*[st.integers(0, 255)] * 3), min_size=1, max_size=8))
@settings(max_examples=30)
def test_a_palette_decides_mean_and_tones(colours):
    text = ", ".join("#{:02x}{:02x}{:02x}".format(*colour) for colour in colours)
    palette = read_palette(text)
    assert np.allclose(palette, np.array(colours) / 127.5 - 1)
    _, facts = normalise(draw(0, 1))
    changed = apply_wish(facts[0], Wish(palette=palette))
    wanted = clamp_facts(torch.cat([torch.tensor(palette).mean(0), facts[0, 3:]]))[MEAN]
    assert torch.allclose(changed[MEAN], wanted, atol=1e-4)
    assert torch.isfinite(changed).all()


@pytest.mark.parametrize("text", ["red", "#12", "#gggggg", "#123456 #zzz"])
def test_a_palette_that_is_none(text):
    with pytest.raises(InvalidParamsError, match="is no colour"):
        read_palette(text)


def test_too_many_colours():
    with pytest.raises(InvalidParamsError, match="too many"):
        read_palette("#000000 " * 17)
