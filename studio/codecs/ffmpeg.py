"""The ffmpeg program that imageio-ffmpeg brings, run on files that nobody vouches for."""

import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

from studio.codecs.files import check_file
from studio.codecs.optional import load_library
from studio.errors import InvalidInputError

MAX_PIXELS: Final = 8192 * 8192
"""Of one frame."""
BLOCK: Final = 1 << 20
EXACT: Final = ("-fflags", "+bitexact", "-flags:v", "+bitexact", "-map_metadata", "-1")
THREADS: Final = "2"
"""Of the encoder, fixed: x264 writes other bytes with another number."""


@dataclass(frozen=True)
class Clip:
    """Facts of a video: size as shown, frames, frames per second."""

    width: int
    height: int
    frames: int
    fps: Fraction

    @property
    def seconds(self) -> float:
        """Length."""
        return float(self.frames / self.fps)


def write_mp4(path: Path, frames: Iterable[bytes], size: tuple[int, int], fps: Fraction) -> None:
    """Encode RGB frames (height * width * 3 bytes each, even sides) as H.264, visually lossless.

    Raises:
        InvalidInputError: ffmpeg refused.
        StudioError: imageio-ffmpeg is not installed.
    """
    source = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{size[0]}x{size[1]}", "-r", str(fps))
    colour = "scale=out_color_matrix=bt709:out_range=tv:flags=accurate_rnd+full_chroma_int"
    tags = ("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709")
    codec = ("-c:v", "libx264", "-crf", "17", "-pix_fmt", "yuv420p", "-threads", THREADS)
    output = ("-vf", colour, *tags, *codec, "-movflags", "+faststart", *EXACT, "-f", "mp4")
    command = [*_program(), "-y", *source, "-i", "-", *output, str(path.absolute())]
    with _running(command, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        try:
            for frame in frames:
                process.stdin.write(frame)
            process.stdin.close()
        except BrokenPipeError:
            pass  # its exit status tells
        if process.wait() != 0:
            raise InvalidInputError("{path}: ffmpeg could not write this video", path=path)


def probe_clip(path: Path) -> Clip:
    """Decode the first frame, walk through the packets of the rest.

    Raises:
        InvalidInputError: no MP4 or WebM, damaged, or too large.
        StudioError: imageio-ffmpeg is not installed.
    """
    first = ("-frames:v", "1", "-pix_fmt", "yuv420p", "-f", "yuv4mpegpipe", "-")
    fields = {}
    for word in _read_all(path, (), first).split(b"\n", 1)[0].decode("latin-1").split()[1:]:
        fields[word[0]] = word[1:]
    walked = _read_all(path, (), ("-c", "copy", "-progress", "pipe:1", "-f", "null", "-"))
    counts = [line for line in walked.split(b"\n") if line.startswith(b"frame=")]
    try:
        fps = Fraction(fields["F"].replace(":", "/"))
        clip = Clip(int(fields["W"]), int(fields["H"]), int(counts[-1][6:]), fps)
        if clip.frames < 1 or not 0 < fps <= 1000:
            raise ValueError("no frames")
    except (KeyError, ValueError, IndexError, ZeroDivisionError) as fault:
        raise _damaged(path) from fault
    return clip


def iterate_frames(path: Path) -> Iterator[bytes]:
    """Yield the decoded pixels, planar 4:2:0, in blocks of any size."""
    output = ("-fps_mode", "passthrough", "-pix_fmt", "yuv420p", "-f", "rawvideo", "-")
    with _running(_decode(path, (), output), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        while block := process.stdout.read(BLOCK):
            yield block
        if process.wait() != 0:
            raise _damaged(path)


def read_frame(path: Path, seconds: float, side: int) -> bytes:
    """Return the frame at a time as PNG, fitted into `side` x `side`; b"" if there is none."""
    fit = f"scale={side}:{side}:force_original_aspect_ratio=decrease:force_divisible_by=1"
    output = ("-frames:v", "1", "-vf", fit, "-c:v", "png", "-f", "image2pipe", "-")
    return _read_all(path, ("-ss", f"{seconds:.6f}"), output)


def _program() -> list[str]:
    library = load_library("imageio_ffmpeg", "video")
    return [library.get_ffmpeg_exe(), "-hide_banner", "-nostdin", "-v", "error", "-xerror"]


def _decode(path: Path, seek: tuple[str, ...], output: tuple[str, ...]) -> list[str]:
    """Build a command that reads one file and nothing else, whatever the file says."""
    guard = ("-protocol_whitelist", "file,pipe", "-max_pixels", str(MAX_PIXELS), "-threads", "1")
    source = ("-f", find_container(path), *seek, "-i", f"file:{path.absolute()}")
    return [*_program(), *guard, *source, "-map", "0:v:0", *output]


def find_container(path: Path) -> str:
    """Return ffmpeg's name of the container by what the file begins with.

    Playlists and other formats that name further files are refused here.

    Raises:
        InvalidInputError: neither MP4 nor WebM.
    """
    check_file(path)
    with path.open("rb") as file:
        head = file.read(12)
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free"):
        return "mov"
    if head.startswith(b"\x1aE\xdf\xa3"):
        return "matroska"
    raise InvalidInputError("{path}: this is not a video; use MP4, WebM or GIF", path=path)


def _read_all(path: Path, seek: tuple[str, ...], output: tuple[str, ...]) -> bytes:
    """Run to the end and return what was written."""
    with _running(_decode(path, seek, output), stdout=subprocess.PIPE) as process:
        written, _ = process.communicate()
        if process.returncode != 0:
            raise _damaged(path)
        return bytes(written)


@contextmanager
def _running(
    command: list[str], stdin: int = subprocess.DEVNULL, stdout: int = subprocess.DEVNULL
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a program that is killed if the block is left early."""
    with subprocess.Popen(
        command, stdin=stdin, stdout=stdout, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _damaged(path: Path) -> InvalidInputError:
    return InvalidInputError(
        "{path}: the video is damaged, cut short or too large; export it again", path=path
    )
