"""Train the shipped weights from a command line; cut off, the same command goes on.

python -m studio_flow.fit autoencoder DATA/textures FOLDER/autoencoder --steps 3000 --batch 4
python -m studio_flow.fit decoder DATA/textures FOLDER/decoder --steps 1500 --batch 4
python -m studio_flow.fit enlarger DATA/textures FOLDER/enlarger --steps 2000 --batch 8
python -m studio_flow.fit textures DATA/textures FOLDER/textures --steps 10000
python -m studio_flow.fit distil DATA/textures FOLDER/distilled --steps 1200 --rate 3e-4
python -m studio_flow.fit sprites DATA/sprites FOLDER/sprites --steps 9000
python -m studio_flow.fit judge-textures DATA/textures FOLDER/judge --steps 3000 --batch 64
python -m studio_flow.fit judge-sprites DATA/sprites FOLDER/judge-sprite --steps 2000 --batch 64
"""

import argparse
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import torch
from PIL import Image
from studio_training import Run, Settings, Trainer, fit
from studio_training.autoencoder import Autoencoder, build_autoencoder
from studio_training.sizes import AutoencoderConfig
from studio_training.state import read_average

from studio_flow.enlarger import EnlargerConfig, build_enlarger
from studio_flow.judge import JudgeConfig, TextureJudge, TextureJudgeConfig, build_judge
from studio_flow.learn_autoencoder import (
    ALL,
    FINISH,
    AutoencoderLesson,
    measure_autoencoder,
    send_through,
    settle,
)
from studio_flow.learn_distilled import DistilLesson, freeze_blocks
from studio_flow.learn_enlarger import EnlargerLesson, measure_enlarger
from studio_flow.learn_judge import (
    JudgeLesson,
    SpriteDraw,
    StatisticsLesson,
    enlarge,
    measure_accuracy,
)
from studio_flow.learn_sprites import SpriteLesson
from studio_flow.learn_textures import TextureLesson
from studio_flow.network import FlowConfig, FlowNet, build_network, count_weights
from studio_flow.sprites import KINDS, SIZES, load_sprites, split_sprites
from studio_flow.tiles import load_tiles, split_tiles
from studio_flow.trial import draw_trial, lay_out

