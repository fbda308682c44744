"""Make the pixel-art weights: `python -m studio_upscale.fit_pixels SPRITES OUT`.

SPRITES is a folder of folders of pixel art. The small picture is the most frequent colour of each
2 x 2 square, as somebody who redraws a sprite smaller would choose.
"""

import json
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import click
import numpy as np
import numpy.typing as npt
import torch
from studio_training import Run, Settings
from studio_training import fit as learn
from torch import Tensor, nn
from torch.nn.functional import pad

from studio.codecs import load_image
from studio_upscale.corpus import find_pictures
from studio_upscale.fit import Clock
from studio_upscale.network import arrange
from studio_upscale.pixelnet import (
    AROUND,
    ChoiceConfig,
    ChoiceNet,
    save_choice,
    scale_learnt,
    to_planes,
)
from studio_upscale.pixels import scale_pixels
from studio_upscale.trainer import build_trainer, describe_settings

Pixels = npt.NDArray[np.uint8]
Scaler = Callable[[Pixels], Pixels]

LOG: Final = logging.getLogger("studio_upscale.fit_pixels")
HELD_OUT: Final = frozenset(("crawl_item", "kenney_rpgurban16"))
"""Folders of sprites never learnt from."""
LEFT_OUT: Final = frozenset(("kenney_voxel64_tiles", "kenney_voxel64_items"))
"""Rendered, not drawn by the pixel."""
SIDE: Final = 32
"""Of a true patch, pixels."""
EVERY: Final = 200


