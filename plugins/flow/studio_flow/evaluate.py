"""`eval.images`: made textures or sprites against real ones, through a judge's eyes."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from PIL import Image
from pydantic import Field
from studio_training.seams import measure_seams
from studio_training.variety import measure_variety

from studio.codecs import load_image
from studio.errors import InvalidInputError
from studio.generator import (
    Artifact,
    BundledCheckpoint,
    Checkpoint,
    Footprint,
    Generator,
    Input,
    InputAsset,
    JobContext,
)
from studio.media import MediaType
from studio.params import Params
from studio_flow.shelf import get_place, list_shipped

if TYPE_CHECKING:
    from studio_flow.assess import Assessor

SHIPPED = list_shipped("judge", "judge-sprite")
LISTED = 64
"""Pictures with a row of their own in the report."""
PROTOCOL = (
    "features and classes of a small classifier of real pictures that ships with this plugin (not "
    "Inception: compare these figures with each other only); Fréchet distance, KID with the cubic "
    "kernel, precision and recall with 3 neighbours, diversity against the real pictures'; "
    "nearest: median distance to the nearest picture learnt from, against that of held-out "
    "pictures; of textures, correlations of brightness at 64 px over all rolls: repetition, of a "
    "picture with itself (median), and sameness, of two of a class (mean)"
)


class EvaluateParams(Params):
    """Params of `eval.images`."""

    checkpoint: str = Field(
        "judge",
        min_length=1,
        max_length=500,
        description="the judge: judge for textures, judge-sprite for sprites",
    )
    wanted: str = Field(
        "",
        max_length=100,
        description="class all pictures should show; empty takes what each was made as",
    )
    cell: int = Field(
        0,
        ge=0,
        le=256,
        description="pictures are sheets of cells with this side; 0 takes them whole",
        json_schema_extra={"unit": "px"},
    )


class Evaluate(Generator):
    """Class accuracy with its ceiling, distances of sets, diversity, nearest neighbours."""

    id: ClassVar[str] = "eval.images"
    title: ClassVar[str] = "Evaluate textures or sprites"
    summary: ClassVar[str] = (
        "Class accuracy, Fréchet distance, KID, diversity, layouts, copies, seams"
    )
    output: ClassVar[MediaType] = MediaType.REPORT
    inputs: ClassVar[tuple[Input, ...]] = (
        Input("pictures", (MediaType.IMAGE,), many=True, summary="what was made"),
        Input(
            "real",
            (MediaType.IMAGE,),
            many=True,
            optional=True,
            summary="pictures to compare with, in place of those the judge learnt from",
        ),
    )
    Params: ClassVar[type[Params]] = EvaluateParams
    seeded: ClassVar[bool] = False
    reads_titles: ClassVar[bool] = True
    checkpoint_from: ClassVar[tuple[str, ...]] = ("checkpoint",)
    checkpoints: ClassVar[tuple[BundledCheckpoint, ...]] = SHIPPED

    @classmethod
    def footprint(cls, params: Any) -> Footprint:
        """One picture at a time, and distances of all."""
        return Footprint(host_bytes=600 << 20)

    def __init__(self, checkpoint: Checkpoint | None, device: str) -> None:
        super().__init__(checkpoint, device)
        from studio_flow.assess import Assessor

        self._assessor: Assessor = Assessor(get_place(checkpoint, self.id), device)

    def generate(self, params: EvaluateParams, job: JobContext) -> Iterator[Artifact]:
        """Yield the report.

        Raises:
            InvalidInputError: the class wanted is unknown, or there is nothing to see.
        """
        assessor, assets = self._assessor, job.inputs["pictures"]
        if params.wanted and params.wanted not in assessor.classes:
            raise InvalidInputError(
                "wanted: '{name}' is not known to this judge; it knows {known}",
                name=params.wanted,
                known=", ".join(assessor.classes),
            )
        total = len(assets) * len(job.seeds)
        for index in range(len(job.seeds)):
            pictures: list[tuple[InputAsset, Image.Image]] = []
            for number, asset in enumerate(assets):
                job.step(index * len(assets) + number, total)
                pictures += [(asset, cell) for cell in load_cells(asset, params.cell)]
            real = [cell for asset in job.inputs.get("real", ()) for cell in load_cells(asset, 0)]
            report, metrics = report_on(assessor, pictures, real, params.wanted)
            job.step((index + 1) * len(assets), total)
            yield Artifact(
                report, MediaType.REPORT, metrics=metrics, title=f"{len(pictures)} pictures"
            )


def load_cells(asset: InputAsset, cell: int) -> list[Image.Image]:
    """Load a picture, or the cells of a sheet."""
    from studio_flow.assess import cut_cells

    return cut_cells(load_image(asset.path), cell)


def report_on(
    assessor: "Assessor",
    pictures: list[tuple[InputAsset, Image.Image]],
    real: list[Image.Image],
    wanted: str,
) -> tuple[dict[str, Any], dict[str, float]]:
    """Return the report and its figures.

    Raises:
        InvalidInputError: all cells are empty.
    """
    from studio_flow.figures import compare_sets

    if not pictures:
        raise InvalidInputError("pictures: all of them are empty; give some that show something")
    seen = assessor.look([image for _, image in pictures])
    names = [wanted or find_class(asset) for asset, _ in pictures]
    metrics = assessor.compare(seen, names)
    if real:
        metrics |= compare_sets(seen.features, assessor.look(real).features)
    if not assessor.is_for_sprites:
        seams = [measure_seams(np.asarray(image.convert("RGB"))) for _, image in pictures]
        metrics["seam_ratio"] = float(np.median([seam["seam_ratio"] for seam in seams]))
        metrics |= measure_variety([image for _, image in pictures], names)
    metrics = {name: round(value, 4) for name, value in metrics.items()}
    likely = assessor.name_likely(seen)
    rows = [
        {"picture": asset.title, "wanted": name, **guess}
        for (asset, _), name, guess in zip(pictures[:LISTED], names, likely, strict=False)
    ]
    report = {
        "title": f"{len(pictures)} pictures",
        "protocol": PROTOCOL,
        "compared_with": "pictures given" if real else "pictures the judge learnt from",
        "figures": metrics,
        "rows": rows,
    }
    return report, metrics


def find_class(asset: InputAsset) -> str:
    """Return the class a picture was made as, "" if nobody knows."""
    info = asset.metadata.get("info", {})
    name = info.get("class") or info.get("kind") or ""
    return str(name)