LOG: Final = logging.getLogger("studio_flow")
STATE: Final = "state.safetensors"
TEXTURES: Final = FlowConfig(joints=AutoencoderConfig().factor)
SPRITES: Final = FlowConfig(
    channels=4,
    patch=2,
    widths=(64, 144, 192),
    blocks=(1, 2, 1),
    classes=len(KINDS),
    facts=14,
    padding="zeros",
    attention=True,
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=tuple(TRAININGS))
    parser.add_argument("data", type=Path, help="the folder of pictures")
    parser.add_argument("folder", type=Path, help="for the state and the curve")
    parser.add_argument("--steps", type=int, default=20000)
    parser.add_argument("--batch", type=int, default=0, help="full-size pictures in a step")
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--ema", type=float, default=0.999)
    parser.add_argument("--decay", type=float, default=0.5)
    parser.add_argument("--weight-decay", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--start", type=Path, help="folder of an earlier run to begin with")
    plan = parser.parse_args(arguments)
    if plan.start and plan.what != "textures":
        parser.error("--start goes with textures")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(plan.threads)
    settings = Settings(
        steps=plan.steps,
        batch=plan.batch or 16,
        rate=plan.rate,
        warmup=min(200, plan.steps // 20),
        decay=plan.decay,
        ema=plan.ema,
        weight_decay=plan.weight_decay,
        seed=plan.seed,
    )
    if plan.what == "textures":
        train_textures(plan.data, plan.folder, settings, plan.start)
    else:
        TRAININGS[plan.what](plan.data, plan.folder, settings)


def train_autoencoder(data: Path, folder: Path, settings: Settings) -> None:
    """Learn to send tiles through latents a quarter as wide."""
    learn_latents(data, folder, settings)


def train_decoder(data: Path, folder: Path, settings: Settings) -> None:
    """Learn on with the decoder of FOLDER/../autoencoder alone; latents stay what they are."""
    learn_latents(data, folder, settings, read_average(folder.parent / "autoencoder" / STATE)[1])


def learn_latents(
    data: Path, folder: Path, settings: Settings, start: Mapping[str, torch.Tensor] | None = None
) -> None:
    """Learn a whole autoencoder, or only the decoder of one that is there."""
    tiles, held_out = split_tiles(load_tiles(data))
    lesson = AutoencoderLesson(tiles, settings.batch, weights=FINISH if start else ALL)

    def build() -> Autoencoder:
        network = build_autoencoder(AutoencoderConfig())
        network.encoder.requires_grad_(start is None)
        return network

    trainer = Trainer(build, settings, lesson)
    if start:
        trainer.restart(start)
    LOG.info("%d tiles, %d weights", len(tiles.names), count_weights(trainer.network))
    shown = held_out.select(range(0, len(held_out.names), max(1, len(held_out.names) // 10)))

    def measure() -> dict[str, float]:
        average = trainer.average
        assert isinstance(average, Autoencoder)
        return measure_autoencoder(average, held_out)

    def draw() -> Image.Image:
        average = trainer.average
        assert isinstance(average, Autoencoder)
        real = shown.get_floats()
        return lay_out(torch.cat([real, send_through(average, real)]), len(real))

    fit(trainer, folder, Run(settings.steps, draw=draw, measure=measure, every=250))


def train_enlarger(data: Path, folder: Path, settings: Settings) -> None:
    """Learn to double tiles."""
    tiles, held_out = split_tiles(load_tiles(data))
    lesson = EnlargerLesson(tiles, settings.batch)
    trainer = Trainer(lambda: build_enlarger(EnlargerConfig()), settings, lesson)
    LOG.info("%d tiles, %d weights", len(tiles.names), count_weights(trainer.network))

    def measure() -> dict[str, float]:
        return measure_enlarger(trainer.average, held_out)

    fit(trainer, folder, Run(settings.steps, measure=measure, every=250))


def train_textures(data: Path, folder: Path, settings: Settings, start: Path | None = None) -> None:
    """Learn tiles of all classes, in the latents of FOLDER/../autoencoder."""
    tiles, held_out = split_tiles(load_tiles(data))
    LOG.info("%d tiles, %d held out, %s", len(tiles.names), len(held_out.names), tiles.classes)
    autoencoder = build_autoencoder(AutoencoderConfig())
    load_average(folder.parent / "autoencoder", autoencoder)
    settle(autoencoder, tiles)
    lesson = TextureLesson(tiles, autoencoder, settings.batch)
    trainer = Trainer(lambda: build_network(TEXTURES), settings, lesson)
    LOG.info("%d weights", count_weights(trainer.network))
    if start is not None:
        LOG.info("%d tensors from %s", trainer.adopt(read_average(start / STATE)[1]), start.name)
    unseen = TextureLesson(held_out, autoencoder, 64, variants=1)

    def measure() -> dict[str, float]:
        rng = torch.Generator().manual_seed(1)
        with torch.no_grad():
            return {"held_out": float(unseen(trainer.average, rng)["loss"])}

    def draw() -> Image.Image:
        average = trainer.average
        assert isinstance(average, FlowNet)
        return draw_trial(average, autoencoder, tiles)

    fit(trainer, folder, Run(settings.steps, draw=draw, measure=measure, every=500))


def train_distilled(data: Path, folder: Path, settings: Settings) -> None:
    """Learn to go in four steps where FOLDER/../textures goes in eight guided ones."""
    tiles, held_out = split_tiles(load_tiles(data))
    autoencoder, teacher = build_autoencoder(AutoencoderConfig()), build_network(TEXTURES)
    load_average(folder.parent / "autoencoder", autoencoder)
    load_average(folder.parent / "textures", teacher)
    settle(autoencoder, tiles)
    lesson = DistilLesson(TextureLesson(tiles, autoencoder, settings.batch), teacher)
    trainer = Trainer(lambda: freeze_blocks(build_network(TEXTURES)), settings, lesson)
    trainer.restart(teacher.state_dict())
    unseen = DistilLesson(TextureLesson(held_out, autoencoder, 32, variants=1), teacher)

    def measure() -> dict[str, float]:
        average, rng = trainer.average, torch.Generator().manual_seed(1)
        assert isinstance(average, FlowNet)
        with torch.no_grad():
            return {"held_out": float(unseen(average, rng)["loss"])}

    fit(trainer, folder, Run(settings.steps, measure=measure, every=200))


def load_average(run: Path, network: torch.nn.Module) -> dict[str, Any]:
    """Fill a net with the running average of a training; returns its step and settings."""
    facts, weights = read_average(run / STATE)
    network.load_state_dict(weights)
    network.eval().requires_grad_(False)
    return facts


def train_sprites(data: Path, folder: Path, settings: Settings) -> None:
    """Learn sprites of all kinds, 16 and 32 px."""
    sprites, held_out = split_sprites(load_sprites(data))
    LOG.info("%d sprites, %d held out", len(sprites), len(held_out))
    lesson = SpriteLesson(sprites, settings.batch)
    trainer = Trainer(lambda: build_network(SPRITES), settings, lesson)
    LOG.info("%d weights", count_weights(trainer.network))
    fit(trainer, folder, Run(settings.steps))


def train_tile_judge(data: Path, folder: Path, settings: Settings) -> None:
    """Learn to tell the classes of tiles."""
    tiles, held_out = split_tiles(load_tiles(data, is_healed=False))
    lesson = StatisticsLesson(tiles, settings.batch)

    def build() -> torch.nn.Module:
        judge = TextureJudge(TextureJudgeConfig(classes=len(tiles.classes)))
        judge.settle(tiles.get_floats())
        return judge

    trainer = Trainer(build, settings, lesson)

    def measure() -> dict[str, float]:
        return measure_accuracy(trainer.average, held_out.get_floats(), held_out.kinds)

    fit(trainer, folder, Run(settings.steps, measure=measure, every=250))


def train_sprite_judge(data: Path, folder: Path, settings: Settings) -> None:
    """Learn to tell the kinds of sprites."""
    sprites, held_out = split_sprites(load_sprites(data))
    sizes = JudgeConfig(channels=4, classes=len(KINDS), padding="zeros")
    lesson = JudgeLesson(SpriteDraw(sprites), settings.batch)
    trainer = Trainer(lambda: build_judge(sizes), settings, lesson)
    pictures, kinds = [], []
    for side in SIZES:
        rows = (held_out.sides == side).nonzero().flatten()
        pictures.append(enlarge(held_out.get_floats(rows, side)))
        kinds.append(held_out.kinds[rows])

    def measure() -> dict[str, float]:
        return measure_accuracy(trainer.average, torch.cat(pictures), torch.cat(kinds))

    fit(trainer, folder, Run(settings.steps, measure=measure, every=250))


TRAININGS: Final = {
    "autoencoder": train_autoencoder,
    "decoder": train_decoder,
    "enlarger": train_enlarger,
    "textures": train_textures,
    "distil": train_distilled,
    "sprites": train_sprites,
    "judge-textures": train_tile_judge,
    "judge-sprites": train_sprite_judge,
}

if __name__ == "__main__":
    main()
