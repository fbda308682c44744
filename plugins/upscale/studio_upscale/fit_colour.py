"""Make the colourising weights: `python -m studio_upscale.fit_colour DATA OUT`."""

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click
import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from studio_training import Run, Settings
from studio_training import fit as learn
from torch import Tensor, nn

from studio_upscale.colour import ColourConfig, ColourNet, guess_chroma, paint, save_colour
from studio_upscale.corpus import Corpus
from studio_upscale.fit import Clock
from studio_upscale.network import arrange
from studio_upscale.shipped import build_plain_groups, load_held_out
from studio_upscale.trainer import build_trainer, describe_settings

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
    settings = Settings(steps, batch, rate, ema=0.995, clip=0)
    corpus = Corpus(build_plain_groups(data), 1, PATCH, swaps=False)

    def compare(network: nn.Module, step: int) -> Tensor:
        luma, chroma = split(corpus.draw(settings.seed, step, batch)[1])
        worth = 1 + VIVID * chroma.abs().sum(1, keepdim=True)
        return torch.as_tensor(((network(luma) - chroma).abs() * worth).mean())

    trainer = build_trainer(lambda: arrange(ColourNet(ColourConfig())), settings, compare)
    held_out, clock = load_held_out(data), Clock(folder)

    def assess() -> dict[str, float]:
        assert isinstance(trainer.average, ColourNet)
        seconds = clock.take()
        figures = measure(trainer.average, held_out)
        minutes = round(clock.minutes, 1)
        training = describe_settings(settings, step=trainer.step, cpu_minutes=minutes)
        facts = {"training": training, "held_out": figures}
        save_colour(trainer.average, folder, facts, write_colour_card(facts))
        return {**figures, "cpu_seconds": seconds}

    learn(trainer, folder, Run(steps, measure=assess, every=EVERY))


if __name__ == "__main__":
    main()
