"""Make the sharp weights: `python -m studio_upscale.sharpen DATA OUT START`.

START is a folder of weights by `fit`. The same command again goes on where it was stopped, critic
and all.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import click
import numpy as np
import torch
from PIL import Image
from studio_training import Run
from studio_training import fit as learn

from studio_upscale.adversarial import SharpConfig, SharpTrainer
from studio_upscale.corpus import Corpus
from studio_upscale.enlarge import Style, enlarge
from studio_upscale.fit import PATCH, Clock
from studio_upscale.metrics import (
    measure_patch_swd,
    measure_psnr,
    measure_spectrum_error,
    reduce_bicubic,
)
from studio_upscale.network import EnlargingNet
from studio_upscale.shipped import MIXES, build_groups, load_held_out, load_held_out_textures
from studio_upscale.weights import load_network, save_network

LOG: Final = logging.getLogger("studio_upscale.sharpen")
EVERY: Final = 50
"""Steps between two measurements; the weights of each are kept."""
CROP: Final = 256


Pictures = Mapping[str, Sequence[Image.Image]]


@click.command()
@click.argument("data", type=click.Path(path_type=Path, exists=True))
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("start", type=click.Path(path_type=Path, exists=True))
@click.option("--steps", type=int, default=1000)
@click.option("--batch", type=int, default=4)
@click.option("--rate", type=float, default=2e-4)
@click.option("--pixel", type=float, default=0.3)
@click.option("--texture", type=float, default=1.0)
@click.option("--critic", type=float, default=5e-3)
@click.option("--mix", type=click.Choice(list(MIXES)), default="plain")
def main(data: Path, folder: Path, start: Path, mix: str, **options: Any) -> None:
    """Learn crispness from the free pictures below DATA; keep weights in FOLDER."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)
    network = load_network(start)
    scale = network.config.scale
    pictures = {
        "photos": [_crop(image) for image in load_held_out(data)],
        "textures": [_crop(image) for image in load_held_out_textures()],
    }
    LOG.info("start: %s", assess(network, pictures))
    corpus = Corpus(build_groups(data, scale, mix=MIXES[mix]), scale, PATCH)
    config, clock = SharpConfig(**options), Clock(folder)
    trainer = SharpTrainer(network, config, corpus.draw)

    def look() -> dict[str, float]:
        facts = {**asdict(config), "step": trainer.step, "mix": mix}
        save_network(trainer.average, folder / f"{trainer.step:06}", {"training": facts}, "")
        return {"cpu_seconds": clock.take(), **assess(trainer.average, pictures)}

    learn(trainer, folder, Run(config.steps, measure=look, every=EVERY))


def assess(network: EnlargingNet, pictures: Pictures) -> dict[str, float]:
    """Return PSNR of luma, patch-SWD and spectrum error, by name of the pictures."""
    figures, scale = {}, network.config.scale
    for name, images in pictures.items():
        rows = []
        for image in images:
            high, low = reduce_bicubic(image, scale)
            true, made = np.asarray(high), enlarge(network, np.asarray(low), scale, Style())
            rows.append(
                (
                    measure_psnr(made, true, scale),
                    measure_patch_swd(made, true),
                    measure_spectrum_error(made, true),
                )
            )
        means = np.mean(rows, axis=0)
        for measure, value in zip(("psnr", "swd", "spectrum"), means, strict=True):
            figures[f"{name}_{measure}"] = round(float(value), 3)
    return figures


def _crop(image: Image.Image) -> Image.Image:
    """Cut out the middle: enough to judge by while it learns."""
    left, top = (image.width - CROP) // 2, (image.height - CROP) // 2
    return image.crop((left, top, left + CROP, top + CROP))


if __name__ == "__main__":
    main()
