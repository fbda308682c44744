"""Figures of music, `eval.music`, and accompaniment."""

import itertools

import numpy as np
import pytest
import torch
from studio_music import model_vae
from studio_music.accompany import Accompany, AccompanyParams, accompany, choose_figure
from studio_music.accompany_chords import (
    CHORDS,
    ChordCounter,
    Slot,
    cut_slots,
    find_chords,
    guess_slot,
    load_model,
    name_chord,
)
from studio_music.accompany_texture import Touch, lead_bass, lead_voices, play_chords
from studio_music.attributes import find_directions, measure_melody, measure_syncopation
from studio_music.evaluate import Evaluate
from studio_music.fit_accompany import measure, read_song
from studio_music.latent import draw_latent, shift_latent, vary, walk
from studio_music.melody_data import FIRST, HOLD
from studio_music.midi import save_midi
from studio_music.music_metrics import (
    find_longest_copy,
    measure_empty_beat_rate,
    measure_groove_consistency,
    measure_mean_interval,
    measure_note_density,
    measure_overlap,
    measure_pitch_class_entropy,
    measure_pitch_range,
    measure_scale_consistency,
)
from studio_music.notes import Note, Part, Piece, transpose
from studio_training import save_weights

from studio.errors import CheckpointError, InvalidInputError
from studio.generator import InputAsset, JobContext
from studio.media import MediaType
from studio.testing import check_generator

TUNE = (67, 67, 69, 71, 72, 71, 69, 67, 64, 65, 67, 64, 62, 62, 60, 60)


def build_piece(pitches=TUNE, length=1.0, **facts):
    notes = tuple(Note(n * length, length, pitch) for n, pitch in enumerate(pitches))
    return Piece((Part("Voice", 52, notes),), **{"title": "Tune", **facts})


def build_song(seed=0, bars=16):
    rng = np.random.default_rng(seed)
    voice, piano = [], []
    for bar in range(bars):
        root = (0, 5, 7, 0)[bar % 4]
        tones = [60 + (root + tone) % 12 for tone in (0, 4, 7)]
        voice += [Note(bar * 4 + n * 2.0, 2.0, tones[rng.integers(3)] + 12) for n in range(2)]
        piano += [Note(bar * 4.0, 4.0, pitch) for pitch in tones] + [
            Note(bar * 4.0, 4.0, 36 + root)
        ]
    parts = (
        Part("Voice", 52, tuple(voice)),
        Part("Piano", 0, tuple(sorted(piano, key=lambda n: (n.start, n.pitch)))),
    )
    return Piece(parts, fifths=0, mode="major", title=f"Song {seed}")


@pytest.fixture(scope="module")
def model():
    counter = ChordCounter()
    for seed in range(6):
        song = read_song(build_song(seed))
        counter.add(song.chords, song.slots, song.key)
    return counter.build()


@pytest.fixture(scope="module")
def weights(model, tmp_path_factory):
    place = tmp_path_factory.mktemp("weights")
    names = ("start", "end", "move", "sing")
    tensors = {name: torch.from_numpy(getattr(model, name).astype(np.float32)) for name in names}
    save_weights(place / "accompany", tensors, {"family": "accompany"}, "", ["music.accompany"])
    torch.manual_seed(0)
    net = model_vae.MelodyVae(model_vae.VaeConfig(16, 8))
    save_weights(place / "melody", net.state_dict(), model_vae.to_config(net), "", ["music.vae"])
    return place


def test_figures_of_known_pieces():
    chromatic, held = build_piece(range(60, 72)), build_piece([60] * 8)
    assert measure_pitch_class_entropy(chromatic) == pytest.approx(np.log2(12))
    assert measure_pitch_class_entropy(held) == 0
    assert measure_scale_consistency(build_piece()) == 1
    assert measure_scale_consistency(chromatic) == pytest.approx(7 / 12)
    assert measure_groove_consistency(build_piece()) == 1
    uneven = Piece((Part("x", 0, (Note(0, 1, 60), Note(4.25, 1, 60))),))
    assert measure_groove_consistency(uneven) == pytest.approx(1 - 2 / 16)
    gap = Piece((Part("x", 0, (Note(0, 1, 60), Note(3, 1, 62))),))
    assert measure_empty_beat_rate(gap) == 0.5
    assert measure_note_density(gap) == 0.5
    assert measure_pitch_range(gap) == 2 and measure_mean_interval(gap) == 2


