"""`music.transformer` and `music.lstm`: nets that write chorales and folk tunes."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

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
from studio_music.compose_params import (
    ComposeParams,
    LstmParams,
    to_chorale_request,
    to_folk_request,
)
from studio_music.shelf import get_path, list_shipped

if TYPE_CHECKING:
    from studio_music.chorale import ChoraleRequest, Made, Plan
    from studio_music.chorale_sampling import Model
    from studio_music.notes import Piece

SCORE: Final = (
    Input(
        "score", (MediaType.SCORE,), optional=True, summary="what to go on with, or to harmonise"
    ),
)


class Transformer(Generator):
    """A Transformer over frames of four voices."""

    id: ClassVar[str] = "music.transformer"
    title: ClassVar[str] = "Compose (Transformer)"
    summary: ClassVar[str] = "Chorales in four parts: new, continued, harmonised, bars anew"
    output: ClassVar[MediaType] = MediaType.SCORE
    inputs: ClassVar[tuple[Input, ...]] = SCORE
    Params: ClassVar[type[Params]] = ComposeParams
    reads_titles: ClassVar[bool] = False
    checkpoint_from: ClassVar[tuple[str, ...]] = ("checkpoint",)
    checkpoints: ClassVar[tuple[BundledCheckpoint, ...]] = list_shipped(
        "chorale-transformer", "folk"
    )
    testing_params: ClassVar[dict[str, object]] = {"bars": 2}

    @classmethod
    def footprint(cls, params: Any) -> Footprint:
        """A small net, one piece at a time."""
        return Footprint(host_bytes=420 << 20)

    def __init__(self, checkpoint: Checkpoint | None, device: str) -> None:
        super().__init__(checkpoint, device)
        self._chorale: Model | None = None
        self._folk: Any = None
        self._load(get_path(checkpoint, self.id))

    def generate(self, params: ComposeParams, job: JobContext) -> Iterator[Artifact]:
        """Yield a score for each seed."""
        if self._chorale is not None:
            yield from write_chorales(self._chorale, params, job)
        else:
            yield from self._play_folk(params, job)

    def _load(self, path: Path) -> None:
        """Load what the config says it is."""
        from studio_training import load_weights

        if load_weights(path)[0].get("family") == "folk":
            from studio_music.folk import FolkComposer

            self._folk = FolkComposer(path, "cpu")
            return
        from studio_music.chorale_nets import NetModel, load_net

        self._chorale = NetModel(load_net(path))

    def _play_folk(self, params: ComposeParams, job: JobContext) -> Iterator[Artifact]:
        from studio_music.midi import build_midi

        piece = load_score(job, params.task)
        total = len(job.seeds) * 100
        for index, seed in enumerate(job.seeds):
            request = to_folk_request(params, (seed * 0.6180339887498949) % 1.0)

            def show(done: int, of: int, index: int = index) -> None:
                job.step(index * 100 + min(99, 100 * done // max(1, of)), total)

            if piece is None:
                made = self._folk.compose(request, seed, show)
            else:
                made = self._folk.continue_(piece, request, seed, show)
            job.step((index + 1) * 100, total)
            yield Artifact(
                build_midi(made), MediaType.SCORE, title=made.title, info={"dance": params.dance}
            )


class Lstm(Transformer):
    """An LSTM over frames of four voices, or over the notes of a tune."""

    id: ClassVar[str] = "music.lstm"
    title: ClassVar[str] = "Compose (LSTM)"
    summary: ClassVar[str] = "Chorales and dance tunes by a recurrent net"
    Params: ClassVar[type[Params]] = LstmParams
    checkpoints: ClassVar[tuple[BundledCheckpoint, ...]] = list_shipped("chorale-lstm", "folk")


def load_score(job: JobContext, task: str) -> "Piece | None":
    """Load the score that a task works on; None for something new.

    Raises:
        InvalidInputError: the task needs one, and there is none; or it cannot be read.
    """
    from studio_music.files import load_piece

    given = job.inputs.get("score")
    if task == "new":
        return None
    if not given:
        raise InvalidInputError(
            "the task '{task}' needs a score: give a MIDI or MusicXML file as 'score'", task=task
        )
    return load_piece(given[0].path)


def write_chorales(model: "Model", params: Any, job: JobContext) -> Iterator[Artifact]:
    """Yield a chorale for each seed."""
    from studio_music.chorale import build_plan, write

    request = to_chorale_request(params)
    piece = load_score(job, params.task)
    plan = build_plan(request, piece)
    title = piece.title if piece is not None else ""
    each = len(plan.frames) * request.tries
    total, done = each * len(job.seeds), 0

    def show() -> None:
        nonlocal done
        done += 1
        job.step(done, total)

    for seed in job.seeds:
        yield build_artifact(write(model, plan, request, seed, show, title), request, plan)


def build_artifact(made: "Made", request: "ChoraleRequest", plan: "Plan") -> Artifact:
    """Build what is stored: the score, its figures, and which rules it breaks where."""
    from studio_music.chorale import describe
    from studio_music.chorale_rules import measure_rules
    from studio_music.midi import build_midi

    rates = measure_rules([made.frames])
    metrics = {f"{name.replace(' ', '_')}_rate": round(rate, 5) for name, rate in rates.items()}
    metrics["likelihood"] = round(made.likelihood, 4)
    return Artifact(
        build_midi(made.piece),
        MediaType.SCORE,
        metrics=metrics,
        info=describe(made, request, plan.wishes.phase, plan.wishes.bar),
        title=made.piece.title,
    )
