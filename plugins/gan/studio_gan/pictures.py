"""Examples in memory: square, of one size, by class."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from studio_training.dataset import Dataset, Example
from studio_training.healing import heal_tile
from studio_training.rims import trim_rim
from torch import Tensor

from studio.codecs import load_image
from studio.errors import InvalidInputError
from studio_gan.augment import roll

LOG: Final = logging.getLogger("studio_gan")
FEWEST: Final = 4
"""Examples; with fewer there is nothing to tell apart."""
UPRIGHT: Final = ("bark", "brick", "bamboo", "roof", "wall", "facade")
"""Words in the names of classes that have an up and a down."""
GRAINED: Final = (*UPRIGHT, "plank", "wood", "tile", "paving", "pattern", "corrugated")
"""Words in the names of classes that are not turned by a quarter: they have courses, or a grain."""


@dataclass(frozen=True)
class Pictures:
    """Pictures to learn from.

    Attributes:
        pixels: uint8 (N, C, S, S).
        kinds: (N,) numbers of classes.
        classes: their names; () if there is only one.
        held_out: pixels to measure with.
        info: of the dataset, with `warnings`.
    """

    pixels: Tensor
    kinds: Tensor
    classes: tuple[str, ...]
    held_out: Tensor
    info: dict[str, Any] = field(default_factory=dict)

    def get_freedoms(self, kinds: Tensor) -> Tensor:
        """Say for each of kinds (N,) whether it may be upside down, and turned: bool (N, 2)."""
        names = self.classes or ("",)
        free = [(not _has(name, UPRIGHT), not _has(name, GRAINED)) for name in names]
        return torch.tensor(free)[kinds]

    @property
    def colours(self) -> int:
        """1 where all are grey."""
        return int(self.pixels.shape[1])

    def in_colour(self) -> "Pictures":
        """Return the same, with three colours where all are grey."""
        pixels, held_out = (some.expand(-1, 3, -1, -1) for some in (self.pixels, self.held_out))
        return replace(self, pixels=pixels, held_out=held_out)


@dataclass(frozen=True)
class Changes:
    """What an example may be drawn with.

    Attributes:
        is_torus: rolled by any distance.
        mirrored: left to right.
        turned: by quarters, and top to bottom: "auto" where the class allows it.
        jitter: of brightness and each colour, as a share.
    """

    is_torus: bool = False
    mirrored: bool = True
    turned: Literal["auto", "never", "always"] = "never"
    jitter: float = 0.0


def load_pictures(dataset: Dataset, size: int, changes: Changes) -> Pictures:
    """Read all examples.

    Raises:
        InvalidInputError: there are too few.
    """
    if len(dataset.train) < FEWEST:
        raise InvalidInputError(
            "{count} pictures are too few to learn from; give at least {fewest}, better a hundred",
            count=len(dataset.train),
            fewest=FEWEST,
        )
    classes = tuple(dataset.labels) if len(dataset.labels) > 1 else ()
    train = _read(dataset.train, size, changes.is_torus)
    held_out = _read(dataset.held_out, size, changes.is_torus)
    numbers = {name: number for number, name in enumerate(classes)}
    kinds = torch.tensor([numbers.get(example.label, 0) for example in dataset.train])
    is_grey = all(bool((some[:, :1] == some).all()) for some in (train, held_out))
    colours = 1 if is_grey else 3
    warnings = list(find_warnings(dataset, changes))
    for warning in warnings:
        LOG.warning(warning)
    names = tuple(name or "unlabelled" for name in classes)
    info = {**dataset.describe(), "warnings": warnings}
    return Pictures(train[:, :colours], kinds, names, held_out[:, :colours], info)


def find_warnings(dataset: Dataset, changes: Changes) -> list[str]:
    """Say which changes contradict what the examples are."""
    upright = [label for label in dataset.labels if _has(label, GRAINED)]
    if changes.turned == "always" and upright:
        return [f"{', '.join(upright)}: has courses or a grain, and is turned while learning"]
    return []


def build_draw(pictures: Pictures, changes: Changes) -> Any:
    """Build the learner's source: every class equally often, changed at random."""
    freedoms = find_freedoms(pictures, pictures.kinds, changes)
    groups = [torch.nonzero(pictures.kinds == kind)[:, 0] for kind in torch.unique(pictures.kinds)]

    def draw(rng: torch.Generator, count: int) -> tuple[Tensor, Tensor]:
        which = torch.randint(len(groups), (count,), generator=rng)
        places = torch.rand(count, generator=rng)
        chosen = [groups[number] for number in which.tolist()]
        rows = torch.stack(
            [some[int(place * len(some))] for some, place in zip(chosen, places, strict=True)]
        )
        real = to_unit(pictures.pixels[rows])
        return change(real, changes, freedoms[rows]), pictures.kinds[rows]

    return draw


