"""Video: written as H.264 MP4, read from MP4, WebM and GIF."""

import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image

from studio.codecs.base import THUMBNAIL_SIZE
from studio.codecs.ffmpeg import Clip, iterate_frames, probe_clip, read_frame, write_mp4
from studio.codecs.files import check_file, payload_files, refuse_faults, take_over
from studio.codecs.image import ImageCodec, build_picture, shrink
from studio.codecs.pictures import count_frames, decode_frames, open_picture, to_eight_bit
from studio.codecs.recipe_tags import embed_tags, extract_tags
from studio.codecs.sidecar import find_sidecar, write_sidecar
from studio.errors import InvalidInputError
from studio.media import MediaType
from studio.recipe import Recipe

MAX_FPS: Final = 240
GIF_FRAME: Final = 100
"""Milliseconds of a GIF frame that names none, as browsers have it."""


class VideoCodec:
    """VIDEO: payload (frames, fps), `Path` or name -> `Path`.

    Frames are pictures or arrays (H, W, 3), or one array (T, H, W, 3). An odd side is made even
    by repeating its last row or column, for H.264 has no odd sides.
    """

    kind = MediaType.VIDEO

    def encode(self, payload: Any, folder: Path) -> dict[str, Path]:
        """Write one MP4 file, or take files over."""
        if isinstance(payload, Path | Mapping):
            files = take_over(payload, folder)
            self.probe(files)
            return files
        frames, fps = _check_payload(payload)
        first = next(frames, None)
        if first is None:
            raise InvalidInputError("a video needs at least one frame")
        path = folder / "main.mp4"
        pixels = (_to_bytes(frame, first.size) for frame in chain([first], frames))
        write_mp4(
            path, pixels, (first.width + first.width % 2, first.height + first.height % 2), fps
        )
        return {"main": path}

    def probe(self, files: Mapping[str, Path]) -> dict[str, Any]:
        """Return width, height, frames, fps and seconds of the main file."""
        main, *_ = [_probe(path) for path in payload_files(files).values()]
        return {
            "width": main.width,
            "height": main.height,
            "frames": main.frames,
            "fps": round(float(main.fps), 3),
            "seconds": round(main.seconds, 3),
        }

    def hash_payload(self, files: Mapping[str, Path]) -> str:
        """Hash size, rate and decoded pixels; sound and tags do not count."""
        digest = hashlib.sha256()
        for path in payload_files(files).values():
            clip = _probe(path)
            digest.update(f"{clip.width} {clip.height} {clip.fps}\n".encode())
            if _is_gif(path):
                digest.update(ImageCodec().hash_payload({"main": path}).encode())
                continue
            for block in iterate_frames(path):
                digest.update(block)
        return digest.hexdigest()

    def make_thumbnail(self, files: Mapping[str, Path]) -> Image.Image:
        """Show the middle frame."""
        path = next(iter(payload_files(files).values()))
        clip = _probe(path)
        if _is_gif(path):
            *_, middle = decode_frames(path, most=clip.frames // 2 + 1)
            return shrink(to_eight_bit(middle))
        seconds = (clip.frames // 2) / float(clip.fps)
        side = min(THUMBNAIL_SIZE, max(clip.width, clip.height))
        data = read_frame(path, seconds, side) or read_frame(path, 0, side)
        with refuse_faults(path):
            return shrink(Image.open(io.BytesIO(data), formats=["PNG"]))

    def embed_recipe(self, files: Mapping[str, Path], recipe: Recipe) -> dict[str, Path]:
        """Write the recipe into MP4 metadata; beside any other file."""
        made = payload_files(files)
        held = [embed_tags(path, recipe) for path in made.values()]
        return made if all(held) else write_sidecar(made, recipe)

    def extract_recipe(self, path: Path) -> Recipe | None:
        """Read MP4 metadata, or a sidecar."""
        return extract_tags(path) or find_sidecar(path)


def _is_gif(path: Path) -> bool:
    check_file(path)
    with path.open("rb") as file:
        return file.read(4) == b"GIF8"


def _probe(path: Path) -> Clip:
    """Facts of one file; a GIF is read as a picture."""
    if not _is_gif(path):
        return probe_clip(path)
    with open_picture(path) as picture:
        frames, total = count_frames(picture, path), 0
        with refuse_faults(path):
            for index in range(frames):
                picture.seek(index)
                total += int(picture.info.get("duration") or GIF_FRAME)
        return Clip(picture.width, picture.height, frames, Fraction(frames * 1000, total))


def _check_payload(payload: Any) -> tuple[Iterator[Image.Image], Fraction]:
    """Return pictures, made one at a time, and the rate."""
    if not (isinstance(payload, tuple) and len(payload) == 2):
        raise InvalidInputError(
            "a video is (frames, fps) or a path, not {type}", type=type(payload).__name__
        )
    frames, rate = payload
    try:
        fps = Fraction(rate).limit_denominator(1001)
    except (TypeError, ValueError, OverflowError):
        fps = Fraction(0)
    if not 0 < fps <= MAX_FPS:
        raise InvalidInputError("fps is 1..{most}, not {fps}", most=MAX_FPS, fps=rate)
    if not isinstance(frames, Iterable):
        raise InvalidInputError(
            "the frames of a video are pictures or arrays, not {type}", type=type(frames).__name__
        )
    return (build_picture(frame).convert("RGB") for frame in frames), fps


def _to_bytes(frame: Image.Image, size: tuple[int, int]) -> bytes:
    """RGB bytes with even sides."""
    if frame.size != size:
        raise InvalidInputError(
            "a frame is {size}, the first is {wanted}; make all the same size",
            size=f"{frame.width} x {frame.height}",
            wanted=f"{size[0]} x {size[1]}",
        )
    even = ((0, frame.height % 2), (0, frame.width % 2), (0, 0))
    return np.pad(np.asarray(frame), even, mode="edge").tobytes()
