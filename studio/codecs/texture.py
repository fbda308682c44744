"""Materials: one PNG a map, all of one size, albedo first."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from studio.codecs.base import THUMBNAIL_SIZE
from studio.codecs.files import payload_files, take_over
from studio.codecs.image import ImageCodec, build_picture, save_png, shrink
from studio.codecs.pictures import decode_frames, open_picture, to_eight_bit
from studio.codecs.pixels import build_image, to_array
from studio.codecs.shading import render_material
from studio.errors import InvalidInputError
from studio.media import MediaType
from studio.recipe import Recipe

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class MapKind:
    """What a map of a known name holds.

    Attributes:
        summary: for people.
        colour: three channels, not one.
        srgb: encoded as sRGB; otherwise plain numbers.
        deep: 16 bits a channel.
    """

    summary: str
    colour: bool = False
    srgb: bool = False
    deep: bool = False


MAPS: Final[Mapping[str, MapKind]] = {
    "albedo": MapKind("base colour without light", colour=True, srgb=True),
    "height": MapKind("0 deepest, 1 highest", deep=True),
    "normal_gl": MapKind("tangent space, Y up (OpenGL, Blender, Godot, Unity)", colour=True),
    "normal_dx": MapKind("tangent space, Y down (DirectX, Unreal)", colour=True),
    "roughness": MapKind("0 mirror, 1 matt"),
    "metallic": MapKind("0 dielectric, 1 metal"),
    "ao": MapKind("ambient occlusion, 1 open"),
    "opacity": MapKind("0 clear, 1 opaque"),
    "emissive": MapKind("light given off", colour=True, srgb=True),
    "orm": MapKind("occlusion, roughness, metallic in R, G, B", colour=True),
    "specular": MapKind("reflectivity of a dielectric, 0.5 = 4 %"),
    "curvature": MapKind("0 crevice, 0.5 flat, 1 edge"),
    "subsurface": MapKind("light passed through, 1 most"),
}
"""Names that have a meaning; any other identifier is kept as it comes, after these."""
SHOWN: Final = ("albedo", "normal_gl", "height", "roughness", "metallic", "ao")
PREVIEW_SIDE: Final = 1024
"""Maps are reduced to about this before they are lit, pixels."""


class TextureCodec:
    """TEXTURE: payload map name -> `PIL.Image`, array or `Path`, all of one size, with albedo."""

    kind = MediaType.TEXTURE

    def encode(self, payload: Any, folder: Path) -> dict[str, Path]:
        """Write `<map>.png` each; height as 16 bits."""
        maps = _check_payload(payload)
        files: dict[str, Path] = {}
        for name in sorted(maps, key=map_order):
            if isinstance(maps[name], Path):
                files |= take_over({name: maps[name]}, folder)
            else:
                files[name] = folder / f"{name}.png"
                save_png(_build_map(name, maps[name]), files[name])
        _check_sizes({name: _read_size(path) for name, path in files.items()})
        return files

    def probe(self, files: Mapping[str, Path]) -> dict[str, Any]:
        """Decode every map; returns width, height and maps (names in order)."""
        maps = payload_files(files)
        if "albedo" not in maps:
            raise InvalidInputError("a texture needs a map called albedo; name one of its files so")
        codec, sizes = ImageCodec(), {}
        for name, path in maps.items():
            facts = codec.probe({name: path})
            sizes[name] = (facts["width"], facts["height"])
        _check_sizes(sizes)
        width, height = sizes["albedo"]
        return {"width": width, "height": height, "maps": sorted(maps, key=map_order)}

    def hash_payload(self, files: Mapping[str, Path]) -> str:
        """Hash the maps' names and pixels, by name."""
        codec, digest = ImageCodec(), hashlib.sha256()
        for name, path in sorted(payload_files(files).items()):
            digest.update(f"{name} {codec.hash_payload({name: path})}\n".encode())
        return digest.hexdigest()

    def make_thumbnail(self, files: Mapping[str, Path]) -> Image.Image:
        """Light the material: its sphere and its tile; the albedo alone if a map is odd."""
        maps = payload_files(files)
        try:
            return render_material(load_material(maps, PREVIEW_SIDE), THUMBNAIL_SIZE)
        except (ValueError, IndexError, FloatingPointError):
            return shrink(to_eight_bit(next(decode_frames(maps["albedo"], most=1))))

    def embed_recipe(self, files: Mapping[str, Path], recipe: Recipe) -> dict[str, Path]:
        """Write the recipe into every map."""
        return ImageCodec().embed_recipe(files, recipe)

    def extract_recipe(self, path: Path) -> Recipe | None:
        """Read it from any one map."""
        return ImageCodec().extract_recipe(path)


