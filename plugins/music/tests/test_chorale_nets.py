import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from studio_music.chorale_corpus import Corpus, Diet, draw_known, join
from studio_music.chorale_data import REST, describe
from studio_music.chorale_features import Wishes, describe_frames
from studio_music.chorale_nets import NetModel, load_net, save_net
from studio_music.chorale_rules import count_out_of_range, measure_rules
from studio_music.chorale_sampling import OPEN, Draft, compose
from studio_music.fit_chorale import Goal, build_trainer
from studio_music.likelihood import (
    compute_loss,
    find_sharpness,
    measure,
    mix,
    predict,
    sharpen,
)
from studio_music.model_frames import FrameConfig, FrameNet
from studio_music.model_markov import (
    MarkovModel,
    find_symbol,
    learn_table,
    measure_markov,
    to_table,
)
from studio_music.sampling import Taste, choose
from studio_training import Settings

from studio.errors import CheckpointError

SMALL = {"n_embd": 16, "n_layer": 2, "n_head": 2, "n_hidden": 12, "n_ahead": 6}
HYMN = [[72, 67, 64, 48], [71, 67, 62, 55], [72, 67, 64, 48], [74, 65, 62, 50], [72, 67, 64, 48]]


def build_frames(seed=0, chords=8):
    rng = np.random.default_rng(seed)
    rows = [HYMN[int(rng.integers(len(HYMN)))] for _ in range(chords)]
    return np.repeat(np.array(rows, np.int16), 4, 0)


def build_net(family="transformer", *, is_set=False, seed=0):
    torch.manual_seed(seed)
    net = FrameNet(FrameConfig(family, **SMALL, is_set=is_set)).eval()
    with torch.no_grad():
        for weight in net.parameters():
            if not weight.any():  # what begins as nothing would not be tested
                weight.normal_(std=0.3)
    return net


@pytest.fixture(params=["transformer", "lstm", "gru"])
def net(request):
    return build_net(request.param)


@torch.no_grad()
def test_one_frame_at_a_time_is_the_same_as_all_at_once(net):
    corpus = Corpus([describe(build_frames())], net.config.scale)
    batch = join([corpus.cut(0, (0, 32), Wishes(tonic=0, length=32), None)])
    whole = net(batch.inputs)
    cache = net.trunk.begin()
    steps = [net.trunk.extend(net.table(batch.inputs[:, t]), cache) for t in range(32)]
    torch.testing.assert_close(torch.stack(steps, 1), whole, atol=2e-5, rtol=0)


@torch.no_grad()
def test_the_future_is_not_seen(net):
    first, second = build_frames(1), build_frames(1)
    second[16:] = [76, 67, 60, 48]
    corpus = Corpus([describe(first), describe(second)], net.config.scale)
    views = [predict(net, corpus, number, 0) for number in (0, 1)]
    np.testing.assert_allclose(views[0][:16], views[1][:16], atol=1e-5)
    assert np.abs(views[0][18:] - views[1][18:]).max() > 1e-3


@torch.no_grad()
def test_given_notes_are_seen_from_before(net):
    corpus = Corpus([describe(build_frames())], net.config.scale)
    known = np.zeros((32, 4), bool)
    known[20:, 0] = True
    free = join([corpus.cut(0, (0, 32), Wishes(), None)])
    told = join([corpus.cut(0, (0, 32), Wishes(), known)])
    assert (net(free.inputs, free.known) - net(told.inputs, told.known)).abs()[:, 0].max() > 1e-4
    assert told.weight[0, :, 0].tolist() == [1.0] * 20 + [0.0] * 12
    both = join([corpus.cut(0, (0, 32), Wishes(), None), corpus.cut(0, (0, 32), Wishes(), known)])
    torch.testing.assert_close(net(both.inputs, both.known)[:1], net(free.inputs, free.known))


@torch.no_grad()
def test_probabilities_sum_to_one_and_sets_fall():
    net = build_net(is_set=True)
    frames = np.array([[70, 65, 60, REST], [72, REST, REST, REST]], np.int16)
    corpus = Corpus([describe(frames)], net.config.scale)
    scores = predict(net, corpus, 0, 0)
    np.testing.assert_allclose(np.exp(scores).sum(-1), 1, atol=1e-5)
    index = corpus.scale.index(frames)
    assert np.isneginf(scores[0, 1, index[0, 0] :]).all()
    assert np.isneginf(scores[1, 2, 1:]).all()
    assert scores[1, 2, 0] == 0


