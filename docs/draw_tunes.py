"""Draw docs/images/music-tunes.webp: four tunes by the shipped folk model, not picked."""

from pathlib import Path

import studio_music
from PIL import Image
from studio_music.engrave import engrave_piece
from studio_music.folk import FolkComposer, FolkRequest
from studio_music.svg_draw import crop_page, draw_png

WISHES = (
    ("reel", 2, "major"),
    ("jig", 7, "major"),
    ("hornpipe", 9, "major"),
    ("waltz", 7, "major"),
)
WIDTH = 1000
WEIGHTS = Path(str(studio_music.__file__)).parent / "checkpoints" / "folk"
TARGET = Path(__file__).parent / "images" / "music-tunes.webp"


def main() -> None:
    """Compose with seeds 1, 2, 3, 4, engrave, and put the pages below each other."""
    composer = FolkComposer(WEIGHTS)
    pictures = []
    for seed, (dance, tonic, mode) in enumerate(WISHES, 1):
        request = FolkRequest(dance=dance, tonic=tonic, mode=mode, is_repeated=False)
        page = engrave_piece(composer.compose(request, seed)).pages[0]
        pictures.append(crop_page(draw_png(page, WIDTH)).convert("RGB"))
    height = sum(picture.height for picture in pictures)
    sheet = Image.new("RGB", (max(p.width for p in pictures), height), "white")
    y = 0
    for picture in pictures:
        sheet.paste(picture, (0, y))
        y += picture.height
    sheet.save(TARGET, quality=80)


if __name__ == "__main__":
    main()
