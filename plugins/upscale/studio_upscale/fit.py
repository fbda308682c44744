"""Make the shipped weights: `python -m studio_upscale.fit DATA OUT --name fast`.

Goes on where it was stopped, as long as the options are the same.
"""

import json
import logging
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import click
import numpy as np
import torch
from PIL import Image

from studio_upscale.corpus import Corpus
from studio_upscale.metrics import measure_psnr, reduce_bicubic
from studio_upscale.network import NetworkConfig, ResidualNet
from studio_upscale.shipped import build_groups, load_held_out
from studio_upscale.trainer import TrainConfig, Trainer, to_tensor
from studio_upscale.weights import save_network

LOG: Final = logging.getLogger("studio_upscale.fit")
SIZES: Final = {
    "fast": NetworkConfig(32, 2),
    "quality": NetworkConfig(48, 8),
    "baseline": NetworkConfig(16, 1),
}
PATCH: Final = 32
"""Side of a small patch, pixels."""
EVERY: Final = 200
"""Steps between two saves."""


@dataclass(frozen=True)
class Plan:
    """What to learn, and where it goes."""

    name: str
    data: Path
    folder: Path
    train: TrainConfig


@click.command()
@click.argument("data", type=click.Path(path_type=Path, exists=True))
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--name", type=click.Choice(list(SIZES)), default="fast")
@click.option("--steps", type=int, default=6000)
@click.option("--batch", type=int, default=8)
@click.option("--rate", type=float, default=4e-3)
def main(data: Path, folder: Path, name: str, steps: int, batch: int, rate: float) -> None:
    """Learn from the free pictures below DATA; keep everything in FOLDER."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)
    train = TrainConfig(steps=steps, batch=batch, rate=rate, ema=0.998)
    fit(Plan(name, data, folder, train))


def fit(plan: Plan) -> ResidualNet:
    """Learn to the end, saving now and then; returns the averaged net."""
    plan.folder.mkdir(parents=True, exist_ok=True)
    network = SIZES[plan.name]
    corpus = Corpus(build_groups(plan.data, network.scale), network.scale, PATCH)
    trainer = Trainer(network, plan.train, corpus.draw)
    state = plan.folder / "state.safetensors"
    if state.exists():
        trainer.load(state)
    held_out, losses, start = load_held_out(plan.data), [], time.process_time()
    while trainer.step < plan.train.steps:
        losses.append(trainer.advance())
        if trainer.step % EVERY == 0 or trainer.step == plan.train.steps:
            trainer.save(state)
            row = {
                "step": trainer.step,
                "cpu_seconds": round(time.process_time() - start, 1),
                "loss": round(float(np.mean(losses)), 6),
                "psnr": round(measure(trainer.average, held_out), 3),
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


def measure(network: ResidualNet, images: list[Image.Image]) -> float:
    """Return the mean PSNR of luma in dB, by the protocol of `metrics`."""
    results = []
    for image in images:
        high, low = reduce_bicubic(image, network.config.scale)
        with torch.inference_mode():
            fine = network(to_tensor(np.asarray(low)[None]))[0]
        made = fine.permute(1, 2, 0).mul(255).round().clamp(0, 255).to(torch.uint8).numpy()
        results.append(measure_psnr(made, np.asarray(high), network.config.scale))
    return float(np.mean(results))


if __name__ == "__main__":
    main()
