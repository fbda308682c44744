"""Tiles to learn from: folders of pictures by class, and what may be done to them.

A tile is a torus: it may be rolled freely. Turning and mirroring are allowed where the material
has no up and down.
"""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError
from studio_training.healing import heal_tile
from studio_training.rims import trim_rim
from torch import Tensor

from studio.errors import InvalidInputError

LOG: Final = logging.getLogger("studio_flow")
SUFFIXES: Final = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tga")
DIRECTED: Final = frozenset(
    {"bamboo", "bark", "brick", "paving", "planks", "roof", "tiles", "wood", "metal_pattern"}
)
"""Classes with courses or a grain: not turned by a quarter."""
UPRIGHT: Final = frozenset({"bark", "brick", "roof", "bamboo"})
"""Classes with an up and a down: not mirrored top to bottom."""
Augment = Literal["auto", "roll", "all"]
LEAST_SIDE: Final = 32
"""Pixels; whether a smaller picture has a rim is not to be told."""
HELD_OUT: Final = 12
"""One picture in so many is never learnt from."""
MAPS: Final = {
    "Bark014": "bark",
    "Bricks102": "brick",
    "Facade005": "",
    "Ground037": "ground",
    "Metal049A": "metal",
    "Metal055A": "metal",
    "Onyx003": "marble",
    "Rock023": "rock",
    "Rock058": "rock",
    "factory_wall": "brick",
    "metal_plate_02": "metal_pattern",
    "rusty_metal_05": "rust",
}
"""Full PBR sets of the data -> class; "" is left out."""


@dataclass(frozen=True)
class Tiles:
    """Pictures by class, in memory.

    Attributes:
        classes: names, in the order of the numbers.
        pixels: uint8 (N, S, S, 3).
        kinds: class numbers (N,).
        names: of the files.
        broken: files that could not be read.
    """

    classes: tuple[str, ...]
    pixels: Tensor
    kinds: Tensor
    names: tuple[str, ...]
    broken: tuple[str, ...] = ()

    @property
    def side(self) -> int:
        """Of a tile, pixels."""
        return int(self.pixels.shape[1])

    def select(self, rows: Sequence[int]) -> "Tiles":
        """Return some of them."""
        index = torch.tensor(list(rows), dtype=torch.long)
        names = tuple(self.names[row] for row in rows)
        return Tiles(self.classes, self.pixels[index], self.kinds[index], names)

    def rename(self, classes: tuple[str, ...]) -> "Tiles":
        """Return those of given classes, numbered as these are."""
        rows = [
            row for row, kind in enumerate(self.kinds.tolist()) if self.classes[kind] in classes
        ]
        chosen = self.select(rows)
        numbers = [classes.index(self.classes[kind]) for kind in chosen.kinds.tolist()]
        kinds = torch.tensor(numbers, dtype=torch.long)
        return Tiles(classes, chosen.pixels, kinds, chosen.names)

    def reduce(self, side: int) -> "Tiles":
        """Return the same at another size, antialiased around the torus."""
        if side == self.side:
            return self
        factor = self.side // side
        small = self.pixels.view(-1, side, factor, side, factor, 3).float().mean((2, 4))
        pixels = small.round().to(torch.uint8)
        return Tiles(self.classes, pixels, self.kinds, self.names, self.broken)

    def get_floats(self, rows: Tensor | slice = slice(None)) -> Tensor:
        """Return (B, 3, S, S), -1..1."""
        return self.pixels[rows].permute(0, 3, 1, 2).float() / 127.5 - 1


def load_tiles(folder: Path, side: int = 128, *, is_healed: bool = True) -> Tiles:
    """Read a folder of folders, each a class; one without folders is one class.

    Args:
        folder: with pictures.
        side: that they are scaled to, pixels.
        is_healed: whether they are made to tile where they nearly do.

    Raises:
        InvalidInputError: no pictures.
    """
    tiles = collect_tiles(find_files(folder), side, is_healed=is_healed)
    if not tiles.names:
        raise InvalidInputError(
            "{folder}: there is no picture in it that can be read", folder=folder
        )
    return tiles


def collect_tiles(files: Sequence[tuple[str, Path]], side: int, *, is_healed: bool = True) -> Tiles:
    """Read (class, file); what cannot be read is listed in `broken`."""
    classes = tuple(sorted({kind for kind, _ in files}))
    pixels, kinds, names, broken = [], [], [], []
    for kind, path in files:
        try:
            with Image.open(path) as image:
                square = fit_square(image.convert("RGB"), side)
                pixels.append(heal_tile(square) if is_healed else square)
        except (
            OSError,
            UnidentifiedImageError,
            Image.DecompressionBombError,
            SyntaxError,
        ) as error:
            LOG.warning("%s: skipped: %s", path, error)
            broken.append(path.name)
            continue
        kinds.append(classes.index(kind))
        names.append(f"{kind}/{path.stem}")
    stacked = np.stack(pixels) if pixels else np.zeros((0, side, side, 3), np.uint8)
    return Tiles(
        classes,
        torch.from_numpy(stacked),
        torch.tensor(kinds, dtype=torch.long),
        tuple(names),
        tuple(broken),
    )


