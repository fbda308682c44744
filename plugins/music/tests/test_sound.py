"""The synthesiser: in tune, no clicks, sensible loudness; loops exact to the sample."""

import time

import numpy as np
import pytest
import soundfile
from studio_music.adaptive import Adaptive
from studio_music.game_music import Pack, compose_bridge, compose_medley, compose_state
from studio_music.loops import add_segments, cut_segment, fit_tempo, join, play_segment, save_loop
from studio_music.moods import STATES
from studio_music.notes import Note, Part, Piece
from studio_music.pictures import draw_sound
from studio_music.playing import play_mix, play_stems
from studio_music.render import Render, save_sound
from studio_music.soundfont import find_soundfont, list_soundfonts
from studio_music.synth import Room, iterate_buses, render_piece
from studio_music.synth_drums import KIT, build_drum
from studio_music.synth_patches import get_patch
from studio_music.synth_space import PEAK, build_room, limit, measure_loudness
from studio_music.synth_tones import find_frequency

from studio.errors import InvalidInputError
from studio.testing import check_generator

RATE = 22050
SMALL = Room(RATE, "room", 0.2)


def build_chorale(bars=4, program=52):
    voices = ((72, 71, 72, 74), (67, 67, 67, 65), (64, 62, 64, 62), (48, 55, 52, 50))
    parts = tuple(
        Part(
            f"Voice {number}",
            program,
            tuple(Note(beat, 1, line[beat % 4], 90) for beat in range(4 * bars)),
        )
        for number, line in enumerate(voices)
    )
    return Piece(parts, bpm=90)


@pytest.mark.parametrize("generator", [Render, Adaptive])
def test_contract(generator):
    check_generator(generator, seeds=(1, 2)).assert_ok()


@pytest.mark.parametrize("program", range(0, 128, 3))
def test_every_instrument_sounds_clean_and_ends(program):
    piece = Piece((Part("", program, (Note(0, 0.5, 60, 127), Note(0.5, 0.25, 62, 20))),), bpm=60)
    bus = next(iterate_buses(piece, RATE)).samples
    assert np.isfinite(bus).all()
    assert 0.02 < np.abs(bus).max() < 1
    assert np.abs(bus[:2]).max() < 0.01  # begins in silence
    assert np.abs(bus[-200:]).max() < 1e-4  # and ends in it
    release = round(get_patch(program).release * RATE)
    end = round(0.75 * RATE) + release
    assert np.abs(np.diff(bus[end - 30 : end + 30])).max() < 0.02


@pytest.mark.parametrize("program", [0, 6, 19, 24, 40, 46, 73])
@pytest.mark.parametrize("pitch", [45, 69, 84])
def test_instruments_are_in_tune(program, pitch):
    piece = Piece((Part("", program, (Note(0, 2, pitch, 100),)),), bpm=60)
    tone = next(iterate_buses(piece, RATE)).samples[2000 : 2000 + (1 << 15)]
    size = 1 << 19
    power = np.abs(np.fft.rfft(tone * np.hanning(len(tone)), size))
    hertz = np.fft.rfftfreq(size, 1 / RATE)
    near = np.abs(hertz / find_frequency(pitch) - 1) < 0.05
    found = hertz[near][power[near].argmax()]
    assert abs(1200 * np.log2(found / find_frequency(pitch))) < 12


@pytest.mark.parametrize("drum", sorted(KIT))
def test_drums_are_short_and_clean(drum):
    hit = build_drum(drum, RATE, 0.8)
    assert np.isfinite(hit).all() and hit[0] == 0 and abs(hit[-1]) < 1e-6
    assert 0.03 < len(hit) / RATE < 3.5


def test_a_mix_is_as_loud_as_asked_and_never_clips():
    for loudness in (-24, -16, -10):
        sound = render_piece(build_chorale(), Room(RATE, "room", 0.2, loudness))
        assert np.abs(sound).max() <= PEAK + 1e-6
        assert measure_loudness(sound, RATE) == pytest.approx(loudness, abs=1.0)


