import json
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from studio_music.chorale_data import (
    REST,
    describe,
    find_key,
    find_metre,
    load_separated,
    load_sets,
)
from studio_music.chorale_features import (
    PLACE_SIZES,
    STATE_SIZES,
    Scale,
    Wishes,
    advance,
    build_start,
    describe_frame,
    describe_frames,
    describe_places,
)

from studio.errors import InvalidInputError

CADENCE = np.array([[72, 67, 64, 48], [74, 67, 59, 55], [72, 67, 64, 48]], np.int16)


def spread(chords, frames=8):
    return np.repeat(np.asarray(chords, np.int16), frames, 0)


def save_pieces(path, pieces):
    """Write pieces as Jsb16thSeparated.npz has them."""
    arrays = {}
    for name in ("train", "valid", "test"):
        row = np.empty(len(pieces), object)
        for index, piece in enumerate(pieces):
            values = piece.astype(np.float16)
            values[piece == REST] = np.nan
            row[index] = values
        arrays[name] = row
    np.savez(path, **arrays)


def test_pieces_are_read_without_running_what_they_were_saved_with(tmp_path):
    pieces = [spread(CADENCE), spread(CADENCE[::-1], 4), spread([[70, REST, 60, 40]], 5)]
    save_pieces(tmp_path / "x.npz", pieces)
    found = load_separated(tmp_path / "x.npz")
    for name in ("train", "valid", "test"):
        assert len(found[name]) == 3
        for made, piece in zip(found[name], pieces, strict=True):
            np.testing.assert_array_equal(made, piece)


@pytest.mark.parametrize("content", [b"", b"text", None])
def test_other_files_are_refused(tmp_path, content):
    path = tmp_path / "x.npz"
    if content is None:
        with zipfile.ZipFile(path, "w") as file:
            file.writestr("train.npy", b"nothing")
    else:
        path.write_bytes(content)
    with pytest.raises(InvalidInputError, match="Jsb16thSeparated"):
        load_separated(path)


def test_sets_fall(tmp_path):
    path = tmp_path / "x.json"
    path.write_text(
        json.dumps({"train": [[[60, 72, 64], []]], "valid": [[[50]]], "test": [[[51]]]})
    )
    found = load_sets(path)
    assert found["train"][0].tolist() == [[72, 64, 60, REST], [REST] * 4]
    path.write_text('{"train": 3}')
    with pytest.raises(InvalidInputError, match="quarter"):
        load_sets(path)


@pytest.mark.parametrize("shift", [-3, 0, 5])
def test_the_key_moves_with_the_piece(shift):
    frames = spread(CADENCE) + np.int16(shift)
    assert find_key(frames) == (shift % 12, False)
    minor = spread([[72, 67, 63, 48], [74, 67, 59, 55], [72, 68, 65, 53], [72, 67, 63, 48]])
    assert find_key(minor + np.int16(shift)) == (shift % 12, True)


def test_long_chords_begin_bars():
    rng = np.random.default_rng(0)
    for bar in (3, 4):
        beats = rng.integers(60, 70, (8 * bar, 4)).astype(np.int16)
        for start in range(0, len(beats), bar):
            beats[start + 1] = beats[start]
        beats[-bar:] = beats[-bar]
        assert find_metre(spread(beats, 4)) == (4 * bar, 0)
        upbeat = np.concatenate([spread(beats[:1] + 1, 4), spread(beats, 4)])
        assert find_metre(upbeat) == (4 * bar, 4)


frames_of_chorales = st.integers(1, 12).flatmap(
    lambda count: st.lists(
        st.lists(st.sampled_from([REST, 40, 50, 60, 61, 70, 81]), min_size=4, max_size=4),
        min_size=count,
        max_size=count,
    )
)


@settings(max_examples=60)
@given(frames_of_chorales, st.integers(-6, 6))
def test_descriptions_are_in_their_tables_and_do_not_know_the_key(rows, shift):
    frames = np.array(rows, np.int16)
    states = describe_frames(frames)
    assert states.shape == (len(frames), len(STATE_SIZES))
    assert (states >= 0).all() and (states < np.array(STATE_SIZES)).all()
    moved = np.where(frames == REST, REST, frames + shift).astype(np.int16)
    np.testing.assert_array_equal(describe_frames(moved), states)
    age, move = np.zeros(4, np.int64), np.zeros(4, np.int64)
    for index, frame in enumerate(frames):
        before = frames[index - 1] if index else None
        age, move = advance(frame, before, age, move)
        np.testing.assert_array_equal(describe_frame(frame, before, age, move), states[index])


@settings(max_examples=60)
@given(
    st.integers(0, 2000),
    st.sampled_from([0, 12, 16]),
    st.none() | st.integers(0, 11),
    st.integers(0, 2500),
)
def test_places_are_in_their_tables(start, bar, tonic, length):
    wishes = Wishes(tonic, True, length, bar, 4, -6)
    frames = np.array([[70, 60, REST, 40]] * 9, np.int16)
    made = describe_places(start, 9, wishes, frames)
    assert (made >= 0).all() and (made < np.array(PLACE_SIZES)).all()


def test_what_is_not_wished_is_not_told():
    made = describe_places(7, 3, Wishes(), None)
    assert not made[:, 3:].any()
    assert build_start()[-1] == STATE_SIZES[-1] - 1


@given(st.integers(0, 127))
def test_scale_keeps_pitches_or_their_class(pitch):
    scale = Scale()
    index = int(scale.index(np.array([pitch]))[0])
    assert 1 <= index < scale.size
    assert scale.pitch(index) % 12 == pitch % 12
    if 30 <= pitch <= 87:
        assert scale.pitch(index) == pitch
    assert scale.pitch(0) == REST


def test_a_chorale_knows_its_traits():
    chorale = describe(spread(CADENCE))
    assert (chorale.traits.tonic, chorale.traits.is_minor) == (0, False)
