"""Colour for grey photographs: luminance-dependent hue and saturation, typical of a material.

Brightness stays what it was, so contrast and detail do; only chroma comes from a ramp over
brightness. Bricks and stones are told apart and each gets its own shade; mortar stays grey.
"""

import re
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from studio_textures.pictures import blur, luma

Floats = NDArray[np.float32]
Colour = tuple[float, float, float]

COLOURLESS = 0.02
"""Mean difference of channels up to which a picture counts as grey."""


@dataclass(frozen=True)
class Tint:
    """Colours of a material over brightness, dark to bright, and how far its pieces differ."""

    ramp: tuple[Colour, ...]
    amount: float = 1.0
    """Saturation, share of the ramp's."""
    pieces: str = ""
    """"dark" or "bright": what the pieces are; "" for one mass."""
    warmth: float = 0.0
    """How far pieces differ in hue, 0..1."""
    shade: float = 0.0
    """How far pieces differ in brightness, 0..1."""
    joint: Colour = (0.62, 0.60, 0.56)
    """Colour of what lies between the pieces."""
    level: float = 1.0
    """Brightness of the pieces relative to the grey picture."""
    patches: float = 0.0
    """How far large areas differ in hue, 0..1."""


TINTS = MappingProxyType(
    {
        "brick": Tint(
            ((0.19, 0.09, 0.07), (0.40, 0.22, 0.17), (0.56, 0.36, 0.28), (0.68, 0.52, 0.44)),
            pieces="body", warmth=0.7, shade=0.09, level=0.92,
        ),
        "grass": Tint(
            ((0.07, 0.10, 0.03), (0.19, 0.28, 0.07), (0.36, 0.46, 0.14), (0.66, 0.70, 0.38)),
            patches=0.25, level=0.88, amount=0.82,
        ),
        "gravel": Tint(
            ((0.20, 0.18, 0.16), (0.46, 0.43, 0.39), (0.66, 0.63, 0.59), (0.82, 0.81, 0.79)),
            pieces="bright", warmth=0.55, shade=0.08, joint=(0.40, 0.36, 0.31),
        ),
        "wood": Tint(
            ((0.17, 0.09, 0.05), (0.40, 0.25, 0.14), (0.60, 0.42, 0.26), (0.78, 0.62, 0.44)),
        ),
        "ground": Tint(
            ((0.13, 0.09, 0.06), (0.34, 0.26, 0.18), (0.53, 0.43, 0.32), (0.70, 0.62, 0.50)),
            patches=0.3,
        ),
        "stone": Tint(
            ((0.20, 0.19, 0.18), (0.44, 0.42, 0.39), (0.64, 0.61, 0.56), (0.80, 0.78, 0.74)),
            patches=0.3,
        ),
        "concrete": Tint(((0.25, 0.25, 0.24), (0.52, 0.51, 0.49), (0.75, 0.74, 0.72))),
        "leather": Tint(
            ((0.10, 0.05, 0.03), (0.31, 0.17, 0.10), (0.50, 0.31, 0.20), (0.68, 0.50, 0.38)),
        ),
    }
)  # fmt: skip
"""By material; others (metal, plastic, fabric, ceramic, generic) have no colour of their own."""

WORDS = MappingProxyType(
    {
        "brick": "brick bricks wall masonry paver pavers paving cobble cobblestone",
        "grass": "grass lawn meadow moss turf",
        "gravel": "gravel pebble pebbles shingle scree ballast",
        "wood": "wood wooden plank planks timber board boards parquet floorboards oak pine bamboo",
        "metal": "metal steel iron aluminium aluminum copper brass rust rusty chrome tin",
        "fabric": "fabric cloth carpet wool cotton denim linen textile canvas velvet",
        "ground": "ground soil dirt earth mud sand forest path bark",
        "stone": "stone stones rock rocks cliff granite slate limestone sandstone basalt",
        "plastic": "plastic rubber vinyl",
        "concrete": "concrete cement asphalt plaster stucco road tarmac",
        "leather": "leather hide skin",
        "ceramic": "ceramic tile tiles porcelain marble onyx terrazzo",
    }
)
"""Words of a title that tell the material."""


