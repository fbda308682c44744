"""A training of `flow.train`: its data, its net, and what comes out."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import torch
from PIL import Image
from studio_training import Card, Outcome, Run, Settings, Trainer, learn, write_card
from studio_training.dataset import Dataset, Example, gather

from studio.errors import InvalidInputError
from studio.generator import Artifact, Checkpoint, JobContext
from studio.media import MediaType
from studio_flow.book import FactBook, write_book
from studio_flow.describe import FACTS
from studio_flow.learn_sprites import SpriteLesson, draw_sprites
from studio_flow.learn_textures import TextureLesson
from studio_flow.model import SPRITE, TEXTURE, Flow, load_flow, save_flow
from studio_flow.network import FlowConfig, FlowNet, build_network, count_weights
from studio_flow.shelf import get_shipped
from studio_flow.sprites import FACTS as SPRITE_FACTS
from studio_flow.sprites import SIZES, collect_sprites, describe_sprites
from studio_flow.tiles import DIRECTED, Tiles, collect_tiles
from studio_flow.trial import draw_trial

STATE: Final = "training.safetensors"
"""Of a checkpoint: all that going on needs."""
WIDTHS: Final[Mapping[str, tuple[tuple[int, ...], tuple[int, ...]]]] = {
    "small": ((32, 80, 112), (1, 1, 1)),
    "standard": ((64, 144, 192), (1, 2, 1)),
    "large": ((160, 320, 384), (2, 3, 2)),
}
FEWEST: Final = 2
FEW: Final = 30
"""Pictures, with fewer than which a flow mostly copies."""
MEASURED: Final = 32
SHOWN: Final = 10
"""Samples in a preview."""


@dataclass(frozen=True)
class Plan:
    """All that the seeds of a job share.

    Attributes:
        params: of `flow.train`.
        sizes: of the net.
        classes: their names.
        book: facts of what is learnt from.
        dataset: facts of the data, for the card.
        start: weights to go on from.
        base: shipped flow whose autoencoder and enlarger serve textures; None for sprites.
        lesson: makes the loss function of a trainer.
        draw: shows samples of a trainer.
        measure: the loss on held-out pictures, if there are any.
    """

    params: Any
    sizes: FlowConfig
    classes: tuple[str, ...]
    book: FactBook
    dataset: Mapping[str, Any]
    warnings: tuple[str, ...]
    start: Path | None
    device: str
    base: Flow | None
    lesson: Callable[[], Any]
    draw: Callable[[FlowNet], Image.Image]
    measure: Callable[[FlowNet], Mapping[str, float]] | None

    @property
    def architecture(self) -> str:
        """What the weights are of."""
        return TEXTURE if self.base else SPRITE

    @property
    def state(self) -> str:
        """The file that going on needs."""
        return STATE

    def build(self) -> FlowNet:
        """Build the net that learns."""
        return build_network(self.sizes)

    def adopt(self, trainer: Trainer, folder: Path) -> None:
        """Start with other weights."""
        # Other classes mean other rows of one table; all else is taken over.
        trainer.adopt(load_flow(folder, self.architecture, self.device).network.state_dict())

    def assemble(self, network: FlowNet, facts: Mapping[str, Any]) -> Flow:
        """Put what was learnt together with all it needs to draw."""
        base = self.base
        parts = (base.autoencoder, base.enlarger) if base else (None, None)
        return Flow(network, self.classes, self.book, facts, *parts)

    def run(self, job: JobContext, index: int) -> Artifact:
        """Learn one seed; returns the checkpoint."""
        params = self.params
        settings = Settings(
            steps=params.steps,
            batch=params.batch,
            rate=params.rate,
            warmup=min(200, max(1, params.steps // 10)),
            ema=0.999 if params.steps > 2000 else 0.99,
            seed=job.seeds[index],
        )
        trainer = Trainer(self.build, settings, self.lesson(), self.device)
        self._begin(trainer)
        measure, average = self.measure, trainer.average
        assert isinstance(average, FlowNet)
        run = Run(
            params.steps,
            params.stop_after,
            draw=lambda: self.draw(average),
            measure=(lambda: measure(average)) if measure else None,
            every=max(1, params.steps // 20),
            watch="held_out" if measure and params.patience else "",
            patience=params.patience,
        )
        for warning in self.warnings:
            job.log.warning("%s", warning)
        outcome = learn(trainer, job, run, index)
        average.eval()
        return self._pack(average, settings, outcome, job.scratch / f"checkpoint{index}")

    def _pack(
        self, network: FlowNet, settings: Settings, outcome: Outcome, folder: Path
    ) -> Artifact:
        """Write the files of a checkpoint into a folder; returns them as an artifact."""
        facts = {
            "side": self.params.side,
            "training": {**asdict(settings), "step": outcome.best_step},
            "metrics": dict(outcome.figures),
            "data": dict(self.dataset),
        }
        is_sprite = self.architecture == SPRITE
        uses = ["flow.sprite" if is_sprite else "flow.texture", "flow.train"]
        flow = self.assemble(network, facts)
        save_flow(folder, flow, self.architecture, self._write_card(facts), uses)
        if outcome.step < self.params.steps and outcome.ended != "early":
            shutil.copyfile(outcome.state, folder / self.state)
        return Artifact(
            {path.name: path for path in sorted(folder.iterdir())},
            MediaType.CHECKPOINT,
            metrics=dict(outcome.figures),
            info={
                "generators": uses,
                "step": outcome.best_step,
                "ended": outcome.ended,
                "reason": outcome.reason,
                "warnings": list(self.warnings),
                "classes": list(self.classes),
            },
            title=f"{'sprites' if is_sprite else 'textures'}, {outcome.best_step} steps",
            params=outcome.params,
        )

    def _begin(self, trainer: Trainer) -> None:
        """Go on from a paused training, or start with other weights."""
        if self.start is None:
            return
        folder = self.start if self.start.is_dir() else self.start.parent
        state = folder / self.state
        if state.exists():
            trainer.load(state)
            if trainer.step < self.params.steps:
                return
        self.adopt(trainer, folder)

    def _write_card(self, facts: Mapping[str, Any]) -> str:
        count = count_weights(build_network(self.sizes))
        return write_card(
            Card(
                title="Texture flow" if self.architecture == TEXTURE else "Sprite flow",
                what=f"Class-conditional rectified flow, a U-Net of {count / 1e6:.1f} million "
                "weights (arXiv 2209.03003, 2206.00364).",
                data=f"{self.dataset['examples']} pictures of your own, hash "
                f"{self.dataset['hash']}, classes {', '.join(self.classes)}",
                licence=str(self.dataset.get("licence") or "as the pictures it learnt from"),
                training=facts["training"],
                metrics=facts["metrics"],
                command="studio generate flow.train",
                notes="\n".join(f"- {warning}" for warning in self.warnings),
            )
        )


def build_plan(params: Any, job: JobContext, start: Checkpoint | None, device: str) -> Plan:
    """Read the data and decide the net.

    Raises:
        InvalidInputError: too few usable pictures.
        CheckpointError: the start is of another kind.
    """
    dataset = gather(job, params.folder, MediaType.IMAGE, held_out=0.08)
    place = start.path if start else None
    if params.distil:
        from studio_flow.plan_distilled import plan_distilled

        return plan_distilled(params, dataset, place, device)
    if params.what == "sprites":
        return _plan_sprites(params, dataset, place, device)
    return _plan_textures(params, dataset, place, device)


def _plan_textures(params: Any, dataset: Dataset, start: Path | None, device: str) -> Plan:
    """Plan to learn tiles."""
    tiles, held_out = read_tiles(params, dataset)
    held_out = held_out.rename(tiles.classes)
    _check_count(len(tiles.names), dataset)
    base = load_flow(start or get_shipped("texture"), TEXTURE, device)
    autoencoder = base.autoencoder
    assert autoencoder is not None
    sizes = _choose_sizes(
        params, base if start else None, len(tiles.classes), autoencoder.config.factor
    )
    lesson = TextureLesson(tiles, autoencoder, params.batch, params.augment)
    unseen = TextureLesson(held_out, autoencoder, MEASURED, variants=1)

    def measure(network: FlowNet) -> Mapping[str, float]:
        with torch.no_grad():
            loss = unseen(network, torch.Generator().manual_seed(1))["loss"]
        return {"held_out": float(loss)}

    return Plan(
        params,
        sizes,
        tiles.classes,
        write_book(tiles),
        dataset.describe(),
        find_warnings(tiles, params.augment),
        start,
        device,
        base,
        lambda: lesson,
        lambda network: draw_trial(network, autoencoder, tiles, most=SHOWN),
        measure if len(held_out.names) else None,
    )


def read_tiles(params: Any, dataset: Dataset) -> tuple[Tiles, Tiles]:
    """Read the tiles to learn from, and those held out."""
    learnt, held_out = (
        collect_tiles([(_get_label(example), example.path) for example in part], params.side)
        for part in (dataset.train, dataset.held_out)
    )
    return learnt, held_out


def _plan_sprites(params: Any, dataset: Dataset, start: Path | None, device: str) -> Plan:
    sprites, classes = collect_sprites([(_get_label(e), e.path) for e in dataset.train])
    _check_count(len(sprites), dataset)
    begun = load_flow(start, SPRITE, device) if start else None
    sizes = _choose_sizes(params, begun, len(classes), 0)
    facts = torch.cat(
        [
            describe_sprites(sprites.get_floats(torch.tensor([row]), int(side)))
            for row, side in enumerate(sprites.sides.tolist())
        ]
    )
    pages = sprites.kinds * 2 + (sprites.sides == SIZES[1]).long()
    warnings = () if len(sprites) >= FEW else (_warn_few(len(sprites)),)
    return Plan(
        params,
        sizes,
        classes,
        FactBook(facts, pages),
        dataset.describe(),
        warnings,
        start,
        device,
        None,
        lambda: SpriteLesson(sprites, params.batch),
        lambda network: draw_sprites(network, sprites, each=2),
        None,
    )


def _choose_sizes(params: Any, start: Flow | None, classes: int, joints: int) -> FlowConfig:
    """Return the net's sizes: those of the start, or by the width asked for.

    Args:
        params: of `flow.train`.
        start: weights to go on from.
        classes: how many.
        joints: pixels a side of a map of joints to a place; 0 for sprites.
    """
    is_sprite = not joints
    if start is not None:
        return replace(start.network.config, classes=classes)
    widths, blocks = WIDTHS[params.width]
    return FlowConfig(
        channels=4,
        patch=2,
        widths=widths,
        blocks=blocks,
        classes=classes,
        facts=SPRITE_FACTS if is_sprite else FACTS,
        padding="zeros" if is_sprite else "circular",
        attention=is_sprite,
        joints=joints,
    )


def _get_label(example: Example) -> str:
    return example.label or "all"


def _check_count(count: int, dataset: Dataset) -> None:
    if count < FEWEST:
        raise InvalidInputError(
            "{count} usable pictures are too few to learn from; give at least {least}, better "
            "{more} ({broken} were broken, {copies} were copies)",
            count=count,
            least=FEWEST,
            more=FEW,
            broken=len(dataset.broken),
            copies=len(dataset.duplicates),
        )


def find_warnings(tiles: Tiles, augment: str) -> tuple[str, ...]:
    """Say what will not come out well."""
    warnings = []
    if len(tiles.names) < FEW:
        warnings.append(_warn_few(len(tiles.names)))
    if augment == "all":
        turned = [name for name in tiles.classes if name.lower() in DIRECTED]
        if turned:
            warnings.append(
                f"turned by a quarter, though they have a direction: {', '.join(turned)}"
            )
    return tuple(warnings)


def _warn_few(count: int) -> str:
    return f"only {count} pictures: what is made will be much like them"
