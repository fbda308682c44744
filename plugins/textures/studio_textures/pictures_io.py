"""Assets to arrays and back: float32 (H, W, C), 0..1, colour as in sRGB."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from studio.codecs import load_image
from studio.errors import InvalidInputError
from studio.generator import InputAsset

Picture = NDArray[np.float32]
Maps = dict[str, NDArray[np.float32]]

SMALLEST = 8
"""Shortest side of a picture that has anything to learn from, pixels."""
COLOUR_MAPS = ("albedo", "normal_gl", "normal_dx", "emissive", "orm")


def load_picture(path: Path) -> NDArray[np.float32]:
    """Load a picture as (H, W, 3), or (H, W, 4) if anything in it is transparent.

    Raises:
        InvalidInputError: not a readable picture, or smaller than 8 x 8.
    """
    image = load_image(path)
    if min(image.size) < SMALLEST:
        raise InvalidInputError(
            "{path}: the picture is {width} x {height}; a texture needs at least 8 x 8 pixels",
            path=path,
            width=image.width,
            height=image.height,
        )
    if image.mode == "RGBA" and image.getchannel("A").getextrema() != (255, 255):
        return to_floats(image)
    return to_floats(image.convert("RGB"))


def to_floats(image: Image.Image) -> NDArray[np.float32]:
    """Turn a PIL image of 8 or 16 bits into (H, W, C) floats."""
    pixels = np.asarray(image)
    scale = np.float32(65535 if pixels.dtype == np.uint16 else 255)
    floats = pixels.astype(np.float32) / scale
    return floats[..., None] if floats.ndim == 2 else floats


def to_image(picture: NDArray[np.float32]) -> Image.Image:
    """Turn (H, W, C) floats into an 8-bit PIL image: L, RGB or RGBA."""
    pixels = to_bytes(picture)
    return Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)


def to_bytes(picture: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Round to 8 bits."""
    rounded: NDArray[np.uint8] = np.round(np.clip(picture, 0, 1) * 255).astype(np.uint8)
    return rounded


def to_payload(maps: Mapping[str, NDArray[np.float32]]) -> dict[str, NDArray[np.generic]]:
    """Turn maps into what the texture codec stores: height in 16 bits, the rest in 8."""
    payload: dict[str, NDArray[np.generic]] = {}
    for name, pixels in maps.items():
        flat = pixels[..., 0] if pixels.shape[-1] == 1 else pixels
        if name == "height":
            payload[name] = np.round(np.clip(flat, 0, 1) * 65535).astype(np.uint16)
        else:
            payload[name] = to_bytes(flat)
    return payload


def load_maps(asset: InputAsset) -> Maps:
    """Load a texture asset: colour maps (H, W, 3), the others (H, W).

    Raises:
        InvalidInputError: a map cannot be read, or there is no albedo.
    """
    maps: Maps = {}
    for name, path in asset.files.items():
        if path.suffix.lower() == ".json":  # a recipe beside maps that cannot hold it
            continue
        image = load_image(path, deep=True)
        floats = to_floats(image.convert("RGB") if name in COLOUR_MAPS else _to_grey(image))
        maps[name] = floats if name in COLOUR_MAPS else floats[..., 0]
    if "albedo" not in maps:
        raise InvalidInputError(
            "texture '{title}' has no albedo map; import it with one", title=asset.title or asset.id
        )
    return maps


def _to_grey(image: Image.Image) -> Image.Image:
    return image if image.mode.startswith("I;16") else image.convert("L")