def map_order(name: str) -> tuple[int, str]:
    """Sort key: albedo, the other known maps, then unknown ones by name."""
    return (list(MAPS).index(name) if name in MAPS else len(MAPS), name)


def load_material(files: Mapping[str, Path], side: int | None = None) -> dict[str, Floats]:
    """Load the maps that `shading` lights, float32 0..1; colour (H, W, 3), others (H, W).

    A missing OpenGL normal is made of a DirectX one, missing scalars of a packed `orm`.

    Args:
        files: map name -> path.
        side: reduce to about this many pixels on the longest side.
    """
    loaded = {
        name: _load_map(name, path, side)
        for name, path in files.items()
        if name in SHOWN or name in ("normal_dx", "orm")
    }
    if "normal_dx" in loaded and "normal_gl" not in loaded:
        red, green, blue = np.moveaxis(loaded["normal_dx"], 2, 0)
        loaded["normal_gl"] = np.dstack((red, 1 - green, blue))
    if "orm" in loaded:
        for channel, name in enumerate(("ao", "roughness", "metallic")):
            loaded.setdefault(name, loaded["orm"][..., channel])
    return {name: np.asarray(loaded[name], np.float32) for name in SHOWN if name in loaded}


def _check_payload(payload: Any) -> dict[str, Any]:
    """Return the maps by name, or refuse them."""
    if not isinstance(payload, Mapping):
        raise InvalidInputError(
            "a texture is a mapping of map name to picture, not {type}",
            type=type(payload).__name__,
        )
    for name in payload:
        if not (isinstance(name, str) and name.isidentifier()) or name == "recipe":
            raise InvalidInputError(
                "a texture map cannot be called {name}; use letters, digits and _", name=repr(name)
            )
    if "albedo" not in payload:
        raise InvalidInputError("a texture needs a map called albedo; name one of its files so")
    return dict(payload)


def _build_map(name: str, payload: Any) -> Image.Image:
    """Bring one map to the channels and depth its name asks for."""
    kind = MAPS.get(name)
    if kind is not None and kind.deep:
        values = to_array(payload) if isinstance(payload, Image.Image) else np.asarray(payload)
        if values.ndim == 3 and values.shape[2] > 1:
            values = to_array(build_picture(values).convert("L"))
        return build_image(values, deep=True)
    image = to_eight_bit(build_picture(payload))
    if kind is None:
        return image
    if kind.colour:
        return image.convert("RGB") if image.mode == "L" else image
    return image.convert("L")


def _check_sizes(sizes: Mapping[str, tuple[int, int]]) -> None:
    wanted = sizes["albedo"]
    for name, size in sizes.items():
        if size != wanted:
            raise InvalidInputError(
                "map {name} is {size}, albedo is {wanted}; make all maps the same size",
                name=name,
                size=f"{size[0]} x {size[1]}",
                wanted=f"{wanted[0]} x {wanted[1]}",
            )


def _read_size(path: Path) -> tuple[int, int]:
    with open_picture(path) as picture:
        return picture.width, picture.height


def _load_map(name: str, path: Path, side: int | None) -> Floats:
    """One map as floats, reduced by whole blocks so that it still wraps around."""
    image = to_eight_bit(next(decode_frames(path, most=1)), deep=True)
    values = to_array(image)
    if name in MAPS and MAPS[name].colour:
        values = values[..., :3] if values.ndim == 3 else np.dstack([values] * 3)
    elif values.ndim == 3:
        values = values[..., :3].mean(2)
    factor = 1 if side is None else max(1, max(values.shape[:2]) // side)
    return values[::factor, ::factor] if factor == 1 else _reduce(values, factor)


def _reduce(values: Floats, factor: int) -> Floats:
    """Average blocks; a rest at the right and bottom is left out."""
    rows, columns = values.shape[0] // factor, values.shape[1] // factor
    whole = values[: rows * factor, : columns * factor]
    blocks = whole.reshape(rows, factor, columns, factor, *values.shape[2:])
    return np.asarray(blocks.mean((1, 3)), np.float32)