@torch.no_grad()
def test_transposed_views_name_untransposed_pitches():
    net = build_net()
    corpus = Corpus([describe(build_frames())], net.config.scale)
    batch = join([corpus.cut(0, (0, 32), Wishes(shift=3), None)])
    own = net.score(net(batch.inputs), batch.before, batch.frames)[0].numpy()
    seen = predict(net, corpus, 0, 3)
    target = corpus.scale.index(build_frames())
    np.testing.assert_array_equal(batch.frames[0].numpy(), target + 3)
    np.testing.assert_array_equal(
        np.take_along_axis(seen, target[..., None], -1),
        np.take_along_axis(own, target[..., None] + 3, -1),
    )
    down = predict(net, corpus, 0, -3)
    assert (np.take_along_axis(down, target[..., None], -1) > -29).all()


def test_mixtures_are_distributions():
    rng = np.random.default_rng(0)
    views = rng.normal(size=(3, 5, 7)).astype(np.float32)
    views -= np.log(np.exp(views).sum(-1, keepdims=True))
    for mixing in ("arithmetic", "geometric"):
        made = mix(views, mixing)
        np.testing.assert_allclose(np.exp(made).sum(-1), 1, atol=1e-5)
    np.testing.assert_allclose(np.exp(mix(views, "arithmetic")), np.exp(views).mean(0), atol=1e-6)
    assert mix(views[:1], "geometric") is not None


def test_measured_is_the_loss_of_whole_pieces(net):
    piece = describe(build_frames())
    corpus = Corpus([piece], net.config.scale)
    batch = join([corpus.cut(0, (0, 32), Wishes(), None)])
    with torch.no_grad():
        loss = float(compute_loss(net, batch))
    score = measure([net], [piece])
    assert score.per_note == pytest.approx(loss, abs=1e-5)
    assert score.per_frame == pytest.approx(4 * loss, abs=1e-4)
    assert score.notes == 128


def test_the_sharpness_found_makes_pieces_likelier(tmp_path):
    net, pieces = build_net("lstm"), [describe(build_frames(seed, 4)) for seed in range(2)]
    found = find_sharpness(net, pieces)
    figures = {}
    for sharpness in (found - 0.1, found, found + 0.1, 1.0):
        net.config = replace(net.config, sharpness=sharpness)
        figures[sharpness] = measure([net], pieces).per_note
        assert find_sharpness(net, pieces) == found, "that of the config does not count"
    assert min(figures, key=figures.get) == found
    views = predict(net, Corpus(pieces, net.config.scale), 0, 0)
    np.testing.assert_allclose(np.exp(sharpen(views, 0.7)).sum(-1), 1, atol=1e-5)
    save_net(net, tmp_path / "net", {}, "")
    assert load_net(tmp_path / "net").config == net.config


def test_weights_that_do_not_say_how_sharp_they_are_are_taken(tmp_path):
    save_net(build_net(), tmp_path, {}, "")
    path = tmp_path / "config.json"
    config = json.loads(path.read_text())
    del config["net"]["sharpness"]
    path.write_text(json.dumps(config))
    assert load_net(tmp_path).config.sharpness == 1
    config["net"]["sharpness"] = "much"
    path.write_text(json.dumps(config))
    with pytest.raises(CheckpointError, match="damaged"):
        load_net(tmp_path)


def test_it_learns_and_goes_on_bit_equal(tmp_path):
    goal = Goal(FrameConfig(**SMALL, dropout=0.1), Diet(batch=4, block=24))
    pieces = [describe(build_frames(seed)) for seed in range(4)]
    settings = Settings(steps=40, batch=4, rate=1e-2, warmup=2, ema=0.9)
    trainer = build_trainer(pieces, goal, settings)
    before = measure([trainer.average], pieces).per_note
    for _ in range(12):
        trainer.advance()
    trainer.save(tmp_path / "state.safetensors")
    again = build_trainer(pieces, goal, settings)
    again.load(tmp_path / "state.safetensors")
    for learner in (trainer, again):
        for _ in range(4):
            learner.advance()
    for name, value in trainer.network.state_dict().items():
        assert torch.equal(value, again.network.state_dict()[name]), name
    assert measure([trainer.average], pieces).per_note < 0.7 * before


def test_batches_are_of_the_pieces():
    pieces = [describe(build_frames(seed, 20)) for seed in range(5)]
    corpus = Corpus(pieces, FrameConfig().scale)
    batch = corpus.draw(np.random.default_rng(3), Diet(batch=3, block=32, hinted=1.0))
    assert batch.frames.shape == (3, 32, 4)
    torch.testing.assert_close(batch.before[:, 1:], batch.frames[:, :-1])
    torch.testing.assert_close(batch.inputs[:, :, :4], batch.before)
    assert ((batch.known == 0) | (batch.known == batch.frames + 1)).all()
    torch.testing.assert_close(batch.weight, (batch.known == 0).float())


def test_something_is_always_left_to_write():
    rng = np.random.default_rng(0)
    for _ in range(200):
        known = draw_known(40, rng)
        assert known is None or not known.all()


