import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from studio_music.chorale_features import Scale, Wishes
from studio_music.chorale_home import find_home, weigh_home
from studio_music.chorale_rules import (
    NEVER,
    RANGES,
    Moment,
    count_out_of_range,
    find_faults,
    find_parallels,
    measure_rules,
    weigh,
)

C, D = [72, 67, 64, 48], [74, 69, 65, 50]


def frames(*rows):
    return np.array(rows, np.int16)


def test_parallels_are_named_with_their_voices():
    found = find_parallels(*frames(C, D))
    assert ("parallel octaves", (0, 3)) in found
    assert ("parallel fifths", (1, 3)) in found
    assert find_parallels(*frames(C, [71, 67, 62, 55])) == []


def test_contrary_and_oblique_motion_are_fine():
    # A twelfth that becomes a fifth from both sides, and an octave whose bass stays.
    assert not find_parallels(*frames([79, 70, 65, 48], [74, 70, 65, 55]))
    assert not find_parallels(*frames([72, 70, 65, 48], [72, 69, 64, 48]))


def test_faults_that_last_are_told_once():
    wide = [81, 62, 55, 40]
    found = find_faults(frames(C, wide, wide, wide, C))
    spacing = [fault for fault in found if fault.kind == "spacing"]
    assert [(fault.voices, fault.frame) for fault in spacing] == [((0, 1), 1)]
    crossed = find_faults(frames([67, 72, 60, 48]))
    assert [(fault.kind, fault.voices) for fault in crossed] == [("crossing", (0, 1))]


def test_ranges():
    low = frames(C, [59, 50, 47, 35])
    assert count_out_of_range(low) == 4
    kinds = {fault.voices for fault in find_faults(low) if fault.kind == "range"}
    assert kinds == {(0,), (1,), (2,), (3,)}
    assert count_out_of_range(frames([-1, -1, -1, -1])) == 0


def test_rates_are_per_change_of_chord():
    rates = measure_rules([frames(C, C, D, D)])
    assert rates["parallel fifths"] == 1.0
    assert rates["parallel octaves"] == 1.0
    assert measure_rules([frames(C, C)])["parallel fifths"] == 0


chords = st.tuples(*(st.integers(low, high) for low, high in RANGES)).map(list)


@settings(max_examples=80)
@given(chords, chords, st.integers(0, 3), st.booleans())
def test_what_is_closed_while_writing_is_what_is_counted_after(before, here, voice, backwards):
    """A pitch is closed exactly if it would be out of range or move in parallel."""
    scale, near = Scale(), frames(before)[0]
    now = frames(here)[0]
    open_frame = now.copy()
    open_frame[voice] = -1
    moment = Moment(open_frame, after=near) if backwards else Moment(open_frame, before=near)
    added = weigh(voice, moment, scale)
    assert added[0] <= NEVER
    for index in range(1, scale.size):
        tried = now.copy()
        tried[voice] = scale.pitch(index)
        pair = (tried, near) if backwards else (near, tried)
        wrong = [voices for _, voices in find_parallels(*pair) if voice in voices]
        low, high = RANGES[voice]
        is_out = not low <= tried[voice] <= high
        assert (added[index] <= NEVER / 2) == bool(wrong or is_out)


@pytest.mark.parametrize("voice", [0, 1, 2])
def test_crossing_and_gaps_are_avoided_not_forbidden(voice):
    here = frames([79, 60, 55, 40])[0]
    here[voice] = -1
    added = weigh(voice, Moment(here), Scale())
    crossing = Scale().index(frames([here[voice + 1] - 1])[0])[0]
    inside = [value for value in (added[crossing],) if value > NEVER / 2]
    assert all(value < -1 for value in inside)
    assert added.max() == 0


OPEN_FRAMES = np.full((32, 4), -2, np.int16)


