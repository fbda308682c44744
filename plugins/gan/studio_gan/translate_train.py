"""`gan.translate_train`: a translation from pictures before and after."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from studio.errors import InvalidParamsError
from studio.generator import Artifact, Checkpoint, Footprint, Generator, Input, JobContext
from studio.media import MediaType
from studio.params import Params
from studio_gan.translate_params import TranslateTrainParams

if TYPE_CHECKING:
    from PIL import Image

    from studio_gan.pairs import Pairs
    from studio_gan.translate_learner import TranslateLearner
    from studio_gan.translator import TranslatorConfig

STATE = "training.safetensors"
WEIGHTS = "model.safetensors"
SHOWN = 6
ENOUGH = 64
"""Pictures whose colours are looked at before the first step."""


class TranslateTrain(Generator):
    """pix2pix (arXiv 1611.07004) or CycleGAN (arXiv 1703.10593), small."""

    id: ClassVar[str] = "gan.translate_train"
    title: ClassVar[str] = "Train a translation"
    summary: ClassVar[str] = "Weights for gan.translate from two folders of pictures"
    output: ClassVar[MediaType] = MediaType.CHECKPOINT
    inputs: ClassVar[tuple[Input, ...]] = (
        Input(
            "materials",
            (MediaType.TEXTURE,),
            many=True,
            optional=True,
            summary="materials, two maps of which to learn from, in place of folders",
        ),
    )
    Params: ClassVar[type[Params]] = TranslateTrainParams
    checkpoint_from: ClassVar[tuple[str, ...]] = ("start",)
    testing_params: ClassVar[dict[str, object]] = {
        "size": 32,
        "whole": 32,
        "channels": 4,
        "blocks": 1,
        "steps": 2,
        "batch": 2,
    }

    @classmethod
    def footprint(cls, params: Any) -> Footprint:
        """Activations of a batch, forwards and backwards, twice over without pairs."""
        pixels = params.batch * params.size**2 * (3 if params.mode == "unpaired" else 1)
        return Footprint(host_bytes=(700 << 20) + pixels * params.channels * 100)

    def __init__(self, checkpoint: Checkpoint | None, device: str) -> None:
        super().__init__(checkpoint, device)
        self._start = checkpoint

    def generate(self, params: TranslateTrainParams, job: JobContext) -> Iterator[Artifact]:
        """Yield the weights, their config, their card, and what going on needs.

        Raises:
            InvalidInputError: no pictures, or too few.
            InvalidParamsError: windows larger than the pictures, or two sources.
        """
        if params.whole < params.size:
            raise InvalidParamsError(
                "whole: {whole} px are less than the windows of {size} px; make it at least as "
                "large",
                whole=params.whole,
                size=params.size,
            )
        pairs = _load_pairs(params, job)
        for index, seed in enumerate(job.seeds):
            yield _learn(self._build_learner(params, seed, pairs), pairs, params, job, index)

    def _build_learner(
        self, params: TranslateTrainParams, seed: int, pairs: "Pairs"
    ) -> "TranslateLearner":
        from studio_training import Settings

        from studio_gan.pairs import build_pair_draw
        from studio_gan.pictures import to_unit
        from studio_gan.translate_learner import TranslateLearner
        from studio_gan.translate_weights import load_translators

        config, nets = _plan_nets(params, pairs), None
        if self._start is not None:
            nets, config = load_translators(self._start.path)
        settings = Settings(
            steps=params.steps,
            batch=params.batch,
            rate=params.rate,
            warmup=min(50, params.steps // 4),
            decay=0.3 if config.mode == "paired" else 0.5,
            ema=0.995,
            clip=0.0,
            seed=seed,
        )
        is_paired = config.mode == "paired"
        draw = build_pair_draw(pairs, params.size, config.is_torus, is_paired)
        learner = TranslateLearner(config, settings, params.likeness, draw)
        if self._start is None:
            some = (one[:: len(one) // ENOUGH + 1] for one in (pairs.source, pairs.target))
            learner.settle(*map(to_unit, some))
        if self._start is not None and nets is not None:
            place = self._start.path
            state = (place if place.is_dir() else place.parent) / STATE
            if state.exists():
                learner.load(state)
            if not state.exists() or learner.step >= params.steps:
                learner.restart(nets)
        return learner


def _plan_nets(params: TranslateTrainParams, pairs: "Pairs") -> "TranslatorConfig":
    from studio_gan.translator import TranslatorConfig

    return TranslatorConfig(
        mode=params.mode,
        source=int(pairs.source.shape[1]),
        target=int(pairs.target.shape[1]),
        channels=params.channels,
        blocks=params.blocks,
        is_torus=params.tiles,
        # Without pairs nothing says what shall come of what: of all ways the shortest is taken.
        is_residual=params.mode == "unpaired" and pairs.source.shape[1] == pairs.target.shape[1],
    )


def _load_pairs(params: TranslateTrainParams, job: JobContext) -> "Pairs":
    from studio_gan.pairs import find_maps, find_pairs, load_pairs

    materials = job.inputs.get("materials", [])
    if materials:
        found = find_maps(materials, params.source or "height", params.target or "albedo")
    else:
        found = find_pairs(params.source, params.target)
    return load_pairs(*found, params.whole, params.mode == "paired")


def _learn(
    learner: "TranslateLearner",
    pairs: "Pairs",
    params: TranslateTrainParams,
    job: JobContext,
    index: int,
) -> Artifact:
    from shutil import copyfile

    from studio_training import Run, learn

    from studio_gan.pictures import to_unit
    from studio_gan.translate_learner import measure_translators
    from studio_gan.translate_weights import save_translators

    held_out = (to_unit(pairs.held_out[0]), to_unit(pairs.held_out[1]))
    is_paired = learner.config.mode == "paired"
    run = Run(
        steps=params.steps,
        stop_after=params.stop_after,
        draw=lambda: _draw_sheet(learner, pairs),
        measure=lambda: measure_translators(learner.average, held_out, is_paired),
        every=max(25, min(500, params.steps // 10)),
    )
    outcome = learn(learner, job, run, index)
    if outcome.reason:
        job.log.warning("%s", outcome.reason)
    folder = job.scratch / f"checkpoint{index}"
    save_translators(
        learner.average,
        learner.config,
        folder,
        {"training": {"step": outcome.step}, "data": pairs.info},
        _write_card(learner, pairs, dict(outcome.figures)),
    )
    if outcome.step < params.steps:
        copyfile(outcome.state, folder / STATE)
    _draw_sheet(learner, pairs).save(folder / "samples.png")
    paths = sorted(folder.iterdir(), key=lambda path: (path.name != WEIGHTS, path.name))
    return Artifact(
        {path.name: path for path in paths},
        MediaType.CHECKPOINT,
        metrics=dict(outcome.figures),
        info={
            "generators": ["gan.translate"],
            "step": outcome.step,
            "ended": outcome.ended,
            "reason": outcome.reason,
            "data": pairs.info,
        },
        title=f"translation, {outcome.step} steps",
        params=outcome.params,
    )


def _draw_sheet(learner: "TranslateLearner", pairs: "Pairs") -> "Image.Image":
    """Draw rows of what goes in, what comes out, and what was wanted."""
    import torch
    from PIL import Image

    from studio_gan.pictures import to_image, to_unit
    from studio_gan.translator import set_edge

    is_paired = learner.config.mode == "paired"
    given, wanted = pairs.held_out if len(pairs.held_out[0]) else (pairs.source, pairs.target)
    given, wanted = to_unit(given[:SHOWN]), to_unit(wanted[:SHOWN])
    set_edge(learner.average, "circular" if learner.config.is_torus else "replicate")
    with torch.no_grad():
        rows = [given, learner.average["there"](given), *([wanted] if is_paired else [])]
    set_edge(learner.average, "replicate")
    side = given.shape[-1]
    sheet = Image.new("RGB", (side * len(given), side * len(rows)))
    for y, row in enumerate(rows):
        for x, picture in enumerate(row):
            sheet.paste(to_image(picture).convert("RGB"), (x * side, y * side))
    return sheet


def _write_card(learner: "TranslateLearner", pairs: "Pairs", figures: dict[str, float]) -> str:
    from dataclasses import asdict

    from studio_training import Card, write_card

    info = pairs.info
    paper = "pix2pix (arXiv 1611.07004)"
    if learner.config.mode == "unpaired":
        paper = "CycleGAN (arXiv 1703.10593)"
    return write_card(
        Card(
            title=f"Translation, {learner.config.mode}",
            what=f"{paper}, small: a U-Net with residual blocks and a patch critic.",
            data=f"{info['sources']} sources, {info['targets']} targets, {info['held_out']} held "
            "out.",
            licence="as the pictures",
            training={**asdict(learner.settings), "likeness": learner.likeness},
            metrics=figures,
        )
    )