def load_sprites(folder: Path, *, held_out: bool) -> list[Pixels]:
    """Load RGBA (H, W, 4) sprites with even sides, colour of what is transparent set to nothing."""
    sprites = []
    for path in find_pictures(folder):
        if path.parent.name in LEFT_OUT or (path.parent.name in HELD_OUT) != held_out:
            continue
        pixels = np.asarray(load_image(path).convert("RGBA"))
        pixels = pixels[: pixels.shape[0] // 2 * 2, : pixels.shape[1] // 2 * 2]
        if min(pixels.shape[:2]) >= 8 and pixels[..., 3].any():
            sprites.append(pixels * (pixels[..., 3:] > 0))
    return sprites


def reduce_frequent(true: Pixels, rng: np.random.Generator) -> Pixels:
    """Take the most frequent of each 2 x 2 square; of equals, any."""
    height, width, channels = true.shape
    squares = true.reshape(height // 2, 2, width // 2, 2, channels).swapaxes(1, 2)
    squares = squares.reshape(height // 2, width // 2, 4, channels)
    same = (squares[:, :, :, None] == squares[:, :, None]).all(-1).sum(-1)
    chosen = (same + rng.random(same.shape)).argmax(-1)
    small: Pixels = np.take_along_axis(squares, chosen[..., None, None], axis=2)[:, :, 0]
    return small


def draw_batch(
    sprites: list[Pixels], rng: np.random.Generator, count: int
) -> tuple[Tensor, Tensor]:
    """Draw small (N, 4, 16, 16) and true (N, 4, 32, 32) planes."""
    pairs = []
    for number in rng.integers(len(sprites), size=count):
        true = _place(sprites[int(number)], rng)
        order = [*rng.permutation(3), 3]
        true = np.rot90(true, int(rng.integers(4)))[..., order]
        if rng.random() < 0.5:
            true = true[:, ::-1]
        if rng.random() < 0.3:
            colour = np.array([*rng.integers(0, 256, 3), 255], np.uint8)
            true = np.where(true[..., 3:] > 0, true, colour)
        pairs.append((to_planes(reduce_frequent(true, rng)), to_planes(true)))
    small, large = zip(*pairs, strict=True)
    return torch.stack(small), torch.stack(large)


def _place(sprite: Pixels, rng: np.random.Generator) -> Pixels:
    """Cut a square out of a sprite, or put a smaller one on nothing."""
    height, width = sprite.shape[:2]
    top, left = (2 * int(rng.integers(max(0, side - SIDE) // 2 + 1)) for side in (height, width))
    cut = sprite[top : top + SIDE, left : left + SIDE]
    down, right = (
        2 * int(rng.integers((SIDE - side) // 2 + 1)) for side in (cut.shape[0], cut.shape[1])
    )
    canvas = np.zeros((SIDE, SIDE, 4), np.uint8)
    canvas[down : down + cut.shape[0], right : right + cut.shape[1]] = cut
    return canvas


def get_loss(network: nn.Module, small: Tensor, true: Tensor) -> Tensor:
    """Minus the log of the chance that the choice is as good as any; () scalar."""
    scores = network(small)
    height, width = small.shape[2:]
    wide = pad(small, (1, 1, 1, 1), mode="replicate")
    around = torch.stack(
        [wide[:, :, 1 + y : 1 + y + height, 1 + x : 1 + x + width] for y, x in AROUND], dim=1
    )
    corners = torch.stack([true[:, :, y::2, x::2] for y in (0, 1) for x in (0, 1)], dim=1)
    cost = (around[:, :, None] - corners[:, None]).abs().sum(3)
    best = cost <= cost.amin(1, keepdim=True) + 1e-4
    chance = scores.log_softmax(1).masked_fill(~best, -1e9).logsumexp(1)
    # A wrong choice matters as much as it shows.
    worth = cost.amax(1) - cost.amin(1)
    loss: Tensor = -(chance * worth).mean()
    return loss


def measure_scaler(scaler: Scaler, sprites: list[Pixels]) -> dict[str, float]:
    """Return the share of right pixels where there is a choice (%), and PSNR of RGBA (dB)."""
    right, choices, error, count = 0, 0, 0.0, 0
    for number, true in enumerate(sprites):
        small = reduce_frequent(true, np.random.default_rng(number))
        made = scaler(small)
        plain = small.repeat(2, axis=0).repeat(2, axis=1)
        wide = np.pad(plain, ((2, 2), (2, 2), (0, 0)), mode="edge")
        height, width = plain.shape[:2]
        views = [wide[y : y + height, x : x + width] for y in (0, 2, 4) for x in (0, 2, 4)]
        varied = np.any([(view != plain).any(2) for view in views], axis=0)
        right += int(((made == true).all(2) & varied).sum())
        choices += int(varied.sum())
        difference = to_planes(made) - to_planes(true)
        error, count = error + float(difference.square().sum()), count + difference.numel()
    return {"right": 100 * right / choices, "psnr": -10 * float(np.log10(max(error, 1e-9) / count))}


def write_pixel_card(facts: Mapping[str, Any]) -> str:
    """Return the model card of weights with such facts."""
    rows = "\n".join(
        f"| {name} | {row['right']:.1f} | {row['psnr']:.2f} |"
        for name, row in facts["held_out"].items()
    )
    return (
        "# Pixel art, twice as large\n\nChooses one of the nine pixels around for each new one; "
        "for `upscale.pixelart`, method `learnt`.\n\n"
        "Data: 8,500 CC0 sprites of Dungeon Crawl Stone Soup's tiles, Kenney and Superpowers. Held "
        "out: the items of Dungeon Crawl and Kenney's RPG Urban Pack.\n\n"
        "| held-out sprites, reduced by the most frequent colour of 2 x 2 | right pixels where "
        f"there is a choice, % | PSNR, dB |\n|---|---|---|\n{rows}\n\n"
        f"Training: {json.dumps(facts['training'])}.\n\n"
        "Made by `python -m studio_upscale.fit_pixels SPRITES RUN`.\n\n"
        "Licence: Apache-2.0. Nothing it learnt from asks for attribution.\n"
    )


def list_rules() -> dict[str, Scaler]:
    """Return the rules to beat, by name."""
    return {
        name: lambda small, name=name: scale_pixels(small, 2, name, False)  # type: ignore[misc]
        for name in ("nearest", "scale", "xbr")
    }


@click.command()
@click.argument("sprites", type=click.Path(path_type=Path, exists=True))
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--steps", type=int, default=4000)
@click.option("--batch", type=int, default=24)
@click.option("--rate", type=float, default=3e-3)
def main(sprites: Path, folder: Path, steps: int, batch: int, rate: float) -> None:
    """Learn from the pixel art below SPRITES; keep weights in FOLDER."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)
    settings = Settings(steps, batch, rate, ema=0.998, clip=0)
    known, unknown = (load_sprites(sprites, held_out=held) for held in (False, True))
    unknown = unknown[::4]

    def compare(network: nn.Module, step: int) -> Tensor:
        small, true = draw_batch(known, np.random.default_rng((settings.seed, step)), batch)
        return get_loss(network, small, true)

    trainer = build_trainer(lambda: arrange(ChoiceNet(ChoiceConfig())), settings, compare)
    figures = {name: measure_scaler(rule, unknown) for name, rule in list_rules().items()}
    LOG.info("%s sprites to learn from, %s to measure: %s", len(known), len(unknown), figures)
    clock = Clock(folder)

    def assess() -> dict[str, float]:
        average = trainer.average
        assert isinstance(average, ChoiceNet)
        seconds = clock.take()
        figures["net"] = measure_scaler(lambda small: scale_learnt(average, small, False), unknown)
        minutes = round(clock.minutes, 1)
        training = describe_settings(settings, step=trainer.step, cpu_minutes=minutes)
        facts = {"training": training, "held_out": figures}
        save_choice(average, folder, facts, write_pixel_card(facts))
        return {**figures["net"], "cpu_seconds": seconds}

    learn(trainer, folder, Run(steps, measure=assess, every=EVERY))


if __name__ == "__main__":
    main()
