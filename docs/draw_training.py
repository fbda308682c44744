"""Train a GAN on 200 tiles as a job and draw its samples over time, for docs/gan.md.

    STUDIO_DATA=FOLDER python docs/draw_training.py

`STUDIO_DATA` holds `textures/<class>`. One thread; minutes are those of the processor, with all
that the job does: reading, encoding, previews. Look at it before it is kept.
"""

import os
import shutil
import tempfile
import time
from pathlib import Path

from PIL import Image, ImageDraw

from studio import Studio
from studio.events import Event, JobProgressed

IMAGES = Path(__file__).parent / "images"
CLASSES, EACH = ("brick", "gravel", "rock", "wood"), 50
MARKS = (0.25, 0.5, 1, 2, 4, 8, 15)
"""Minutes after which samples are kept, and at the end."""
LABEL, GAP = 72, 4
ROWS, TILE, RIM = 4, 64, 2
"""Of the grid as it was drawn; a preview is smaller."""


def gather(data: Path, place: Path) -> list[Path]:
    """Copy the first tiles of each class."""
    chosen = []
    for name in CLASSES:
        (place / name).mkdir(parents=True)
        for path in sorted((data / name).iterdir())[:EACH]:
            chosen.append(Path(shutil.copy(path, place / name / path.name)))
    return chosen


class Watcher:
    """Keeps the first row of the newest grid whenever a mark has passed."""

    def __init__(self) -> None:
        self.rows: list[tuple[float, int, Image.Image]] = []
        self.start = time.process_time()

    def __call__(self, event: Event) -> None:
        """Note a step of the job."""
        if not isinstance(event, JobProgressed) or event.preview is None:
            return
        minutes = (time.process_time() - self.start) / 60
        due = next((mark for mark in MARKS if mark > (self.rows[-1][0] if self.rows else 0)), 1e9)
        is_last = event.done == event.total
        if event.done and (minutes >= due or is_last):
            with Image.open(event.preview) as grid:
                height = round(grid.height * TILE / (ROWS * (TILE + RIM) - RIM))
                row = grid.convert("RGB").crop((0, 0, grid.width, height))
            self.rows.append((minutes, event.done, row))
            print(f"{minutes:.2f} min, step {event.done}", flush=True)


def main() -> None:
    """Train, and draw."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        chosen = gather(Path(os.environ["STUDIO_DATA"]) / "textures", place / "tiles")
        watcher = Watcher()
        with Studio(place / "home", workers="inline", worker_threads=1) as studio:
            studio.events.subscribe(watcher)
            (made,) = studio.generate("gan.train", folder=str(place / "tiles"), size=64, seed=1)
            print(len(chosen), {name: round(value, 3) for name, value in made.metrics.items()})
            size = (watcher.rows[0][2].height,) * 2
            shown = [chosen[number % len(CLASSES) * EACH + number] for number in range(8)]
            pictures = [Image.open(path).convert("RGB").resize(size) for path in shown]
    lay_out(watcher.rows, pictures).save(IMAGES / "gan-training.webp", quality=90, method=6)


def lay_out(rows: list[tuple[float, int, Image.Image]], shown: list[Image.Image]) -> Image.Image:
    """Lay out rows over time, and examples below."""
    width, height = rows[0][2].size
    sheet = Image.new("RGB", (LABEL + width, (len(rows) + 1) * (height + GAP) - GAP), "white")
    pen = ImageDraw.Draw(sheet)
    for y, (minutes, step, row) in enumerate(rows):
        sheet.paste(row, (LABEL, y * (height + GAP)))
        pen.text((2, y * (height + GAP) + 10), f"{minutes:.1f} min\nstep {step}", fill="black")
    top = len(rows) * (height + GAP)
    pen.text((2, top + 16), "examples", fill="black")
    for x, picture in enumerate(shown):
        sheet.paste(picture, (LABEL + round(x * width / len(shown)), top))
    return sheet


if __name__ == "__main__":
    main()
