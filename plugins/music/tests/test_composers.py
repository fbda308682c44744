import numpy as np
import pytest
import torch
from studio_music.chorale import ChoraleRequest, build_plan, write
from studio_music.chorale_nets import NetModel, save_net
from studio_music.chorale_sampling import OPEN
from studio_music.chorale_score import (
    Look,
    build_piece,
    find_fifths,
    read_melody,
    read_voices,
)
from studio_music.compose_params import ComposeParams, to_chorale_request, to_folk_request
from studio_music.composers import Lstm, Transformer
from studio_music.files import load_piece
from studio_music.markov import Markov, read_example
from studio_music.midi import save_midi
from studio_music.model_frames import FrameConfig, FrameNet
from studio_music.model_markov import MarkovModel, learn_table
from studio_music.notes import Note, Part, Piece, transpose
from studio_music.sampling import Taste
from studio_training import save_weights

from studio.errors import CheckpointError, InvalidInputError, InvalidParamsError
from studio.generator import Checkpoint, InputAsset, JobContext
from studio.media import MediaType
from studio.testing import check_generator

HYMN = [[72, 67, 64, 48], [71, 67, 62, 55], [72, 67, 64, 48], [74, 65, 62, 50], [72, 67, 64, 48]]
TUNE = (67, 67, 69, 71, 72, 71, 69, 67)


def build_frames(chords=10):
    return np.repeat(np.array([HYMN[i % 4] for i in range(chords)], np.int16), 4, 0)


def build_melody(pitches=TUNE, start=0.0, **facts):
    notes = tuple(Note(start + i, 0.9 if i == 2 else 1.0, p) for i, p in enumerate(pitches))
    return Piece((Part("Tune", 73, notes),), **{"title": "Tune", **facts})


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    torch.manual_seed(0)
    place = tmp_path_factory.mktemp("weights")
    sizes = {"n_embd": 16, "n_layer": 1, "n_head": 2, "n_hidden": 12, "n_ahead": 6}
    for family in ("transformer", "lstm"):
        save_net(FrameNet(FrameConfig(family, **sizes)), place / family, {}, "")
    table = learn_table([build_frames()])
    save_weights(place / "markov", table.to_tensors(), {"family": "markov"}, "", ["music.markov"])
    return place


@pytest.fixture(scope="module")
def model(weights):
    config = FrameConfig(n_embd=16, n_layer=1, n_head=2, n_hidden=12, n_ahead=6)
    return NetModel(FrameNet(config).eval())


@pytest.fixture
def melody(tmp_path):
    save_midi(build_melody(), tmp_path / "tune.mid")
    return tmp_path / "tune.mid"


def run(generator, weights, params, inputs, tmp_path, seeds=(1,)):
    assets = {
        slot: [InputAsset("x", MediaType.SCORE, p, {"main": p}, title="any") for p in paths]
        for slot, paths in inputs.items()
    }
    job = JobContext(seeds, assets, tmp_path, lambda *_: None, lambda: False)
    instance = generator(Checkpoint("own", weights, ""), "cpu")
    made = []
    for number, artifact in enumerate(instance.generate(generator.Params(**params), job)):
        artifact.payload.save(tmp_path / f"{number}.mid")
        made.append((artifact, load_piece(tmp_path / f"{number}.mid")))
    return made


def list_notes(part):
    return [(round(n.start, 3), round(n.duration, 3), n.pitch) for n in part.notes]


@pytest.mark.parametrize(
    ("generator", "name"), [(Transformer, "transformer"), (Lstm, "lstm"), (Markov, "markov")]
)
def test_contract(generator, name, weights):
    check_generator(generator, checkpoint=weights / name).assert_ok()


@pytest.mark.parametrize("task", ["continue", "harmonise", "infill"])
def test_contract_of_tasks(task, weights, melody):
    params = {"task": task, "to_bar": 1, "checkpoint": "own"}
    check_generator(
        Transformer,
        params=params,
        inputs={"score": melody},
        checkpoint=weights / "transformer",
        seeds=(1, 2),
    ).assert_ok()


