"""Which map of a material a file is, by its name: the habits of libraries and engines.

ambientCG `Bricks001_1K-JPG_NormalGL.jpg`, Poly Haven `brick_wall_nor_gl_1k.png`, Unreal
`T_Brick_BC.png`, Godot and most others `brick_albedo.png`. Letter case never matters.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from studio.errors import InvalidInputError
from studio.media import SUFFIXES, MediaType

_ENDINGS: dict[str, tuple[str, ...]] = {
    "albedo": (
        "albedo", "basecolor", "basecolour", "color", "colour", "col", "diffuse", "diff", "bc",
        "d", "alb",
    ),
    "normal_gl": ("normalgl", "norgl", "normal", "normals", "nor", "nrm", "norm", "normalogl"),
    "normal_dx": ("normaldx", "nordx"),
    "height": ("height", "heightmap", "displacement", "disp", "h", "bump", "depth"),
    "roughness": ("roughness", "rough", "rgh", "r"),
    "metallic": ("metallic", "metalness", "metal", "mtl", "m"),
    "ao": ("ao", "ambientocclusion", "occlusion", "occ"),
    "orm": ("orm", "arm", "occlusionroughnessmetallic"),
    "specular": ("specular", "spec"),
    "opacity": ("opacity", "alpha", "mask"),
    "emissive": ("emissive", "emission", "emit", "e"),
}  # fmt: skip
_NORMAL_ENDING = "n"
"""Unreal's: a normal map with Y down."""

_UNREAL_NORMAL = ("normal_gl", "normal", "t")
"""Map, ending and first word of `T_Brick_Normal`, which is Unreal's too."""

_SIZES = re.compile(r"\d+k?|jpe?g|png|tga|tiff?|exr")
_SEPARATORS = re.compile(r"[_\-\s.]+")


def find_map_name(stem: str) -> str | None:
    """Return the map a file name (without ending) stands for, or None.

    A single letter counts only after a name: `T_Brick_R` is a roughness, `r` is not.
    """
    words = [word for word in _SEPARATORS.split(stem.lower()) if word]
    while len(words) > 1 and _SIZES.fullmatch(words[-1]):
        words.pop()
    if not words:
        return None
    for ending in ("".join(words[-2:]), words[-1]):
        if len(ending) == 1 and len(words) == 1:
            return None
        if ending == _NORMAL_ENDING:
            return "normal_dx" if words[0] == "t" else "normal_gl"
        for name, endings in _ENDINGS.items():
            if ending in endings:
                return "normal_dx" if (name, ending, words[0]) == _UNREAL_NORMAL else name
    return None


def find_maps(folder: Path, paths: Iterable[Path]) -> tuple[dict[str, Path], list[str]]:
    """Return map name -> path, albedo first, and the names of the files that are no map.

    Raises:
        InvalidInputError: two files would be the same map, or there are no maps at all.
    """
    found: dict[str, Path] = {}
    others: list[str] = []
    for path in sorted(paths):
        is_picture = SUFFIXES.get(path.suffix.lower()) is MediaType.IMAGE
        name = find_map_name(path.stem) if is_picture else None
        if name is None:
            others.append(path.name)
        elif name in found:
            raise InvalidInputError(
                "{path}: both {first} and {second} would be the map '{map}'; keep one of them, "
                "and one material a folder",
                path=folder,
                first=found[name].name,
                second=path.name,
                map=name,
            )
        else:
            found[name] = path
    if not found:
        raise InvalidInputError(
            "{path}: is a folder without maps of a material; name a file, or a folder with "
            "files such as brick_Color.png and brick_NormalGL.png",
            path=folder,
        )
    return {name: found[name] for name in _ENDINGS if name in found}, others
