"""Make the shipped weights: `python -m studio_upscale.fit DATA OUT --name fast`.

Goes on where it was stopped, as long as the options are the same.
"""

import json
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, get_args

import click
import numpy as np
import studio_training
import torch
from PIL import Image
from studio_training import Precision, Run, Settings

from studio_upscale.corpus import Corpus, Group
from studio_upscale.degrade import Damage, degrade
from studio_upscale.enlarge import Style, enlarge
from studio_upscale.metrics import measure_psnr, reduce_bicubic
from studio_upscale.network import EnlargingNet, NetworkConfig, arrange, deepen
from studio_upscale.shipped import DRAWN, MIXES, build_groups, load_held_out
from studio_upscale.trainer import Loss, Teaching, build_enlarger, describe_settings, get_net
from studio_upscale.weights import load_facts, load_network, save_network


@dataclass(frozen=True)
class Goal:
    """What can be made: a net, and what the small pictures have suffered."""

    network: NetworkConfig
    damage: Damage = "none"


GOALS: Final = {
    "fast": Goal(NetworkConfig(24, 5, equivariant=True)),
    "fast2": Goal(NetworkConfig(24, 4, scale=2, equivariant=True)),
    "teacher": Goal(NetworkConfig(64, 8, equivariant=True)),
    "quality": Goal(NetworkConfig(64, 14, equivariant=True)),
    "denoise": Goal(NetworkConfig(48, 4, scale=1, fold=2, equivariant=True), "noise"),
    "deblock": Goal(NetworkConfig(48, 4, scale=1, fold=2, equivariant=True), "jpeg"),
    "fsrcnn": Goal(NetworkConfig(56, 4, architecture="fsrcnn")),
}
PATCH: Final = 32
"""Side of a small patch where none is asked for, pixels."""
FEW_DRAWN: Final = 40
"""For nets that mend, which need no drawn edges to learn how to enlarge them."""
EVERY: Final = 200
"""Steps between two measurements; the weights of each are kept."""


@dataclass(frozen=True)
class Plan:
    """What to learn, and where it goes."""

    name: str
    data: Path
    folder: Path
    settings: Settings
    loss: Loss = "charbonnier"
    patch: int = PATCH
    start: Path | None = None
    mix: str = "plain"
    teachers: tuple[Path, ...] = ()
    taught: float = 0.0


@click.command()
@click.argument("data", type=click.Path(path_type=Path, exists=True))
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--name", type=click.Choice(list(GOALS)), default="fast")
@click.option("--steps", type=int, default=6000)
@click.option("--batch", type=int, default=8)
@click.option("--patch", type=int, default=PATCH)
@click.option("--rate", type=float, default=4e-3)
@click.option("--decay", type=float, default=0.6, help="share of steps over which the rate falls")
@click.option("--ema", type=float, default=0.998)
@click.option("--precision", type=click.Choice(get_args(Precision)), default="float32")
@click.option("--loss", type=click.Choice(get_args(Loss)), default="charbonnier")
@click.option("--seed", type=int, default=0)
@click.option("--mix", type=click.Choice(list(MIXES)), default="plain")
@click.option("--start", type=click.Path(path_type=Path, exists=True), help="weights to go on from")
@click.option(
    "--teacher",
    "teachers",
    type=click.Path(path_type=Path, exists=True),
    multiple=True,
    help="weights to learn the answers of; may be given several times",
)
@click.option(
    "--taught",
    type=click.FloatRange(0, 1, min_open=True),
    help="weight of the answers against the truth",
)
def main(data: Path, folder: Path, name: str, loss: Loss, **options: Any) -> None:
    """Learn from the free pictures below DATA; keep everything in FOLDER."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)
    own = ("patch", "start", "mix", "teachers", "taught")
    more = {option: options.pop(option) for option in own}
    if bool(more["teachers"]) != (more["taught"] is not None):
        raise click.UsageError("--teacher and --taught belong together")
    more["taught"] = more["taught"] or 0.0
    fit(Plan(name, data, folder, Settings(**options, clip=0), loss, **more))


def fit(plan: Plan) -> EnlargingNet:
    """Learn to the end, or go on where it was cut off; returns the averaged net."""
    goal, clock = GOALS[plan.name], Clock(plan.folder)
    network = goal.network
    teaching = load_teaching(plan)
    corpus = Corpus(
        gather(plan),
        network.scale,
        plan.patch,
        goal.damage,
        inverted=MIXES[plan.mix].inverted,
    )
    trainer = build_enlarger(network, plan.settings, corpus.draw, plan.loss, teaching)
    if plan.start is not None:
        start = load_network(plan.start)
        trainer.restart(deepen(start, network.blocks, plan.settings.seed).state_dict())
    held_out = load_held_out(plan.data)
    mixes = [load_facts(path)["training"].get("mix") for path in plan.teachers]

    def assess() -> dict[str, float]:
        row = {
            "cpu_seconds": clock.take(),
            "psnr": round(measure(get_net(trainer), held_out, goal.damage), 3),
        }
        facts = describe_settings(
            plan.settings, patch=plan.patch, loss=plan.loss, mix=plan.mix, step=trainer.step
        )
        if plan.teachers:
            facts = {**facts, "teachers": mixes, "taught": plan.taught}
        folder = plan.folder / f"{trainer.step:06}"
        save_network(get_net(trainer), folder, {"training": facts}, "")
        return row

    studio_training.fit(trainer, plan.folder, Run(plan.settings.steps, measure=assess, every=EVERY))
    return get_net(trainer)


def load_teaching(plan: Plan) -> Teaching:
    """Load the teachers.

    Raises:
        click.UsageError: one enlarges by another factor.
    """
    nets, scale = [load_network(path) for path in plan.teachers], GOALS[plan.name].network.scale
    if any(net.config.scale != scale for net in nets):
        raise click.UsageError(
            f"--teacher: {plan.name} enlarges {scale} times, and its teachers must"
        )
    return Teaching([arrange(net) for net in nets], plan.taught)


def gather(plan: Plan) -> list[Group]:
    """Load the pictures."""
    scale = GOALS[plan.name].network.scale
    drawn = DRAWN if scale > 1 else FEW_DRAWN
    return build_groups(plan.data, scale, drawn, MIXES[plan.mix])


class Clock:
    """Processor time of a run that may have been cut off before.

    Attributes:
        minutes: in all, with those of the curve in its folder.
    """

    def __init__(self, folder: Path) -> None:
        self.minutes = sum_minutes(folder)
        self._start = time.process_time()

    def take(self) -> float:
        """Return seconds of the processor since the last time."""
        before, self._start = self._start, time.process_time()
        seconds = round(self._start - before, 1)
        self.minutes += seconds / 60
        return seconds


def sum_minutes(folder: Path, step: float = float("inf")) -> float:
    """Return the minutes of the processor in the curve of a run, up to a step."""
    path = folder / "curve.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    rows = [json.loads(line) for line in lines]
    return sum(float(row.get("cpu_seconds", 0)) for row in rows if row["step"] <= step) / 60


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