def test_overlap_is_large_for_like_sets_and_small_for_others():
    rng = np.random.default_rng(0)
    one, two = rng.normal(0, 1, 60), rng.normal(0, 1, 60)
    assert measure_overlap(one, two) > 0.9
    assert measure_overlap(one + 20, two) < 0.05
    assert measure_overlap(np.ones(4), np.ones(4)) == 1


def test_copies_are_found_in_another_key_and_tempo():
    rng = np.random.default_rng(0)
    pitches = [int(p) for p in rng.integers(55, 80, 40)]
    known = build_piece(pitches)
    copied = build_piece(
        [*rng.integers(55, 80, 10).tolist(), *[p + 3 for p in pitches[10:22]], 50, 90], 0.5
    )
    assert 12 <= find_longest_copy(copied, [known]) <= 13
    assert find_longest_copy(known, [transpose(known, 2)]) == 39
    assert find_longest_copy(build_piece([60, 72]), [known]) == 0


def test_chords_are_named_from_their_notes():
    def name(pitches, tonic=0, bass=None):
        weights = np.zeros(12)
        weights[[p % 12 for p in pitches]] = 1
        place = name_chord(weights, bass, tonic)
        return CHORDS[place][:2]

    assert name((60, 64, 67)) == (0, "")
    assert name((69, 72, 76), bass=57) == (9, "m")
    assert name((67, 71, 74, 77)) == (7, "7")
    assert name((62, 66, 69), tonic=2) == (0, "")
    assert name_chord(np.zeros(12), None, 0) is None


def test_the_model_harmonises_as_the_songs_do(model):
    song = read_song(build_song(99))
    figures = measure(model, [song])
    assert figures["root_agreement"] > 0.9 > figures["tonic_root_agreement"]
    one = find_chords(model, song.slots, song.key, 0.5, 1)
    assert one == find_chords(model, song.slots, song.key, 0.5, 1)
    assert find_chords(model, song.slots, song.key, 0.0, 1) == find_chords(
        model, song.slots, song.key, 0.0, 2
    )


def test_the_likeliest_path_beats_all_others():
    rng = np.random.default_rng(0)
    counter = ChordCounter()
    counter.move += rng.random(counter.move.shape) * 5
    model = counter.build()
    slots = [Slot(n, n + 1, rng.random(12)) for n in range(3)]

    def score(path):
        heard = np.array([slot.classes for slot in slots]) @ model.sing[0].T
        total = model.start[0, path[0]] + model.end[0, path[-1]]
        total += sum(heard[n, chord] for n, chord in enumerate(path))
        return total + sum(model.move[0, a, b] for a, b in itertools.pairwise(path))

    best = find_chords(model, slots, (0, 0), 0.0, 0)
    others = rng.integers(0, len(CHORDS), (3000, 3)).tolist()
    assert all(score(best) >= score(path) for path in others)


def test_slots_begin_after_the_upbeat():
    piece = build_piece(pickup=1.0)
    slots = cut_slots(piece.parts[0].notes, piece, 2.0)
    assert slots[0].start == 1.0 and slots[0].classes[TUNE[1] % 12] > 0
    assert (
        guess_slot(build_piece(metre=(3, 4))) == 3 and guess_slot(build_piece(metre=(6, 8))) == 1.5
    )


def test_voices_move_little_and_stay_under_the_voice():
    hand = lead_voices((), (0, 4, 7), 70)
    then = lead_voices(hand, (5, 9, 0), 70)
    assert {p % 12 for p in then} == {5, 9, 0} and max(then) <= 70
    assert sum(abs(a - b) for a, b in zip(hand, then, strict=True)) <= 6
    assert 36 <= lead_bass(43, 4) <= 52


@pytest.mark.parametrize("figure", ["block", "broken", "alberti", "waltz", "arpeggio"])
@pytest.mark.parametrize("metre", [(4, 4), (3, 4), (6, 8)])
def test_figures_fill_their_time_and_no_more(model, figure, metre):
    piece = build_piece(metre=metre)
    made, names = accompany(model, piece, AccompanyParams(figure=figure), 1)
    slots = cut_slots(piece.parts[0].notes, piece, guess_slot(piece))
    assert len(names) == len(slots)
    piano = made.parts[1].notes
    assert piano and max(note.end for note in piano) <= slots[-1].end + 1e-6
    assert all(note.duration > 0 for note in piano)
    assert made.parts[0] == piece.parts[0]
    assert min(n.pitch for n in piano) >= 36


