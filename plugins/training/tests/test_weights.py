from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file
from studio_training import Card, load_weights, save_weights, write_card
from studio_training.card import rewrite_metrics

from studio.errors import CheckpointError


def test_round_trip_in_half_precision(tmp_path):
    tensors = {"a": torch.randn(3, 4), "count": torch.tensor([5])}
    save_weights(tmp_path / "c", tensors, {"width": 4}, "# card\n", ["x.y", "x.z"])
    assert load_file(tmp_path / "c" / "model.safetensors")["a"].dtype == torch.float16
    config, loaded = load_weights(tmp_path / "c" / "model.safetensors")
    assert config == {"width": 4}
    assert torch.allclose(loaded["a"], tensors["a"], atol=2e-3)
    assert loaded["a"].dtype == torch.float32
    assert torch.equal(loaded["count"], tensors["count"])


def test_the_same_content_gives_the_same_bytes(tmp_path):
    tensors = {"a": torch.ones(2), "b": torch.zeros(3)}
    for name in "xy":
        save_weights(tmp_path / name, tensors, {"n": 1}, "", ["p.q"])
    for file in ("model.safetensors", "config.json"):
        assert (tmp_path / "x" / file).read_bytes() == (tmp_path / "y" / file).read_bytes()


@pytest.mark.parametrize("file", ["model.safetensors", "config.json"])
@pytest.mark.parametrize("content", [None, b"", b"[1]"])
def test_damage_is_named(tmp_path, file, content):
    save_weights(tmp_path, {"a": torch.ones(2)}, {}, "", ["p.q"])
    (tmp_path / file).unlink()
    if content is not None:
        (tmp_path / file).write_bytes(content)
    with pytest.raises(CheckpointError):
        load_weights(tmp_path)


def test_a_card_says_what_counts():
    card = Card("Net", "A net.", "tiles", "Apache-2.0; data CC0", {"steps": 10}, {"loss": 0.5},
                "python -m x", "## Limits\n\nMany.")  # fmt: skip
    text = write_card(card)
    for part in (
        "# Net",
        "tiles",
        "CC0",
        "| steps | 10 |",
        "| loss | 0.5 |",
        "python -m x",
        "Many.",
    ):
        assert part in text


def test_a_card_gets_other_metrics():
    card = Card("Net", "A net.", "tiles", "CC0", {"steps": 10}, {"loss": 0.5}, notes="Many.")
    other = {"loss": 0.25, "pictures": 200}
    last = replace(card, notes="")
    for before in (card, last, replace(last, metrics={})):
        after = write_card(replace(before, metrics=other))
        assert rewrite_metrics(write_card(before), other) == after
