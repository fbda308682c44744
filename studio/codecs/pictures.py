"""Decoding pictures that nobody vouches for: size first, then pixels, then what they mean."""

import io
import math
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import Final, NamedTuple

from PIL import Image, ImageCms, ImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TgaImagePlugin import TgaImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from studio.codecs.files import peek, refuse_faults
from studio.errors import InvalidInputError

MAX_PIXELS: Final = 16384 * 16384
"""Largest picture, pixels."""
MAX_SIDE: Final = 1 << 18
"""Longest side, pixels."""
MAX_FRAME_PIXELS: Final = 1 << 30
"""Largest animation, pixels over all frames."""
ORIENTATION: Final = 0x0112
TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF orientation -> what sets the picture upright."""
ANIMATED: Final = ("PNG", "GIF", "WEBP", "TIFF")
MOST_KEPT: Final = 1 << 24
"""Pixels that `decode_once` keeps."""
MAX_PROFILE: Final = 1 << 19
"""Bytes of a colour profile that is surely read back; Pillow refuses some above a megabyte."""
_WARNINGS = threading.RLock()  # `catch_warnings` is not safe between threads


class Still(NamedTuple):
    """A picture of one frame, decoded, and the format of its file."""

    frame: Image.Image
    format: str


_KEPT: ContextVar[dict[Path, Still] | None] = ContextVar("kept", default=None)


def open_picture(path: Path) -> ImageFile.ImageFile:
    """Open a picture and check its header; pixels are not decoded yet. Close it after use.

    The readers are called by hand: `Image.open` would judge size by a limit that belongs to the
    whole process, and would try formats that nobody asked for.

    Raises:
        InvalidInputError: not a picture, damaged, or larger than `MAX_PIXELS`.
    """
    _, head = peek(path, 64)
    reader = _find_reader(head, path.suffix.lower())
    if reader is None:
        raise InvalidInputError(
            "{path}: this is not a picture but {found}; use PNG, JPEG, WebP, BMP, TIFF, TGA or GIF",
            path=path,
            found=_describe(head),
        )
    with refuse_faults(path), quiet():
        picture = reader(str(path))
    width, height = picture.size
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        picture.close()
        raise InvalidInputError(
            "{path}: the picture is too large ({width} x {height}; at most {limit} megapixels); "
            "make it smaller",
            path=path,
            width=width,
            height=height,
            limit=MAX_PIXELS // 1_000_000,
        )
    return picture


def count_frames(picture: ImageFile.ImageFile, path: Path) -> int:
    """Number of frames, 1 for a still.

    Raises:
        InvalidInputError: damaged, or over `MAX_FRAME_PIXELS` in all.
    """
    if picture.format not in ANIMATED:
        return 1
    with refuse_faults(path), quiet():
        frames = int(getattr(picture, "n_frames", 1))
    if frames > 1 and frames * picture.width * picture.height > MAX_FRAME_PIXELS:
        raise InvalidInputError(
            "{path}: the animation is too large ({frames} frames of {width} x {height}); "
            "make it shorter or smaller",
            path=path,
            frames=frames,
            width=picture.width,
            height=picture.height,
        )
    return frames


def read_format(path: Path) -> tuple[str, int]:
    """Return the format of a picture, "PNG", and its frames.

    Raises:
        InvalidInputError: as `open_picture` and `count_frames`.
    """
    kept = _KEPT.get()
    if kept is not None and path in kept:
        return kept[path].format, 1
    with open_picture(path) as picture:
        return str(picture.format), count_frames(picture, path)


def decode_frames(
    path: Path, most: int | None = None, near: int | None = None
) -> Iterator[Image.Image]:
    """Yield the frames, decoded, upright, palettes resolved.

    Modes are L, LA, RGB, RGBA, CMYK, I;16, I, F and rarer ones of TIFF.

    Args:
        path: of the picture.
        most: stop after so many.
        near: a JPEG may be decoded smaller, both sides at least this many pixels: much faster.
    """
    kept = _KEPT.get()
    if kept is not None and path in kept:
        yield kept[path].frame.copy()
        return
    with open_picture(path) as picture:
        frames = count_frames(picture, path)
        for index in range(frames if most is None else min(most, frames)):
            with refuse_faults(path):
                if frames > 1:
                    with quiet():
                        picture.seek(index)
                if near is not None:
                    picture.draft(None, (near, near))
                picture.load()
                frame = _set_upright(_resolve_palette(picture), picture)
            if kept is not None and frames == 1 and near is None:
                _keep(kept, path, Still(frame.copy(), str(picture.format)))
            yield frame


@contextmanager
def decode_once() -> Iterator[None]:
    """Keep the stills that are decoded within: for files that nobody changes meanwhile."""
    token = _KEPT.set({})
    try:
        yield
    finally:
        _KEPT.reset(token)


def keep_still(path: Path, picture: Image.Image, format_name: str) -> None:
    """Let `decode_once` know what was written without loss: its pixels need not be read back.

    Where reading gives another mode than was written (palettes, 1 bit, a colour key), or may
    refuse what was written (colour profiles that are huge), they are.
    """
    kept = _KEPT.get()
    if kept is None:
        return
    kept.pop(path, None)
    profile = picture.info.get("icc_profile") or b""
    is_same = picture.mode in ("L", "RGB", "RGBA") and "transparency" not in picture.info
    if not is_same or len(profile) > MAX_PROFILE or picture.width * picture.height > MOST_KEPT:
        return
    frame = picture.copy()
    frame.info = {"icc_profile": profile} if profile else {}
    _keep(kept, path, Still(frame, format_name))


@contextmanager
def quiet() -> Iterator[None]:
    """Keep Pillow's warnings about odd metadata to ourselves."""
    with _WARNINGS, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def to_eight_bit(image: Image.Image, *, deep: bool = False) -> Image.Image:
    """Return the picture as L, RGB or RGBA with 8 bits a channel, colours as in sRGB.

    Args:
        image: of any mode.
        deep: leave 16-bit grey as it is, mode "I;16".
    """
    if image.mode.startswith("I;16") or image.mode == "I":
        return _from_integers(image, deep)
    if image.mode == "F":
        return _from_floats(image)
    if image.mode in ("CMYK", "RGB", "RGBA") and image.info.get("icc_profile"):
        image = _convert_by_profile(image)
    if image.mode in ("L", "RGB", "RGBA"):
        return image
    if image.mode in ("LA", "La", "PA", "RGBa"):
        return image.convert("RGBA")
    if image.mode == "P":
        return _resolve_palette(image)
    if image.mode == "LAB":
        image = ImageCms.applyTransform(image, _lab_transform()) or image
    return image.convert("L" if image.mode == "1" else "RGB")


