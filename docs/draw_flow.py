"""Draw the galleries of docs/flow.md with the shipped weights: `python docs/draw_flow.py`.

Nothing is picked: seeds count from 0. Look at them before they are kept.
"""

from pathlib import Path

from PIL import Image, ImageDraw
from studio_flow.shelf import PLACE

from studio import Studio

IMAGES = Path(__file__).parent / "images"
CELL, GAP, LABEL = 128, 6, 14
COUNT = 2


def lay(named: list[tuple[str, Image.Image]], columns: int) -> Image.Image:
    """Lay pictures out with their names below."""
    lines = -(-len(named) // columns)
    size = (columns * (CELL + GAP) + GAP, lines * (CELL + GAP + LABEL) + GAP)
    sheet = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(sheet)
    for number, (name, image) in enumerate(named):
        x = GAP + number % columns * (CELL + GAP)
        y = GAP + number // columns * (CELL + GAP + LABEL)
        small = image.convert("RGB").resize((CELL, CELL), Image.Resampling.BOX)
        sheet.paste(small, (x, y))
        pen.text((x, y + CELL + 1), name, fill="black")
    return sheet


def load(path: Path) -> Image.Image:
    """Load a picture made."""
    with Image.open(path) as image:
        return image.convert("RGBA")


def draw_classes(studio: Studio, classes: list[str]) -> Image.Image:
    """Two of every class, 256 px shown at half."""
    named = []
    for name in classes:
        params = {"class": name, "size": 256}
        for asset in studio.generate("flow.texture", params=params, seed=0, count=COUNT):
            named.append((name.replace("_", " "), load(asset.path)))
    return lay(named, 10)


def draw_layouts(studio: Studio) -> Image.Image:
    """Tiles and bricks in every layout."""
    from studio_training.layouts import LAYOUTS

    named = []
    for material in ("brick", "tiles"):
        for layout in LAYOUTS:
            params = {"class": material, "size": 256, "layout": layout}
            (asset,) = studio.generate("flow.texture", params=params, seed=1)
            named.append((f"{material}, {layout}", load(asset.path)))
    return lay(named, len(LAYOUTS))


def draw_sprites(studio: Studio) -> Image.Image:
    """A sheet of monsters and one of weapons, four times enlarged."""
    sheets = []
    for kind in ("monster", "weapon"):
        params = {"kind": kind, "sprites": 32, "columns": 8, "zoom": 2}
        sheets.append(load(studio.generate("flow.sprite", params=params, seed=0)[0].path))
    both = Image.new("RGBA", (sheets[0].width * 2 + GAP, sheets[0].height), (90, 90, 110, 255))
    both.alpha_composite(sheets[0])
    both.alpha_composite(sheets[1], (sheets[0].width + GAP, 0))
    return both.convert("RGB")


def main() -> None:
    """Draw what the weights that are there can make."""
    import json

    IMAGES.mkdir(exist_ok=True)
    with Studio(workers="inline") as studio:
        if (PLACE / "texture").is_dir():
            config = json.loads((PLACE / "texture" / "config.json").read_text(encoding="utf-8"))
            draw_classes(studio, config["classes"]).save(IMAGES / "flow-classes.webp", quality=85)
            draw_layouts(studio).save(IMAGES / "flow-layouts.webp", quality=85)
        if (PLACE / "sprite").is_dir():
            draw_sprites(studio).save(IMAGES / "flow-sprites.webp", lossless=True)


if __name__ == "__main__":
    main()