def guess_material(title: str) -> str:
    """The material that a title names ("Old brick wall 7" -> "brick"); else "generic"."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", title)
    named = re.findall(r"[a-z]+", spaced.lower())
    for word in named:
        for material, words in WORDS.items():
            if word in words.split():
                return material
    return "generic"


def is_grey(img: Floats) -> bool:
    """Whether (H, W, C) has no colour to speak of."""
    if img.shape[-1] < 3:
        return True
    colour = img[..., :3]
    return float((colour.max(axis=-1) - colour.min(axis=-1)).mean()) < COLOURLESS


def tint(img: Floats, material: str, *, wrap: bool = True) -> Floats:
    """Colour a grey picture (H, W, 3 or 4) as `material` usually is; others come back as is."""
    look = TINTS.get(material)
    if look is None:
        return img
    grey = luma(img)
    low, high = (float(v) for v in np.quantile(grey, (0.02, 0.98)))
    place = np.clip((grey - low) / max(high - low, 0.02), 0.0, 1.0)
    warm = np.zeros_like(grey)
    level = np.full_like(grey, look.level)
    between = np.zeros_like(grey)
    if look.pieces:
        pieces = _find_pieces(grey, look.pieces, wrap)
        between = pieces.between
        rng = np.random.default_rng(pieces.count)  # the same picture, the same colours
        tones = np.clip(rng.standard_normal((pieces.count + 1, 2)), -2, 2).astype(np.float32)
        warm += look.warmth * blur(tones[pieces.labels, 0], pieces.soft, wrap)
        level *= 1.0 + look.shade * blur(tones[pieces.labels, 1], pieces.soft, wrap)
        if look.pieces == "body":  # bricks: one colour each, place in the ramp from their shade
            place = np.clip(0.45 + 0.9 * (grey - float(np.median(grey))), 0.0, 1.0)
    if look.patches:
        slow = blur(grey, min(grey.shape) / 14, wrap)
        warm += look.patches * np.clip((slow - slow.mean()) / (slow.std() + 1e-4), -2, 2)
    colour = _ramp(look.ramp, place) * (1.0 + 0.07 * warm[..., None] * WARM)
    colour = colour + between[..., None] * (np.array(look.joint, np.float32) - colour)
    shown = grey * (level + between * (1.0 - level))
    return _with_luma(img, colour, shown, look.amount)


def colourise(img: Floats, hexadecimal: str) -> Floats:
    """One hue, given as "#rrggbb", at every brightness; less of it close to black and white."""
    code = hexadecimal.lstrip("#")
    wanted = np.array([int(code[i : i + 2], 16) / 255 for i in (0, 2, 4)], dtype=np.float32)
    grey = luma(img)
    amount = np.clip(4.0 * grey * (1.0 - grey), 0.0, 1.0) ** 0.5
    pale = np.ones(3, dtype=np.float32) * max(float(wanted @ _WEIGHTS), 0.05)
    colour = pale + amount[..., None] * (wanted - pale)
    return _with_luma(img, np.asarray(colour, dtype=np.float32), grey, 1.0)


WARM = np.array([1.0, 0.15, -1.1], dtype=np.float32)
_WEIGHTS = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)


def _with_luma(img: Floats, colour: Floats, grey: Floats, amount: float) -> Floats:
    """The hue and saturation of `colour` at the brightness of `grey`, alpha kept."""
    scale = grey / np.maximum(colour @ _WEIGHTS, 0.02)
    tinted = colour * scale[..., None]
    out = img.copy()
    out[..., :3] = np.clip(grey[..., None] + amount * (tinted - grey[..., None]), 0.0, 1.0)
    return out


def _ramp(stops: tuple[Colour, ...], place: Floats) -> Floats:
    at = np.linspace(0.0, 1.0, len(stops))
    channels = [np.interp(place, at, [stop[c] for stop in stops]) for c in range(3)]
    return np.stack(channels, axis=-1).astype(np.float32)


@dataclass(frozen=True)
class _Pieces:
    """Bricks or stones by number."""

    labels: NDArray[np.int32]
    count: int
    between: Floats
    """(H, W), 0..1: joints and gaps."""
    soft: float
    """Blur of the pieces' borders, pixels."""


def _find_pieces(grey: Floats, kind: str, wrap: bool) -> _Pieces:
    """Tell pieces apart by the joints, or gaps, between them."""
    unit = min(grey.shape) / 512
    if kind == "body":
        threshold, sign = _split(grey)
        body = sign * (threshold - blur(grey, 0.8 * unit, wrap))
        # Mortar is dirty and bricks have pale scratches: a soft edge around the split.
        width = max(float(grey.std()) * 0.35, 0.01)
        between = np.clip(0.5 - body / (2 * width), 0.0, 1.0)
        mode = "wrap" if wrap else "nearest"
        core = ndimage.minimum_filter(body > 0, size=1 + 2 * max(1, round(unit)), mode=mode)
        soft = 0.7 * unit
    else:
        detail = blur(grey, 1.2 * unit, wrap) - blur(grey, 9 * unit, wrap)
        core = detail > 0.35 * detail.std()
        between = np.clip(-detail / (2.5 * detail.std() + 1e-4) - 0.2, 0.0, 1.0) * 0.8
        soft = 1.5 * unit
    labels, count = _label(core, wrap)
    margin = min(64, *grey.shape) if wrap else 0
    wide = np.pad(labels, margin, mode="wrap")
    nearest = ndimage.distance_transform_edt(wide == 0, return_distances=False, return_indices=True)
    filled = wide[tuple(nearest)]
    inner = slice(margin, -margin or None)
    return _Pieces(filled[inner, inner], count, np.asarray(between, np.float32), soft)


def _split(grey: Floats) -> tuple[float, float]:
    """Otsu's threshold, and +1 if what is brighter is rarer (the joints), else -1."""
    counts, edges = np.histogram(grey, bins=128)
    middle = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    mean_below = np.cumsum(counts * middle) / np.maximum(below, 1)
    mean_above = (float((counts * middle).sum()) - np.cumsum(counts * middle)) / np.maximum(
        above, 1
    )
    at = int((below.astype(float) * above * (mean_below - mean_above) ** 2).argmax())
    return float(edges[at + 1]), 1.0 if above[at] <= below[at] else -1.0


def _label(core: NDArray[np.bool_], wrap: bool) -> tuple[NDArray[np.int32], int]:
    """Connected areas by number; those that meet across the border are one."""
    labels, count = ndimage.label(core)
    if not wrap or count == 0:
        return labels.astype(np.int32), int(count)
    parent = np.arange(count + 1)
    for first, last in ((labels[0], labels[-1]), (labels[:, 0], labels[:, -1])):
        for a, b in zip(first, last, strict=True):
            if a and b:
                parent[_root(parent, b)] = _root(parent, a)
    roots = np.array([_root(parent, i) for i in range(count + 1)], dtype=np.int32)
    return roots[labels], int(count)


def _root(parent: NDArray[np.intp], i: int) -> int:
    while parent[i] != i:
        i = int(parent[i])
    return i
