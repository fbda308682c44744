"""Folk tunes: ABC, tokens, kin, the net, composing and going on."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from studio_music import folk_data
from studio_music.folk import FolkComposer, FolkRequest, count_pickups, draw_token
from studio_music.folk_abc import Event, parse_key, parse_tunes
from studio_music.folk_data import (
    LENGTHS,
    TuneFault,
    decode_phrase,
    encode_event,
    encode_tune,
    group_tunes,
    load_tunes,
    save_tunes,
    split_tunes,
)
from studio_music.folk_features import WIDTH, Timeline, build_rows, find_allowed, plan_tune
from studio_music.folk_training import FolkCorpus, build_trainer, measure_perplexity
from studio_music.model_folk import FolkConfig, FolkNet, build_net, compute_losses, to_config
from studio_music.notes import Note, Part, Piece
from studio_training import Settings, save_weights

from studio.errors import CheckpointError, InvalidInputError

JIG = """X:1
T:The Test
R:jig
M:6/8
L:1/8
K:Em
B|:E2F G2A|B>cd {e}efg|[1 f3 e2B:|[2 f3 e3|]
|:gfe "Am"d2c|(3BcB A G2F|^D2E F2B|E3 E2:|
"""


def parse(text):
    return next(iter(parse_tunes(text)))


def build_tune(tonic="D", seed=0, title=""):
    rng = np.random.default_rng(seed)
    letters = {"D": "DEFGABcd", "G": "GABcdefg"}[tonic]
    bars = ["".join(f"{letters[n]}" for n in rng.integers(0, 8, 8)) for _ in range(8)]
    text = (
        f"X:1\nT:{title}\nM:4/4\nL:1/8\nK:{tonic}\n|:{'|'.join(bars[:4])}:|{'|'.join(bars[4:])}|]"
    )
    return encode_tune(parse(text))


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    folder = tmp_path_factory.mktemp("folk")
    torch.manual_seed(0)
    net = FolkNet(FolkConfig(n_layer=1, n_embd=16))
    config = {**to_config(net), "pickups": {"6/8": [[12, 1.0]]}}
    save_weights(folder, net.state_dict(), config, "card", ["music.lstm"])
    return folder


def test_abc_is_read_with_repeats_endings_tuplets_and_accidentals():
    tune = parse(JIG)
    assert (tune.fault, tune.metre, tune.key.mode, tune.key.tonic) == ("", (6, 8), "minor", 4)
    # The lone upbeat is a section of its own, until `encode_tune` joins it.
    assert [len(section.bars) for section in tune.sections] == [1, 3, 4]
    first, second = tune.sections[1:]
    assert first.is_repeated and second.is_repeated
    assert [event.pitch for event in first.bars[-1]] == [78, 76], "the second ending is taken"
    assert [event.ticks for event in first.bars[1]][:3] == [18, 6, 12], "a broken rhythm"
    assert [event.ticks for event in second.bars[1]][:3] == [8, 8, 8], "a triplet"
    assert second.bars[2][0].pitch == 63, "an accidental"
    assert tune.sections[1].bars[0][1].pitch == 66, "F is sharp in E minor"


@pytest.mark.parametrize(
    ("text", "key"),
    [("D", (2, "major", 2)), ("A Mixolydian", (9, "mixolydian", 2)), ("F#min", (6, "minor", 3)),
     ("Bb", (10, "major", -2)), ("Ddor", (2, "dorian", 0))],
)  # fmt: skip
def test_keys(text, key):
    found = parse_key(text)
    assert (found.tonic, found.mode, found.fifths) == key


@pytest.mark.parametrize(
    "body",
    ["K:Z\nABc|", "ABc|", "K:D\nM:5/7\nABc|", "K:D\nV:1\nABc|", "K:D\nA/64B|", "K:D\n", "K:D\n(0A"],
)
def test_faulty_tunes_are_named_and_do_no_harm(body):
    tunes = list(parse_tunes(f"X:7\nT:bad\n{body}"))
    assert [tune.number for tune in tunes] == ["7"]
    with pytest.raises(TuneFault):
        encode_tune(tunes[0])


@given(st.text(alphabet="ABCdefg|:[]()<>{}^_=,'/1234 \n\"-zxZKMLV!+%\\", max_size=200))
@settings(max_examples=60)
def test_the_parser_survives_anything(body):
    for tune in parse_tunes(f"X:1\nK:D\n{body}"):
        assert tune.fault or tune.sections


def test_tokens_give_the_notes_back():
    tune = encode_tune(parse(JIG))
    assert [phrase.pickup for phrase in tune.phrases] == [12, 0]
    notes = decode_phrase(tune.phrases[0], tune.tonic)
    assert notes[0] == (0, 12, 71) and notes[1] == (12, 24, 64)
    assert tune.phrases[1].ticks == 4 * 72 - 12 or tune.phrases[1].ticks == 4 * 72 - 12


@given(st.integers(2, 400))
def test_every_length_is_written_by_held_parts(ticks):
    rows = encode_event(Event(60, ticks), 0)
    assert sum(LENGTHS[length - 1] for _, length in rows) == ticks
    assert [token for token, _ in rows][1:] == [folk_data.HOLD] * (len(rows) - 1)


def test_bars_that_do_not_fit_are_refused():
    with pytest.raises(TuneFault, match="too long or too short"):
        encode_tune(parse("X:1\nM:4/4\nL:1/8\nK:D\nABcd|ABcdefga|ABcdefgab|ABcdefga|ABcdefga|"))


def test_variants_in_another_key_are_kin_and_on_one_side():
    tunes = [build_tune("D", seed) for seed in range(30)] + [build_tune("G", 3)]
    groups = group_tunes(tunes)
    assert groups[3] == groups[30]
    assert len(set(groups)) == 30
    split = split_tunes(tunes, (0.3, 0.3))
    homes = [
        name for name, own in split.items() for tune in own if tune is tunes[3] or tune is tunes[30]
    ]
    assert len(homes) == 2 and len(set(homes)) == 1
    assert sum(map(len, split.values())) == 31


def test_namesakes_are_kin():
    tunes = [build_tune("D", 1, "The Boyne Water"), build_tune("D", 2, "Boyne Water")]
    assert len(set(group_tunes(tunes))) == 1


def test_tunes_are_kept_in_a_file(tmp_path):
    tunes = [encode_tune(parse(JIG)), build_tune()]
    save_tunes(tunes, tmp_path / "tunes.npz")
    again = load_tunes(tmp_path / "tunes.npz")
    assert [t.title for t in again] == ["The Test", ""]
    assert all(
        (a.rows == b.rows).all() and a.pickup == b.pickup
        for one, two in zip(tunes, again, strict=True)
        for a, b in zip(one.phrases, two.phrases, strict=True)
    )


def test_the_net_sees_what_stood_a_bar_before():
    text = "X:1\nM:4/4\nL:1/4\nK:C\nCDEF|GABc|CDEF|GABc|"
    rows, targets = build_rows(encode_tune(parse(text)))
    assert rows.shape == (17, WIDTH) and targets.shape == (17, 2)
    looks = rows[:, 13:].reshape(17, 6, 2)
    # Before the ninth note, two bars back, stands the first; the net is to write it again.
    assert tuple(looks[8, 1]) == tuple(targets[0]) == tuple(targets[8])
    assert not looks[:4].any()


def test_lengths_never_cross_a_bar_line():
    line = Timeline(plan_tune(build_tune()))
    line.open_section()
    line.add(10, LENGTHS.index(72) + 1)
    allowed = find_allowed(line)
    assert not allowed[0]
    assert {LENGTHS[n - 1] for n in np.flatnonzero(allowed)} == {
        ticks for ticks in LENGTHS if ticks <= 24 and ticks != 23
    }


@pytest.mark.parametrize("core", ["lstm", "gru", "transformer"])
def test_cores_are_causal_and_their_memory_is_exact(core):
    torch.manual_seed(0)
    net = FolkNet(FolkConfig(core, 2, 16, 2)).eval()
    rows = torch.from_numpy(build_rows(build_tune())[0].astype(np.int64))[None]
    whole, _ = net(rows)
    state, steps = None, []
    for at in range(rows.shape[1]):
        features, state = net(rows[:, at : at + 1], state)
        steps.append(features)
    torch.testing.assert_close(torch.cat(steps, 1), whole, rtol=1e-4, atol=1e-5)


def test_losses_are_those_of_the_notes_alone():
    torch.manual_seed(0)
    net = FolkNet(FolkConfig(n_layer=1, n_embd=16)).eval()
    corpus = FolkCorpus([build_tune(seed=n) for n in range(3)])
    ((rows, targets),) = corpus.iterate()
    assert int(compute_losses(net, rows, targets)[2]) == 3 * 64
    padded = (
        torch.nn.functional.pad(rows, (0, 0, 0, 9)),
        torch.nn.functional.pad(targets, (0, 0, 0, 9)),
    )
    for one, two in zip(
        compute_losses(net, rows, targets), compute_losses(net, *padded), strict=True
    ):
        torch.testing.assert_close(one, two)


def test_learning_lowers_the_perplexity():
    tunes = [build_tune(seed=1)] * 4
    corpus = FolkCorpus(tunes)
    trainer = build_trainer(
        corpus,
        FolkConfig(n_layer=1, n_embd=32, dropout=0.0),
        Settings(steps=40, batch=2, rate=0.02, warmup=2, ema=0.5),
    )
    before = measure_perplexity(trainer.average, corpus)["valid_nll"]
    for _ in range(40):
        trainer.advance()
    assert measure_perplexity(trainer.average, corpus)["valid_nll"] < before / 2


def test_a_tune_keeps_its_form_key_and_seed(checkpoint):
    composer = FolkComposer(checkpoint)
    request = FolkRequest(dance="jig", tonic=7, bars=4, sections=2)
    one, two = composer.compose(request, 5), composer.compose(request, 5)
    assert one == two
    assert one != composer.compose(request, 6)
    assert (one.metre, one.fifths, one.pickup, one.title) == ((6, 8), 1, 0.5, "Jig in G major")
    assert one.length <= 4 * 4 * 3
    notes = one.parts[0].notes
    half = [(round(n.start, 6), n.pitch) for n in notes if n.start < 12]
    again = [(round(n.start - 12, 6), n.pitch) for n in notes if 12 <= n.start < 24]
    assert half == again, "A is played twice"
    assert all(a.end <= b.start + 1e-9 for a, b in itertools.pairwise(notes))


@pytest.mark.parametrize(
    ("tonic", "mode", "fifths"),
    [(9, "minor", 0), (2, "dorian", 0), (1, "major", -5), (8, "minor", -7)],
)
def test_key_signatures(checkpoint, tonic, mode, fifths):
    piece = FolkComposer(checkpoint).compose(
        FolkRequest(tonic=tonic, mode=mode, bars=1, sections=1), 0
    )
    assert piece.fifths == fifths


def test_going_on_keeps_the_given_notes(checkpoint):
    notes = tuple(Note(n / 2, 0.5, 62 + n % 5, 70) for n in range(16))
    given_piece = Piece((Part("flute", 73, notes),), metre=(4, 4), title="Mine")
    made = FolkComposer(checkpoint).continue_(given_piece, FolkRequest(bars=2, sections=1), 3)
    assert made.parts[0].notes[:16] == notes
    assert made.parts[0].name == "flute"
    assert made.length > 20 and made.note_count > 16
    assert made.title == "Mine, continued"


def test_what_cannot_be_gone_on_with_is_told(checkpoint):
    composer = FolkComposer(checkpoint)
    odd = Piece((Part("x", 0, (Note(0, 1, 60),)),), metre=(5, 4))
    with pytest.raises(InvalidInputError, match="5/4"):
        composer.continue_(odd, FolkRequest(), 0)
    wide = Piece((Part("x", 0, (Note(0, 1, 20), Note(1, 1, 100))),))
    with pytest.raises(InvalidInputError, match="semitones"):
        composer.continue_(wide, FolkRequest(), 0)
    drums = Piece((Part("x", 0, (Note(0, 1, 36),), True),))
    with pytest.raises(InvalidInputError, match="no melody"):
        composer.continue_(drums, FolkRequest(), 0)


def test_human_timing_is_read_on_the_grid(checkpoint):
    rng = np.random.default_rng(0)
    notes = tuple(
        Note(max(0.0, n / 3 + rng.normal(0, 0.05)), 0.31, 62 + int(rng.integers(12)))
        for n in range(40)
    )
    made = FolkComposer(checkpoint).continue_(
        Piece((Part("x", 0, notes),)), FolkRequest(bars=1, sections=1), 0
    )
    assert made.note_count >= 40


def test_other_vocabularies_are_refused():
    config = to_config(FolkNet(FolkConfig(n_layer=1, n_embd=16)))
    with pytest.raises(CheckpointError, match="family"):
        build_net({**config, "family": "vae"})
    with pytest.raises(CheckpointError, match="lengths"):
        build_net({**config, "lengths": [1, 2]})
    with pytest.raises(CheckpointError, match="config"):
        build_net({**config, "n_embd": 10**9})


def test_tokens_are_drawn_within_top_k_and_top_p():
    rng = np.random.default_rng(0)
    logits = np.log(np.array([0.5, 0.3, 0.15, 0.05]))
    assert {draw_token(logits, FolkRequest(top_k=1, top_p=1.0), rng) for _ in range(20)} == {0}
    narrow = FolkRequest(top_p=0.6, temperature=1.0)
    assert {draw_token(logits, narrow, rng) for _ in range(60)} == {0, 1}
    cold = FolkRequest(temperature=0.001, top_p=1.0)
    assert {draw_token(logits, cold, rng) for _ in range(20)} == {0}


def test_upbeats_are_counted():
    assert count_pickups([encode_tune(parse(JIG))]) == {"6/8": [[12, 1.0]]}
