"""The pictures the shipped weights learn from: free to use, and named in their cards."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from PIL import Image

from studio_upscale.corpus import Group, Views, build_group, find_pictures, load_picture
from studio_upscale.leaves import draw_leaves
from studio_upscale.synthetic import draw_picture

HELD_OUT: Final = frozenset(("03", "08", "21"))
"""Kodak pictures never learnt from: what the net is measured on while it learns."""
FREE_PHOTOS: Final = (
    "astronaut.png",
    "camera.png",
    "chelsea.png",
    "coffee.png",
    "hubble_deep_field.jpg",
    "rocket.jpg",
)
"""Of scikit-image: CC0 or public domain, says its `data` module."""
HELD_OUT_TEXTURES: Final = ("brick.png", "grass.png", "gravel.png")
COLOURLESS: Final = frozenset(("camera", "hubble_deep_field"))
LEFT_OUT: Final = frozenset(("freedoom_flat", "pbr"))
"""Texture folders that are not CC0, or that have a group of their own."""
DRAWN: Final = 160
"""Procedural pictures."""
MANY_ZOOMS: Final = tuple(round(0.34 ** (number / 20), 3) for number in range(21))
"""From 1 to 0.34."""
SHIFTS: Final = tuple((number % 4, number * 5 // 4 % 4) for number in range(16))
"""Every way to begin a reduction by four."""
CONTRASTS: Final = (1.0, 1.5, 1.0, 2.2, 1.0)
"""What is cut off at black and white has edges that soft photographs lack. Five, which no number of
zooms or shifts divides."""
FEW_SIZES: Final = Views((1.0, 0.87, 0.75, 0.62, 0.5))
SCANNED: Final = Views((0.5,))
"""JPEG scans are shrunk, so that what is learnt is not their compression."""


@dataclass(frozen=True)
class Mix:
    """What batches are made of.

    Attributes:
        views: of photographs.
        photos: share of a batch that comes of photographs.
        fresh: of photographs, every patch a view of its own.
        albedos: of scanned materials at full size.
        normals: of their normal maps.
        drawn: of drawn edges, curves and letters.
        leaves: of dead leaves, and `leaf_count` pictures of them.
        strokes: share of their shapes that are thin and curved.
        classes: of small albedos, all classes together.
        inverted: share of all patches that are shown as negatives.
    """

    views: Views = FEW_SIZES
    photos: float = 0.62
    fresh: float = 0.0
    albedos: float = 0.12
    normals: float = 0.03
    drawn: float = 0.08
    leaves: float = 0.0
    leaf_count: int = 0
    strokes: float = 0.0
    classes: float = 0.15
    inverted: float = 0.0


LEAFY: Final = Mix(
    views=Views((1.0, 0.8, 0.65, 0.55, 0.47, 0.4, 0.34)),
    photos=0.66,
    albedos=0.06,
    normals=0.02,
    leaves=0.12,
    leaf_count=160,
    classes=0.06,
)
CONTRASTED: Final = replace(
    LEAFY,
    views=Views(MANY_ZOOMS, SHIFTS, CONTRASTS),
    photos=0.6,
    leaves=0.18,
    leaf_count=400,
    strokes=0.3,
)
FRESH: Final = replace(
    LEAFY,
    photos=0.0,
    fresh=0.64,
    leaves=0.2,
    leaf_count=400,
    strokes=0.3,
    classes=0.0,
    inverted=0.3,
)
MIXES: Final = {
    "plain": Mix(),
    "leaves": LEAFY,
    "contrasts": CONTRASTED,
    "fresh": FRESH,
    "views": replace(FRESH, fresh=0.56, classes=0.08),
    "materials": replace(FRESH, fresh=0.44, strokes=0.15, classes=0.2),
}
"""By name. In 900 steps of the fast net, "leaves" is 0.01 to 0.02 dB ahead on what is held out."""
PLAIN: Final = MIXES["plain"]


def build_groups(data: Path, scale: int, drawn: int = DRAWN, mix: Mix = PLAIN) -> list[Group]:
    """Load all groups.

    Args:
        data: folder with `photos/kodak24`, `textures/<class>` and `textures/pbr/<name>`.
        scale: of the pairs.
        drawn: procedural pictures.
        mix: shares of the groups.
    """
    photos = load_photos(data)
    scans = data / "textures" / "pbr"
    albedos = _load(sorted(scans.glob("*/albedo.*")))
    normals = _load(sorted(scans.glob("*/normal_gl.*")))
    leaves = [draw_leaves(number, photos, mix.strokes) for number in range(mix.leaf_count)]
    groups = [
        build_group("photos", photos if mix.photos else [], mix.photos, scale, mix.views),
        Group("views", (), mix.fresh, tuple(photos) if mix.fresh else ()),
        build_group("albedos", albedos, mix.albedos, scale, SCANNED),
        build_group("normals", normals, mix.normals, scale, SCANNED),
        build_group("drawn", [draw_picture(n) for n in range(drawn)], mix.drawn, scale),
        build_group("leaves", leaves, mix.leaves, scale),
    ]
    classes = find_classes(data) if mix.classes else []
    for folder in classes:
        images = [repeat(image) for image in _load(find_pictures(folder))]
        groups.append(build_group(folder.name, images, mix.classes / len(classes), scale))
    return groups


def repeat(image: Image.Image) -> Image.Image:
    """Lay a picture that tiles twice each way: most albedos are smaller than a patch."""
    laid = Image.new(image.mode, (2 * image.width, 2 * image.height))
    for left in (0, image.width):
        for top in (0, image.height):
            laid.paste(image, (left, top))
    return laid


def build_plain_groups(data: Path) -> list[Group]:
    """Load groups of true colours, small: for learning colour, where detail does not matter."""
    kodak = [p for p in find_pictures(data / "photos" / "kodak24") if p.stem not in HELD_OUT]
    free = [path for path in _find_free() if path.stem not in COLOURLESS]
    photos = build_group("photos", _load([*kodak, *free]), 0.7, 1, Views((0.5, 0.33, 0.25)))
    scans = _load(sorted((data / "textures" / "pbr").glob("*/albedo.*")))
    groups = [photos, build_group("albedos", scans, 0.1, 1, Views((0.25, 0.12)))]
    for folder in sorted((data / "textures").iterdir()):
        if folder.is_dir() and folder.name not in LEFT_OUT:
            groups.append(build_group(folder.name, _load(find_pictures(folder)), 0.01, 1))
    return groups


def load_photos(data: Path) -> list[Image.Image]:
    """Load the photographs to learn from."""
    kodak = [p for p in find_pictures(data / "photos" / "kodak24") if p.stem not in HELD_OUT]
    return _load([*kodak, *_find_free()])


def find_classes(data: Path) -> list[Path]:
    """List the folders of small albedos that are CC0."""
    folders = [folder for folder in sorted((data / "textures").iterdir()) if folder.is_dir()]
    return [folder for folder in folders if folder.name not in LEFT_OUT]


def load_held_out(data: Path) -> list[Image.Image]:
    """Load the photographs kept back."""
    paths = find_pictures(data / "photos" / "kodak24")
    return _load([path for path in paths if path.stem in HELD_OUT])


def load_held_out_textures() -> list[Image.Image]:
    """Load textures never learnt from: scikit-image's brick, grass and gravel (CC0)."""
    return _load(_find_free(HELD_OUT_TEXTURES))


def _load(paths: Sequence[Path]) -> list[Image.Image]:
    return [load_picture(path) for path in paths]


def _find_free(names: Sequence[str] = FREE_PHOTOS) -> list[Path]:
    """Find the free photographs in scikit-image, where it is installed."""
    spec = find_spec("skimage")
    if spec is None or spec.origin is None:
        return []
    folder = Path(spec.origin).parent / "data"
    return [folder / name for name in names if (folder / name).exists()]
