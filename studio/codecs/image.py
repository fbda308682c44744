"""Pictures: written as PNG, read from PNG, JPEG, WebP, BMP, TIFF, TGA and GIF."""

import hashlib
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from PIL import Image

from studio.codecs.base import THUMBNAIL_SIZE
from studio.codecs.files import payload_files, read_head, refuse_faults, take_over
from studio.codecs.pictures import (
    decode_frames,
    keep_still,
    open_picture,
    read_format,
    to_eight_bit,
)
from studio.codecs.recipe_jpeg import embed_jpeg, extract_jpeg
from studio.codecs.recipe_png import embed_png, extract_png
from studio.codecs.sidecar import find_sidecar, write_sidecar
from studio.errors import InvalidInputError
from studio.media import MediaType
from studio.recipe import Recipe

COMPRESSION: Final = 4
"""Of zlib, fixed: two fifths of the time of Pillow's 6 for a few percent of size."""
GRAIN: Final = 20
"""Pixels to a colour below which nothing repeats. To look for repeats then takes more than half of
the time and is in vain: without it, of 661 real textures the usual one is 1 percent longer, and one
in a hundred 9 percent. Where there are few colours, as in pixel art, repeats are worth it."""
MANY: Final = 1 << 14
"""Colours that are many in any picture."""
STRIP: Final = 1 << 24
"""Pixels hashed at a time."""
WRITABLE: Final = ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")


class ImageCodec:
    """IMAGE: payload `PIL.Image`, array (H, W[, 1|3|4]), `Path` or name -> `Path`."""

    kind = MediaType.IMAGE

    def encode(self, payload: Any, folder: Path) -> dict[str, Path]:
        """Write one PNG, or take files over; of an animated `PIL.Image` the current frame."""
        if isinstance(payload, Path | Mapping):
            files = take_over(payload, folder)
            self.probe(files)
            return files
        path = folder / "main.png"
        save_png(build_picture(payload), path)
        return {"main": path}

    def probe(self, files: Mapping[str, Path]) -> dict[str, Any]:
        """Decode the main picture in full, others by their headers.

        Returns: width and height as seen (upright), mode, format, frames.
        """
        main, *others = payload_files(files).values()
        for path in others:
            open_picture(path).close()
        format_name, frames = read_format(main)
        facts: dict[str, Any] = {}
        for frame in decode_frames(main):
            if not facts:
                facts = {"width": frame.width, "height": frame.height, "mode": frame.mode}
        return {**facts, "format": format_name.lower(), "frames": frames}

    def hash_payload(self, files: Mapping[str, Path]) -> str:
        """Hash mode, size and pixels of every frame, upright and with palettes resolved."""
        digest = hashlib.sha256()
        for path in payload_files(files).values():
            for frame in decode_frames(path):
                digest.update(f"{frame.mode} {frame.width} {frame.height}\n".encode())
                _hash_pixels(frame, digest.update)
        return digest.hexdigest()

    def make_thumbnail(self, files: Mapping[str, Path]) -> Image.Image:
        """Shrink the first frame."""
        path = next(iter(payload_files(files).values()))
        with refuse_faults(path):
            frame = next(decode_frames(path, most=1, near=2 * THUMBNAIL_SIZE))
            return shrink(to_eight_bit(frame))

    def embed_recipe(self, files: Mapping[str, Path], recipe: Recipe) -> dict[str, Path]:
        """Write the recipe into PNG and JPEG without touching pixels; else beside them."""
        made = payload_files(files)
        held = [embed_picture(path, recipe) for path in made.values()]
        return made if all(held) else write_sidecar(made, recipe)

    def extract_recipe(self, path: Path) -> Recipe | None:
        """Read PNG and JPEG recipes, or a sidecar."""
        head = read_head(path)
        found = extract_png(path) if head.startswith(b"\x89PNG") else None
        if head.startswith(b"\xff\xd8"):
            found = extract_jpeg(path)
        return found or find_sidecar(path)


def load_image(path: Path | str, *, deep: bool = False) -> Image.Image:
    """Open any picture a user may bring, the way a generator wants it.

    Upright by its EXIF, first frame of an animation, colours in sRGB by their own profile (CMYK,
    wide gamut), palettes resolved, and one of three modes: "L", "RGB", "RGBA", 8 bits a channel.
    16-bit grey is scaled to 8 bits, or with `deep` kept as mode "I;16" (`numpy.asarray` gives
    uint16). 16-bit colour is read as 8-bit.

    Raises:
        InvalidInputError: missing, unreadable, damaged, too large or not a picture.
    """
    path = Path(path)
    with refuse_faults(path):
        return to_eight_bit(next(decode_frames(path, most=1)), deep=deep)


def build_picture(payload: Any) -> Image.Image:
    """Return an image or an array as a picture that PNG can hold.

    Raises:
        InvalidInputError: neither, or empty.
    """
    if not isinstance(payload, Image.Image):
        if not hasattr(payload, "__array_interface__"):
            raise InvalidInputError(
                "a picture is a PIL image, an array or a path, not {type}",
                type=type(payload).__name__,
            )
        # numpy is not a dependency of the host; who brings an array has it.
        from studio.codecs.pixels import build_image

        payload = build_image(payload)
    if 0 in payload.size:
        raise InvalidInputError("the picture is empty; it needs at least one pixel")
    return payload if payload.mode in WRITABLE else to_eight_bit(payload)


def save_png(image: Image.Image, path: Path) -> None:
    """Write pixels, palette and colour profile, and no other metadata: same image, same bytes."""
    keep = {name: image.info[name] for name in ("icc_profile",) if name in image.info}
    repeats = zlib.Z_RLE if _is_grainy(image) else zlib.Z_DEFAULT_STRATEGY
    image.save(path, "PNG", compress_level=COMPRESSION, compress_type=repeats, **keep)
    keep_still(path, image, "PNG")


def embed_picture(path: Path, recipe: Recipe) -> bool:
    """Write a recipe into a picture in place, or return False if its format holds none."""
    head = read_head(path)
    if head.startswith(b"\x89PNG"):
        embed_png(path, recipe)
        return True
    return head.startswith(b"\xff\xd8") and embed_jpeg(path, recipe)


def shrink(image: Image.Image, size: int = THUMBNAIL_SIZE) -> Image.Image:
    """Return a picture of at most `size` on the longest side; a smaller one is left as it is."""
    small = image.copy()
    small.thumbnail((size, size), Image.Resampling.LANCZOS, reducing_gap=3)
    small.info.clear()
    return small


def _is_grainy(image: Image.Image) -> bool:
    most = min(image.width * image.height // GRAIN, MANY)
    return image.mode in ("RGB", "RGBA") and image.getcolors(most) is None


def _hash_pixels(frame: Image.Image, update: Any) -> None:
    """Feed the pixels row by row, a strip at a time: `tobytes` of all would double the memory."""
    rows = max(1, STRIP // frame.width)
    for top in range(0, frame.height, rows):
        bottom = min(top + rows, frame.height)
        update(frame.crop((0, top, frame.width, bottom)).tobytes())
