"""`upscale.train`: weights for `upscale.srgan` from pictures of one's own."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from PIL import Image
from pydantic import Field, JsonValue

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
from studio_upscale.degrade import Damage
from studio_upscale.srgan import SHIPPED

if TYPE_CHECKING:
    from studio_training import Trainer

    from studio_upscale.corpus import Corpus
    from studio_upscale.network import EnlargingNet, NetworkConfig

STATE = "training.safetensors"
"""Of a checkpoint: all that going on needs."""
MOST_PICTURES = 5000
DRAWN_SHARE = 0.1
"""Of the drawn pictures in a batch, against 1 for the user's."""
ADVANCED: dict[str, JsonValue] = {"advanced": True}


class TrainParams(Params):
    """Params of `upscale.train`."""

    folder: str = Field(
        "", max_length=4000, description="a folder of pictures, beside those given as input"
    )
    drawn: int = Field(
        32,
        ge=0,
        le=1000,
        description="drawn pictures of edges, curves and letters to learn from besides",
    )
    start: str = Field(
        "",
        max_length=500,
        description="weights to go on from: shipped ones by name, or a checkpoint made here; its "
        "size counts then, not channels and blocks",
    )
    channels: int = Field(
        48,
        ge=8,
        le=128,
        description="width of the net; of a multiple of 8 it turns and mirrors alike, and learns "
        "much faster",
    )
    blocks: int = Field(8, ge=1, le=32, description="depth of the net, two convolutions each")
    scale: int = Field(
        4,
        ge=1,
        le=4,
        description="times each side grows; 1 makes weights for restore.denoise and "
        "restore.deblock, with a damage to mend",
    )
    steps: int = Field(2000, ge=1, le=1_000_000, description="steps to learn")
    stop_after: int = Field(
        0,
        ge=0,
        le=1_000_000,
        description="pause after this many steps; a run with the result as start goes on as if "
        "there had been no pause. 0 goes to the end",
        json_schema_extra=ADVANCED,
    )
    batch: int = Field(8, ge=1, le=256, description="patches in a step", json_schema_extra=ADVANCED)
    patch: int = Field(
        32,
        ge=8,
        le=128,
        description="side of a small patch",
        json_schema_extra={**ADVANCED, "unit": "px"},
    )
    rate: float = Field(
        4e-3, ge=1e-6, le=0.1, description="learning rate", json_schema_extra=ADVANCED
    )
    damage: Damage = Field(
        "none",
        description="what the small pictures have suffered: none, light (blur, noise, JPEG), "
        "compressed (JPEG), strong (everything in random order), noise and jpeg (one alone, "
        "up to heavy)",
    )


class Train(Generator):
    """Muon on a Charbonnier loss; keeps the running average of the weights."""

    id: ClassVar[str] = "upscale.train"
    title: ClassVar[str] = "Train an upscaler"
    summary: ClassVar[str] = "Weights for upscale.srgan from your own pictures"
    output: ClassVar[MediaType] = MediaType.CHECKPOINT
    inputs: ClassVar[tuple[Input, ...]] = (
        Input(
            "pictures",
            (MediaType.IMAGE, MediaType.TEXTURE),
            many=True,
            optional=True,
            summary="large, sharp pictures to learn from",
        ),
    )
    Params: ClassVar[type[Params]] = TrainParams
    checkpoint_from: ClassVar[tuple[str, ...]] = ("start",)
    checkpoints: ClassVar[tuple[BundledCheckpoint, ...]] = SHIPPED
    testing_params: ClassVar[dict[str, object]] = {
        "drawn": 4,
        "channels": 8,
        "blocks": 1,
        "scale": 2,
        "steps": 3,
        "batch": 2,
        "patch": 16,
    }

    @classmethod
    def footprint(cls, params: Any) -> Footprint:
        """Activations of a batch, forwards and backwards."""
        pixels = params.batch * params.patch**2
        return Footprint(host_bytes=(700 << 20) + pixels * params.channels * params.blocks * 24)

    def __init__(self, checkpoint: Checkpoint | None, device: str) -> None:
        super().__init__(checkpoint, device)
        self._start = checkpoint

    def generate(self, params: TrainParams, job: JobContext) -> Iterator[Artifact]:
        """Yield the weights, their config, their card, and what going on needs."""
        network = self._load_start()
        corpus = _gather(params, job, network.config.scale if network else params.scale)
        for index, seed in enumerate(job.seeds):
            trainer = self._begin(params, seed, corpus, network)
            yield _learn(trainer, corpus, params, job, index)

    def _load_start(self) -> "EnlargingNet | None":
        if self._start is None:
            return None
        from studio_upscale.weights import load_network

        return load_network(self._start.path)

    def _begin(
        self, params: TrainParams, seed: int, corpus: "Corpus", network: "EnlargingNet | None"
    ) -> "Trainer":
        from studio_upscale.trainer import build_enlarger, plan_settings

        sizes = network.config if network else _plan_network(params)
        trainer = build_enlarger(sizes, plan_settings(params, seed), corpus.draw)
        if self._start is not None and network is not None:
            folder = self._start.path
            state = (folder if folder.is_dir() else folder.parent) / STATE
            if state.exists():
                trainer.load(state)
            if not state.exists() or trainer.step >= params.steps:
                trainer.restart(network.state_dict())
        return trainer


