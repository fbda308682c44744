"""Draw the pictures of docs/music.md: a score, its sound, and the states of a game pack.

The hymn is "Old 100th" (Geneva, 1551), written down here; the four voices are a net's.
"""

import os
import tempfile
from pathlib import Path

from PIL import Image
from studio_music.files import load_piece, save_midi
from studio_music.game_music import Pack, compose_state
from studio_music.moods import STATES
from studio_music.notes import Note, Part, Piece
from studio_music.piano_roll import draw_piano_roll
from studio_music.pictures import draw_sound
from studio_music.svg_draw import crop_page
from studio_music.synth import Room, render_piece

from studio import Studio

OUT = Path(__file__).parent / "images"
HYMN = (67, 67, 66, 64, 62, 67, 69, 71, 71, 71, 71, 69, 67, 72, 71, 69)
HYMN += (67, 69, 71, 69, 67, 64, 66, 67, 74, 71, 67, 69, 72, 71, 69, 67)
"""Four lines of eight quarters, each with an upbeat; the last note is held."""


def build_hymn() -> Piece:
    """Return the melody."""
    notes, now = [], 0.0
    for place, pitch in enumerate(HYMN):
        length = 3.0 if place == len(HYMN) - 1 else 1.0
        notes.append(Note(now, length, pitch, 84))
        now += length
    part = Part("Melody", 73, tuple(notes))
    return Piece((part,), 84, (4, 4), 1, "major", "Old 100th", 1.0)


def save_small(picture: Image.Image, name: str, width: int = 1000) -> None:
    """Save a picture, at most `width` pixels wide."""
    if picture.width > width:
        height = round(picture.height * width / picture.width)
        picture = picture.resize((width, height), Image.Resampling.LANCZOS)
    picture.save(OUT / f"{name}.webp", quality=82, method=6)


def draw_hymn(folder: Path) -> None:
    """Harmonise the hymn, engrave it with numerals, and play it."""
    save_midi(build_hymn(), folder / "hymn.mid")
    with Studio(folder / "home", workers="inline") as studio:
        hymn = studio.assets.import_file(folder / "hymn.mid", title="Old 100th")
        made = studio.generate(
            "music.transformer", inputs={"score": hymn}, seed=4, task="harmonise", temperature=0.7
        )
        parts = studio.generate(
            "music.score",
            inputs={"score": made[0]},
            numerals=True,
            pictures=True,
            pdf=False,
            title="Old 100th",
        )
        page = next(asset for asset in parts if asset.kind == "image")
        save_small(crop_page(Image.open(page.path).convert("RGB")), "music-hymn", 1100)
        piece = load_piece(made[0].path)
    save_small(draw_sound(render_piece(piece, Room(name="church")), 44100), "music-sound")


def draw_states() -> None:
    """Draw the piano rolls of four states of one pack."""
    pack = Pack(1, 2, "minor", 112, 8, "orchestral")
    rolls = [draw_piano_roll(compose_state(pack, state), 900, 6) for state in STATES]
    width = max(roll.width for roll in rolls)
    heights = [max(rolls[0].height, rolls[1].height), max(rolls[2].height, rolls[3].height)]
    sheet = Image.new("RGB", (2 * width, sum(heights)), "white")
    for place, roll in enumerate(rolls):
        sheet.paste(roll, (place % 2 * width, place // 2 * heights[0]))
    save_small(sheet, "music-states", 1400)


def main() -> None:
    """Draw all."""
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("MPLCONFIGDIR", folder)
        draw_hymn(Path(folder))
    draw_states()


if __name__ == "__main__":
    main()
