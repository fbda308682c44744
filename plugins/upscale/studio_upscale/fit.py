"""Make the shipped weights: `python -m studio_upscale.fit DATA OUT --name fast`.

Goes on where it was stopped, as long as the options are the same.
"""

import json
import logging
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import click
import numpy as np
import torch
from PIL import Image

from studio_upscale.corpus import Corpus
from studio_upscale.degrade import Damage, degrade
from studio_upscale.enlarge import Style, enlarge
from studio_upscale.metrics import measure_psnr, reduce_bicubic
from studio_upscale.network import EnlargingNet, NetworkConfig
from studio_upscale.shipped import DRAWN, build_groups, load_held_out
from studio_upscale.trainer import TrainConfig, Trainer
from studio_upscale.weights import load_network, save_network

LOG: Final = logging.getLogger("studio_upscale.fit")


@dataclass(frozen=True)
class Goal:
    """What can be made: a net, and what the small pictures have suffered."""

    network: NetworkConfig
    damage: Damage = "none"


GOALS: Final = {
    "fast": Goal(NetworkConfig(24, 5)),
    "fast2": Goal(NetworkConfig(24, 4, scale=2)),
    "quality": Goal(NetworkConfig(48, 8)),
    "denoise": Goal(NetworkConfig(48, 4, scale=1, fold=2), "noise"),
    "deblock": Goal(NetworkConfig(48, 4, scale=1, fold=2), "jpeg"),
    "fsrcnn": Goal(NetworkConfig(56, 4, architecture="fsrcnn")),
}
PATCH: Final = 32
"""Side of a small patch where none is asked for, pixels."""
FEW_DRAWN: Final = 40
"""For nets that mend, which need no drawn edges to learn how to enlarge them."""
EVERY: Final = 200
"""Steps between two saves."""


@dataclass(frozen=True)
class Plan:
    """What to learn, and where it goes."""

    name: str
    data: Path
    folder: Path
    train: TrainConfig
    patch: int = PATCH
    start: Path | None = None


@click.command()
@click.argument("data", type=click.Path(path_type=Path, exists=True))
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--name", type=click.Choice(list(GOALS)), default="fast")
@click.option("--steps", type=int, default=6000)
@click.option("--batch", type=int, default=8)
@click.option("--patch", type=int, default=PATCH)
@click.option("--rate", type=float, default=4e-3)
@click.option("--ema", type=float, default=0.998)
@click.option("--loss", type=click.Choice(["charbonnier", "luma"]), default="charbonnier")
@click.option("--start", type=click.Path(path_type=Path, exists=True), help="weights to go on from")
def main(
    data: Path, folder: Path, name: str, patch: int, start: Path | None, **options: Any
) -> None:
    """Learn from the free pictures below DATA; keep everything in FOLDER."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)
    fit(Plan(name, data, folder, TrainConfig(**options), patch, start))


def fit(plan: Plan) -> EnlargingNet:
    """Learn to the end, saving now and then; returns the averaged net."""
    plan.folder.mkdir(parents=True, exist_ok=True)
    goal = GOALS[plan.name]
    network = goal.network
    groups = build_groups(plan.data, network.scale, DRAWN if network.scale > 1 else FEW_DRAWN)
    corpus = Corpus(groups, network.scale, plan.patch, goal.damage)
    trainer = Trainer(network, plan.train, corpus.draw)
    state = plan.folder / "state.safetensors"
    if state.exists():
        trainer.load(state)
    elif plan.start is not None:
        trainer.restart(load_network(plan.start))
    held_out, losses, start = load_held_out(plan.data), [], time.process_time()
    while trainer.step < plan.train.steps:
        losses.append(trainer.advance())
        if trainer.step % EVERY == 0 or trainer.step == plan.train.steps:
            trainer.save(state)
            row = {
                "step": trainer.step,
                "cpu_seconds": round(time.process_time() - start, 1),
                "loss": round(float(np.mean(losses)), 6),
                "psnr": round(measure(trainer.average, held_out, goal.damage), 3),
            }
            losses, start = [], time.process_time()
            keep(plan, trainer, row)
    return trainer.average


def keep(plan: Plan, trainer: Trainer, row: dict[str, float]) -> None:
    """Write the averaged weights and a line of the curve."""
    facts = {"training": {**asdict(plan.train), **row}}
    save_network(trainer.average, plan.folder / f"{row['step']:06}", facts, "")
    with (plan.folder / "curve.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")
    LOG.info("%s", row)


def measure(
    network: EnlargingNet | None, images: Sequence[Image.Image], damage: Damage = "none"
) -> float:
    """Return the mean PSNR of luma in dB, by the protocol of `metrics`.

    Args:
        network: None leaves the pictures as the damage left them.
        images: the true pictures.
        damage: what they suffer.
    """
    results, scale = [], network.config.scale if network else 1
    for number, image in enumerate(images):
        high, low = reduce_bicubic(image, scale)
        small, rng = np.asarray(low), np.random.default_rng(number)
        if damage != "none":
            small = degrade(np.asarray(high)[None], scale, damage, rng)[0]
        made = enlarge(network, small, scale, Style()) if network else small
        results.append(measure_psnr(made, np.asarray(high), scale))
    return float(np.mean(results))


if __name__ == "__main__":
    main()
