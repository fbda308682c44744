"""Make the sharp weights: `python -m studio_upscale.sharpen DATA OUT START`.

START is a folder of weights by `fit`. A run that was stopped goes on from its last weights, if they
are given as START, with a new critic.
"""

import json
import logging
import time
from dataclasses import asdict
from pathlib import Path
from typing import Final

import click
import numpy as np
import torch

from studio_upscale.adversarial import SharpConfig, SharpTrainer
from studio_upscale.corpus import Corpus
from studio_upscale.fit import PATCH, measure
from studio_upscale.shipped import build_groups, load_held_out
from studio_upscale.weights import load_network, save_network

LOG: Final = logging.getLogger("studio_upscale.sharpen")
EVERY: Final = 50
"""Steps between two saves."""


@click.command()
@click.argument("data", type=click.Path(path_type=Path, exists=True))
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("start", type=click.Path(path_type=Path, exists=True))
@click.option("--steps", type=int, default=1000)
@click.option("--batch", type=int, default=4)
def main(data: Path, folder: Path, start: Path, steps: int, batch: int) -> None:
    """Learn crispness from the free pictures below DATA; keep weights in FOLDER."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)
    network = load_network(start)
    scale = network.config.scale
    corpus = Corpus(build_groups(data, scale), scale, PATCH)
    config = SharpConfig(steps=steps, batch=batch)
    trainer = SharpTrainer(network, config, corpus.draw)
    held_out, rows, begin = load_held_out(data), [], time.process_time()
    while trainer.step < steps:
        rows.append(trainer.advance())
        if trainer.step % EVERY == 0 or trainer.step == steps:
            losses = {
                name: round(float(np.mean([row[name] for row in rows])), 5) for name in rows[0]
            }
            facts = {
                "step": trainer.step,
                "cpu_seconds": round(time.process_time() - begin, 1),
                **losses,
                "psnr": round(measure(trainer.average, held_out), 3),
            }
            training = {"training": {**asdict(config), **facts}}
            save_network(trainer.average, folder / f"{trainer.step:06}", training, "")
            with (folder / "curve.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps(facts) + "\n")
            LOG.info("%s", facts)
            rows, begin = [], time.process_time()


if __name__ == "__main__":
    main()
