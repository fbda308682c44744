"""Pictures drawn together are those drawn alone, and are told of as such."""

import numpy as np
import pytest
import torch
from studio_flow import draw_sprites
from studio_flow.draw_sprites import SpriteMaker, SpriteOrder
from studio_flow.paint import Order, Painter
from studio_flow.sampling import Style
from studio_flow.together import build_trial
from studio_flow.wishes import Wish
from studio_training import together
from studio_training.budget import MOST
from studio_training.together import Together, is_exact

SEEDS = (3, 1, 4, 15, 9)
STYLE = Style(3, 2.0)


def ignore(preview, pictures):
    pass


def count_rows(network):
    rows = []
    network.register_forward_hook(lambda _, asked, __: rows.append(len(asked[0])))
    return rows


@pytest.mark.parametrize("refine", [0.0, 0.4])
def test_textures_together_are_those_alone(texture_flow, refine):
    features = "medium" if refine else "small"
    order = Order(1, Wish(), 64, 96, features, STYLE, refine=refine)
    painter = Painter(texture_flow)
    many = painter.paint_new(order, SEEDS, ignore)
    for seed, image in zip(SEEDS, many, strict=True):
        (alone,) = painter.paint_new(order, [seed], ignore)
        assert np.array_equal(np.asarray(alone), np.asarray(image))


@pytest.mark.parametrize(("frames", "cells"), [(1, 1), (1, 3), (3, 2)])
def test_sprites_together_are_those_alone(sprite_flow, frames, cells):
    order = SpriteOrder(0, 16, cells=cells, frames=frames, style=STYLE)
    maker = SpriteMaker(sprite_flow)
    many = list(maker.draw(order, SEEDS, None, ignore))
    for seed, (sheet, seconds) in zip(SEEDS, many, strict=True):
        ((alone, _),) = maker.draw(order, [seed], None, ignore)
        assert len(sheet) == cells * frames
        assert seconds > 0
        for one, other in zip(sheet, alone, strict=True):
            assert np.array_equal(np.asarray(one), np.asarray(other))


def test_the_net_is_asked_for_many_at_once(sprite_flow):
    maker = SpriteMaker(sprite_flow)
    order = SpriteOrder(0, 16, cells=4, style=Style(3, 1.0))
    list(maker.draw(order, (0, 1), None, ignore))  # tries out whether it may
    rows = count_rows(sprite_flow.network)
    told = []
    list(maker.draw(order, range(6), None, lambda preview, cells: told.append(cells)))
    assert rows == [MOST] * 3 + [24 - MOST] * 3
    assert told == rows


def test_what_came_out_empty_is_drawn_again(sprite_flow, monkeypatch):
    maker = SpriteMaker(sprite_flow)
    order = SpriteOrder(0, 16, cells=2, style=Style(2, 1.0))
    ((usual, _),) = maker.draw(order, [0], None, ignore)
    verdicts = iter([True, False])
    monkeypatch.setattr(draw_sprites, "is_empty", lambda sprites: next(verdicts))
    told = []
    ((sheet, _),) = maker.draw(order, [0], None, lambda preview, cells: told.append(cells))
    first, second = ([np.asarray(sprite) for sprite in cells] for cells in (usual, sheet))
    assert not np.array_equal(first[0], second[0])
    assert np.array_equal(first[1], second[1])
    assert told == [2, 2, 0, 0]


def test_one_by_one_where_bits_are_not_kept(texture_flow, monkeypatch):
    monkeypatch.setattr(together, "is_exact", lambda *_: False)
    painter = Painter(texture_flow)
    assert painter.count_together(Order(0, Wish(), 64, 64, "small", STYLE)) == 1


def test_it_is_tried_out_once_for_a_size(texture_flow, monkeypatch):
    asked = []
    monkeypatch.setattr(together, "is_exact", lambda *a: asked.append(a[1]) or True)
    painter = Painter(texture_flow)
    sides = [64, 64, 128, 256, 1024]
    counts = [painter.count_together(Order(0, Wish(), n, n, "small", STYLE)) for n in sides]
    assert counts == [16, 16, 16, 4, 1]
    assert asked == [16, 16, 4]


def test_a_net_that_looks_at_its_neighbours_is_found_out(texture_flow):
    network = texture_flow.network
    shape = (1, network.config.channels, 16, 16)
    assert is_exact(build_trial(network, shape), 4)

    class Mean(torch.nn.Module):
        config = network.config

        def forward(self, fields, time, wanted):
            return fields - fields.mean(0)

    trial = build_trial(Mean(), shape)
    assert not is_exact(trial, 4)
    assert Together().count(shape, 64**2, trial) == 1


def test_progress_and_shares_of_time(texture_place, run):
    from studio_flow.texture import Texture

    asked = {"class": "brick", "size": 64, "features": "small", "num_inference_steps": 2}
    made, steps = run(Texture, asked, texture_place, seeds=SEEDS)
    assert len({artifact.seconds for artifact in made}) == 1
    assert made[0].seconds > 0
    assert [done for done, *_ in steps] == [0, 5, *[10] * 5]