def find_files(folder: Path) -> list[tuple[str, Path]]:
    """Return (class, file), sorted."""
    found = [
        (path.relative_to(folder).parts[0] if path.parent != folder else folder.name, path)
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in SUFFIXES and path.is_file()
    ]
    return [(kind, path) for kind, path in found if kind not in ("pbr", "freedoom_flat")] + [
        (MAPS.get(path.parent.name, ""), path)
        for kind, path in found
        if kind == "pbr" and path.stem == "albedo" and MAPS.get(path.parent.name)
    ]


def fit_square(image: Image.Image, side: int) -> np.ndarray:
    """Scale a tile to a square (H, W, 3); its borders stay borders, so it goes on tiling."""
    if min(image.size) >= LEAST_SIDE:
        image = Image.fromarray(trim_rim(np.asarray(image)))
    if image.size != (side, side):
        image = image.resize((side, side), Image.Resampling.LANCZOS)
    return np.asarray(image, np.uint8)


def split_tiles(tiles: Tiles) -> tuple[Tiles, Tiles]:
    """Return what to learn from and what is held out: by hash of the name, in every class."""
    held = set()
    for kind in range(len(tiles.classes)):
        rows = [row for row, value in enumerate(tiles.kinds.tolist()) if value == kind]
        rows.sort(key=lambda row: hashlib.sha256(tiles.names[row].encode()).hexdigest())
        count = len(rows) // HELD_OUT if len(rows) >= HELD_OUT else int(len(rows) >= 6)
        held |= set(rows[:count])
    every = range(len(tiles.names))
    return tiles.select([r for r in every if r not in held]), tiles.select(sorted(held))


class Drawer:
    """Draws batches: rare classes more often than their share, each tile rolled and turned."""

    def __init__(self, tiles: Tiles, balance: float = 0.5, augment: Augment = "auto") -> None:
        """Keep tiles.

        Args:
            tiles: to draw from.
            balance: 0 draws every tile as often; 1 every class as often.
            augment: "auto" mirrors and turns where the class allows it, "roll" never, "all" always.
        """
        self.tiles = tiles
        counts = torch.bincount(tiles.kinds, minlength=len(tiles.classes)).clamp_min(1)
        self._weights = counts[tiles.kinds].float() ** -balance
        every = augment == "all"
        self._may_turn = [every or name.lower() not in DIRECTED for name in tiles.classes]
        self._may_flip = [every or name.lower() not in UPRIGHT for name in tiles.classes]
        self._may_change = augment != "roll"

    def draw(self, count: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return pictures (B, 3, S, S), -1..1, and class numbers (B,)."""
        rows = self.choose(count, rng)
        return self.vary(rows, rng), self.tiles.kinds[rows]

    def choose(self, count: int, rng: torch.Generator) -> Tensor:
        """Return rows of tiles (B,)."""
        return torch.multinomial(self._weights, count, replacement=True, generator=rng)

    def vary(self, rows: Tensor, rng: torch.Generator) -> Tensor:
        """Return tiles rolled, turned and in other colours, (B, 3, S, S), -1..1."""
        count, side = len(rows), self.tiles.side
        shifts = torch.randint(side, (count, 2), generator=rng).tolist()
        coins = torch.rand((count, 3), generator=rng)
        made = []
        for index, picture in enumerate(self.tiles.pixels[rows]):
            kind = int(self.tiles.kinds[rows[index]])
            made.append(
                self._turn(picture.roll(shifts[index], (0, 1)), kind, coins[index].tolist())
            )
        pictures = torch.stack(made).permute(0, 3, 1, 2).float() / 127.5 - 1
        return vary_colour(pictures, rng)

    def _turn(self, picture: Tensor, kind: int, coins: list[float]) -> Tensor:
        if not self._may_change:
            return picture
        if coins[0] < 0.5:
            picture = picture.flip(1)
        if self._may_flip[kind] and coins[1] < 0.5:
            picture = picture.flip(0)
        if self._may_turn[kind] and coins[2] < 0.5:
            picture = picture.transpose(0, 1)
        return picture


def vary_colour(pictures: Tensor, rng: torch.Generator, share: float = 0.6) -> Tensor:
    """Change hue, saturation and contrast of some pictures a little."""
    count = pictures.shape[0]
    throw = torch.randn((count, 4), generator=rng)
    chosen = (torch.rand(count, generator=rng) < share).float()
    turn = throw[:, 0] * 0.25 * chosen
    saturation = torch.exp(throw[:, 1] * 0.2 * chosen)
    gain = torch.exp(throw[:, 2] * 0.15 * chosen)
    shift = throw[:, 3] * 0.06 * chosen
    matrix = turn_hue(turn, saturation)
    mean = pictures.mean((2, 3), keepdim=True)
    plain = torch.einsum("bij,bjhw->bihw", matrix, pictures - mean)
    mean = torch.einsum("bij,bjhw->bihw", matrix, mean)
    return plain * gain.view(-1, 1, 1, 1) + mean + shift.view(-1, 1, 1, 1)


def turn_hue(angle: Tensor, saturation: Tensor) -> Tensor:
    """Return matrices (B, 3, 3) that turn colours about the grey axis, radians."""
    grey = torch.full((3, 3), 1 / 3)
    cross = torch.tensor([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / 3**0.5
    sine, cosine = angle.sin().view(-1, 1, 1), angle.cos().view(-1, 1, 1)
    colour = cosine * (torch.eye(3) - grey) + sine * cross
    return grey + saturation.view(-1, 1, 1) * colour
