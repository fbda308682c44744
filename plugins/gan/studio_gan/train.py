"""`gan.train`: a GAN from any folder of pictures."""

from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from studio.errors import InvalidParamsError
from studio.generator import Artifact, Checkpoint, Footprint, Generator, Input, JobContext
from studio.media import MediaType
from studio.params import Params
from studio_gan.params import TrainParams, check_size, choose_family

if TYPE_CHECKING:
    from studio_gan.config import Family, GanConfig
    from studio_gan.learner import GanLearner
    from studio_gan.pictures import Changes, Pictures
    from studio_gan.pupil import Pupil

WEIGHTS = "model.safetensors"
STATE = "training.safetensors"
"""Of a checkpoint: all that going on needs."""
MOST, USUAL = 32, 16
"""Channels of latents, and of pictures."""
LOSS = 0.25
"""Share of the variance lost in the autoencoder that is worth a warning."""


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
        return Footprint(host_bytes=(700 << 20) + pixels * (params.channels or MOST) * 60)

    def __init__(self, checkpoint: Checkpoint | None, device: str) -> None:
        super().__init__(checkpoint, device)
        self._start = checkpoint

    def generate(self, params: TrainParams, job: JobContext) -> Iterator[Artifact]:
        """Yield the weights, their config, their card, and what going on needs.

        Raises:
            InvalidInputError: no pictures, or too few.
            InvalidParamsError: a size that does not fit, or a start that knows other classes.
        """
        from studio_training.dataset import gather

        from studio_gan.pictures import Changes, load_pictures

        config = self._load_config()
        family = config.family if config else choose_family(params.family, params.size)
        size = config.side if config else params.size
        check_size(size, family)
        dataset = gather(job, self._get_folder(params, job), MediaType.IMAGE)
        is_torus = family != "dcgan"
        turned = params.turn if is_torus or params.turn == "always" else "never"
        changes = Changes(is_torus, params.mirror, turned)
        pictures = load_pictures(dataset, size, changes)
        if family == "latent":
            pictures = pictures.in_colour()
        config = config or _plan_nets(params, family, pictures)
        self._check_classes(config, pictures)
        for index, seed in enumerate(job.seeds):
            pupil = self._build_pupil(params, seed, pictures, changes, (config, job.kept))
            yield _learn(pupil, pictures, params, job, index)

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
            from studio_gan.pupil import get_autoencoder

            shipped = get_autoencoder().config
            if config.autoencoder.latents != shipped.latents:
                raise InvalidParamsError(
                    "start: {path} draws latents of another autoencoder than the one that ships; "
                    "take one made by gan.train, or none",
                    path=self._start.path.name,
                )
            return replace(config, autoencoder=shipped)  # whose decoder will draw
        return config

    def _check_classes(self, config: "GanConfig", pictures: "Pictures") -> None:
        if self._start is not None and config.classes != pictures.classes:
            raise InvalidParamsError(
                "start: {path} knows the classes {known}, and the pictures have {given}; give "
                "folders of the same names, or no start",
                path=self._start.path.name,
                known=", ".join(config.classes) or "(none)",
                given=", ".join(pictures.classes) or "(none)",
            )

    def _build_pupil(
        self,
        params: TrainParams,
        seed: int,
        pictures: "Pictures",
        changes: "Changes",
        place: "tuple[GanConfig, Path]",
    ) -> "Pupil":
        from studio_training import Settings

        from studio_gan.learner import Rules
        from studio_gan.pupil import build_pupil

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
        config, kept = place
        pupil = build_pupil(config, (settings, rules), pictures, changes, kept)
        if self._start is not None:
            self._go_on(pupil.learner, self._start.path)
        return pupil

    def _go_on(self, learner: "GanLearner", path: Path) -> None:
        """Take up a training that was paused, or begin anew from its generator."""
        state = (path if path.is_dir() else path.parent) / STATE
        if state.exists():
            learner.load(state)
        if not state.exists() or learner.step >= learner.settings.steps:
            from studio_gan.pupil import restart
            from studio_gan.weights import load_generator

            restart(learner, load_generator(path)[0])


def _plan_nets(params: TrainParams, family: "Family", pictures: "Pictures") -> "GanConfig":
    from studio_gan.config import GanConfig
    from studio_gan.pupil import plan_latents

    if family == "latent":
        return plan_latents(params.size, params.channels or MOST, params.latent, pictures)
    return GanConfig(
        family=family,
        size=params.size,
        channels=params.channels or USUAL,
        latent=params.latent,
        colours=pictures.colours,
        classes=pictures.classes,
        is_normed=params.spectral_norm and params.loss != "wgan-gp",
    )


def _learn(
    pupil: "Pupil", pictures: "Pictures", params: TrainParams, job: JobContext, index: int
) -> Artifact:
    from shutil import copyfile

    from studio_training import Run, learn

    from studio_gan.indicators import build_yardstick, judge_samples
    from studio_gan.pictures import to_unit
    from studio_gan.report import build_card, draw_grid, draw_samples
    from studio_gan.weights import save_generator

    learner, net = pupil.learner, pupil.net
    yardstick = build_yardstick(
        to_unit(pictures.pixels), to_unit(pictures.held_out), learner.config.is_torus
    )

    def measure() -> dict[str, float]:
        return judge_samples(draw_samples(net, learner.config, 48), yardstick)

    run = Run(
        steps=params.steps,
        stop_after=params.stop_after,
        draw=lambda: draw_grid(net, learner.config),
        measure=measure,
        every=max(25, min(500, params.steps // 20)),
    )
    outcome = learn(learner, job, run, index)
    if outcome.reason:
        job.log.warning("%s", outcome.reason)
    figures = {**outcome.figures, **_judge_autoencoder(pupil, job)}
    training = {**asdict(learner.settings), **asdict(learner.rules), "step": outcome.step}
    folder = job.scratch / f"checkpoint{index}"
    card = build_card(learner.config, training, figures, pictures.info)
    save_generator(net, learner.config, folder, {"training": training}, card)
    if outcome.step < params.steps:
        copyfile(outcome.state, folder / STATE)
    draw_grid(net, learner.config).save(folder / "samples.png")
    # The weights first: the main file is what other generators are given.
    paths = sorted(folder.iterdir(), key=lambda path: (path.name != WEIGHTS, path.name))
    return Artifact(
        {path.name: path for path in paths},
        MediaType.CHECKPOINT,
        metrics=figures,
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


def _judge_autoencoder(pupil: "Pupil", job: JobContext) -> dict[str, float]:
    if pupil.learner.config.autoencoder is None:
        return {}
    if pupil.lost > LOSS:
        job.log.warning(
            "%.0f %% of what these pictures are does not come back from the autoencoder, which "
            "learnt from materials; the families spatial and style do without",
            100 * pupil.lost,
        )
    return {"lost_in_autoencoder": pupil.lost}
