"""Train the two translations of docs/gan.md and draw what they make of pictures not learnt from.

    STUDIO_DATA=FOLDER python docs/draw_translations.py [--home HOME] [--steps N] [paired|unpaired]

`STUDIO_DATA` holds `textures/pbr/<set>` and `textures/<class>`. Look at it before it is kept.
"""

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image

from studio import Studio

IMAGES = Path(__file__).parent / "images"
SIDE, CUTS, WHOLE = 128, 4, 512
"""Of crops, pixels; crops a side; what maps are reduced to first."""
SHOWN, GAP, ZOOM = 8, 4, 1


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


def main() -> None:
    """Train and draw one of them, or both."""
    data = Path(os.environ["STUDIO_DATA"]) / "textures"
    steps = int(sys.argv[sys.argv.index("--steps") + 1]) if "--steps" in sys.argv else 600
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        home = sys.argv[sys.argv.index("--home") + 1] if "--home" in sys.argv else place / "home"
        with Studio(home, workers="inline") as studio:
            if "unpaired" not in sys.argv:
                heights, albedos = (cut_maps(data / "pbr", place, n) for n in ("height", "albedo"))
                made = train(studio, heights, albedos, tiles=False, steps=steps)
                # Likeness counts more at the end: the critic's fringes go, colours stay.
                made = train(
                    studio,
                    heights,
                    albedos,
                    tiles=False,
                    steps=steps // 2,
                    start=made,
                    likeness=100,
                )
                # One in eight, by name, is held out: two of each material.
                held_out = sorted(heights.iterdir())[7::8][:: max(1, 18 // SHOWN)][:SHOWN]
                rows = [held_out, [albedos / path.name for path in held_out]]
                draw(studio, made, rows).save(IMAGES / "gan-height-to-albedo.webp", quality=85)
            if "paired" not in sys.argv:
                source, target = data / "ground", data / "snow"
                made = train(studio, source, target, mode="unpaired", steps=steps)
                held_out = sorted(p for p in source.rglob("*") if p.is_file())[7::8][:SHOWN]
                draw(studio, made, [held_out]).save(IMAGES / "gan-ground-to-snow.webp", quality=85)


if __name__ == "__main__":
    main()
