"""Pictures to learn from: groups of pictures with a share of the batch each, and their patches."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageEnhance

from studio.codecs import load_image
from studio.errors import InvalidInputError
from studio_upscale.degrade import Damage, degrade

Bytes = npt.NDArray[np.uint8]
Shift = tuple[int, int]

PICTURES: Final = frozenset((".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".tga"))
SWAPPED: Final = 0.5
"""Share of patches whose colour channels are exchanged."""
FARTHEST: Final = 0.36
"""Smallest zoom of a view."""
ASLANT: Final = 0.5
"""Share of views that are turned; shrunk by `SOFTENED` besides, since turning makes soft."""
SOFTENED: Final = 0.75
STRETCH: Final = 0.2
"""Natural logarithm of how much longer a side of a view becomes, at most."""
CONTRASTS: Final = (1.0, 1.0, 1.0, 1.5, 2.2)
"""Of views. What is cut off at black and white has edges that soft photographs lack."""
AROUND: Final = 3
"""Small pixels around a view that its reduction sees."""
MAX_SIDE: Final = 2048
"""Larger pictures are reduced to this, pixels: a corpus lives in memory."""


@dataclass(frozen=True)
class Pair:
    """A picture and its reduction: uint8 (H, W, 3) and (H/scale, W/scale, 3)."""

    high: Bytes
    low: Bytes


@dataclass(frozen=True)
class Group:
    """Pictures of one sort.

    Attributes:
        share: part of a batch that comes from here, relative to other groups.
        images: pictures of which every patch is a view of its own, in place of pairs.
    """

    name: str
    pairs: tuple[Pair, ...]
    share: float
    images: tuple[Image.Image, ...] = ()


def find_pictures(folder: Path) -> list[Path]:
    """List the pictures below a folder, by name."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in PICTURES)


def load_picture(path: Path, limit: int = MAX_SIDE) -> Image.Image:
    """Open a picture as RGB, its longest side at most `limit` pixels."""
    image = load_image(path).convert("RGB")
    if max(image.size) > limit:
        image.thumbnail((limit, limit), Image.Resampling.BICUBIC)
    return image