def test_a_new_chorale_is_as_long_as_asked(weights, tmp_path):
    params = {"bars": 3, "metre": "3/4", "key": "D", "mode": "minor", "ensemble": "organ"}
    [(artifact, piece)] = run(Transformer, weights / "transformer", params, {}, tmp_path)
    assert piece.metre == (3, 4) and piece.pickup == 1.0
    assert piece.length == 10.0
    assert (piece.fifths, piece.mode) == (-1, "minor")
    assert [part.name for part in piece.parts] == ["Soprano", "Alto", "Tenor", "Bass"]
    assert {part.program for part in piece.parts} == {19}
    assert artifact.metrics["range_rate"] == 0
    assert artifact.title == "Chorale in D minor"


@pytest.mark.parametrize("name", ["transformer", "lstm", "markov"])
def test_harmonising_keeps_the_melody(name, weights, melody, tmp_path):
    generator = {"transformer": Transformer, "lstm": Lstm, "markov": Markov}[name]
    [(_, piece)] = run(
        generator, weights / name, {"task": "harmonise"}, {"score": [melody]}, tmp_path
    )
    assert list_notes(piece.parts[0]) == list_notes(load_piece(melody).parts[0])
    assert all(part.notes for part in piece.parts)
    assert piece.length == 8.0


def test_a_melody_out_of_range_is_moved_and_said_so(weights, tmp_path):
    save_midi(transpose(build_melody(), -24), tmp_path / "low.mid")
    [(artifact, piece)] = run(
        Transformer,
        weights / "transformer",
        {"task": "harmonise"},
        {"score": [tmp_path / "low.mid"]},
        tmp_path,
    )
    assert artifact.info["transposed"] == 24
    assert [note.pitch for note in piece.parts[0].notes] == list(TUNE)


def test_going_on_keeps_the_beginning(model):
    given = build_piece(build_frames(8), (0, False), Look(phase=0))
    request = ChoraleRequest("continue", bars=2)
    made = write(model, build_plan(request, given), request, 3, title="Hymn")
    for own, part in zip(given.parts, made.piece.parts, strict=True):
        kept = [note for note in list_notes(part) if note[0] < 8]
        assert kept == list_notes(own)
        assert max(note.end for note in part.notes) == 16.0
    assert made.piece.title == "Hymn, continued"


def test_going_on_from_a_tune_harmonises_it_too(model):
    request = ChoraleRequest("continue", bars=1)
    made = write(model, build_plan(request, build_melody()), request, 3)
    assert [note.pitch for note in made.piece.parts[0].notes][:8] == list(TUNE)
    assert made.piece.parts[3].notes[0].start == 0
    assert made.piece.length == 12.0


@pytest.mark.parametrize("voices", [(0, 1, 2, 3), (2,)])
def test_only_the_marked_bars_are_new(model, voices):
    given = build_piece(build_frames(13), (0, False), Look(phase=4))
    request = ChoraleRequest("infill", span=(2, 2), voices=voices)
    plan = build_plan(request, given)
    assert sorted(set(np.flatnonzero((plan.frames == OPEN).any(1)))) == list(range(20, 36))
    made = write(model, plan, request, 1)
    for voice, (own, part) in enumerate(zip(given.parts, made.piece.parts, strict=True)):
        if voice not in voices:
            assert list_notes(part) == list_notes(own)
        outside = [n for n in list_notes(part) if n[0] + n[1] <= 5 or n[0] >= 9]
        assert outside == [n for n in list_notes(own) if n[0] + n[1] <= 5 or n[0] >= 9]
        assert sum(n[1] for n in list_notes(part)) == pytest.approx(13.0)


def test_silence_before_a_score_stays(model):
    request = ChoraleRequest("harmonise")
    late = build_melody(start=5.0)
    made = write(model, build_plan(request, late), request, 1)
    assert list_notes(made.piece.parts[0]) == list_notes(late.parts[0])
    assert made.piece.parts[3].notes[0].start == 5.0


def test_best_of_many_is_not_worse(model):
    from studio_music.chorale import rate

    def judge(tries):
        request = ChoraleRequest(bars=2, tonic=0, is_minor=False, tries=tries)
        plan = build_plan(request, None)
        made = write(model, plan, request, 4)
        return rate(made.frames, plan.wishes, made.likelihood)

    assert judge(4) >= judge(1)


def test_pianos_are_read_from_above_and_below():
    right = Part("R", 0, (Note(0, 2, 72), Note(0, 2, 67), Note(2, 2, 74)))
    left = Part("L", 0, (Note(0, 4, 48), Note(0, 2, 60)))
    frames = read_voices(Piece((right, left))).frames
    assert frames[0].tolist() == [72, 67, 60, 48]
    assert frames[8].tolist() == [74, OPEN, OPEN, 48]


