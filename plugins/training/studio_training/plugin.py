"""`training.dataset`: examples as an asset; the plugin's hook."""

from collections.abc import Callable, Iterator
from typing import Any, ClassVar, Literal

from pydantic import Field

from studio.generator import Artifact, Footprint, Generator, Input, JobContext
from studio.hookspecs import hookimpl
from studio.media import MediaType
from studio.params import Params

Kind = Literal["image", "score", "audio", "text"]


class DatasetParams(Params):
    """Params of `training.dataset`."""

    folder: str = Field(
        "",
        max_length=4000,
        description="a folder of files, beside those given as input; the names of the folders "
        "directly in it are the labels",
    )
    kind: Kind = Field("image", description="what the examples are")
    licence: str = Field(
        "", max_length=200, description="of the examples, kept with all that learns from them"
    )
    held_out: float = Field(
        0.1, ge=0, le=0.5, description="share that is measured on and not learnt from"
    )


class MakeDataset(Generator):
    """Reads every file once; broken ones and copies are listed and left out."""

    id: ClassVar[str] = "training.dataset"
    title: ClassVar[str] = "Make a dataset"
    summary: ClassVar[str] = "Checked examples to learn from, as one asset"
    output: ClassVar[MediaType] = MediaType.ARCHIVE
    inputs: ClassVar[tuple[Input, ...]] = (
        Input(
            "examples",
            (MediaType.IMAGE, MediaType.TEXTURE, MediaType.SCORE, MediaType.AUDIO, MediaType.TEXT),
            many=True,
            optional=True,
            summary="assets to learn from",
        ),
        Input(
            "dataset",
            (MediaType.ARCHIVE,),
            many=True,
            optional=True,
            summary="datasets to join",
        ),
    )
    Params: ClassVar[type[Params]] = DatasetParams
    seeded: ClassVar[bool] = False

    @classmethod
    def footprint(cls, params: Any) -> Footprint:
        """One file at a time."""
        return Footprint(host_bytes=400 << 20)

    def generate(self, params: DatasetParams, job: JobContext) -> Iterator[Artifact]:
        """Yield a zip of the examples with a manifest.

        Raises:
            InvalidInputError: there are no usable ones, or too many.
        """
        from dataclasses import replace

        from studio_training.dataset import gather

        total = 1

        def report(done: int, files: int) -> None:
            nonlocal total
            total = files + 1
            job.step(done, total)

        dataset = gather(job, params.folder, MediaType(params.kind), params.held_out, report)
        if params.licence:
            dataset = replace(dataset, licence=params.licence)
        path = dataset.save(job.scratch / "dataset.zip")
        job.step(total, total)
        figures = {"examples": len(dataset.examples), "held_out": len(dataset.held_out),
                   "labels": len(dataset.labels), "duplicates": len(dataset.duplicates),
                   "broken": len(dataset.broken)}  # fmt: skip
        artifact = Artifact(
            path,
            MediaType.ARCHIVE,
            metrics={name: float(value) for name, value in figures.items()},
            info=dataset.describe(),
            title=f"dataset of {len(dataset.examples)}",
            licence=params.licence,
        )
        for _ in job.seeds:
            yield artifact


@hookimpl
def register_generators(register: Callable[[type[Generator]], None]) -> None:
    """Offer it."""
    register(MakeDataset)