@pytest.mark.parametrize(("wishes", "chord"), [((9, True), {9, 0, 1, 4}), ((2, False), {2, 6, 9})])
def test_both_ends_are_at_home(wishes, chord):
    home = find_home(OPEN_FRAMES, Wishes(*wishes, length=32, bar=16), -2)
    assert (home.opens, home.closes) == (True, 24)
    nothing = frames([-1, -1, -1, -1])[0]
    for index in (0, 24, 31):
        bass = weigh_home(home, (index, 3), nothing, None, Scale())
        assert {(i + 29) % 12 for i in np.flatnonzero(bass == 0) if i} == {wishes[0]}
        other = {(i + 29) % 12 for i in np.flatnonzero(
            weigh_home(home, (index, 1), nothing, None, Scale()) == 0) if i}  # fmt: skip
        assert other == (chord - {(wishes[0] + 4) % 12} if index == 0 and wishes[1] else chord)
    # One third only: with C# above, no C in the closing chord on A.
    sharp = frames([73, -1, -1, -1])[0]
    alto = weigh_home(home, (31, 1), sharp, None, Scale())
    assert alto[Scale().index(frames([60])[0])[0]] < NEVER / 2 or not wishes[1]


def test_home_follows_what_is_given():
    assert find_home(OPEN_FRAMES, Wishes(), -2) is None
    given = OPEN_FRAMES.copy()
    given[:, 0] = 67
    given[28:, 0] = 64
    home = find_home(given, Wishes(0, length=32, bar=16), -2)
    assert (home.opens, home.closes) == (True, 28)
    given[0, 0] = 65
    assert not find_home(given, Wishes(0, length=32, bar=16), -2).opens
    given[28:, 0] = 62
    assert find_home(given, Wishes(0, length=32, bar=16), -2).closes == 32


def test_foreign_notes_are_rare_and_may_stay():
    home = find_home(OPEN_FRAMES, Wishes(0, length=32, bar=16), -2)
    before, nothing = frames([66, 60, 55, 48])[0], frames([-1, -1, -1, -1])[0]
    added = weigh_home(home, (10, 0), nothing, before, Scale())
    sharp, flat, plain = (int(Scale().index(frames([p])[0])[0]) for p in (66, 70, 67))
    assert added[sharp] == 0 and added[flat] < 0 and added[plain] == 0
    lead = weigh_home(home, (21, 3), nothing, before, Scale())
    assert lead[Scale().index(frames([55])[0])[0]] > 0


@pytest.mark.parametrize("is_minor", [False, True])
def test_the_beat_before_home_is_the_dominant(is_minor):
    """Every voice is drawn to a note of it, and kept from all others; the bass to its root."""
    home = find_home(OPEN_FRAMES, Wishes(0, is_minor, length=32, bar=16), -2)
    assert home.cadence and home.closes == 24
    before, nothing = frames([64, 60, 55, 48])[0], frames([-1, -1, -1, -1])[0]
    for voice, chord in enumerate(({7, 11, 2}, {7, 11, 2, 5}, {7, 11, 2, 5}, {7})):
        added = weigh_home(home, (22, voice), nothing, before, Scale())
        best = np.flatnonzero(added[1:] == added[1:].max()) + Scale().lowest
        assert {int(pitch) % 12 for pitch in best} == chord, voice


def test_a_tune_that_is_given_decides_whether_there_is_a_cadence():
    wishes = Wishes(0, length=32, bar=16)
    for pitch, is_one in ((62, True), (67, True), (60, False), (69, False)):
        given = OPEN_FRAMES.copy()
        given[:, 0] = pitch
        given[24:, 0] = 60
        found = find_home(given, wishes, -2)
        assert found.closes == 24 and found.cadence == is_one, pitch
    given = OPEN_FRAMES.copy()
    given[20:24, 3] = 48
    assert not find_home(given, wishes, -2).cadence, "the bass is given"


def test_a_tune_ends_on_the_tonic_rather_than_on_its_chord():
    home = find_home(OPEN_FRAMES, Wishes(0, length=32, bar=16), -2)
    nothing = frames([-1, -1, -1, -1])[0]
    tonic, fifth = (int(Scale().index(frames([p])[0])[0]) for p in (72, 67))
    last = weigh_home(home, (30, 0), nothing, None, Scale())
    assert last[tonic] == 0 > last[fifth] > -100
    first = weigh_home(home, (0, 0), nothing, None, Scale())
    assert first[tonic] == first[fifth] == 0
