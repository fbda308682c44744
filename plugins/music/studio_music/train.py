"""`music.train`: weights for the composing generators from scores of one's own."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

from pydantic import Field, JsonValue

from studio.errors import CheckpointError
from studio.generator import Artifact, Checkpoint, Footprint, Generator, Input, JobContext
from studio.media import MediaType
from studio.params import Params

if TYPE_CHECKING:
    from studio_training import Outcome, Settings

    from studio_music.course import Course, Sizes
    from studio_music.music_dataset import Collection

STATE: Final = "training.safetensors"
"""Of a checkpoint: all that going on needs."""
DATASET: Final = "dataset.json"
"""Of a checkpoint: what it learnt from, what was broken, what was a copy."""
ADVANCED: Final[dict[str, JsonValue]] = {"advanced": True}


class TrainParams(Params):
    """Params of `music.train`."""

    model: Literal["folk", "melody", "drums", "gan", "chorale"] = Field(
        "folk",
        description="what to teach: tunes of one voice; clips of melody or drums for music.vae; "
        "the same for music.gan; four voices for music.lstm and music.transformer",
    )
    core: Literal["lstm", "gru", "transformer"] = Field(
        "lstm", description="of folk and chorale: what carries the memory"
    )
    folder: str = Field(
        "",
        max_length=4000,
        description="a folder with MIDI, MusicXML and ABC files, beside those given as input",
    )
    start: str = Field(
        "",
        max_length=500,
        description="a checkpoint made here, to go on from; its model and sizes count then",
    )
    steps: int = Field(1000, ge=1, le=1_000_000, description="steps to learn")
    stop_after: int = Field(
        0,
        ge=0,
        le=1_000_000,
        description="pause after this many steps; a run with the result as start goes on as if "
        "there had been no pause. 0 goes to the end",
        json_schema_extra=ADVANCED,
    )
    batch: int = Field(16, ge=1, le=256, description="works or clips in a step")
    rate: float = Field(
        2e-3, ge=1e-6, le=0.1, description="learning rate", json_schema_extra=ADVANCED
    )
    n_layer: int = Field(1, ge=1, le=8, description="layers of the net")
    n_embd: int = Field(128, ge=8, le=512, multiple_of=8, description="width of the net")
    n_latent: int = Field(
        32,
        ge=2,
        le=128,
        description="of melody, drums and gan: size of the latent vector",
        json_schema_extra=ADVANCED,
    )
    dropout: float = Field(0.2, ge=0, le=0.7, description="share of the net that rests in a step")
    transpose: int = Field(
        3,
        ge=0,
        le=6,
        description="semitones up and down by which works are moved while they are learnt; tunes "
        "are learnt by degree and need none",
    )
    held_out: float = Field(
        0.1,
        ge=0,
        le=0.5,
        description="share of the works that is measured on and not learnt from; variants of a "
        "work stay together",
    )
    every: int = Field(
        100,
        ge=1,
        le=100_000,
        description="steps between two measurements",
        json_schema_extra=ADVANCED,
    )
    patience: int = Field(
        0,
        ge=0,
        le=1000,
        description="end when so many measurements brought nothing better; 0 goes to the end",
        json_schema_extra=ADVANCED,
    )


class Train(Generator):
    """AdamW on the model's own loss; keeps the running average of the weights at its best."""

    id: ClassVar[str] = "music.train"
    title: ClassVar[str] = "Train a composer"
    summary: ClassVar[str] = "Weights for the composing generators from your own scores"
    output: ClassVar[MediaType] = MediaType.CHECKPOINT
    inputs: ClassVar[tuple[Input, ...]] = (
        Input(
            "scores",
            (MediaType.SCORE,),
            many=True,
            optional=True,
            summary="scores to learn from",
        ),
        Input(
            "dataset",
            (MediaType.ARCHIVE,),
            many=True,
            optional=True,
            summary="datasets of training.dataset",
        ),
    )
    Params: ClassVar[type[Params]] = TrainParams
    checkpoint_from: ClassVar[tuple[str, ...]] = ("start",)
    testing_params: ClassVar[dict[str, object]] = {
        "steps": 2,
        "batch": 2,
        "n_embd": 16,
        "held_out": 0,
    }

    @classmethod
    def footprint(cls, params: Any) -> Footprint:
        """Scores, and activations of a batch forwards and backwards."""
        values = params.batch * 300 * params.n_embd * (params.n_layer + 6) * 8
        return Footprint(host_bytes=(500 << 20) + values)

    def __init__(self, checkpoint: Checkpoint | None, device: str) -> None:
        super().__init__(checkpoint, device)
        self._start = checkpoint

    def generate(self, params: TrainParams, job: JobContext) -> Iterator[Artifact]:
        """Yield weights, config, card, facts of the dataset, and what going on needs."""
        from studio_music.courses import build_course
        from studio_music.music_dataset import gather_works

        collection = gather_works(job, params.folder, params.held_out)
        job.log.info("%s", json.dumps(collection.describe()))
        for index, seed in enumerate(job.seeds):
            model, sizes = params.model, to_sizes(params)
            if self._start is not None:
                model, sizes = load_sizes(self._start.path)
            settings = to_settings(params, seed)
            course = build_course(model, collection, sizes, settings)
            if self._start is not None:
                resume(course, self._start.path, params.steps)
            yield teach(course, collection, (params, model, sizes, settings), job, index)


