"""Sound and score: how fast music is rendered, engraved, analysed and loaded, and how clean it is.

    python benchmarks/music_sound.py [--json] [--dry]

One thread. Times are medians of three; loading of libraries is not counted.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from machine import Row, report

FILES = 1000
PROGRAMS = {"choir": 52, "piano": 0, "organ": 19, "strings": 48, "guitar": 24}
NOTE = (
    "Rendering: seconds of music per second of one core, a chorale of four parts and 24 bars at 84 "
    "a minute, 44.1 kHz stereo with reverb. Loading: from a warm disk cache. Clicks: how sharply "
    "the wave bends where two states meet, over the sharpest bend within half a second."
)


def build_chorale(program: int, bars: int = 24) -> Any:
    """Return a chorale of plain chords in eighths and quarters, drawn from a seed."""
    from studio_music.notes import Note, Part, Piece

    rng = np.random.default_rng(5)
    parts = []
    for name, base in (("Soprano", 72), ("Alto", 67), ("Tenor", 60), ("Bass", 48)):
        notes, now, pitch = [], 0.0, base
        while now < 4 * bars - 1e-6:
            length = float(rng.choice([0.5, 1.0, 1.0, 1.0, 2.0]))
            pitch = int(np.clip(pitch + rng.choice([-2, -1, 0, 1, 2]), base - 7, base + 7))
            notes.append(Note(now, length, pitch, 84))
            now += length
        parts.append(Part(name, program, tuple(notes)))
    return Piece(tuple(parts), bpm=84, fifths=0, mode="major", title="Benchmark")


def take_time(work: Callable[[], Any]) -> float:
    """Median CPU seconds of three runs."""
    seconds = []
    for _ in range(3):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return float(np.median(seconds))


def measure_rendering() -> Iterator[Row]:
    """How many times faster than playing."""
    from studio_music.synth import Room, render_piece

    render_piece(build_chorale(52, 2), Room())
    for name, program in PROGRAMS.items():
        piece = build_chorale(program)
        spent = take_time(lambda piece=piece: render_piece(piece, Room()))
        yield Row(f"render, {name}", piece.seconds / spent, "x real time", "50")


def measure_loading(folder: Path) -> Row:
    """Load many files."""
    from studio_music.files import load_piece, save_midi

    save_midi(build_chorale(52, 10), folder / "0.mid")
    for number in range(1, FILES):
        shutil.copy(folder / "0.mid", folder / f"{number}.mid")
    paths = sorted(folder.glob("*.mid"))
    notes = load_piece(paths[0]).note_count
    spent = take_time(lambda: [load_piece(path) for path in paths])
    return Row(f"load {FILES} MIDI files of {notes} notes", spent, "s", "2")


def measure_pages() -> Iterator[Row]:
    """Engrave, draw and analyse 24 bars."""
    from studio_music.analyse import analyse
    from studio_music.engrave import engrave_piece
    from studio_music.svg_draw import draw_png

    piece = build_chorale(52)
    engraving = engrave_piece(piece)
    draw_png(engraving.pages[0], 1240)
    for what, work in (
        ("engrave 24 bars", lambda: engrave_piece(piece)),
        ("draw a page as PNG", lambda: draw_png(engraving.pages[0], 1240)),
        ("analyse 24 bars", lambda: analyse(piece)),
    ):
        yield Row(what, take_time(work), "s")


def measure_game_music() -> Iterator[Row]:
    """Compose and play states, and cross between them."""
    from studio_music.game_music import Pack, compose_state
    from studio_music.loops import add_segments, fit_tempo, join, play_segment
    from studio_music.moods import STATES
    from studio_music.synth_space import build_room

    rate = 44100
    bpm, quarter = fit_tempo(112, rate)
    pack, room = Pack(1, 2, "minor", bpm, 8, "orchestral"), build_room("chamber", rate)
    start = time.process_time()
    played = {
        state: add_segments(play_segment(compose_state(pack, state), 32 * quarter, room, 0.3, rate))
        for state in STATES
    }
    spent = time.process_time() - start
    yield Row("four states of 8 bars with stems, 69 s", spent, "s")
    sharpest = 0.0
    for one in STATES:
        for two in STATES:
            line, seam = join([played[one], played[two]]), played[one].samples
            bend = np.abs(np.diff(line, 2)).max(axis=0)
            near = bend[seam - rate // 2 : seam + rate // 2]
            sharpest = max(sharpest, float(bend[seam - 4 : seam + 4].max() / near.max()))
    yield Row("click between states", sharpest, "of the music's own", "1")


def main() -> None:
    """Print the table."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    rows: list[Row] = [*measure_rendering()]
    with tempfile.TemporaryDirectory() as folder:
        rows.append(measure_loading(Path(folder)))
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("MPLCONFIGDIR", folder)
        rows += [*measure_pages(), *measure_game_music()]
    report("Music: sound and score", NOTE, rows)


if __name__ == "__main__":
    main()
