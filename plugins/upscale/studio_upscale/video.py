"""`upscale.video`: a video or flipbook GIF, larger, frame by frame, and steady."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np
import numpy.typing as npt
from PIL import Image
from pydantic import Field

from studio.errors import InvalidInputError
from studio.generator import (
    Artifact,
    BundledCheckpoint,
    Checkpoint,
    Footprint,
    Generator,
    Input,
    JobContext,
)
from studio.media import MediaType
from studio.params import Params
from studio_upscale.progress import Progress
from studio_upscale.shelf import list_shipped, load_enlarger

Bytes = npt.NDArray[np.uint8]

MAX_SIDE: Final = 4096
"""Of the result, pixels: H.264 decoders refuse more."""


class VideoParams(Params):
    """Params of `upscale.video`."""

    checkpoint: str = Field(
        "fast",
        min_length=1,
        max_length=500,
        description="shipped weights by name, or a checkpoint of your own, from upscale.train",
    )
    scale: float = Field(
        2, ge=1, le=4, description="times each side grows", json_schema_extra={"unit": "x"}
    )
    steady: float = Field(
        0.5,
        ge=0,
        le=0.9,
        description="how much of the frame before, moved to where things are now, is mixed in "
        "where it fits: less flicker; 0 enlarges every frame on its own",
    )
    tile: int = Field(
        256,
        ge=16,
        le=1024,
        description="side of the windows worked on at a time; smaller needs less memory",
        json_schema_extra={"unit": "px", "advanced": True},
    )


class Video(Generator):
    """The net over every frame, and the last frame warped."""

    id: ClassVar[str] = "upscale.video"
    title: ClassVar[str] = "Upscale video"
    summary: ClassVar[str] = "A video, 1 to 4 times larger, without flicker"
    output: ClassVar[MediaType] = MediaType.VIDEO
    inputs: ClassVar[tuple[Input, ...]] = (
        Input("video", (MediaType.VIDEO,), summary="what to enlarge; its sound is not kept"),
    )
    Params: ClassVar[type[Params]] = VideoParams
    seeded: ClassVar[bool] = False
    checkpoint_from: ClassVar[tuple[str, ...]] = ("checkpoint",)
    checkpoints: ClassVar[tuple[BundledCheckpoint, ...]] = list_shipped("fast", "quality", "sharp")
    memory_modes: ClassVar[tuple[str, ...]] = ("tile",)

    @classmethod
    def footprint(cls, params: Any) -> Footprint:
        """Windows of the net, and some frames."""
        return Footprint(host_bytes=(700 << 20) + (params.tile + 60) ** 2 * 4 * 64 * 6)

    def __init__(self, checkpoint: Checkpoint | None, device: str) -> None:
        super().__init__(checkpoint, device)
        self._network = load_enlarger(checkpoint, self.id)

    def generate(self, params: VideoParams, job: JobContext) -> Iterator[Artifact]:
        """Yield the enlarged video; its frames are made while it is written."""
        source = job.inputs["video"][0]
        film = Film(source.path)
        if max(film.size) * params.scale > MAX_SIDE:
            raise InvalidInputError(
                "{title}: {width} x {height} times {factor} is above {limit} pixels a side; choose "
                "a smaller scale",
                title=source.title or "video",
                width=film.size[0],
                height=film.size[1],
                factor=f"{params.scale:g}",
                limit=MAX_SIDE,
            )
        for index in range(len(job.seeds)):
            frames = self._enlarge(params, job.memory_modes, film, Progress(job, index))
            yield Artifact((frames, film.fps), MediaType.VIDEO, title=source.title)

    def _enlarge(
        self, params: VideoParams, modes: Sequence[str], film: "Film", progress: Progress
    ) -> Iterator[Bytes]:
        from studio_upscale.enlarge import Style, choose_tile, count_tiles, enlarge
        from studio_upscale.motion import Steadier

        style = Style(tile=choose_tile(params.tile, modes))
        width, height = film.size
        windows = count_tiles(height, width, self._network.config.scale, params.scale, style.tile)
        progress.expect(windows * film.count)
        steadier = Steadier(params.steady)
        for small in film:
            large = enlarge(self._network, small, params.scale, style, progress.advance)
            yield steadier.steady(small, large)
        progress.finish()


class Film:
    """The frames of a video or moving picture, one at a time.

    Attributes:
        size: width and height.
        count: of frames, as the file says.
        fps: frames a second.
    """

    def __init__(self, path: Path) -> None:
        from studio.codecs import Codecs

        facts = Codecs().get(MediaType.VIDEO).probe({"main": path})
        self._path = path
        self.size = (int(facts["width"]), int(facts["height"]))
        self.count = int(facts["frames"])
        self.fps = float(facts["fps"])

    def __iter__(self) -> Iterator[Bytes]:
        """Yield (H, W, 3)."""
        with self._path.open("rb") as file:
            is_gif = file.read(4) == b"GIF8"
        if is_gif:
            from studio.codecs.pictures import decode_frames

            return (np.asarray(frame.convert("RGB")) for frame in decode_frames(self._path))
        return self._decode()

    def _decode(self) -> Iterator[Bytes]:
        from studio.codecs.ffmpeg import iterate_frames

        width, height = self.size
        half = (-(-height // 2), -(-width // 2))
        size = width * height + 2 * half[0] * half[1]
        buffer = bytearray()
        for block in iterate_frames(self._path):
            buffer += block
            while len(buffer) >= size:
                planes = np.frombuffer(bytes(buffer[:size]), np.uint8)
                del buffer[:size]
                yield _to_colour(planes, (height, width), half)


def _to_colour(planes: Bytes, full: tuple[int, int], half: tuple[int, int]) -> Bytes:
    """Turn planar 4:2:0 of BT.709 (what Studio writes, and HD video is) into RGB (H, W, 3)."""
    count, part = full[0] * full[1], half[0] * half[1]
    luma = (planes[:count].reshape(full).astype(np.float32) - 16) * (255 / 219)
    chroma = []
    for start in (count, count + part):
        plane = Image.fromarray(planes[start : start + part].reshape(half))
        # Two rows and columns of luma share one of chroma, which lies between the rows and on the
        # left column.
        plane = plane.resize((2 * half[1], 2 * half[0]), Image.Resampling.BILINEAR)
        wide = np.asarray(plane, np.float32)[: full[0], : full[1]]
        chroma.append((wide - 128) * (255 / 224))
    blue, red = chroma
    colour = np.stack(
        [luma + 1.5748 * red, luma - 0.1873 * blue - 0.4681 * red, luma + 1.8556 * blue], axis=2
    )
    return np.asarray(np.clip(np.rint(colour), 0, 255), np.uint8)