def to_sizes(params: TrainParams) -> "Sizes":
    """Take the sizes of the net from the params."""
    from studio_music.course import Sizes

    return Sizes(
        params.core,
        params.n_layer,
        params.n_embd,
        params.n_latent,
        params.dropout,
        params.transpose,
    )


def to_settings(params: TrainParams, seed: int) -> "Settings":
    """Take the manner of learning from the params."""
    from studio_training import Settings

    return Settings(
        steps=params.steps,
        batch=params.batch,
        rate=params.rate,
        warmup=min(50, params.steps // 4),
        ema=0.998,
        weight_decay=0.01,
        seed=seed,
    )


def load_sizes(path: Path) -> tuple[Any, "Sizes"]:
    """Read model and sizes from a checkpoint made here.

    Raises:
        CheckpointError: it was made elsewhere.
    """
    from studio_training import load_weights

    from studio_music.course import Sizes

    course: Any = load_weights(path)[0].get("course")
    try:
        return course["model"], Sizes(**course["sizes"])
    except (TypeError, KeyError) as error:
        raise CheckpointError(
            "{path}: music.train can go on from its own checkpoints only; leave start empty",
            path=path,
        ) from error


def resume(course: "Course", path: Path, steps: int) -> None:
    """Go on where a training paused, or start anew from its weights if it was done."""
    from studio_training import load_weights

    folder = path if path.is_dir() else path.parent
    learner = course.learner
    if (folder / STATE).exists():
        learner.load(folder / STATE)
    if not (folder / STATE).exists() or learner.step >= steps:
        if not hasattr(learner, "restart"):
            raise CheckpointError(
                "{path}: this training is done, and a GAN cannot go on without its critic; ask "
                "for more steps than it had, or leave start empty",
                path=path,
            )
        learner.restart(load_weights(path)[1])


def teach(
    course: "Course",
    collection: "Collection",
    plan: tuple[TrainParams, str, "Sizes", "Settings"],
    job: JobContext,
    index: int,
) -> Artifact:
    """Run a course, and wrap up what came of it."""
    from studio_training import Run, learn

    params, model, sizes, _ = plan
    run = Run(
        params.steps,
        params.stop_after,
        draw=lambda: draw_sample(course, job, index),
        measure=course.measure,
        every=params.every,
        watch=course.watch,
        patience=params.patience,
    )
    outcome = learn(course.learner, job, run, index)
    folder = job.scratch / f"checkpoint{index}"
    save_course(course, collection, plan, outcome, folder)
    if outcome.step < params.steps:
        (folder / STATE).write_bytes(outcome.state.read_bytes())
    figures = {name: float(value) for name, value in outcome.figures.items()}
    return Artifact(
        {path.name: path for path in sorted(folder.iterdir())},
        MediaType.CHECKPOINT,
        metrics=figures,
        info={
            "generators": [*course.generators, "music.train"],
            "model": model,
            "core": sizes.core,
            "step": outcome.step,
            "best_step": outcome.best_step,
            "ended": outcome.ended,
            "reason": outcome.reason,
            "examples": f"{course.examples[0]} {course.examples[1]}",
            "left_out": [list(pair) for pair in course.left_out[:100]],
            "dataset": collection.describe(),
        },
        title=f"{model} model, {outcome.step} steps",
        params=outcome.params,
    )


def draw_sample(course: "Course", job: JobContext, index: int) -> Any:
    """Compose a sample: its score goes beside the job's log, its picture to who watches."""
    from studio_music.midi import save_midi
    from studio_music.piano_roll import draw_piano_roll

    piece = course.compose(0)
    if not piece.note_count:
        return None
    folder = job.logs / "samples"
    folder.mkdir(parents=True, exist_ok=True)
    save_midi(piece, folder / f"seed-{job.seeds[index]}-step-{course.learner.step:06}.mid")
    return draw_piano_roll(piece, 900, 7, f"step {course.learner.step}")


def save_course(
    course: "Course",
    collection: "Collection",
    plan: tuple[TrainParams, str, "Sizes", "Settings"],
    outcome: "Outcome",
    folder: Path,
) -> None:
    """Write the checkpoint folder."""
    from dataclasses import asdict

    from studio_training import Card, save_weights, write_card

    _, model, sizes, settings = plan
    facts = collection.describe()
    card = write_card(
        Card(
            f"{model.capitalize()} model",
            f"Made by `music.train` from {course.examples[0]} {course.examples[1]}.",
            f"{facts['works']} scores of the user, {facts['held_out']} held out.",
            "as its data",
            {**asdict(settings), "step": outcome.step, "best step": outcome.best_step},
            dict(outcome.figures),
        )
    )
    own = {
        "course": {"model": model, "sizes": asdict(sizes)},
        "training": {**asdict(settings), "step": outcome.step},
    }
    if course.save is not None:
        course.save(folder, own, card)
    else:
        config, tensors = course.export()
        save_weights(folder, tensors, {**config, **own}, card, course.generators)
    text = json.dumps(facts, indent=1, ensure_ascii=False)
    (folder / DATASET).write_text(text + "\n", encoding="utf-8")
