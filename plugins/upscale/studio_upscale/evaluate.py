"""`eval.sr`: how near the nets come to pictures that are shrunk and enlarged again."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image
from pydantic import Field

from studio.codecs import load_image
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
from studio_upscale.pictures import is_tiling
from studio_upscale.shelf import load_enlarger
from studio_upscale.srgan import SHIPPED

SMALLEST = 48
"""Shortest side of a picture that can be measured, pixels."""
PROTOCOL = (
    "bicubic reduction; luma by BT.601; border of scale pixels cut off; seam_step: of a picture "
    "that tiles, how steep its seam is over the same line when it lies inside"
)
DIGITS = {"psnr_y": 3, "ssim_y": 4, "patch_swd": 3, "spectrum_error": 4}


class EvaluateParams(Params):
    """Params of `eval.sr`."""

    checkpoint: str = Field(
        "quality",
        min_length=1,
        max_length=500,
        description="shipped weights by name, or a checkpoint of your own",
    )
    scale: Literal[2, 3, 4] = Field(4, description="times the pictures are shrunk")


class Evaluate(Generator):
    """PSNR and SSIM by the protocol of the published tables, and two measures of texture."""

    id: ClassVar[str] = "eval.sr"
    title: ClassVar[str] = "Evaluate an upscaler"
    summary: ClassVar[str] = "PSNR, SSIM and texture figures on pictures of yours"
    output: ClassVar[MediaType] = MediaType.REPORT
    inputs: ClassVar[tuple[Input, ...]] = (
        Input(
            "pictures",
            (MediaType.IMAGE,),
            many=True,
            summary="the true, large pictures",
        ),
    )
    Params: ClassVar[type[Params]] = EvaluateParams
    seeded: ClassVar[bool] = False
    reads_titles: ClassVar[bool] = True
    checkpoint_from: ClassVar[tuple[str, ...]] = ("checkpoint",)
    checkpoints: ClassVar[tuple[BundledCheckpoint, ...]] = SHIPPED
    testing_params: ClassVar[dict[str, object]] = {"checkpoint": "fast", "scale": 2}

    @classmethod
    def footprint(cls, params: Any) -> Footprint:
        """Windows of the net, and patches of the texture measure."""
        return Footprint(host_bytes=900 << 20)

    def __init__(self, checkpoint: Checkpoint | None, device: str) -> None:
        super().__init__(checkpoint, device)
        self._network = load_enlarger(checkpoint, self.id)

    def generate(self, params: EvaluateParams, job: JobContext) -> Iterator[Artifact]:
        """Yield the table."""
        pictures = [(asset.title, asset.path) for asset in job.inputs["pictures"]]
        total = len(pictures) * len(job.seeds)
        for index in range(len(job.seeds)):
            rows, seconds, pixels = [], 0.0, 0
            for number, (title, path) in enumerate(pictures):
                job.step(index * len(pictures) + number, total)
                true = load_image(path).convert("RGB")
                _check_size(true, title)
                row, spent = self._compare(true, params.scale)
                rows.append({"picture": title, **row})
                seconds, pixels = seconds + spent, pixels + true.width * true.height
            job.step((index + 1) * len(pictures), total)
            mean = _average(rows)
            report = {
                "title": f"{params.checkpoint} x{params.scale}",
                "protocol": PROTOCOL,
                "mean": mean,
                "rows": rows,
            }
            yield Artifact(
                report,
                MediaType.REPORT,
                metrics={**mean["net"], "gain_db": _gain(mean), **_find_seams(rows)},
                info={"ms_per_megapixel": round(1e9 * seconds / pixels, 1)},
                title=f"{params.checkpoint} on {len(pictures)} pictures",
            )

    def _compare(self, true: Image.Image, scale: int) -> tuple[dict[str, Any], float]:
        """Measure bicubic and the net on one picture; returns the figures and the net's seconds."""
        from studio_upscale.enlarge import Style, enlarge
        from studio_upscale.metrics import reduce_bicubic
        from studio_upscale.seams import measure_seam_step

        high, low = reduce_bicubic(true, scale)
        bicubic = np.asarray(low.resize(high.size, Image.Resampling.BICUBIC))
        start = time.perf_counter()
        made = enlarge(self._network, np.asarray(low), scale, Style())
        seconds = time.perf_counter() - start
        truth = np.asarray(high)
        row: dict[str, Any] = {
            "bicubic": _measure(bicubic, truth, scale),
            "net": _measure(made, truth, scale),
        }
        small = np.asarray(low)
        if is_tiling(small, "auto"):
            step = measure_seam_step(self._network, small, scale, wraps=True)
            row["seam_step"] = round(step, 3)
        return row, seconds


def _check_size(image: Image.Image, title: str) -> None:
    if min(image.size) < SMALLEST:
        raise InvalidInputError(
            "{title}: {width} x {height} is too small to measure; give at least {least} pixels a "
            "side",
            title=title or "picture",
            width=image.width,
            height=image.height,
            least=SMALLEST,
        )


def _measure(
    made: npt.NDArray[np.uint8], true: npt.NDArray[np.uint8], border: int
) -> dict[str, float]:
    from studio_upscale import metrics

    values = {
        # A perfect copy has no finite figure; 99 dB is further than any other.
        "psnr_y": min(99.0, metrics.measure_psnr(made, true, border)),
        "ssim_y": metrics.measure_ssim(made, true, border),
        "patch_swd": metrics.measure_patch_swd(made, true),
        "spectrum_error": metrics.measure_spectrum_error(made, true),
    }
    return {name: round(value, DIGITS[name]) for name, value in values.items()}


def _average(rows: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    return {
        method: {
            name: round(float(np.mean([row[method][name] for row in rows])), digits)
            for name, digits in DIGITS.items()
        }
        for method in ("bicubic", "net")
    }


def _find_seams(rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Return the seam of the tile that fared worst, where there was a tile."""
    steps = [float(row["seam_step"]) for row in rows if "seam_step" in row]
    return {"seam_step": max(steps, key=lambda step: abs(step - 1))} if steps else {}


def _gain(mean: Mapping[str, Mapping[str, float]]) -> float:
    return round(mean["net"]["psnr_y"] - mean["bicubic"]["psnr_y"], 3)
