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
LABEL, GAP, ROW = 64, 4, 64


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
                row = grid.convert("RGB").crop((0, 0, grid.width, ROW))
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
            shown = [chosen[number % 4 * EACH + number] for number in range(8)]
            pictures = [Image.open(path).convert("RGB").resize((ROW, ROW)) for path in shown]
    width = watcher.rows[0][2].width
    sheet = Image.new("RGB", (LABEL + width, (len(watcher.rows) + 1) * (ROW + GAP) - GAP), "white")
    pen = ImageDraw.Draw(sheet)
    for y, (minutes, step, row) in enumerate(watcher.rows):
        sheet.paste(row, (LABEL, y * (ROW + GAP)))
        pen.text((2, y * (ROW + GAP) + 20), f"{minutes:.1f} min\nstep {step}", fill="black")
    top = len(watcher.rows) * (ROW + GAP)
    pen.text((2, top + 26), "examples", fill="black")
    for x, picture in enumerate(pictures):
        sheet.paste(picture, (LABEL + x * (ROW + 2), top))
    sheet.save(IMAGES / "gan-training.webp", quality=85, method=6)


if __name__ == "__main__":
    main()
