"""Make the colourising weights: `python -m studio_upscale.fit_colour DATA OUT`."""

import json
import logging
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import click
import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor

from studio_upscale.colour import ColourConfig, ColourNet, guess_chroma, paint, save_colour
from studio_upscale.corpus import Corpus
from studio_upscale.network import arrange
from studio_upscale.optimise import Muon, follow, get_keep
from studio_upscale.shipped import build_plain_groups, load_held_out
from studio_upscale.trainer import TrainConfig, get_rate

LOG: Final = logging.getLogger("studio_upscale.fit_colour")
PATCH: Final = 96
EVERY: Final = 200
VIVID: Final = 6.0
"""How much more a saturated pixel counts than a grey one; else all becomes brown."""


def split(batch: npt.NDArray[np.uint8]) -> tuple[Tensor, Tensor]:
    """Turn RGB (N, H, W, 3) into luma (N, 1, H, W) and chroma (N, 2, H, W), around 0."""
    planes = np.stack([np.asarray(Image.fromarray(p).convert("YCbCr")) for p in batch])
    values = torch.from_numpy(planes).permute(0, 3, 1, 2).float() / 255 - 0.5
    return values[:, :1].contiguous(), values[:, 1:].contiguous()


def measure(network: ColourNet, images: list[Image.Image]) -> dict[str, float]:
    """Return the mean error of chroma in levels of 255: grey's and the net's."""
    rows = []
    for image in images:
        image = image.resize((image.width // 4, image.height // 4), Image.Resampling.BICUBIC)
        luma = image.convert("L")
        made = paint(luma, guess_chroma(network, luma), 1.0).convert("YCbCr")
        true = np.asarray(image.convert("YCbCr"), np.float32)[..., 1:]
        guess = np.asarray(made, np.float32)[..., 1:]
        rows.append([np.abs(true - 128).mean(), np.abs(true - guess).mean()])
    grey, net = np.mean(rows, axis=0)
    return {"grey": round(float(grey), 2), "net": round(float(net), 2)}


def write_colour_card(facts: Mapping[str, Any]) -> str:
    """Return the model card of weights with such facts."""
    held = facts["held_out"]
    return (
        "# Colour from brightness\n\nA small U-Net, for `restore.colorize`.\n\n"
        "Data: 21 of the 24 Kodak photographs, 4 photographs of scikit-image, about 1,100 material "
        "albedos of ambientCG and 12 of PBR sets (CC0). That is very little, and it learnt for "
        "minutes: what it gives is little more than sepia.\n\n"
        "Mean error of chroma on the held-out Kodak photographs, levels of 255: "
        f"{held['net']} (left grey: {held['grey']}).\n\n"
        f"Training: {json.dumps(facts['training'])}.\n\n"
        "Made by `python -m studio_upscale.fit_colour $STUDIO_DATA RUN`.\n\n"
        "Licence: Apache-2.0. Nothing it learnt from asks for attribution.\n"
    )


@click.command()
@click.argument("data", type=click.Path(path_type=Path, exists=True))
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--steps", type=int, default=3000)
@click.option("--batch", type=int, default=6)
@click.option("--rate", type=float, default=2e-3)
def main(data: Path, folder: Path, steps: int, batch: int, rate: float) -> None:
    """Learn colours from the free pictures below DATA; keep weights in FOLDER."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)
    torch.manual_seed(0)
    config = TrainConfig(steps=steps, batch=batch, rate=rate, ema=0.995)
    corpus = Corpus(build_plain_groups(data), 1, PATCH, swaps=False)
    network, average = (arrange(ColourNet(ColourConfig())) for _ in range(2))
    average.load_state_dict(network.state_dict())
    average.requires_grad_(False)
    optimiser, held_out = Muon(network.parameters()), load_held_out(data)
    start = time.process_time()
    for step in range(steps):
        luma, chroma = split(corpus.draw(config.seed, step, batch)[1])
        worth = 1 + VIVID * chroma.abs().sum(1, keepdim=True)
        loss = ((network(luma) - chroma).abs() * worth).mean()
        loss.backward()
        optimiser.step(get_rate(config, step))
        follow(average, network, get_keep(config.ema, step))
        if (step + 1) % EVERY == 0 or step + 1 == steps:
            figures = measure(average, held_out)
            minutes = round((time.process_time() - start) / 60, 1)
            training = {**asdict(config), "step": step + 1, "cpu_minutes": minutes}
            facts = {"training": training, "held_out": figures}
            LOG.info("%s %.5f %s", step + 1, float(loss.detach()), json.dumps(figures))
            save_colour(average, folder, facts, write_colour_card(facts))


if __name__ == "__main__":
    main()
