"""Draw the gallery of docs/gan.md with the shipped weights: `python docs/draw_gan.py`.

Nothing is picked: seeds count from 0. Look at it before it is kept.
"""

import tempfile
from pathlib import Path

from PIL import Image, ImageDraw
from studio_gan.config import read_config
from studio_gan.params import PLACE
from studio_training import load_weights

from studio import Studio

IMAGES = Path(__file__).parent / "images"
SIZE, CELL, GAP, LABEL, COLUMNS, COUNT = 128, 96, 4, 14, 10, 2


def main() -> None:
    """Draw two of every class, 128 px, shown smaller."""
    classes = read_config(load_weights(PLACE / "texture")[0]).classes
    lines = -(-len(classes) * COUNT // COLUMNS)
    size = (COLUMNS * (CELL + GAP) + GAP, lines * (CELL + GAP + LABEL) + GAP)
    sheet = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(sheet)
    number = 0
    with tempfile.TemporaryDirectory() as home, Studio(home, workers="inline") as studio:
        for name in classes:
            params = {"class": name, "size": SIZE}
            for asset in studio.generate("gan.texture", params=params, seed=0, count=COUNT):
                x = GAP + number % COLUMNS * (CELL + GAP)
                y = GAP + number // COLUMNS * (CELL + GAP + LABEL)
                picture = asset.image().convert("RGB")
                sheet.paste(picture.resize((CELL, CELL), Image.Resampling.BOX), (x, y))
                pen.text((x, y + CELL + 1), name.replace("_", " "), fill="black")
                number += 1
    sheet.save(IMAGES / "gan-textures.webp", quality=85, method=6)


if __name__ == "__main__":
    main()