def test_loudness_of_the_reference_tone():
    time_ = np.arange(48000 * 3) / 48000
    tone = np.sin(2 * np.pi * 997 * time_).astype(np.float32)
    # ITU-R BS.1770: a full-scale 997 Hz sine in one channel of two is -3.01 LUFS.
    assert measure_loudness(np.stack([tone, 0 * tone]), 48000) == pytest.approx(-3.01, abs=0.05)


def test_the_limiter_leaves_what_is_quiet():
    quiet = np.full((2, 4000), 0.1, np.float32)
    assert limit(quiet, RATE) is quiet
    loud = quiet.copy()
    loud[:, 2000] = 3.0
    held = limit(loud, RATE)
    assert np.abs(held).max() <= PEAK and held[0, 0] == pytest.approx(0.1)


def test_stems_add_up_to_the_mix():
    made = play_stems(build_chorale(1), SMALL, None, lambda *_: None, "mix")
    assert len(made) == 5
    whole = sum(sound for name, sound in made.items() if name != "mix")
    assert np.allclose(whole, made["mix"], atol=1e-5)
    assert np.abs(made["mix"]).max() <= PEAK + 1e-6


def test_the_same_piece_gives_the_same_sound():
    one, two = (play_mix(build_chorale(1), SMALL, None, lambda *_: None) for _ in range(2))
    assert np.array_equal(one, two)


def test_rendering_is_much_faster_than_playing():
    piece = build_chorale(16)
    render_piece(build_chorale(1), Room())
    start = time.process_time()
    render_piece(piece, Room())
    spent = time.process_time() - start
    assert piece.seconds / spent > 10  # 50 and more on a quiet machine, see the benchmark


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg", ".mp3"])
def test_sound_files(suffix, tmp_path):
    sound = render_piece(build_chorale(1), Room(44100, "room", 0.2))
    save_sound(sound, 44100, tmp_path / f"a{suffix}")
    back, rate = soundfile.read(tmp_path / f"a{suffix}")
    assert rate == 44100 and abs(len(back) - sound.shape[1]) < (3000 if suffix == ".mp3" else 1)


def test_soundfonts_that_are_none_are_refused(tmp_path):
    with pytest.raises(InvalidInputError, match="no file"):
        find_soundfont(str(tmp_path / "missing.sf2"))
    (tmp_path / "text.sf2").write_text("hello")
    with pytest.raises(InvalidInputError, match="no SoundFont"):
        find_soundfont(str(tmp_path / "text.sf2"))
    (tmp_path / "cut.sf2").write_bytes(b"RIFF\xff\xff\xff\x0fsfbk")
    with pytest.raises(InvalidInputError, match="cut short"):
        find_soundfont(str(tmp_path / "cut.sf2"))


@pytest.mark.skipif(not list_soundfonts(), reason="there is no SoundFont on this machine")
def test_a_soundfont_plays():
    font = find_soundfont("any")
    sound = play_mix(build_chorale(1, 0), Room(RATE, "room", 0.1), font, lambda *_: None)
    assert sound.shape[0] == 2 and sound.shape[1] > RATE
    assert measure_loudness(sound, RATE) == pytest.approx(-16, abs=1.5)


def test_ten_hours_are_not_rendered(tmp_path):
    from studio_music.render import RenderParams, _prepare

    long = Piece((Part("", 0, (Note(0, 60_000, 60),)),), bpm=100)
    with pytest.raises(InvalidInputError, match="at most 30"):
        _prepare(long, RenderParams())


def test_a_picture_of_sound():
    picture = draw_sound(render_piece(build_chorale(1), SMALL), RATE)
    assert np.asarray(picture.convert("L")).std() > 30


def repeat(piece, length, times):
    return Piece(
        tuple(
            Part(
                part.name,
                part.program,
                tuple(
                    Note(note.start + n * length, note.duration, note.pitch, note.velocity)
                    for n in range(times)
                    for note in part.notes
                ),
                part.is_drum,
            )
            for part in piece.parts
        ),
        bpm=piece.bpm,
    )