def test_composing_keeps_what_is_given_and_the_rules(net):
    model = NetModel(net)
    frames = np.full((32, 4), OPEN, np.int16)
    frames[:, 0] = build_frames()[:, 0]
    frames[8:12] = build_frames()[8:12]
    made, likelihood = compose(model, Draft(frames), Taste(), np.random.default_rng(5))
    np.testing.assert_array_equal(made[frames != OPEN], frames[frames != OPEN])
    assert (made >= 0).all() and count_out_of_range(made) == 0
    assert likelihood < 0
    again, _ = compose(model, Draft(frames), Taste(), np.random.default_rng(5))
    np.testing.assert_array_equal(again, made)
    other, _ = compose(model, Draft(frames), Taste(), np.random.default_rng(6))
    assert (other != made).any()


class Lazy:
    """A model that would hold its first chord for ever."""

    scale = FrameConfig().scale

    def begin(self, draft):
        self._want = np.array([72, 67, 64, 48])

    def look(self, index, made):
        self._want = made[index - 1] if index else self._want

    def score(self, voice, filled):
        pitches = np.arange(self.scale.size) + self.scale.lowest - 1
        scores = -np.abs(pitches - self._want[voice]) * 3.0
        return scores - np.log(np.exp(scores).sum())


def test_chords_do_not_stand_for_ever():
    draft = Draft(np.full((100, 4), OPEN, np.int16), Wishes(0, length=100, bar=16, phase=4))
    made, _ = compose(Lazy(), draft, Taste(temperature=0), np.random.default_rng(0))
    moves = np.flatnonzero((made[1:] != made[:-1]).any(1)) + 1
    assert np.diff([0, *moves]).max() <= 12
    free, _ = compose(Lazy(), draft, Taste(temperature=0, rules=False), np.random.default_rng(0))
    assert (free == free[0]).all()


def test_rules_make_the_difference(net):
    model = NetModel(net)
    draft = Draft(np.full((64, 4), OPEN, np.int16))
    strict, _ = compose(model, draft, Taste(rules=True), np.random.default_rng(1))
    loose, _ = compose(model, draft, Taste(rules=False), np.random.default_rng(1))
    rates = measure_rules([strict])
    assert rates["parallel fifths"] == rates["parallel octaves"] == rates["range"] == 0
    assert measure_rules([loose])["range"] > 0.1


def test_weights_survive_a_file(net, tmp_path):
    save_net(net, tmp_path, {"note": 1}, "# card\n")
    again = load_net(tmp_path)
    assert again.config == net.config
    piece = [describe(build_frames())]
    assert measure([again], piece).per_note == pytest.approx(
        measure([net], piece).per_note, abs=2e-3
    )


@pytest.mark.parametrize(
    "change", [{"n_embd": 24}, {"n_layer": 99}, {"family": "folk"}, {"what": 1}, {"n_head": "a"}]
)
def test_damaged_configs_are_told(tmp_path, change):
    save_net(build_net(), tmp_path, {}, "")
    config = json.loads((tmp_path / "config.json").read_text())
    if change == {"family": "folk"}:
        config["family"] = "folk"
    else:
        config["net"].update(change)
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(CheckpointError):
        load_net(tmp_path)


def test_choosing():
    scores = np.log([0.5, 0.3, 0.15, 0.05])
    draws = [choose(scores, None, Taste(), draw) for draw in (0.1, 0.6, 0.9, 0.99)]
    assert draws == [0, 1, 2, 3]
    assert choose(scores, None, Taste(temperature=0), 0.99) == 0
    assert choose(scores, None, Taste(top_k=2), 0.999) == 1
    assert choose(scores, None, Taste(top_p=0.7), 0.999) == 1
    closed = np.array([-1e9, -1e9, 0, 0])
    assert choose(scores, closed, Taste(), 0.1) == 2


def test_markov_foresees_what_it_counted(tmp_path):
    pieces = [build_frames(seed) for seed in range(6)]
    table = learn_table(pieces)
    known = measure_markov(MarkovModel(table), pieces[:1])
    assert known < measure_markov(MarkovModel(table, order=0), pieces[:1]) < np.log(81)
    again = to_table(table.to_tensors())
    assert measure_markov(MarkovModel(again), pieces[:1]) == known
    made, _ = compose(
        MarkovModel(table),
        Draft(np.full((16, 4), OPEN, np.int16)),
        Taste(),
        np.random.default_rng(0),
    )
    assert count_out_of_range(made) == 0
    assert find_symbol(pieces[0], 1, 0) == 31
    with pytest.raises(ValueError, match="damaged"):
        to_table({**table.to_tensors(), "starts": torch.zeros(2, dtype=torch.int32)})


def test_descriptions_of_moves():
    states = describe_frames(np.array([[70, 65, 60, 50], [72, 65, 60, 50]], np.int16))
    assert states[1, :4].tolist() == [1, 2, 2, 2]
    assert states[1, -1] == 1
