"""`eval.music`: figures of scores, alone and against others, and of the melody VAE."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

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
from studio_music.shelf import list_shipped

if TYPE_CHECKING:
    from studio_music.notes import Piece

PROTOCOL = (
    "figures as in MusPy; overlap: Yang and Lerch (2020), distances inside the reference against "
    "distances between the sets; copied: notes in a row with the same intervals and ratios of "
    "length as in a reference, in any key and tempo"
)
FEWEST = 2
"""Scores in a set that has a spread."""


class EvaluateParams(Params):
    """Params of `eval.music`."""

    reference_folder: str = Field(
        "",
        max_length=4000,
        description="a folder of scores to compare with, beside those given as 'reference'",
    )
    checkpoint: str = Field(
        "",
        max_length=500,
        description="also measure a melody model on the scores: melody, or a checkpoint of "
        "music.train; empty measures none",
    )


class Evaluate(Generator):
    """What can be counted of music; whether it is good it does not know."""

    id: ClassVar[str] = "eval.music"
    title: ClassVar[str] = "Evaluate scores"
    summary: ClassVar[str] = "Entropy, scale, groove, likeness to others, and what was copied"
    output: ClassVar[MediaType] = MediaType.REPORT
    inputs: ClassVar[tuple[Input, ...]] = (
        Input("scores", (MediaType.SCORE,), many=True, summary="what is measured"),
        Input(
            "reference",
            (MediaType.SCORE,),
            many=True,
            optional=True,
            summary="what it is compared with, such as what a model learnt from",
        ),
    )
    Params: ClassVar[type[Params]] = EvaluateParams
    seeded: ClassVar[bool] = False
    reads_titles: ClassVar[bool] = True
    checkpoint_from: ClassVar[tuple[str, ...]] = ("checkpoint",)
    checkpoints: ClassVar[tuple[BundledCheckpoint, ...]] = list_shipped("melody")

    @classmethod
    def footprint(cls, params: Any) -> Footprint:
        """All scores at once."""
        return Footprint(host_bytes=500 << 20)

    def __init__(self, checkpoint: Checkpoint | None, device: str) -> None:
        super().__init__(checkpoint, device)
        self._checkpoint = checkpoint

    def generate(self, params: EvaluateParams, job: JobContext) -> Iterator[Artifact]:
        """Yield the table."""
        from studio_music.files import load_piece
        from studio_music.music_metrics import find_longest_copy, measure_piece

        scores = [(asset.title, load_piece(asset.path)) for asset in job.inputs["scores"]]
        reference = [load_piece(asset.path) for asset in job.inputs.get("reference", ())]
        reference += load_folder(params.reference_folder)
        total = (len(scores) + len(reference)) * len(job.seeds)
        for index in range(len(job.seeds)):
            done = index * (len(scores) + len(reference))
            rows, others = [], []
            for number, (title, piece) in enumerate(scores):
                job.step(done + number, total)
                row: dict[str, Any] = {"score": title, **_round(measure_piece(piece))}
                if reference:
                    row["longest_copied"] = find_longest_copy(piece, reference)
                rows.append(row)
            for number, piece in enumerate(reference):
                job.step(done + len(scores) + number, total)
                others.append(measure_piece(piece))
            report = self._sum_up(rows, others, [piece for _, piece in scores])
            job.step(done + len(scores) + len(reference), total)
            yield Artifact(
                report,
                MediaType.REPORT,
                metrics=_list_metrics(report),
                title=f"{len(scores)} scores measured",
            )

    def _sum_up(
        self, rows: list[dict[str, Any]], others: list[dict[str, float]], pieces: list["Piece"]
    ) -> dict[str, Any]:
        from studio_music.music_metrics import SINGLE, measure_overlaps

        report: dict[str, Any] = {"protocol": PROTOCOL, "mean": _average(rows), "rows": rows}
        if others:
            report["reference"] = _average(others)
        if len(others) >= FEWEST and len(rows) >= FEWEST:
            made = [{name: row[name] for name in SINGLE} for row in rows]
            report["overlap"] = _round(measure_overlaps(made, others))
        if self._checkpoint is not None:
            report["melody_model"] = measure_model(self._checkpoint.path, pieces)
        return report


def load_folder(folder: str) -> list["Piece"]:
    """Read the scores of a folder; those that cannot be read are passed over.

    Raises:
        InvalidInputError: no such folder, or no score in it.
    """
    from studio_music.files import load_piece
    from studio_music.music_dataset import find_files

    if not folder:
        return []
    pieces = []
    for _, path in find_files(Path(folder).expanduser()):
        try:
            pieces.append(load_piece(path))
        except InvalidInputError:
            continue
    if not pieces:
        raise InvalidInputError(
            "reference_folder: there is no readable score in {folder}", folder=folder
        )
    return pieces


def measure_model(path: Path, pieces: Sequence["Piece"]) -> dict[str, float]:
    """Measure reconstruction of a melody model on scores, and how evenly it walks between them.

    Raises:
        CheckpointError: of another family.
        InvalidInputError: no melody of two bars in any of the scores.
    """
    import torch

    from studio_music.melodies import load_writer
    from studio_music.melody import find_key, find_melody
    from studio_music.melody_data import encode_notes
    from studio_music.vae_training import MelodyCorpus, measure, measure_smoothness

    writer = load_writer(path)
    lines = []
    for piece in pieces:
        if any(part.notes and not part.is_drum for part in piece.parts):
            part, key = find_melody(piece), find_key(piece)
            lines.append(encode_notes(part.notes, key.tonic, piece.metre, piece.pickup, ""))
    corpus = MelodyCorpus([line for line in lines if line is not None])
    if not len(corpus):
        raise InvalidInputError(
            "none of the scores has two bars of melody that the model could write again"
        )
    with torch.no_grad():
        figures = measure(writer.net, corpus, 256)
        figures["smoothness"] = measure_smoothness(writer.net, corpus)
    return _round({name: value for name, value in figures.items() if name != "valid_error"})


def _average(rows: Sequence[dict[str, Any]]) -> dict[str, float]:
    names = [name for name, value in rows[0].items() if isinstance(value, int | float)]
    return _round({name: sum(row[name] for row in rows) / len(rows) for name in names})


def _round(figures: dict[str, float]) -> dict[str, float]:
    return {name: round(float(value), 4) for name, value in figures.items()}


def _list_metrics(report: dict[str, Any]) -> dict[str, float]:
    metrics = dict(report["mean"])
    if "overlap" in report:
        metrics["overlap"] = report["overlap"]["mean"]
    metrics |= report.get("melody_model", {})
    return metrics