def to_unit(pixels: Tensor) -> Tensor:
    """Turn bytes into -1..1."""
    return pixels.float() / 127.5 - 1


def to_image(picture: Tensor) -> Image.Image:
    """Turn (C, H, W) in -1..1 into a picture."""
    pixels = ((picture.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
    array: npt.NDArray[np.uint8] = pixels.permute(1, 2, 0).numpy()
    return Image.fromarray(array[:, :, 0] if array.shape[2] == 1 else array)


def _has(name: str, words: Sequence[str]) -> bool:
    return any(word in name.lower() for word in words)


def find_freedoms(pictures: Pictures, kinds: Tensor, changes: Changes) -> Tensor:
    """Say which pictures may be upside down, and turned, as `Pictures.get_freedoms` does."""
    freedoms = pictures.get_freedoms(kinds) & (changes.turned != "never")
    return torch.ones_like(freedoms) if changes.turned == "always" else freedoms


def change(pictures: Tensor, changes: Changes, freedoms: Tensor) -> Tensor:
    """Change pictures (N, C, S, S) at random; draws from torch's own rng."""
    coins = torch.rand(3, len(pictures)) < 0.5
    if changes.is_torus:
        pictures = roll(pictures)
    if changes.mirrored:
        pictures = _where(coins[0], pictures.flip(3), pictures)
    pictures = _turn(pictures, coins[1:].T & freedoms)
    if changes.jitter:
        gain = 1 + changes.jitter * (2 * torch.rand(*pictures.shape[:2], 1, 1) - 1)
        pictures = ((pictures + 1) * gain - 1).clamp(-1, 1)
    return pictures


def _turn(pictures: Tensor, chosen: Tensor) -> Tensor:
    """Turn upside down, and by a quarter, where chosen (N, 2) says so."""
    pictures = _where(chosen[:, 0], pictures.flip(2), pictures)
    return _where(chosen[:, 1], pictures.transpose(2, 3), pictures)


def _where(chosen: Tensor, yes: Tensor, no: Tensor) -> Tensor:
    return torch.where(chosen[:, None, None, None], yes, no)


def _read(examples: Sequence[Example], size: int, is_torus: bool) -> Tensor:
    rows = [
        torch.from_numpy(_square(load_image(example.path), size, is_torus)) for example in examples
    ]
    return torch.stack(rows) if rows else torch.empty(0, 3, size, size, dtype=torch.uint8)


def _square(image: Image.Image, size: int, is_torus: bool) -> npt.NDArray[np.uint8]:
    """Cut the middle square; squeeze a tile, which would not tile when cut.

    Transparency lies on grey.
    """
    if "A" in image.getbands():
        ground = Image.new("RGBA", image.size, (128, 128, 128, 255))
        image = Image.alpha_composite(ground, image.convert("RGBA"))
    image = image.convert("RGB")
    if is_torus:
        image = Image.fromarray(trim_rim(np.asarray(image)))
        tile = np.asarray(image.resize((size, size), Image.Resampling.LANCZOS))
        return _to_array(Image.fromarray(heal_tile(tile)))
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    image = image.crop((left, top, left + side, top + side))
    if side != size:
        image = image.resize((size, size), Image.Resampling.BICUBIC)
    return _to_array(image)


def _to_array(image: Image.Image) -> npt.NDArray[np.uint8]:
    return np.asarray(image).transpose(2, 0, 1).copy()
