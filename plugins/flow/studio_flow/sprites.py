"""Sprites to learn from: small pictures with alpha, by kind and size."""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image, UnidentifiedImageError
from torch import Tensor
from torch.nn import functional

from studio.errors import InvalidInputError
from studio_flow.describe import LUMA
from studio_flow.tiles import SUFFIXES, turn_hue

LOG: Final = logging.getLogger("studio_flow")
KINDS: Final = (
    "altar",
    "armour",
    "book",
    "character",
    "clothes",
    "door",
    "effect",
    "floor",
    "food",
    "glyph",
    "held",
    "icon",
    "item",
    "jewellery",
    "monster",
    "potion",
    "prop",
    "staff",
    "tile",
    "wall",
    "water",
    "weapon",
)
SIZES: Final = (16, 32)
FACTS: Final = 14
"""Coverage, mean colour, spread, and the dark, middle and light colours."""
HELD_OUT: Final = 15
EMPTY: Final = 0.02
"""Share of opaque pixels below which there is nothing to see."""
FULL: Final = 0.97
"""Share of opaque pixels from which on a picture is a tile of ground, not a thing."""
PREFIXES: Final = {
    "crawl_monster": "monster",
    "crawl_player_part/hand": "held",
    "crawl_player_part/base": "character",
    "crawl_player_part/transform": "character",
    "crawl_player_part/felids": "monster",
    "crawl_player_part": "clothes",
    "crawl_item/weapon": "weapon",
    "crawl_item/armour": "armour",
    "crawl_item/potion": "potion",
    "crawl_item/amulet": "jewellery",
    "crawl_item/ring": "jewellery",
    "crawl_item/book": "book",
    "crawl_item/scroll": "book",
    "crawl_item/wand": "staff",
    "crawl_item/rod": "staff",
    "crawl_item/staff": "staff",
    "crawl_item/food": "food",
    "crawl_item": "item",
    "crawl_dungeon/wall": "wall",
    "crawl_dungeon/floor": "floor",
    "crawl_dungeon/water": "water",
    "crawl_dungeon/gateways": "door",
    "crawl_dungeon/doors": "door",
    "crawl_dungeon/altars": "altar",
    "crawl_dungeon/statues": "altar",
    "crawl_dungeon": "prop",
    "crawl_effect": "effect",
    "crawl_gui": "icon",
    "kenney_1bit16": "glyph",
    "kenney_roguelike16": "prop",
    "kenney_rpgurban16": "prop",
    "superpowers_item": "item",
}
"""How the names of the shipped weights' data begin -> kind; the longest counts."""
WORDS: Final = {
    "sword": "weapon",
    "axe": "weapon",
    "bow": "weapon",
    "dagger": "weapon",
    "gun": "weapon",
    "spear": "weapon",
    "potion": "potion",
    "shield": "armour",
    "helmet": "armour",
    "ring": "jewellery",
    "staff": "staff",
    "wand": "staff",
    "book": "book",
    "meat": "food",
    "apple": "food",
}
URBAN_COLUMNS, URBAN_PEOPLE = 27, 23
"""The urban sheet: how wide, and from which column on it shows people."""


@dataclass(frozen=True)
class Sprites:
    """Sprites in memory; small ones lie in the upper left corner of 32 x 32.

    Attributes:
        pixels: uint8 (N, 32, 32, 4), colour 0 where transparent.
        kinds: numbers of KINDS (N,).
        sides: 16 or 32 (N,).
        names: of the files.
    """

    pixels: Tensor
    kinds: Tensor
    sides: Tensor
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.names)

    def select(self, rows: Sequence[int]) -> "Sprites":
        """Return some of them."""
        index = torch.tensor(list(rows), dtype=torch.long)
        names = tuple(self.names[row] for row in rows)
        return Sprites(self.pixels[index], self.kinds[index], self.sides[index], names)

    def get_floats(self, rows: Tensor, side: int) -> Tensor:
        """Return (B, 4, side, side) as the net sees them."""
        return to_floats(self.pixels[rows, :side, :side])


