"""`upscale.community`: other people's ESRGAN, SwinIR, DAT ... weights, through spandrel."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field

from studio.codecs import load_image
from studio.errors import CheckpointError
from studio.generator import Artifact, Checkpoint, Footprint, Generator, Input, JobContext
from studio.media import MediaType
from studio.params import Params
from studio_upscale.pictures import check_growth, is_tiling, measure_seam, to_image, to_pixels

WEIGHTS = (".safetensors", ".pth", ".pt", ".ckpt")


class CommunityParams(Params):
    """Params of `upscale.community`."""

    checkpoint: str = Field(
        "",
        max_length=500,
        description="a .safetensors file of ESRGAN, Real-ESRGAN, SwinIR, DAT, HAT, SPAN, OmniSR, "
        "...; a .pth file only after `studio checkpoints approve` of its hash",
    )
    tiling: Literal["auto", "yes", "no"] = Field(
        "auto", description="whether the picture repeats without a seam, and shall go on doing so"
    )
    tile: int = Field(
        192,
        ge=32,
        le=1024,
        description="side of the windows worked on at a time",
        json_schema_extra={"unit": "px", "advanced": True},
    )
    overlap: int = Field(
        16,
        ge=0,
        le=128,
        description="pixels around a window that are worked on and thrown away; nets that look "
        "far need more",
        json_schema_extra={"unit": "px", "advanced": True},
    )


class Community(Generator):
    """Any single-picture net that spandrel knows, over windows."""

    id: ClassVar[str] = "upscale.community"
    title: ClassVar[str] = "Upscale with community weights"
    summary: ClassVar[str] = "ESRGAN, SwinIR, DAT and other weights of yours"
    output: ClassVar[MediaType] = MediaType.IMAGE
    inputs: ClassVar[tuple[Input, ...]] = (
        Input("image", (MediaType.IMAGE,), summary="what to enlarge"),
    )
    Params: ClassVar[type[Params]] = CommunityParams
    seeded: ClassVar[bool] = False
    checkpoint_from: ClassVar[tuple[str, ...]] = ("checkpoint",)
    memory_modes: ClassVar[tuple[str, ...]] = ("tile",)

    @classmethod
    def footprint(cls, params: Any) -> Footprint:
        """A wide net; weights and windows are not known here."""
        return Footprint(host_bytes=2 << 30)

    def __init__(self, checkpoint: Checkpoint | None, device: str) -> None:
        super().__init__(checkpoint, device)
        if checkpoint is None:
            raise CheckpointError(
                "checkpoint: upscale.community brings no weights; name a .safetensors file"
            )
        self._model = load_model(checkpoint.path)

    def generate(self, params: CommunityParams, job: JobContext) -> Iterator[Artifact]:
        """Yield the enlarged picture."""
        from studio_upscale.foreign import count_windows, enlarge_foreign

        source = job.inputs["image"][0]
        image = load_image(source.path)
        scale = int(self._model.scale)
        check_growth(image.width, image.height, scale, source.title)
        pixels = to_pixels(image)
        wraps = is_tiling(pixels, params.tiling)
        tile = min(params.tile, 64) if "tile" in job.memory_modes else params.tile
        windows = count_windows(pixels, tile)
        for index in range(len(job.seeds)):
            done = index * windows
            job.step(done, windows * len(job.seeds))
            parts = enlarge_foreign(self._model, pixels, tile, params.overlap, wraps)
            made = next(parts)
            for _ in parts:
                done += 1
                job.step(done, windows * len(job.seeds))
            yield Artifact(
                to_image(made),
                MediaType.IMAGE,
                metrics={"seam_ratio": measure_seam(made, scale)} if wraps else {},
                info={"tiling": wraps, "architecture": self._model.architecture.id, "scale": scale},
                title=source.title,
                licence="",
            )


def load_model(path: Path) -> Any:
    """Load weights of any architecture that spandrel knows.

    Pickles get here only when the host was told to trust their hash, and are read with
    `weights_only`, which refuses code.

    Raises:
        CheckpointError: unreadable, or of no architecture that enlarges one picture.
    """
    from studio_upscale.spandrel_import import load_spandrel

    spandrel = load_spandrel()
    file = _find_weights(path)
    try:
        model = spandrel.ModelLoader(device="cpu").load_from_state_dict(_read(file))
    except Exception as error:
        raise CheckpointError(
            "{path}: no architecture that spandrel knows, or damaged ({fault})",
            path=file,
            fault=f"{type(error).__name__}: {error}".rstrip(": ")[:200],
        ) from error
    if not isinstance(model, spandrel.ImageModelDescriptor) or model.purpose not in (
        "SR",
        "Restoration",
    ):
        raise CheckpointError(
            "{path}: {name} does not turn one picture into one; it has no use here",
            path=file,
            name=model.architecture.name,
        )
    if model.input_channels != 3 or model.output_channels != 3:
        raise CheckpointError(
            "{path}: takes {count} channels, not three", path=file, count=model.input_channels
        )
    return model.eval()


def _find_weights(path: Path) -> Path:
    """The file itself, or the only file of weights in a folder."""
    if path.is_file():
        return path
    found = sorted(file for file in path.iterdir() if file.suffix in WEIGHTS)
    if len(found) != 1:
        raise CheckpointError(
            "{path}: has {count} files of weights; name one of them", path=path, count=len(found)
        )
    return found[0]


def _read(file: Path) -> Any:
    """Read tensors by name, unwrapped from what trainers put around them."""
    if file.suffix == ".safetensors":
        from safetensors.torch import load_file

        return load_file(file)
    import torch

    state = torch.load(file, map_location="cpu", weights_only=True)
    for key in ("params_ema", "params", "state_dict", "model_state_dict"):
        if isinstance(state, dict) and isinstance(state.get(key), dict):
            return state[key]
    return state
