"""`gan.train`: a GAN from any folder of pictures."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from studio.errors import InvalidParamsError
from studio.generator import Artifact, Checkpoint, Footprint, Generator, Input, JobContext
from studio.media import MediaType
from studio.params import Params
from studio_gan.params import TrainParams, check_size

if TYPE_CHECKING:
    from studio_gan.config import GanConfig
    from studio_gan.learner import GanLearner
    from studio_gan.pictures import Changes, Pictures

WEIGHTS = "model.safetensors"
STATE = "training.safetensors"
"""Of a checkpoint: all that going on needs."""


class Train(Generator):
    """Adam on both halves; keeps the running average of the generator."""

    id: ClassVar[str] = "gan.train"
    title: ClassVar[str] = "Train a GAN"
    summary: ClassVar[str] = "Weights for gan.image and gan.texture from your own pictures"
    output: ClassVar[MediaType] = MediaType.CHECKPOINT
    inputs: ClassVar[tuple[Input, ...]] = (
        Input(
            "pictures",
            (MediaType.IMAGE, MediaType.TEXTURE),
            many=True,
            optional=True,
            summary="pictures to learn from",
        ),
        Input(
            "dataset",
            (MediaType.ARCHIVE,),
            many=True,
            optional=True,
            summary="datasets, from training.dataset",
        ),
    )
    Params: ClassVar[type[Params]] = TrainParams
    checkpoint_from: ClassVar[tuple[str, ...]] = ("start",)
    testing_params: ClassVar[dict[str, object]] = {
        "size": 16,
        "channels": 4,
        "latent": 4,
        "steps": 2,
        "batch": 2,
    }

    @classmethod
    def footprint(cls, params: Any) -> Footprint:
        """Activations of a batch through both nets, forwards and backwards."""
        pixels = params.batch * params.size**2
        return Footprint(host_bytes=(700 << 20) + pixels * params.channels * 60)

    def __init__(self, checkpoint: Checkpoint | None, device: str) -> None:
        super().__init__(checkpoint, device)
        self._start = checkpoint

    def generate(self, params: TrainParams, job: JobContext) -> Iterator[Artifact]:
        """Yield the weights, their config, their card, and what going on needs.

        Raises:
            InvalidInputError: no pictures, or too few.
            InvalidParamsError: a size that does not fit.
        """
        from studio_training.dataset import gather

        from studio_gan.pictures import Changes, load_pictures

        config = self._load_config()
        check_size(config.size if config else params.size)
        dataset = gather(job, self._get_folder(params, job), MediaType.IMAGE)
        family = config.family if config else params.family
        is_torus = family != "dcgan"
        turned = params.turn if is_torus or params.turn == "always" else "never"
        changes = Changes(is_torus, params.mirror, turned)
        pictures = load_pictures(dataset, config.size if config else params.size, changes)
        for index, seed in enumerate(job.seeds):
            learner = self._build_learner(params, seed, pictures, changes, config)
            yield _learn(learner, pictures, params, job, index)

    def _get_folder(self, params: TrainParams, job: JobContext) -> str:
        if params.examples != "digits":
            return params.folder
        from studio_gan.digits import write_digits

        return str(write_digits(job.scratch / "digits"))

    def _load_config(self) -> "GanConfig | None":
        if self._start is None:
            return None
        from studio_gan.weights import load_generator

        config = load_generator(self._start.path)[1]
        if config.autoencoder:
            raise InvalidParamsError(
                "start: {path} draws latents of an autoencoder, which is not taught here; take one "
                "made by gan.train, or none",
                path=self._start.path.name,
            )
        return config

    def _build_learner(
        self,
        params: TrainParams,
        seed: int,
        pictures: "Pictures",
        changes: "Changes",
        config: "GanConfig | None",
    ) -> "GanLearner":
        from studio_training import Settings

        from studio_gan.config import GanConfig
        from studio_gan.learner import GanLearner, Rules
        from studio_gan.pictures import build_draw

        sizes = config or GanConfig(
            family=params.family,
            size=params.size,
            channels=params.channels,
            latent=params.latent,
            colours=pictures.colours,
            classes=pictures.classes,
            is_normed=params.spectral_norm and params.loss != "wgan-gp",
        )
        settings = Settings(
            steps=params.steps,
            batch=params.batch,
            rate=params.rate,
            warmup=min(50, params.steps // 4),
            decay=0.3,
            ema=0.998,
            clip=0.0,
            seed=seed,
        )
        rounds = 3 if params.loss == "wgan-gp" else 1
        rules = Rules(params.loss, params.r1, rounds, augment=params.augment)
        learner = GanLearner(sizes, settings, rules, build_draw(pictures, changes))
        if self._start is not None:
            self._go_on(learner, self._start.path)
        return learner

    def _go_on(self, learner: "GanLearner", path: Path) -> None:
        """Take up a training that was paused, or begin anew from its generator."""
        state = (path if path.is_dir() else path.parent) / STATE
        if state.exists():
            learner.load(state)
        if not state.exists() or learner.step >= learner.settings.steps:
            from studio_gan.weights import load_generator

            learner.restart(load_generator(path)[0])


def _learn(
    learner: "GanLearner", pictures: "Pictures", params: TrainParams, job: JobContext, index: int
) -> Artifact:
    from dataclasses import asdict
    from shutil import copyfile

    from studio_training import Run, learn

    from studio_gan.indicators import build_yardstick, judge_samples
    from studio_gan.pictures import to_unit
    from studio_gan.report import build_card, draw_grid, draw_samples
    from studio_gan.weights import save_generator

    yardstick = build_yardstick(
        to_unit(pictures.pixels), to_unit(pictures.held_out), learner.config.is_torus
    )

    def measure() -> dict[str, float]:
        return judge_samples(draw_samples(learner.average, learner.config, 48), yardstick)

    run = Run(
        steps=params.steps,
        stop_after=params.stop_after,
        draw=lambda: draw_grid(learner.average, learner.config),
        measure=measure,
        every=max(25, min(500, params.steps // 20)),
    )
    outcome = learn(learner, job, run, index)
    if outcome.reason:
        job.log.warning("%s", outcome.reason)
    training = {**asdict(learner.settings), **asdict(learner.rules), "step": outcome.step}
    folder = job.scratch / f"checkpoint{index}"
    card = build_card(learner.config, training, outcome.figures, pictures.info)
    save_generator(learner.average, learner.config, folder, {"training": training}, card)
    if outcome.step < params.steps:
        copyfile(outcome.state, folder / STATE)
    draw_grid(learner.average, learner.config).save(folder / "samples.png")
    # The weights first: the main file is what other generators are given.
    paths = sorted(folder.iterdir(), key=lambda path: (path.name != WEIGHTS, path.name))
    return Artifact(
        {path.name: path for path in paths},
        MediaType.CHECKPOINT,
        metrics=dict(outcome.figures),
        info={
            "generators": ["gan.image", *(["gan.texture"] if learner.config.is_torus else [])],
            "step": outcome.step,
            "ended": outcome.ended,
            "reason": outcome.reason,
            "data": pictures.info,
        },
        title=f"GAN, {outcome.step} steps",
        params=outcome.params,
    )