def to_floats(pixels: Tensor) -> Tensor:
    """Make uint8 (B, S, S, 4) into (B, 4, S, S), -1..1; colour 0 where transparent."""
    values = pixels.permute(0, 3, 1, 2).float() / 127.5 - 1
    alpha = (values[:, 3:] > 0).float()
    return torch.cat([values[:, :3] * alpha, alpha * 2 - 1], 1)


def load_sprites(folder: Path) -> Sprites:
    """Read all sprites of up to 32 px under a folder; what has no known name is an item.

    An archive unpacked often has one folder around all: names begin inside it.

    Raises:
        InvalidInputError: none.
    """
    while (inside := list(folder.iterdir()) if folder.is_dir() else []) and len(inside) == 1:
        if not inside[0].is_dir() or inside[0].name in KINDS:
            break
        folder = inside[0]
    files = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in SUFFIXES]
    rows = []
    for path in files:
        read = read_sprite(path)
        if read is not None:
            name = str(path.relative_to(folder).with_suffix(""))
            kind = find_kind(name, float((read[0][: read[1], : read[1], 3] > 0).mean()))
            rows.append((*read, KINDS.index(kind), name))
    if not rows:
        raise InvalidInputError("{folder}: there is no sprite of up to 32 px in it", folder=folder)
    return _stack(rows)


def collect_sprites(files: Sequence[tuple[str, Path]]) -> tuple[Sprites, tuple[str, ...]]:
    """Read (kind, file); returns the sprites and the names of the kinds."""
    classes = tuple(sorted({kind for kind, _ in files}))
    rows = []
    for kind, path in files:
        read = read_sprite(path, reduce=True)
        if read is not None:
            rows.append((*read, classes.index(kind), f"{kind}/{path.stem}"))
    return _stack(rows), classes


def read_sprite(path: Path, reduce: bool = False) -> tuple[npt.NDArray[np.uint8], int] | None:
    """Return pixels (32, 32, 4) and the side, 16 or 32; None if it is none, or empty.

    Args:
        path: of a picture.
        reduce: larger ones are reduced, not left out.
    """
    try:
        with Image.open(path) as file:
            image = file.convert("RGBA")
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError, SyntaxError) as error:
        LOG.warning("%s: skipped: %s", path, error)
        return None
    if max(image.size) > SIZES[1]:
        if not reduce:
            return None
        image.thumbnail((SIZES[1], SIZES[1]), Image.Resampling.NEAREST)
    side = SIZES[0] if max(image.size) <= SIZES[0] else SIZES[1]
    made = centre(image, side)
    return (made, side) if float((made[:side, :side, 3] > 0).mean()) >= EMPTY else None


def _stack(rows: Sequence[tuple[npt.NDArray[np.uint8], int, int, str]]) -> Sprites:
    pixels = [row[0] for row in rows] or [np.zeros((0, SIZES[1], SIZES[1], 4), np.uint8)]
    return Sprites(
        torch.from_numpy(np.stack(pixels) if rows else pixels[0]),
        torch.tensor([row[2] for row in rows], dtype=torch.long),
        torch.tensor([row[1] for row in rows], dtype=torch.long),
        tuple(row[3] for row in rows),
    )


def find_kind(name: str, coverage: float) -> str:
    """Tell the kind by the name of the file; a folder of a kind's name counts too."""
    folder = name.split("/", maxsplit=1)[0]
    if folder in KINDS:
        return folder
    matching = [prefix for prefix in PREFIXES if name.startswith(prefix)]
    kind = PREFIXES[max(matching, key=len)] if matching else "item"
    if folder.startswith("kenney_rpgurban"):
        column = int(name.rsplit("_", 1)[1]) % URBAN_COLUMNS
        kind = "character" if column >= URBAN_PEOPLE else kind
    if kind == "item":
        kind = next((WORDS[word] for word in WORDS if word in name.lower()), kind)
    return "tile" if kind == "prop" and coverage >= FULL else kind


def centre(image: Image.Image, side: int) -> npt.NDArray[np.uint8]:
    """Put a sprite into the middle of side x side, in the corner of 32 x 32."""
    canvas = Image.new("RGBA", (SIZES[1], SIZES[1]))
    canvas.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
    pixels = np.array(canvas, np.uint8)
    pixels[pixels[..., 3] < 128] = 0
    pixels[..., 3] = np.where(pixels[..., 3] > 0, 255, 0)
    return pixels


