import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from studio_music.chorale_features import Scale
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


@settings(max_examples=80, deadline=None)
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