def _plan_network(params: TrainParams) -> "NetworkConfig":
    from studio_upscale.equivariance import TURNS
    from studio_upscale.network import NetworkConfig

    return NetworkConfig(
        params.channels,
        params.blocks,
        params.scale,
        fold=2 if params.scale == 1 else 1,
        equivariant=params.channels % TURNS == 0,
    )


def _gather(params: TrainParams, job: JobContext, scale: int) -> "Corpus":
    """Load all pictures.

    Raises:
        InvalidInputError: there are none, or too many.
    """
    from studio_upscale.corpus import Corpus, build_group, find_pictures, load_picture
    from studio_upscale.synthetic import draw_picture

    paths = [asset.path for asset in job.inputs.get("pictures", ())]
    if params.folder:
        folder = Path(params.folder).expanduser()
        if not folder.is_dir():
            raise InvalidInputError("folder: there is no folder {folder}", folder=folder)
        paths += find_pictures(folder)
    if not paths and not params.drawn:
        raise InvalidInputError(
            "upscale.train needs pictures; give it some as input, or a folder that holds some"
        )
    if len(paths) > MOST_PICTURES:
        raise InvalidInputError(
            "{count} pictures are more than fit into memory; give at most {most}",
            count=len(paths),
            most=MOST_PICTURES,
        )
    images: list[Image.Image] = [load_picture(path) for path in paths]
    drawn = [draw_picture(number) for number in range(params.drawn)]
    groups = [
        build_group("pictures", images, 1, scale),
        build_group("drawn", drawn, DRAWN_SHARE, scale),
    ]
    return Corpus(groups, scale, params.patch, params.damage)


def _learn(
    trainer: "Trainer", corpus: "Corpus", params: TrainParams, job: JobContext, index: int
) -> Artifact:
    from shutil import copyfile

    from studio_training import Run, learn

    from studio_upscale.card import write_card
    from studio_upscale.samples import show_samples
    from studio_upscale.trainer import describe_settings, get_net
    from studio_upscale.weights import save_network

    run = Run(
        params.steps,
        stop_after=params.stop_after,
        draw=lambda: show_samples(get_net(trainer), corpus),
    )
    outcome = learn(trainer, job, run, index)
    if outcome.reason:
        job.log.warning("%s", outcome.reason)
    network = get_net(trainer)
    folder = job.scratch / f"checkpoint{index}"
    training = describe_settings(trainer.settings, step=outcome.step, damage=params.damage)
    counts = ", ".join(f"{len(group.pairs)} {group.name}" for group in corpus.groups)
    card = write_card(network.config, training, counts)
    save_network(network, folder, {"training": training}, card)
    if outcome.step < params.steps:
        copyfile(outcome.state, folder / STATE)
    mends = network.config.scale == 1
    uses = ["restore.denoise", "restore.deblock"] if mends else ["upscale.srgan", "upscale.video"]
    return Artifact(
        {path.name: path for path in sorted(folder.iterdir())},
        MediaType.CHECKPOINT,
        metrics=dict(outcome.figures),
        info={"generators": [*uses, "upscale.train"], "step": outcome.step, "ended": outcome.ended},
        title=f"upscaler x{network.config.scale}, {outcome.step} steps",
        params=outcome.params,
    )