def _keep(kept: dict[Path, Still], path: Path, still: Still) -> None:
    held = sum(known.frame.width * known.frame.height for known in kept.values())
    if held + still.frame.width * still.frame.height <= MOST_KEPT:
        kept[path] = still


def _find_reader(head: bytes, suffix: str) -> type[ImageFile.ImageFile] | None:
    """Choose by what the file begins with; only TGA has no signature and goes by its name."""
    signatures: tuple[tuple[bytes, type[ImageFile.ImageFile]], ...] = (
        (b"\x89PNG\r\n\x1a\n", PngImageFile),
        (b"\xff\xd8\xff", JpegImageFile),
        (b"BM", BmpImageFile),
        (b"GIF8", GifImageFile),
        (b"II*\0", TiffImageFile),
        (b"MM\0*", TiffImageFile),
        (b"II+\0", TiffImageFile),
        (b"MM\0+", TiffImageFile),
    )
    for signature, reader in signatures:
        if head.startswith(signature):
            return reader
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return WebPImageFile
    return TgaImageFile if suffix == ".tga" else None


def _describe(head: bytes) -> str:
    """Say in two words what a file seems to hold."""
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "a zip archive"
    if head.startswith(b"%PDF"):
        return "a PDF document"
    if head[4:8] == b"ftyp":
        return "a HEIC picture or a video"
    with suppress(UnicodeDecodeError):
        if head[:60].decode("utf-8", "strict" if len(head) < 60 else "ignore").isprintable():
            return "text"
    if all(byte >= 32 or byte in b"\t\r\n" for byte in head):
        return "text"
    return "unknown data"


def _set_upright(frame: Image.Image, picture: ImageFile.ImageFile) -> Image.Image:
    """Apply the EXIF orientation; unreadable EXIF means upright."""
    if picture.format == "TIFF":  # Pillow has turned it while loading
        return frame
    turn = None
    with suppress(Exception), quiet():
        turn = TURNS.get(picture.getexif().get(ORIENTATION, 1))
    return frame if turn is None else frame.transpose(turn)


def _resolve_palette(picture: Image.Image) -> Image.Image:
    """Return a copy with palette and colour key turned into colours and alpha; 1 bit is L."""
    transparent = "transparency" in picture.info
    if picture.mode == "1":
        return picture.convert("L")
    if picture.mode in ("P", "PA", "L", "RGB") and (picture.mode == "PA" or transparent):
        return picture.convert("RGBA")
    return picture.convert("RGB") if picture.mode == "P" else picture.copy()


def _from_integers(image: Image.Image, deep: bool) -> Image.Image:
    """I;16 and I to L: 0..65535 becomes 0..255; a wider range is stretched to fit."""
    if deep and image.mode.startswith("I;16"):
        return image
    wide = image.convert("I")
    low, high = wide.getextrema()
    if not isinstance(low, int | float) or not isinstance(high, int | float):
        raise TypeError("a one-channel picture has one pair of extrema")
    if 0 <= low and high <= 65535:
        low, high = 0, 65535
    if deep:
        scale = 65535 / (high - low)
        return wide.point(lambda v: v * scale + (0.5 - low * scale)).convert("I;16")
    scale = 255 / (high - low)
    return wide.point(lambda v: v * scale + (0.5 - low * scale)).convert("L")


def _from_floats(image: Image.Image) -> Image.Image:
    """F to L: 0..1 becomes 0..255; any other range is stretched to fit."""
    low, high = image.getextrema()
    if not isinstance(low, int | float) or not isinstance(high, int | float):
        raise TypeError("a one-channel picture has one pair of extrema")
    if not (math.isfinite(low) and math.isfinite(high)):
        raise InvalidInputError("the picture holds values that are not finite; clean it first")
    if 0 <= low and high <= 1:
        low, high = 0, 1
    scale = 255 / (high - low)
    return image.point(lambda v: v * scale + (0.5 - low * scale)).convert("L")


def _convert_by_profile(image: Image.Image) -> Image.Image:
    """CMYK or wide-gamut RGB to sRGB by its own profile; left alone if the profile is no good."""
    with suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
        profile = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
        if "sRGB" in ImageCms.getProfileDescription(profile):
            return image
        mode = "RGB" if image.mode == "CMYK" else image.mode
        made = ImageCms.profileToProfile(
            image, profile, ImageCms.createProfile("sRGB"), outputMode=mode
        )
        if made is not None:
            made.info.pop("icc_profile", None)
            return made
    return image


def _lab_transform() -> ImageCms.ImageCmsTransform:
    """L*a*b* (D50) to sRGB."""
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    return ImageCms.buildTransform(lab, srgb, "LAB", "RGB")
