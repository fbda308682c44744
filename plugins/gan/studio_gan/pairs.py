"""Pictures before and after, for translations."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from studio.codecs import load_image
from studio.errors import InvalidInputError
from studio.generator import InputAsset
from studio.media import SUFFIXES, MediaType
from studio_gan.pictures import to_unit

FEWEST: Final = 3
HELD_OUT: Final = 8
"""One in so many is measured on."""
LISTED: Final = 50
Draw = Callable[[torch.Generator, int], tuple[Tensor, Tensor]]
"""(rng, count) -> windows of sources and of targets, (N, C, S, S) in -1..1."""


@dataclass(frozen=True)
class Pairs:
    """Pictures to learn from, uint8 (N, C, W, W); row n of both is a pair, where there are pairs.

    Attributes:
        held_out: sources and targets to measure with; they may be empty.
        info: how many, and what was left out.
    """

    source: Tensor
    target: Tensor
    held_out: tuple[Tensor, Tensor]
    info: dict[str, Any] = field(default_factory=dict)


def find_pairs(source: str, target: str) -> tuple[dict[str, Path], dict[str, Path]]:
    """Find pictures in two folders, by their path without its ending.

    Raises:
        InvalidInputError: a folder is not there.
    """
    found = []
    for name, text in (("source", source), ("target", target)):
        folder = Path(text).expanduser()
        if not text or not folder.is_dir():
            raise InvalidInputError(
                "{name}: there is no folder '{folder}'", name=name, folder=folder if text else ""
            )
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        found.append(
            {
                path.relative_to(folder).with_suffix("").as_posix(): path
                for path in files
                if SUFFIXES.get(path.suffix.lower()) == MediaType.IMAGE
            }
        )
    return found[0], found[1]


def find_maps(
    materials: Sequence[InputAsset], source: str, target: str
) -> tuple[dict[str, Path], dict[str, Path]]:
    """Find two maps of materials, such as "height" and "albedo"."""
    maps: tuple[dict[str, Path], dict[str, Path]] = ({}, {})
    for asset in materials:
        for found, wanted in zip(maps, (source, target), strict=True):
            for name, path in asset.files.items():
                if Path(name).stem.lower() == wanted.lower():
                    found[asset.id] = path
    return maps


def load_pairs(
    sources: Mapping[str, Path], targets: Mapping[str, Path], side: int, is_paired: bool
) -> Pairs:
    """Read pictures, reduced to squares of `side` pixels.

    Raises:
        InvalidInputError: too few.
    """
    alone = sorted(set(sources) ^ set(targets)) if is_paired else []
    broken: list[tuple[str, str]] = []
    first, second = ({n: _read(p, side, n, broken) for n, p in some.items()} for some in
                     (sources, targets))  # fmt: skip
    names = [[name for name, picture in some.items() if picture is not None]
             for some in (first, second)]  # fmt: skip
    if is_paired:
        both = sorted(set(names[0]) & set(names[1]))
        names = [both, both]
    if min(len(some) for some in names) < FEWEST:
        raise InvalidInputError(
            "{count} pictures are too few to learn a translation; give at least {fewest} in source "
            "and in target, with the same names where they are pairs",
            count=min(len(some) for some in names),
            fewest=FEWEST,
        )
    stacks = [_stack([some[name] for name in chosen]) for some, chosen in
              zip((first, second), names, strict=True)]  # fmt: skip
    held = [torch.arange(len(some)) % HELD_OUT == HELD_OUT - 1 for some in stacks]
    info = {
        "sources": len(names[0]),
        "targets": len(names[1]),
        "held_out": int(held[0].sum()),
        "unpaired_files": alone[:LISTED],
        "broken": [list(pair) for pair in broken[:LISTED]],
    }
    kept = [some[~out] for some, out in zip(stacks, held, strict=True)]
    return Pairs(kept[0], kept[1], (stacks[0][held[0]], stacks[1][held[1]]), info)


def build_pair_draw(pairs: Pairs, size: int, is_torus: bool, is_paired: bool) -> Draw:
    """Build the learner's source: windows, at the same place in both pictures of a pair."""

    def draw(rng: torch.Generator, count: int) -> tuple[Tensor, Tensor]:
        rows = torch.randint(len(pairs.source), (count,), generator=rng)
        other = rows
        if not is_paired:
            other = torch.randint(len(pairs.target), (count,), generator=rng)
        side = pairs.source.shape[-1]
        most = side if is_torus else side - size + 1
        places = torch.randint(most, (count, 2), generator=rng)
        mirrored = torch.rand(count, generator=rng) < 0.5
        made = []
        for pixels in (pairs.source[rows], pairs.target[other]):
            windows = cut_windows(pixels, places, size)
            made.append(
                to_unit(torch.where(mirrored[:, None, None, None], windows.flip(3), windows))
            )
        return made[0], made[1]

    return draw


def cut_windows(pixels: Tensor, places: Tensor, size: int) -> Tensor:
    """Cut windows (N, C, size, size) at places (N, 2), around the torus where they reach over."""
    steps = torch.arange(size)
    down = (places[:, :1] + steps)[:, :, None] % pixels.shape[2]
    across = (places[:, 1:] + steps)[:, None, :] % pixels.shape[3]
    rows = torch.arange(len(pixels))[:, None, None]
    return pixels.permute(0, 2, 3, 1)[rows, down, across].permute(0, 3, 1, 2)


def to_pixels(image: Image.Image, colours: int) -> Tensor:
    """Turn a picture into uint8 (C, H, W); 16 bits a sample become 8."""
    if image.mode.startswith("I"):
        values = np.asarray(image, dtype=np.float64)
        image = Image.fromarray((values / max(255.0, float(values.max())) * 255).astype(np.uint8))
    array = np.asarray(image.convert("RGB" if colours == 3 else "L"))
    return torch.from_numpy(array.reshape(*array.shape[:2], -1).transpose(2, 0, 1).copy())


def _read(path: Path, side: int, name: str, broken: list[tuple[str, str]]) -> Tensor | None:
    try:
        pixels = to_pixels(load_image(path), 3)
    except (InvalidInputError, OSError) as error:
        broken.append((name, str(error)))
        return None
    image = Image.fromarray(pixels.permute(1, 2, 0).numpy())
    return to_pixels(image.resize((side, side), Image.Resampling.LANCZOS), 3)


def _stack(pictures: Sequence[Tensor | None]) -> Tensor:
    stacked = torch.stack([picture for picture in pictures if picture is not None])
    is_grey = bool((stacked == stacked[:, :1]).all())
    return stacked[:, :1] if is_grey else stacked