def test_the_hand_keeps_below_the_voice(model):
    piece = build_song(3)
    slots = cut_slots(piece.parts[0].notes, piece, 2.0)
    chords = find_chords(model, slots, (0, 0), 0.0, 0)
    right, _ = play_chords(chords, slots, 0, piece.parts[0].notes, Touch("block"))
    for note in right:
        sung = [v.pitch for v in piece.parts[0].notes if v.start < note.end and v.end > note.start]
        assert note.pitch < min(sung)


def test_figures_suit_the_metre():
    assert choose_figure(build_piece(metre=(3, 4))) == "waltz"
    assert choose_figure(build_piece(metre=(6, 8))) == "broken"


def test_accompany_generator(weights):
    check_generator(Accompany, checkpoint=weights / "accompany").assert_ok()
    with pytest.raises(CheckpointError, match="family"):
        load_model(weights / "melody")


def test_a_voice_that_is_too_long_is_told(model):
    endless = Piece((Part("x", 0, (Note(0, 1, 60), Note(5000, 1, 60))),))
    with pytest.raises(InvalidInputError, match="too long"):
        accompany(model, endless, AccompanyParams(), 0)


def build_assets(folder, count, slot):
    assets = []
    for number in range(count):
        path = folder / f"{slot}{number}.mid"
        save_midi(build_song(number if slot == "scores" else number + 1), path)
        assets.append(
            InputAsset(f"{slot}{number}", MediaType.SCORE, path, {}, title=f"{slot} {number}")
        )
    return assets


def test_eval_reports_sets_against_sets(weights, tmp_path):
    inputs = {slot: build_assets(tmp_path, 3, slot) for slot in ("scores", "reference")}
    from studio.generator import Checkpoint

    job = JobContext((0,), inputs, tmp_path, lambda *step: None, lambda: False)
    generator = Evaluate(Checkpoint("melody", weights / "melody", ""), "cpu")
    (made,) = generator.generate(Evaluate.Params(checkpoint="melody"), job)
    report = made.payload
    assert [row["score"] for row in report["rows"]] == ["scores 0", "scores 1", "scores 2"]
    assert report["rows"][1]["longest_copied"] >= 30, "the second score is in the reference"
    assert 0 < report["overlap"]["mean"] <= 1 and 0 <= report["melody_model"]["smoothness"] <= 1
    assert made.metrics["overlap"] == report["overlap"]["mean"]


def test_eval_wants_a_folder_with_scores(tmp_path):
    inputs = {"scores": build_assets(tmp_path, 1, "scores")}
    (tmp_path / "empty").mkdir()
    job = JobContext((0,), inputs, tmp_path, lambda *step: None, lambda: False)
    with pytest.raises(InvalidInputError, match="no readable score"):
        list(
            Evaluate(None, "cpu").generate(
                Evaluate.Params(reference_folder=str(tmp_path / "empty")), job
            )
        )


def test_eval_generator():
    check_generator(Evaluate).assert_ok()


def test_syncopation_counts_what_is_off_the_beat_and_stays_there():
    struck = np.zeros(16, bool)
    struck[[0, 4, 8, 12]] = True
    assert measure_syncopation(struck, 16) == 0
    struck = np.zeros(16, bool)
    struck[[2, 6, 10]] = True
    assert measure_syncopation(struck, 16) == 1


def test_directions_raise_their_attribute():
    rng = np.random.default_rng(0)
    z = rng.normal(size=(400, 6))
    values = np.stack([z[:, 2] * 3, -z[:, 0]], 1)
    found = find_directions(z, values, ("a", "b"))
    assert found["a"][2] == pytest.approx(1, abs=0.15) and found["b"][0] == pytest.approx(
        -1, abs=0.15
    )


def test_attributes_of_a_melody():
    tokens = np.full(32, HOLD, np.int16)
    tokens[[0, 8, 16]] = [FIRST, FIRST + 4, FIRST + 2]
    density, span, _, interval = measure_melody(tokens, 16)
    assert (density, span, interval) == (3 / 32, 4, 3)


def test_the_walk_keeps_its_ends_and_its_length():
    a, b = draw_latent(8, 1), draw_latent(8, 2)
    path = walk(a, b, 5)
    torch.testing.assert_close(path[[0, -1]], torch.cat([a, b]), rtol=1e-4, atol=1e-5)
    assert torch.equal(vary(a, 0.0, 3), a)
    assert torch.allclose(shift_latent(a, {"x": [1.0] * 8}, {"x": 2.0, "unknown": 1.0}), a + 2)
