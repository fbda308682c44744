"""Make the shipped chorale nets: `python -m studio_music.fit_chorale DATA OUT --name transformer`.

Goes on where it was stopped, as long as the options are the same.
"""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import click
import numpy as np
import torch
from studio_training import Run, Settings, Trainer, fit
from studio_training.state import read_average
from torch import Tensor, nn

from studio_music.chorale_corpus import Corpus, Diet
from studio_music.chorale_data import Chorale, describe, load_separated, load_sets
from studio_music.likelihood import compute_loss, measure
from studio_music.model_frames import FrameConfig, FrameNet

LOG: Final = logging.getLogger("studio_music.fit_chorale")


@dataclass(frozen=True)
class Goal:
    """What can be made.

    Attributes:
        config: of the net.
        diet: what it is fed.
        is_set: learns the frame sets instead of the voices.
    """

    config: FrameConfig
    diet: Diet = field(default_factory=Diet)
    is_set: bool = False


SET_DIET: Final = Diet(batch=16, block=64, shift=5, hinted=0.0, beat=1)
GOALS: Final[Mapping[str, Goal]] = {
    "transformer": Goal(FrameConfig(n_embd=208, n_layer=3, n_front=2, n_ahead=48)),
    "attention": Goal(FrameConfig(n_front=0)),
    "lstm": Goal(FrameConfig("lstm", n_embd=208, n_layer=2, n_ahead=48), Diet(16)),
    "gru": Goal(FrameConfig("gru", n_embd=208, n_layer=2, n_ahead=48), Diet(16)),
    "quarter": Goal(
        FrameConfig(n_embd=160, n_layer=2, n_ahead=8, lowest=38, pitches=64, is_set=True),
        SET_DIET,
        is_set=True,
    ),
}


@click.command()
@click.argument("data", type=click.Path(path_type=Path, exists=True))
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--name", type=click.Choice(list(GOALS)), default="transformer")
@click.option("--steps", type=int, default=1500)
@click.option("--rate", type=float, default=1.5e-3)
@click.option("--ema", type=float, default=0.995)
@click.option("--decay", type=float, default=0.7)
@click.option("--weight-decay", type=float, default=0.02)
@click.option("--dropout", type=float, default=0.3)
@click.option("--every", type=int, default=100)
@click.option("--seed", type=int, default=0)
@click.option("--stop-after", type=int, default=0, help="pause, to go on with other options")
@click.option("--start", type=click.Path(path_type=Path), help="training of an LSTM to build on")
def main(
    data: Path,
    folder: Path,
    name: str,
    dropout: float,
    start: Path | None,
    **options: Any,
) -> None:
    """Learn from DATA, the folder with the JSB chorales; keep everything in FOLDER."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(1)
    goal = GOALS[name]
    config = FrameConfig(**{**asdict(goal.config), "dropout": dropout})
    pieces = load_pieces(data, is_set=goal.is_set)
    every, stop_after = options.pop("every"), options.pop("stop_after")
    settings = Settings(batch=goal.diet.batch, **options)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "net.json").write_text(json.dumps(asdict(config)), encoding="utf-8")
    trainer = build_trainer(pieces["train"], Goal(config, goal.diet, goal.is_set), settings)
    if start is not None:
        trainer.restart(build_on(trainer.network, start))
    size = sum(weight.numel() for weight in trainer.network.parameters())
    LOG.info("%s: %s weights", name, size)
    run = Run(
        settings.steps,
        stop_after,
        measure=watch(trainer, pieces["valid"]),
        every=every,
        watch="valid",
    )
    LOG.info("%s", fit(trainer, folder, run).figures)


def build_on(network: nn.Module, start: Path) -> dict[str, Tensor]:
    """Take the weights of a trained LSTM for the LSTM layers, tables and heads of a net."""
    average = read_average(start / "best.safetensors")[1]
    found = {n.replace("trunk.cells.", "trunk.front."): value for n, value in average.items()}
    return {**network.state_dict(), **found}


def load_pieces(data: Path, *, is_set: bool = False) -> dict[str, list[Chorale]]:
    """Load the splits from the folder of the JSB chorales, and find keys and metres."""
    if is_set:
        found = load_sets(data / "jsb-chorales-quarter.json")
    else:
        found = load_separated(data / "Jsb16thSeparated.npz")
    return {name: [describe(frames) for frames in pieces] for name, pieces in found.items()}


def build_trainer(pieces: Sequence[Chorale], goal: Goal, settings: Settings) -> Trainer:
    """Build what learns `goal` from pieces."""
    corpus = Corpus(pieces, goal.config.scale)

    def draw_loss(network: nn.Module, rng: torch.Generator) -> dict[str, Tensor]:
        seed = int(torch.randint(2**62, (1,), generator=rng))
        assert isinstance(network, FrameNet)
        return {"loss": compute_loss(network, corpus.draw(np.random.default_rng(seed), goal.diet))}

    return Trainer(lambda: FrameNet(goal.config), settings, draw_loss)


def watch(trainer: Trainer, pieces: Sequence[Chorale]) -> Callable[[], Mapping[str, float]]:
    """Build what measures the running average on held-out pieces, in nats per note."""

    def measure_now() -> dict[str, float]:
        assert isinstance(trainer.average, FrameNet)
        return {"valid": measure([trainer.average], pieces).per_note}

    return measure_now


if __name__ == "__main__":
    main()
