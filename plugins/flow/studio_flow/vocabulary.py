"""Words a texture can be asked for with; whatever else is asked for is told to be unknown.

Three tables: materials (a word or two -> class), qualities (what they do to the facts of
`describe`), colours. There is no language model behind them, and no other word does anything.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

MATERIALS: Final[Mapping[str, str]] = {
    "asphalt": "asphalt",
    "tarmac": "asphalt",
    "road": "asphalt",
    "street": "asphalt",
    "bamboo": "bamboo",
    "bark": "bark",
    "tree bark": "bark",
    "trunk": "bark",
    "brick": "brick",
    "bricks": "brick",
    "wall": "brick",
    "concrete": "concrete",
    "cement": "concrete",
    "fabric": "fabric",
    "cloth": "fabric",
    "textile": "fabric",
    "carpet": "fabric",
    "wool": "fabric",
    "linen": "fabric",
    "forest floor": "forest_floor",
    "leaves": "forest_floor",
    "grass": "grass",
    "lawn": "grass",
    "meadow": "grass",
    "gravel": "gravel",
    "pebbles": "gravel",
    "ground": "ground",
    "soil": "ground",
    "dirt": "ground",
    "earth": "ground",
    "mud": "ground",
    "sand": "ground",
    "marble": "marble",
    "onyx": "marble",
    "granite": "marble",
    "metal": "metal",
    "steel": "metal",
    "iron": "metal",
    "aluminium": "metal",
    "aluminum": "metal",
    "metal plate": "metal_pattern",
    "metal plates": "metal_pattern",
    "paper": "paper",
    "cardboard": "paper",
    "paving": "paving",
    "paving stones": "paving",
    "pavement": "paving",
    "planks": "planks",
    "boards": "planks",
    "floorboards": "planks",
    "wood planks": "planks",
    "wooden planks": "planks",
    "wood floor": "planks",
    "wooden floor": "planks",
    "plaster": "plaster",
    "stucco": "plaster",
    "plastic": "plastic",
    "rock": "rock",
    "stone": "rock",
    "cliff": "rock",
    "roof": "roof",
    "rust": "rust",
    "rusty metal": "rust",
    "rusted metal": "rust",
    "snow": "snow",
    "ice": "snow",
    "terrazzo": "terrazzo",
    "tiles": "tiles",
    "tile": "tiles",
    "ceramic": "tiles",
    "floor tiles": "tiles",
    "wood": "wood",
    "timber": "wood",
    "wooden": "wood",
}

COLOURS: Final[Mapping[str, tuple[int, int, int]]] = {
    "black": (30, 30, 32),
    "white": (226, 226, 222),
    "grey": (128, 128, 128),
    "gray": (128, 128, 128),
    "red": (160, 48, 42),
    "orange": (204, 112, 44),
    "yellow": (206, 180, 70),
    "green": (78, 122, 58),
    "blue": (58, 88, 156),
    "purple": (108, 66, 138),
    "pink": (214, 144, 160),
    "brown": (112, 76, 50),
    "beige": (204, 186, 154),
    "cream": (228, 214, 184),
    "turquoise": (66, 154, 152),
    "teal": (44, 110, 110),
    "tan": (180, 146, 104),
    "gold": (190, 152, 66),
    "copper": (168, 98, 62),
}


@dataclass(frozen=True)
class Quality:
    """What a word does to the facts.

    Attributes:
        light: share of the way to white; below 0, to black.
        contrast: factor of the spread.
        size: above 0, larger features; below, finer ones; in octaves.
        grain: -1 lines along the rows, 1 along the columns.
        tint: colour the dark parts take.
        tint_share: how much of it.
    """

    light: float = 0.0
    contrast: float = 1.0
    size: float = 0.0
    grain: float = 0.0
    tint: tuple[int, int, int] = (0, 0, 0)
    tint_share: float = 0.0


MOSS, RUST, MUD, SNOW, SOOT = (
    (74, 96, 40),
    (140, 74, 36),
    (96, 74, 50),
    (232, 236, 242),
    (36, 34, 32),
)
QUALITIES: Final[Mapping[str, Quality]] = {
    "dark": Quality(light=-0.3),
    "very dark": Quality(light=-0.5),
    "light": Quality(light=0.3),
    "pale": Quality(light=0.3, contrast=0.8),
    "bright": Quality(light=0.35),
    "contrasting": Quality(contrast=1.5),
    "rough": Quality(contrast=1.3),
    "smooth": Quality(contrast=0.6, size=0.5),
    "flat": Quality(contrast=0.6),
    "soft": Quality(contrast=0.7),
    "wet": Quality(light=-0.18, contrast=1.25),
    "dry": Quality(light=0.1, contrast=0.9),
    "coarse": Quality(size=0.8),
    "large": Quality(size=0.8),
    "big": Quality(size=0.8),
    "fine": Quality(size=-0.8),
    "small": Quality(size=-0.8),
    "horizontal": Quality(grain=-0.6),
    "vertical": Quality(grain=0.6),
    "mossy": Quality(light=-0.1, tint=MOSS, tint_share=0.55),
    "overgrown": Quality(light=-0.1, tint=MOSS, tint_share=0.7),
    "rusty": Quality(tint=RUST, tint_share=0.55),
    "muddy": Quality(tint=MUD, tint_share=0.5),
    "dirty": Quality(light=-0.12, contrast=1.15, tint=MUD, tint_share=0.3),
    "snowy": Quality(light=0.25, tint=SNOW, tint_share=0.4),
    "burnt": Quality(light=-0.35, tint=SOOT, tint_share=0.5),
    "weathered": Quality(contrast=1.2, tint=MUD, tint_share=0.2),
    "old": Quality(contrast=1.15, tint=MUD, tint_share=0.2),
    "clean": Quality(light=0.08, contrast=0.9),
}

LAYOUTS: Final[Mapping[str, tuple[str, str]]] = {
    "brick wall": ("brick", "bond"),
    "stone wall": ("brick", "ashlar"),
    "masonry": ("brick", "ashlar"),
    "cobblestone": ("paving", "cobbles"),
    "cobblestones": ("paving", "cobbles"),
    "cobbles": ("paving", "cobbles"),
    "flagstones": ("paving", "ashlar"),
    "parquet": ("planks", "basket"),
    "mosaic": ("tiles", "grid"),
    "tread plate": ("metal_pattern", "diamonds"),
    "grating": ("metal_pattern", "grid"),
    "roof tiles": ("roof", "scales"),
    "shingles": ("roof", "bond"),
    "herringbone": ("", "herringbone"),
    "hexagonal": ("", "hexagons"),
    "hexagon": ("", "hexagons"),
    "square": ("", "grid"),
    "diamond": ("", "diamonds"),
    "basket weave": ("", "basket"),
    "running bond": ("", "bond"),
    "crazy": ("", "cobbles"),
}
"""Words that say how stones are laid: (material, layout); with "" any material."""

SILENT: Final = frozenset(
    "a an the of with and in on some texture seamless tileable material surface pattern".split()
)
"""Words that need not be understood."""


@dataclass(frozen=True)
class Reading:
    """What a prompt was understood to say.

    Attributes:
        materials: classes named, in order, each once.
        qualities: words of QUALITIES.
        colours: words of COLOURS.
        unknown: words nothing is known of.
        layout: how stones are laid; "" if no word says so.
    """

    materials: tuple[str, ...] = ()
    qualities: tuple[str, ...] = ()
    colours: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    layout: str = ""


@dataclass
class _Found:
    materials: list[str] = field(default_factory=list)
    qualities: list[str] = field(default_factory=list)
    colours: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    layouts: list[str] = field(default_factory=list)


def read_prompt(prompt: str, classes: Sequence[str]) -> Reading:
    """Understand a prompt, two words at a time before one.

    Args:
        prompt: English words.
        classes: of the checkpoint; their names count as words too.
    """
    words, found = re.findall(r"[a-z]+", prompt.lower().replace("_", " ")), _Found()
    own = {name.lower().replace("_", " "): name for name in classes}
    materials = {word: name for word, name in MATERIALS.items() if name in classes} | own
    place = 0
    while place < len(words):
        pair, word = " ".join(words[place : place + 2]), words[place]
        taken = pair if _take(pair, materials, found) else word
        if taken == word and not _take(word, materials, found) and word not in SILENT:
            found.unknown.append(word)
        place += len(taken.split())
    return Reading(
        tuple(dict.fromkeys(found.materials)),
        tuple(dict.fromkeys(found.qualities)),
        tuple(dict.fromkeys(found.colours)),
        tuple(dict.fromkeys(found.unknown)),
        found.layouts[0] if found.layouts else "",
    )


def _take(words: str, materials: Mapping[str, str], found: _Found) -> bool:
    material, layout = LAYOUTS.get(words, ("", ""))
    if layout and (not material or material in materials.values()):
        found.layouts.append(layout)
        found.materials += [material] if material else []
    elif words in materials:
        found.materials.append(materials[words])
    elif words in QUALITIES:
        found.qualities.append(words)
    elif words in COLOURS:
        found.colours.append(words)
    else:
        return False
    return True
