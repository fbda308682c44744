import numpy as np
import pytest
import torch
from studio_music.gan_figures import compare, count_features, measure
from studio_music.melody_data import FIRST, HOLD, LOWEST, REST

C = FIRST - LOWEST
"""The token of the tonic."""


def write(*tokens):
    """A window of 32 tokens; what is not given is held."""
    row = [HOLD] * 32
    for place, token in tokens:
        row[place] = token
    return np.array([row])


def find(counts):
    return {index: float(share) for index, share in enumerate(counts) if share}


def test_what_is_counted():
    window = write((0, C), (4, C + 7), (6, C + 4), (8, REST), (16, C - 5))
    found = count_features(window)
    assert find(found["notes"]) == {4: 1}
    assert find(found["pitch_classes"]) == {0: 0.25, 4: 0.25, 7: 0.5}
    third = pytest.approx(1 / 3)
    assert find(found["steps"]) == {12 + 7: third, 12 - 3: third, 12 - 9: third}
    # Eight beats: one with its first place, one with the first and third, five with none.
    assert find(found["beats"]) == {0: 5 / 8, 1: 2 / 8, 5: 1 / 8}
    assert find(found["lengths"]) == {2: 0.5, 4: 0.25, 16: 0.25}
    assert find(found["ranges"]) == {12: 1}


def test_distances():
    one, other = write((0, C), (4, C + 2)), write((1, C + 1))
    assert set(compare(one, one).values()) == {0}
    assert compare(one, other)["notes"] == 1
    mixed = np.concatenate([one, other])
    assert compare(mixed, one)["notes"] == 0.5
    found = compare(one, other)
    assert found["apart"] == pytest.approx(np.mean([found[name] for name in count_features(one)]))


def test_silence_is_no_note():
    found = count_features(np.concatenate([write((0, REST)), write((0, C))]))
    assert find(found["notes"]) == {0: 0.5, 1: 0.5}
    assert not found["steps"].any()


def test_a_net_that_always_draws_the_same_is_found_out(monkeypatch):
    row = torch.from_numpy(write((0, C), (8, C + 6)))
    monkeypatch.setattr(
        "studio_music.gan_figures.paint_tokens", lambda net, noise: row.repeat(len(noise), 1)
    )

    class Net:
        class config:
            n_latent = 2

    found = measure(Net(), row.numpy())
    assert found["distinct"] == pytest.approx(1 / 2048)
    assert found["valid_apart"] == 0
    assert found["in_scale"] == 0.5
