"""Train the two translations of docs/gan.md and draw what they make of pictures not learnt from.

    STUDIO_DATA=FOLDER python docs/draw_translations.py [--home HOME] [--steps N] [paired|unpaired]

Unpaired is day to night: half of the tiles as they are, the others by night, so that no tile is in
both folders. What night should have made of a tile not learnt from is known, and measured with.

`STUDIO_DATA` holds `textures/pbr/<set>` and `textures/<class>`. Look at it before it is kept.
"""

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from studio_gan.translator import Translator, TranslatorConfig

from studio import Studio

IMAGES = Path(__file__).parent / "images"
SIDE, CUTS, WHOLE = 128, 4, 512
"""Of crops, pixels; crops a side; what maps are reduced to first."""
SHOWN, GAP = 8, 4
MATERIALS, EACH, TILE = ("brick", "paving", "planks", "rock", "tiles", "wood"), 40, 64
"""Of day and night: classes, tiles of each, and their side."""
Pixels = NDArray[np.float64]


def cut_maps(data: Path, place: Path, name: str) -> Path:
    """Cut a map of every PBR set that has a height into crops; returns their folder."""
    folder = place / name
    folder.mkdir()
    for path in sorted(data.glob(f"*/{name}.jpg")):
        if not (path.parent / "height.jpg").exists():
            continue
        with Image.open(path) as image:
            whole = image.convert("L" if name == "height" else "RGB").resize((WHOLE, WHOLE))
        for number in range(CUTS**2):
            left, top = number % CUTS * SIDE, number // CUTS * SIDE
            crop = whole.crop((left, top, left + SIDE, top + SIDE))
            crop.save(folder / f"{path.parent.name}-{number:02}.png")
    return folder


def train(studio: Studio, source: Path, target: Path, **params: Any) -> str:
    """Train through the job; returns the checkpoint's id."""
    folders = {"source": str(source), "target": str(target)}
    (made,) = studio.generate("gan.translate_train", params={**folders, **params}, seed=1)
    print({name: round(value, 4) for name, value in made.metrics.items()})
    return made.id


def draw(studio: Studio, checkpoint: str, rows: list[list[Path]]) -> Image.Image:
    """Draw rows: what goes in, what comes out, and what was wanted, where that is known."""
    size = (len(rows[0]) * (SIDE + GAP) + GAP, (len(rows) + 1) * (SIDE + GAP) + GAP)
    sheet = Image.new("RGB", size, "white")
    for x, path in enumerate(rows[0]):
        (made,) = studio.generate(
            "gan.translate", inputs={"image": str(path)}, checkpoint=checkpoint
        )
        column = [Image.open(path), made.image(), *(Image.open(row[x]) for row in rows[1:])]
        for y, picture in enumerate(column):
            small = picture.convert("RGB").resize((SIDE, SIDE))
            sheet.paste(small, (x * (SIDE + GAP) + GAP, y * (SIDE + GAP) + GAP))
    return sheet


def make_night(day: Image.Image) -> Image.Image:
    """Make what a tile looks like by night: dark, blue, and pale."""
    light = np.asarray(day.convert("RGB"), dtype=np.float64) / 255
    grey = light @ (0.3, 0.6, 0.1)
    night = (0.35 * light + 0.65 * grey[..., None]) ** 1.4 * (0.28, 0.42, 0.75)
    return Image.fromarray((night * 255).round().astype(np.uint8))


def split_day(data: Path, place: Path) -> tuple[Path, Path, Path]:
    """Write three folders of tiles: by day, others by night, and the first ones by night."""
    folders = (place / "day", place / "night", place / "truth")
    for folder in folders:
        folder.mkdir()
    for name in MATERIALS:
        for number, path in enumerate(sorted((data / name).iterdir())[:EACH]):
            with Image.open(path) as image:
                day = image.convert("RGB").resize((TILE, TILE), Image.Resampling.LANCZOS)
            if number % 2:
                make_night(day).save(folders[1] / f"{name}-{number:02}.png")
            else:
                day.save(folders[0] / f"{name}-{number:02}.png")
                make_night(day).save(folders[2] / f"{name}-{number:02}.png")
    return folders