def make_pair(image: Image.Image, scale: int) -> Pair:
    """Crop to a multiple of `scale` and reduce by antialiased bicubic."""
    width, height = (side - side % scale for side in image.size)
    image = image.crop((0, 0, width, height))
    low = image.resize((width // scale, height // scale), Image.Resampling.BICUBIC)
    return Pair(np.asarray(image), np.asarray(low))


@dataclass(frozen=True)
class Views:
    """How pictures are looked at.

    Attributes:
        zooms: every picture at each. Shrunk copies are sharper than what a camera or a material
            scanner gives, and multiply the data.
        shifts: pixels cut off at the left and the top, taken in turn: so small pixels do not
            always stand for the same large ones, which a net learns by heart.
        contrasts: taken in turn too.
    """

    zooms: Sequence[float] = (1.0,)
    shifts: Sequence[Shift] = ((0, 0),)
    contrasts: Sequence[float] = (1.0,)


PLAINLY: Final = Views()


def build_group(
    name: str, images: Sequence[Image.Image], share: float, scale: int, views: Views = PLAINLY
) -> Group:
    """Reduce every picture in all of its views that are large enough."""
    pairs: list[Pair] = []
    for image in images:
        for zoom in views.zooms:
            left, top = views.shifts[len(pairs) % len(views.shifts)]
            contrast = views.contrasts[len(pairs) % len(views.contrasts)]
            sized = stretch(shrink(image, zoom), contrast)
            sized = sized.crop((left, top, *sized.size)) if left or top else sized
            if min(sized.size) >= 16 * scale:
                pairs.append(make_pair(sized, scale))
    return Group(name, tuple(pairs), share)


def shrink(image: Image.Image, zoom: float) -> Image.Image:
    """Reduce by antialiased bicubic to `zoom` times its sides, 0..1."""
    size = (max(1, round(image.width * zoom)), max(1, round(image.height * zoom)))
    return image if zoom == 1 else image.resize(size, Image.Resampling.BICUBIC)


def stretch(image: Image.Image, contrast: float) -> Image.Image:
    """Multiply what differs from the mean luma; beyond black and white it is cut off."""
    return image if contrast == 1 else ImageEnhance.Contrast(image).enhance(contrast)


def take_view(image: Image.Image, scale: int, patch: int, rng: np.random.Generator) -> Pair:
    """Take a patch of a picture as nobody has seen it: zoom, place, angle, shape, contrast.

    Args:
        image: RGB, large enough for a patch and what is around it.
        scale: of the pair.
        patch: side of the small patch, pixels.
        rng: decides.
    """
    side, rim = (patch + 2 * AROUND) * scale, AROUND * scale
    zoom = math.exp(rng.uniform(math.log(FARTHEST), 0))
    angle = float(rng.uniform(-45, 45)) if rng.random() < ASLANT else 0.0
    if angle:
        zoom *= SOFTENED
    long = math.exp(rng.uniform(0, STRETCH))
    wide, high = (long, 1.0) if rng.random() < 0.5 else (1.0, long)
    contrast = float(rng.choice(CONTRASTS))
    # A picture that is too small for such a view is looked at from nearer, and upright if need be.
    width, height = min(side / zoom * wide, image.width), min(side / zoom * high, image.height)
    sine, cosine = math.sin(math.radians(abs(angle))), math.cos(math.radians(angle))
    outer = (width * cosine + height * sine, width * sine + height * cosine)
    if outer[0] > image.width or outer[1] > image.height:
        angle, outer = 0.0, (width, height)
    across, down = math.ceil(outer[0]), math.ceil(outer[1])
    left, top = (int(rng.integers(n + 1)) for n in (image.width - across, image.height - down))
    part = image.crop((left, top, left + across, top + down))
    if angle:
        part = part.rotate(angle, Image.Resampling.BICUBIC)
    inner = ((across - width) / 2, (down - height) / 2, (across + width) / 2, (down + height) / 2)
    sized = part.resize((side, side), Image.Resampling.BICUBIC, inner)
    pair = make_pair(stretch(sized, contrast), scale)
    low = pair.low[AROUND:-AROUND, AROUND:-AROUND]
    return Pair(pair.high[rim:-rim, rim:-rim], low)


class Corpus:
    """Draws batches of patches; the same seed and step give the same batch.

    Args:
        groups: not empty; groups without pictures are passed over.
        scale: of the pairs.
        patch: side of the small patch, pixels.
        damage: what the small patches have suffered.
        swaps: whether colours change places.
        inverted: share of patches shown as negatives, 0..1.

    Raises:
        InvalidInputError: there is no picture that holds a patch.
    """

    def __init__(
        self,
        groups: Sequence[Group],
        scale: int,
        patch: int,
        damage: Damage = "none",
        *,
        swaps: bool = True,
        inverted: float = 0,
    ) -> None:
        fitting = []
        for group in groups:
            pairs = tuple(pair for pair in group.pairs if min(pair.low.shape[:2]) >= patch)
            side = (patch + 2 * AROUND) * scale
            images = tuple(image for image in group.images if min(image.size) >= side)
            if (pairs or images) and group.share > 0:
                fitting.append(Group(group.name, pairs, group.share, images))
        if not fitting:
            raise InvalidInputError(
                "no picture is at least {side} x {side} pixels; give larger ones or a smaller "
                "patch",
                side=patch * scale,
            )
        self.groups = tuple(fitting)
        self.scale = scale
        self.patch = patch
        self._damage = damage
        self._swapped = SWAPPED if swaps else 0
        self._inverted = inverted
        self._shares = np.cumsum([group.share for group in fitting])
        # A large picture holds more to learn than a small one, but not in proportion.
        self._odds = [
            np.cumsum([math.sqrt(math.prod(size)) for size in _get_sizes(group, scale)])
            for group in fitting
        ]

    def draw(self, seed: int, step: int, count: int) -> tuple[Bytes, Bytes]:
        """Draw patches, turned, mirrored and recoloured at random.

        Returns: low uint8 (N, P, P, 3) and high (N, scale P, scale P, 3).
        """
        rng = np.random.default_rng((seed, step))
        patches = [self._draw_one(rng) for _ in range(count)]
        low, high = (np.stack(side) for side in zip(*patches, strict=True))
        if self._damage != "none":
            low = degrade(high, self.scale, self._damage, rng)
        return low, high

    def _draw_one(self, rng: np.random.Generator) -> tuple[Bytes, Bytes]:
        place = int(np.searchsorted(self._shares, rng.random() * self._shares[-1], "right"))
        odds, group = self._odds[place], self.groups[place]
        number = int(np.searchsorted(odds, rng.random() * odds[-1], "right"))
        if number < len(group.pairs):
            pair = group.pairs[number]
        else:
            image = group.images[number - len(group.pairs)]
            pair = take_view(image, self.scale, self.patch, rng)
        height, width = pair.low.shape[:2]
        top = int(rng.integers(height - self.patch + 1))
        left = int(rng.integers(width - self.patch + 1))
        # Colours change places: edges are the same in any of them.
        order = rng.permutation(3) if rng.random() < self._swapped else np.arange(3)
        turns, is_mirrored = int(rng.integers(4)), bool(rng.integers(2))
        low = pair.low[top : top + self.patch, left : left + self.patch]
        bottom, right = top + self.patch, left + self.patch
        scale = self.scale
        high = pair.high[top * scale : bottom * scale, left * scale : right * scale]
        if is_mirrored:
            low, high = low[:, ::-1], high[:, ::-1]
        if self._inverted and rng.random() < self._inverted:
            low, high = 255 - low, 255 - high
        return np.rot90(low, turns)[..., order], np.rot90(high, turns)[..., order]


def _get_sizes(group: Group, scale: int) -> list[tuple[int, int]]:
    """Return heights and widths of small pictures."""
    sizes = [(pair.low.shape[0], pair.low.shape[1]) for pair in group.pairs]
    return [*sizes, *((image.height // scale, image.width // scale) for image in group.images)]