def test_held_pitches_are_sung_again_but_suspensions_are_not():
    # The alto's C is held into a chord on G, and falls to B: a suspension.
    frames = np.repeat(
        np.array(
            [[76, 72, 67, 60], [74, 72, 67, 55], [74, 71, 67, 55], [72, 67, 64, 48]], np.int16
        ),
        4,
        0,
    )
    piece = build_piece(frames, (0, False), Look())
    assert [note.duration for note in piece.parts[1].notes] == [2.0, 1.0, 1.0]
    assert [note.duration for note in piece.parts[2].notes] == [1.0, 1.0, 1.0, 1.0]
    held = build_piece(frames, (0, False), Look(repeats=False))
    assert [note.duration for note in held.parts[2].notes] == [3.0, 1.0]


def test_voices_sing_again_with_a_given_one():
    frames = np.full((8, 4), 60, np.int16)
    look = Look(strikes=frozenset((4,)))
    piece = build_piece(frames, (0, False), look)
    assert [len(part.notes) for part in piece.parts] == [2] * 4
    assert [len(part.notes) for part in build_piece(frames, (0, False), Look()).parts] == [1] * 4


@pytest.mark.parametrize(
    ("tonic", "is_minor", "fifths"),
    [(0, False, 0), (7, False, 1), (10, False, -2), (9, True, 0), (4, True, 1), (0, True, -3)],
)
def test_signatures(tonic, is_minor, fifths):
    assert find_fifths(tonic, is_minor) == fifths


def test_tasks_need_what_they_need(weights, melody, tmp_path):
    with pytest.raises(InvalidInputError, match="needs a score"):
        run(Transformer, weights / "transformer", {"task": "harmonise"}, {}, tmp_path)
    with pytest.raises(InvalidInputError, match="nothing from bar 9"):
        run(
            Transformer,
            weights / "transformer",
            {"task": "infill", "from_bar": 9, "to_bar": 9},
            {"score": [melody]},
            tmp_path,
        )
    with pytest.raises(InvalidInputError, match="spans 36"):
        read_melody(build_melody((48, 60, 84)))
    with pytest.raises(InvalidInputError, match="6/8"):
        read_melody(build_melody(metre=(6, 8)))
    with pytest.raises(InvalidInputError, match="64 at most"):
        read_melody(build_melody((60, 62) * 140))
    with pytest.raises(InvalidInputError, match="over 64"):
        build_plan(ChoraleRequest("continue", bars=63), build_melody())


def test_params_that_do_not_fit_are_refused(weights, tmp_path):
    with pytest.raises(InvalidParamsError, match="dorian"):
        to_chorale_request(ComposeParams(mode="dorian"))
    with pytest.raises(InvalidParamsError, match="folk tune"):
        to_folk_request(ComposeParams(task="infill"), 0.0)
    with pytest.raises(CheckpointError, match="family 'markov'"):
        Transformer(Checkpoint("own", weights / "markov", ""), "cpu")
    with pytest.raises(CheckpointError, match=r"music\.markov"):
        Markov(Checkpoint("own", weights / "lstm", ""), "cpu")
    assert to_folk_request(ComposeParams(key="Eb"), 0.5).tonic == 3


def test_markov_learns_from_examples(weights, melody, tmp_path):
    save_midi(build_piece(build_frames(), (0, False), Look()), tmp_path / "hymn.mid")
    [(_, piece)] = run(
        Markov,
        weights / "markov",
        {"bars": 2, "upbeat": False, "rules": False, "order": 1},
        {"examples": [tmp_path / "hymn.mid"]},
        tmp_path,
    )
    assert piece.length == 8.0
    asset = InputAsset("x", MediaType.SCORE, melody, {"main": melody})
    with pytest.raises(InvalidInputError, match="four parts"):
        read_example(asset)


def test_a_bolder_taste_surprises_more():
    table = MarkovModel(learn_table([build_frames(40)]))

    def judge(temperature):
        request = ChoraleRequest(bars=4, tonic=0, is_minor=False, taste=Taste(temperature))
        return write(table, build_plan(request, None), request, 2).likelihood

    assert judge(0.3) > judge(1.8)