def test_a_loop_is_one_line_without_a_seam():
    bpm, quarter = fit_tempo(173.3, RATE)
    assert abs(bpm / 173.3 - 1) < 1e-3
    pack = Pack(3, 4, "minor", bpm, 4, "synth")
    piece = compose_state(pack, "combat")
    room = build_room("room", RATE)
    samples = 16 * quarter
    segments = play_segment(piece, samples, room, 0.3, RATE)
    mix = add_segments(segments)
    assert mix.start.shape == mix.loop.shape == (2, samples)
    line = join([mix], 3)
    played = play_segment(repeat(piece, 16.0, 3), 3 * samples, room, 0.3, RATE)
    whole = add_segments(played).start
    # What is looped is what a player would hear who played the piece three times.
    assert np.abs(line[:, : 3 * samples] - whole).max() < 2e-3


@pytest.mark.parametrize("start", STATES)
def test_states_cross_without_a_click(start):
    bpm, quarter = fit_tempo(160, RATE)
    pack = Pack(5, 9, "minor", bpm, 4, "orchestral")
    room = build_room("room", RATE)
    played = {
        state: add_segments(play_segment(compose_state(pack, state), 16 * quarter, room, 0.3, RATE))
        for state in {start, "calm", "tension"}
    }
    for goal in {"calm", "tension"} - {start}:
        line = join([played[start], played[goal]], 2)
        seam = 2 * played[start].samples
        bend = np.abs(np.diff(line, 2)).max(axis=0)
        around = np.concatenate([bend[seam - RATE : seam - 50], bend[seam + 50 : seam + RATE]])
        # A cut wave would bend more sharply there than the music does anywhere near.
        assert bend[seam - 4 : seam + 4].max() <= around.max()


def test_a_hard_cut_would_click():
    bpm, quarter = fit_tempo(160, RATE)
    pack, room = Pack(5, 9, "minor", bpm, 4, "orchestral"), build_room("room", RATE)
    calm = add_segments(play_segment(compose_state(pack, "calm"), 16 * quarter, room, 0.3, RATE))
    joined, seam = join([calm, calm], 1), calm.samples
    hard = np.concatenate([calm.start, calm.start], axis=1)
    bends = [np.abs(np.diff(line, 2))[:, seam - 4 : seam + 4].max() for line in (joined, hard)]
    assert bends[1] > 3 * bends[0]


def test_a_tail_longer_than_its_loop_is_faded():
    line = np.ones((2, 1000), np.float32)
    segment = cut_segment(line, 100, RATE)
    assert segment.tail.shape[1] == 100 and abs(segment.tail[0, -1]) < 1e-3
    assert cut_segment(np.ones((2, 50), np.float32), 100, RATE).loop.shape == (2, 100)


def test_loop_points_are_written(tmp_path):
    save_loop(np.zeros((2, 1234), np.float32), RATE, tmp_path / "a.wav", True)
    data = (tmp_path / "a.wav").read_bytes()
    place = data.index(b"smpl") + 8 + 36
    begin, end = np.frombuffer(data[place + 8 : place + 16], "<u4")
    assert (begin, end) == (0, 1233)
    assert soundfile.info(tmp_path / "a.wav").frames == 1234


@pytest.mark.parametrize("style", ["orchestral", "synth", "chip", "folk"])
@pytest.mark.parametrize("mode", ["minor", "major"])
def test_states_share_key_bars_and_theme(style, mode):
    pack = Pack(11, 5, mode, 120, 8, style)
    for state in STATES:
        piece = compose_state(pack, state)
        assert piece.length <= 32 + 1e-6 and piece.fifths == pack.fifths
        assert compose_state(pack, state) == piece
        for part in piece.parts:
            assert all(20 < note.pitch < 100 and note.end <= 32 + 1e-6 for note in part.notes)
        for goal in STATES:
            if goal != state:
                assert compose_bridge(pack, state, goal).length <= 4
    medley = compose_medley(pack, STATES)
    assert medley.length > 4 * 28
    assert compose_state(Pack(12, 5, mode, 120, 8, style), "calm") != compose_state(pack, "calm")
