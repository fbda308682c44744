"""A training of `flow.train` that distils: weights that are there learn to draw in four steps."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import torch
from studio_training import Trainer
from studio_training.dataset import Dataset

from studio.errors import InvalidInputError, InvalidParamsError
from studio_flow.learn_distilled import DistilLesson, freeze_blocks
from studio_flow.learn_textures import TextureLesson
from studio_flow.model import DISTILLED, TEXTURE, Flow, load_flow
from studio_flow.network import FlowNet, build_network
from studio_flow.plan import FEWEST, MEASURED, SHOWN, Plan, find_warnings, read_tiles
from studio_flow.sampling import Style
from studio_flow.tiles import Tiles
from studio_flow.trial import draw_trial

DISTILLING: Final = "distilling.safetensors"
"""Of a checkpoint: all that going on with a distillation needs."""
SHORT: Final = Style(steps=DISTILLED, guidance=1.0)


@dataclass(frozen=True)
class DistilPlan(Plan):
    """The net that learns begins as the one it learns from, which stays beside it."""

    @property
    def teacher(self) -> Flow:
        """What is distilled."""
        assert self.base is not None  # there is no plan without
        return self.base

    @property
    def state(self) -> str:
        """The file that going on needs."""
        return DISTILLING

    def build(self) -> FlowNet:
        """Build the net that learns."""
        return freeze_blocks(build_network(self.sizes))

    def adopt(self, trainer: Trainer, folder: Path) -> None:
        """Begin as the teacher."""
        trainer.restart(self.teacher.network.state_dict())

    def assemble(self, network: FlowNet, facts: Mapping[str, Any]) -> Flow:
        """Put what was learnt beside what it was learnt from."""
        known = {**self.teacher.facts, "distillation": dict(facts)}
        return replace(self.teacher, distilled=network, facts=known)


def plan_distilled(params: Any, dataset: Dataset, start: Path | None, device: str) -> DistilPlan:
    """Plan to distil.

    Raises:
        InvalidParamsError: nothing to distil.
        InvalidInputError: no pictures of what the weights know.
    """
    if params.what != "textures":
        raise InvalidParamsError("distil: only textures are drawn in four steps; leave it off")
    if start is None:
        raise InvalidParamsError("distil: name the weights to be distilled in start")
    base = load_flow(start, TEXTURE, device)
    tiles, held_out = (part.rename(base.classes) for part in read_tiles(params, dataset))
    if len(tiles.names) < FEWEST:
        raise InvalidInputError(
            "{count} pictures are of classes that the weights know; name folders after some of "
            "{known}",
            count=len(tiles.names),
            known=", ".join(base.classes),
        )
    autoencoder = base.autoencoder
    assert autoencoder is not None  # every texture flow has one

    def build_lesson(some: Tiles, batch: int, **settings: Any) -> DistilLesson:
        return DistilLesson(TextureLesson(some, autoencoder, batch, **settings), base.network)

    unseen = build_lesson(held_out, MEASURED, variants=1)

    def measure(network: FlowNet) -> Mapping[str, float]:
        with torch.no_grad():
            loss = unseen(network, torch.Generator().manual_seed(1))["loss"]
        return {"held_out": float(loss)}

    return DistilPlan(
        params,
        base.network.config,
        base.classes,
        base.book,
        dataset.describe(),
        find_warnings(tiles, params.augment),
        start,
        device,
        base,
        lambda: build_lesson(tiles, params.batch, augment=params.augment),
        lambda network: draw_trial(network, autoencoder, tiles, most=SHOWN, style=SHORT),
        measure if len(held_out.names) else None,
    )