def split_sprites(sprites: Sprites) -> tuple[Sprites, Sprites]:
    """Return what to learn from and what is held out, by hash of the name."""
    hashes = [int(hashlib.sha256(name.encode()).hexdigest()[:8], 16) for name in sprites.names]
    held = [row for row, value in enumerate(hashes) if value % HELD_OUT == 0]
    rest = [row for row, value in enumerate(hashes) if value % HELD_OUT]
    return sprites.select(rest), sprites.select(held)


def describe_sprites(sprites: Tensor) -> Tensor:
    """Return the facts (B, FACTS) of sprites (B, 4, S, S) as the net sees them."""
    opaque = (sprites[:, 3:] > 0).float()
    area = opaque.sum((1, 2, 3)).clamp_min(1)[:, None]
    mean = (sprites[:, :3] * opaque).sum((2, 3)) / area
    plain = (sprites[:, :3] - mean[:, :, None, None]) * opaque
    spread = (plain.square().sum((1, 2, 3))[:, None] / (3 * area)).sqrt()
    coverage = opaque.mean((1, 2, 3))[:, None] * 4 - 2
    return torch.cat([coverage, mean, spread * 3 - 1, find_colours(sprites, opaque)], 1)


def find_colours(sprites: Tensor, opaque: Tensor) -> Tensor:
    """Return the dark, the middle and the light third's mean colours: (B, 9)."""
    flat, here = sprites[:, :3].flatten(2), opaque.flatten(1)
    luma = torch.einsum("bcn,c->bn", flat, flat.new_tensor(LUMA))
    order = (luma - 10 * (1 - here)).argsort(1, descending=True)
    place = torch.zeros_like(luma).scatter_(
        1, order, torch.arange(luma.shape[1], dtype=luma.dtype).expand_as(luma).contiguous()
    )
    third = (place / here.sum(1, keepdim=True).clamp_min(1) * 3).floor().long().clamp(0, 2)
    chosen = functional.one_hot(third, 3).float() * here[..., None]
    sums = torch.einsum("bcn,bnk->bkc", flat, chosen)
    return (sums / chosen.sum(1).clamp_min(1)[..., None]).flip(1).flatten(1)


class SpriteDrawer:
    """Draws batches of one size: mirrored, shifted by a pixel, in other hues."""

    def __init__(self, sprites: Sprites, balance: float = 0.6) -> None:
        self._sprites = sprites
        self._weights = []
        self._rows = []
        for side in SIZES:
            rows = (sprites.sides == side).nonzero().flatten()
            counts = torch.bincount(sprites.kinds[rows], minlength=1).clamp_min(1)
            self._rows.append(rows)
            self._weights.append(counts[sprites.kinds[rows]].float() ** -balance)

    def draw(self, side: int, count: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return sprites (B, 4, side, side) as the net sees them, and kinds (B,)."""
        index = SIZES.index(side)
        rows = torch.multinomial(self._weights[index], count, replacement=True, generator=rng)
        rows = self._rows[index][rows]
        pictures = self._sprites.get_floats(rows, side)
        mirrored = torch.rand(count, generator=rng) < 0.5
        pictures = torch.where(mirrored.view(-1, 1, 1, 1), pictures.flip(3), pictures)
        return vary_hue(pictures, rng), self._sprites.kinds[rows]


def vary_hue(pictures: Tensor, rng: torch.Generator, share: float = 0.4) -> Tensor:
    """Turn the colours of some sprites by any angle, and of some a little."""
    count = len(pictures)
    throw = torch.rand((count, 2), generator=rng)
    angle = torch.where(throw[:, 0] < share, (throw[:, 1] - 0.5) * 6.28, (throw[:, 1] - 0.5) * 0.3)
    saturation = torch.exp(torch.randn(count, generator=rng) * 0.15)
    colour = torch.einsum("bij,bjhw->bihw", turn_hue(angle, saturation), pictures[:, :3])
    return torch.cat([colour.clamp(-1, 1), pictures[:, 3:]], 1)