def match_colours(pictures: Pixels, source: Pixels, target: Pixels) -> Pixels:
    """Give pictures (N, H, W, 3) the colours of others, as a translation does before it learns."""
    net = Translator(3, 3, TranslatorConfig("unpaired", is_residual=True))
    given, *both = (torch.from_numpy(some).float() * 2 - 1 for some in (pictures, source, target))
    net.settle(*(some.permute(0, 3, 1, 2) for some in both))
    with torch.no_grad():
        made = net(given.permute(0, 3, 1, 2)).permute(0, 2, 3, 1).double()
    return np.asarray(made / 2 + 0.5)


def fit_colours(pictures: Pixels, source: Pixels, truth: Pixels) -> Pixels:
    """Send pictures through the affine map of colours that is best, knowing the truth."""
    known = np.append(source, np.ones_like(source[..., :1]), -1).reshape(-1, 4)
    best = np.linalg.lstsq(known, truth.reshape(-1, 3), rcond=None)[0]
    return pictures @ best[:3] + best[3]


def read(paths: list[Path]) -> Pixels:
    """Read pictures, 0..1, (N, H, W, 3)."""
    return np.stack([np.asarray(Image.open(path).convert("RGB"), float) / 255 for path in paths])


def measure(pictures: Pixels, truth: Pixels) -> float:
    """Return the mean error, 0..1."""
    return round(float(np.abs(pictures.clip(0, 1) - truth).mean()), 4)


def draw_night(studio: Studio, data: Path, place: Path, steps: int) -> None:
    """Teach night, draw tiles that were not learnt from, and say how wrong it is."""
    day, night, truth = split_day(data, place)
    start = time.process_time()
    params = {"mode": "unpaired", "size": TILE, "whole": TILE, "steps": steps}
    made = train(studio, day, night, **params)
    held_out = sorted(day.iterdir())[7::8]
    wanted = [truth / path.name for path in held_out]
    drawn = []
    for path in held_out:
        (one,) = studio.generate("gan.translate", inputs={"image": str(path)}, checkpoint=made)
        drawn.append(np.asarray(one.image().convert("RGB"), float) / 255)
    days, nights = (read(sorted(folder.iterdir())) for folder in (day, night))
    truths = read(sorted(truth.iterdir()))
    is_learnt = np.arange(len(days)) % 8 != 7
    known, given, true = days[is_learnt], days[~is_learnt], truths[~is_learnt]
    flat = np.broadcast_to(nights.mean((0, 1, 2)), given.shape)
    print(
        {
            "held_out": len(held_out),
            "error": measure(np.stack(drawn), true),
            "left_as_it_is": measure(given, true),
            "one_colour": measure(flat, true),
            "before_learning": measure(match_colours(given, known, nights[is_learnt]), true),
            "best_map_of_colours_with_truth": measure(
                fit_colours(given, known, truths[is_learnt]), true
            ),
            "minutes": round((time.process_time() - start) / 60, 2),
        }
    )
    some = slice(None, None, max(1, len(held_out) // SHOWN))
    rows = [held_out[some][:SHOWN], wanted[some][:SHOWN]]
    draw(studio, made, rows).save(IMAGES / "gan-day-to-night.webp", quality=85)


def main() -> None:
    """Train and draw one of them, or both."""
    data = Path(os.environ["STUDIO_DATA"]) / "textures"
    steps = int(sys.argv[sys.argv.index("--steps") + 1]) if "--steps" in sys.argv else 0
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        home = sys.argv[sys.argv.index("--home") + 1] if "--home" in sys.argv else place / "home"
        with Studio(home, workers="inline") as studio:
            if "unpaired" not in sys.argv:
                heights, albedos = (cut_maps(data / "pbr", place, n) for n in ("height", "albedo"))
                made = train(studio, heights, albedos, tiles=False, steps=steps or 600)
                # Likeness counts more at the end: the critic's fringes go, colours stay.
                made = train(
                    studio,
                    heights,
                    albedos,
                    tiles=False,
                    steps=(steps or 600) // 2,
                    start=made,
                    likeness=100,
                )
                # One in eight, by name, is held out: two of each material.
                held_out = sorted(heights.iterdir())[7::8][:: max(1, 18 // SHOWN)][:SHOWN]
                rows = [held_out, [albedos / path.name for path in held_out]]
                draw(studio, made, rows).save(IMAGES / "gan-height-to-albedo.webp", quality=85)
            if "paired" not in sys.argv:
                draw_night(studio, data, place, steps or 1000)


if __name__ == "__main__":
    main()
