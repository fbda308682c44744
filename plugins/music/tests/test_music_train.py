"""`music.train`: datasets, every model with a tiny net, resuming, and bad input."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from studio_music.compare import Compare
from studio_music.composers import Lstm
from studio_music.course import split_examples
from studio_music.course_folk import read_folk
from studio_music.folk_markov import SIZES, FolkChain
from studio_music.gan import Gan
from studio_music.groove import Groove
from studio_music.groove_data import DrumLoop, to_drum_piece
from studio_music.kin import group_kin
from studio_music.midi import save_midi
from studio_music.music_dataset import Collection, Work, describe_piece, gather_works, split_works
from studio_music.notes import Note, Part, Piece, transpose
from studio_music.train import DATASET, STATE, Train
from studio_music.vae import Vae

from studio.errors import CheckpointError, InvalidInputError
from studio.generator import Checkpoint, InputAsset, JobContext
from studio.media import MediaType
from studio.testing import check_generator

SCALE = (60, 62, 64, 65, 67, 69, 71, 72)


def build_piece(seed=0, voices=1, bars=4):
    rng = np.random.default_rng(seed)
    parts = []
    for voice in range(voices):
        line = [
            Note(float(n), 1.0, SCALE[rng.integers(8)] + (7, 0, -7, -14)[voice])
            for n in range(bars * 4)
        ]
        parts.append(Part(f"voice {voice}", 0, tuple(line)))
    return Piece(tuple(parts), title=f"Piece {seed}", fifths=0, mode="major")


def build_drums(seed=0):
    rng = np.random.default_rng(seed)
    hits = (rng.random((64, 9)) < 0.2).astype(np.float32)
    return to_drum_piece(DrumLoop(hits, hits * 0.6, hits * 0), f"Loop {seed}", 100.0)


def fill(folder, build, count=4):
    folder.mkdir(exist_ok=True)
    for seed in range(count):
        save_midi(build(seed), folder / f"{seed}.mid")
    return folder


def run(params, tmp_path, start=None, seeds=(3,), cancel_at=None, **inputs):
    tmp_path.mkdir(parents=True, exist_ok=True)
    steps = []
    job = JobContext(seeds, inputs, tmp_path, lambda *step: steps.append(step[:2]), lambda: False)
    checkpoint = Checkpoint("start", start, "") if start else None
    made = list(Train(checkpoint, "cpu").generate(Train.Params(**params), job))
    assert steps[-1][0] == steps[-1][1]
    return made


def unpack(artifact, folder):
    folder.mkdir(parents=True)
    for name, path in artifact.payload.items():
        (folder / name).write_bytes(path.read_bytes())
    return folder


TINY = {"steps": 3, "batch": 2, "n_embd": 16, "n_latent": 4, "every": 2}


@pytest.mark.parametrize(
    ("model", "build", "user", "params"),
    [
        ("folk", build_piece, Lstm, {"bars": 2}),
        ("melody", build_piece, Vae, {"bars": 2}),
        ("drums", build_drums, Groove, {}),
        ("gan", build_piece, Gan, {}),
        ("chorale", lambda seed: build_piece(seed, 4, 8), Lstm, {"bars": 2}),
    ],
)
def test_every_model_learns_and_its_weights_are_used(model, build, user, params, tmp_path):
    folder = fill(tmp_path / "music", build)
    (made,) = run(
        {**TINY, "model": model, "folder": str(folder), "held_out": 0.3}, tmp_path / "job"
    )
    assert made.kind == MediaType.CHECKPOINT
    assert made.info["dataset"]["works"] == 4 and made.info["dataset"]["held_out"] >= 1
    assert all(np.isfinite(value) for value in made.metrics.values())
    place = unpack(made, tmp_path / "weights")
    assert json.loads((place / DATASET).read_text())["broken"] == []
    assert not (place / STATE).exists(), "a finished training needs no state"
    midi = list((tmp_path / "job" / "logs" / "samples").glob("*.mid"))
    assert midi, "samples to hear lie beside the log"
    slot = (
        {"score": [InputAsset("a", MediaType.SCORE, folder / "0.mid", {})]}
        if user is Groove
        else {}
    )
    job = JobContext((1,), slot, tmp_path, lambda *step: None, lambda: False)
    weights = Checkpoint("own", place, "")
    (score,) = user(weights, "cpu").generate(user.Params(checkpoint="own", **params), job)
    assert score.kind == MediaType.SCORE


@pytest.mark.parametrize(
    ("model", "core"), [("folk", "gru"), ("melody", "lstm"), ("drums", "lstm"), ("gan", "lstm")]
)
def test_a_pause_changes_no_bit(model, core, tmp_path):
    folder = fill(tmp_path / "music", build_drums if model == "drums" else build_piece)
    params = {
        **TINY,
        "steps": 4,
        "model": model,
        "core": core,
        "folder": str(folder),
        "held_out": 0,
    }
    (whole,) = run(params, tmp_path / "whole")
    (half,) = run({**params, "stop_after": 2}, tmp_path / "half")
    assert STATE in half.payload and half.info["step"] == 2
    start = unpack(half, tmp_path / "start")
    (rest,) = run(params, tmp_path / "rest", start)
    one, two = (load_file(made.payload["model.safetensors"]) for made in (whole, rest))
    assert one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)


def test_broken_files_and_copies_are_listed(tmp_path):
    folder = fill(tmp_path / "music", build_piece)
    save_midi(transpose(build_piece(2), 5), folder / "two in F.mid")
    (folder / "text.mid").write_text("not music")
    (folder / "empty.abc").write_text("")
    (folder / "bad.abc").write_text(
        "X:1\nT:a\nM:4/4\nL:1/4\nK:D\nABcd|ABcde|ABcd|ABcd|\nX:2\nM:4/4\nL:1/4\nK:D\nDEFG|ABcd|dcBA|GFED|\n"
    )
    (made,) = run({**TINY, "folder": str(folder)}, tmp_path / "job")
    facts = made.info["dataset"]
    assert facts["duplicates"] == [["two in F.mid", "2.mid"]]
    assert sorted(name for name, _ in facts["broken"]) == ["bad.abc#1", "empty.abc", "text.mid"]
    assert facts["works"] == 5 and facts["metres"] == {"4/4": 5}
    assert facts["keys"].keys() <= {"C major", "D major"}


def test_variants_fall_on_one_side(tmp_path):
    works = []
    for seed in range(20):
        piece = build_piece(seed, bars=12)
        notes = piece.parts[0].notes
        changed = (*notes[:30], Note(30.0, 1.0, 61), *notes[31:])
        works += [
            describe_piece(f"{seed}", piece),
            describe_piece(f"{seed}b", transpose(Piece((Part("v", 0, changed),)), 2)),
        ]
    collection = split_works(Collection(works), 0.3)
    assert collection.families == 20
    sides = {work.name: work.is_held_out for work in collection.works}
    assert all(sides[f"{seed}"] == sides[f"{seed}b"] for seed in range(20))
    assert 0 < len(collection.held_out) < 40


def test_kin_share_a_quarter_of_the_smaller():
    a, b = {bytes([n]) for n in range(10)}, {bytes([n]) for n in range(7, 17)}
    assert (
        group_kin([a, b, {b"x", b"y"}]) == [1, 1, 2]
        or len(set(group_kin([a, b, {b"x", b"y"}]))) == 2
    )
    assert len(set(group_kin([a, {bytes([n]) for n in range(9, 19)}]))) == 2


def test_two_works_still_leave_one_to_measure_on():
    collection = split_works(
        Collection([describe_piece("a", build_piece(1)), describe_piece("b", build_piece(2))]), 0.01
    )
    assert len(collection.held_out) == 1 and len(collection.train) == 1


def test_where_everything_is_held_out_it_is_learnt_from():
    works = Collection([Work("a", build_piece(), is_held_out=True)])
    train, held_out, left_out = split_examples(works, lambda work: [work.name])
    assert (train, held_out, left_out) == (["a"], [], [])


def test_what_cannot_teach_is_told(tmp_path):
    drums, tunes = (
        fill(tmp_path / "drums", build_drums, 2),
        fill(tmp_path / "tunes", build_piece, 2),
    )
    (tmp_path / "none").mkdir()
    with pytest.raises(InvalidInputError, match="no usable score"):
        run({"folder": str(tmp_path / "none")}, tmp_path / "a")
    with pytest.raises(InvalidInputError, match="no folder"):
        run({"folder": str(tmp_path / "missing")}, tmp_path / "b")
    with pytest.raises(InvalidInputError, match=r"can teach tunes .*no melody"):
        run({**TINY, "folder": str(drums)}, tmp_path / "c")
    with pytest.raises(InvalidInputError, match="four voices"):
        run({**TINY, "model": "chorale", "folder": str(tunes)}, tmp_path / "d")
    with pytest.raises(InvalidInputError, match="drums of two bars"):
        run({**TINY, "model": "drums", "folder": str(tunes)}, tmp_path / "e")
    with pytest.raises(InvalidInputError, match="nothing was given"):
        run({}, tmp_path / "f")


def test_another_checkpoint_cannot_be_gone_on_from(tmp_path):
    folder = fill(tmp_path / "music", build_piece, 2)
    (made,) = run({**TINY, "folder": str(folder)}, tmp_path / "job")
    start = unpack(made, tmp_path / "start")
    config = json.loads((start / "config.json").read_text())
    del config["course"]
    (start / "config.json").write_text(json.dumps(config))
    with pytest.raises(CheckpointError, match="its own checkpoints"):
        run({**TINY, "folder": str(folder)}, tmp_path / "again", start)
    (start / "model.safetensors").write_bytes(b"damaged")
    with pytest.raises(CheckpointError, match="damaged"):
        run({**TINY, "folder": str(folder)}, tmp_path / "third", start)


def test_a_finished_training_is_the_start_of_another(tmp_path):
    folder = fill(tmp_path / "music", build_piece, 2)
    (made,) = run({**TINY, "folder": str(folder), "held_out": 0}, tmp_path / "job")
    start = unpack(made, tmp_path / "start")
    (more,) = run(
        {**TINY, "model": "gan", "folder": str(folder), "held_out": 0}, tmp_path / "more", start
    )
    assert more.info["model"] == "folk", "the model of the checkpoint counts"
    assert more.info["step"] == 3


def test_scores_of_the_library_count_too(tmp_path):
    folder = fill(tmp_path / "music", build_piece, 3)
    assets = [
        InputAsset(str(n), MediaType.SCORE, folder / f"{n}.mid", {}, title=f"No {n}")
        for n in range(3)
    ]
    job = JobContext((1,), {"scores": assets}, tmp_path, lambda *step: None, lambda: False)
    collection = gather_works(job, "", 0.0)
    assert [work.name for work in collection.works] == ["No 0", "No 1", "No 2"]
    assert collection.describe()["keys"]


def test_train_generator(tmp_path):
    folder = fill(tmp_path / "music", build_piece, 3)
    files = sorted(folder.iterdir())
    check_generator(Train, inputs={"scores": files}).assert_ok()


def compare(params, tmp_path):
    job = JobContext((3,), {}, tmp_path, lambda *step: None, lambda: False)
    (made,) = Compare(None, "cpu").generate(Compare.Params(**params), job)
    return made


@pytest.mark.parametrize("model", ["folk", "chorale"])
def test_models_are_compared_on_one_split(model, tmp_path):
    voices = 4 if model == "chorale" else 1
    folder = fill(tmp_path / "in", lambda seed: build_piece(seed, voices), 6)
    params = {"model": model, "folder": str(folder), "steps": 3, "batch": 2, "n_embd": 16}
    params |= {"held_out": 0.4, "every": 2}
    made = compare(params, tmp_path)
    rows = made.payload["rows"]
    names = [row["model"] for row in rows]
    assert names[-3:] == ["LSTM", "GRU", "Transformer"] and names[0] == "Markov chain of order 0"
    for row in rows:
        assert row["perplexity"] == pytest.approx(np.exp(row["nats"]), rel=1e-3)
        assert (row["best_step"] in (2, 3)) == (row["model"] in names[-3:])
    assert made.payload["dataset"]["held_out"] > 0
    best = min(rows, key=lambda row: row["nats"])["model"]
    assert made.info["best"] == best and best in made.title
    if model == "folk":
        assert compare(params, tmp_path).payload == made.payload, "the same seed, the same table"


def test_longer_chains_know_more_of_what_they_counted(tmp_path):
    collection = Collection()
    for seed in range(3):
        collection.add(Work(str(seed), build_piece(seed), digest=str(seed)))
    tunes = [read_folk(work)[0] for work in collection.works]
    found = []
    for order in range(4):
        chain = FolkChain(order)
        chain.learn(tunes)
        found.append(chain.measure(tunes))
    assert found == sorted(found, reverse=True) and found[-1] < 0.6 * found[0]
    empty = FolkChain(2)
    assert empty.measure(tunes) == pytest.approx(np.log(SIZES[0] * SIZES[1]))


def test_one_score_cannot_be_compared_on(tmp_path):
    folder = fill(tmp_path / "in", build_piece, 1)
    with pytest.raises(InvalidInputError, match="cannot be split"):
        compare({"folder": str(folder), "steps": 1}, tmp_path)


def test_compare_generator(tmp_path):
    files = sorted(fill(tmp_path / "music", build_piece, 4).iterdir())
    check_generator(Compare, inputs={"scores": files}).assert_ok()
