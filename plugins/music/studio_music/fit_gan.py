"""Make the shipped GAN: `python -m studio_music.fit_gan OUT ...`; goes on where it was stopped."""

import logging
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import click
import numpy as np
import numpy.typing as npt
import torch
from studio_training import Card, Run, Settings, fit, save_weights, write_card

from studio_music.fit_vae import load_lines
from studio_music.gan_figures import compare, measure
from studio_music.gan_training import GanLearner
from studio_music.model_gan import GanConfig, to_config
from studio_music.vae_training import MelodyCorpus

LOG: Final = logging.getLogger("studio_music.fit_gan")
EVERY: Final = 250
NOTES: Final = """Distances in variation (0 the same, 1 nothing in common) between 2,048 drawn
windows and those of works held out: of notes a window, pitch classes, steps from note to note,
rhythms of a beat, lengths, ranges; `apart`: their mean. `floor`: the same of the windows learnt
from. `distinct`: share of the drawn windows that are unlike all others; `in_scale`: of the notes
in the scale. No figure says whether a window is a tune; look at some."""


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--folk", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--lieder", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--chorales", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--songs", type=int, default=160, help="of the lieder, spread evenly")
@click.option("--n-embd", type=int, default=64)
@click.option("--n-latent", type=int, default=32)
@click.option("--steps", type=int, default=6000)
@click.option("--batch", type=int, default=64)
@click.option("--rate", type=float, default=1e-3)
@click.option("--seed", type=int, default=0)
@click.option("--export", type=click.Path(path_type=Path))
def main(folder: Path, export: Path | None, **options: Any) -> None:
    """Learn two bars of melody from free data; keep everything in the folder."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)
    sources = {name: options.pop(name) for name in ("folk", "lieder", "chorales", "songs")}
    corpora = {name: MelodyCorpus(lines) for name, lines in load_lines(sources, folder).items()}
    config = GanConfig(options.pop("n_embd"), options.pop("n_latent"))
    learner = GanLearner(corpora["train"], config, Settings(**options, ema=0.998))
    real = {name: get_windows(corpus) for name, corpus in corpora.items()}
    LOG.info("%s", {name: len(windows) for name, windows in real.items()})
    run = Run(
        learner.settings.steps,
        measure=lambda: measure(learner.average, real["valid"]),
        every=EVERY,
        watch="valid_apart",
    )
    fit(learner, folder, run)
    if export:
        floor = compare(real["train"], real["test"])["apart"]
        _export(
            learner, {**measure(learner.average, real["test"]), "floor": floor}, export, sources
        )


def get_windows(corpus: MelodyCorpus) -> npt.NDArray[np.int64]:
    """Return the windows of two bars of 4/4."""
    return next(own.numpy() for metre, bars, own in corpus.groups if (metre, bars) == (0, 2))


def _export(
    learner: GanLearner, figures: dict[str, float], folder: Path, sources: dict[str, Any]
) -> None:
    figures = {name.replace("valid", "test"): round(v, 4) for name, v in figures.items()}
    training = asdict(learner.settings)
    count = sum(weight.numel() for weight in learner.average.parameters())
    shown = ("steps", "batch", "rate", "seed")
    card = Card(
        "Two bars by a GAN",
        f"Convolutions from noise to two bars of melody in 4/4 (after MidiNet, Yang et al., 2017), "
        f"{count:,} parameters.",
        "folk tunes of prints of 1778 to 1903, the voices of OpenScore Lieder (CC0) and the "
        "sopranos of Bach's chorales; all in the public domain or CC0.",
        "Apache-2.0",
        training=training,
        metrics=figures,
        command="python -m studio_music.fit_gan out --folk folk-abc-music21.zip --lieder "
        f"openscore-lieder.zip --chorales Jsb16thSeparated.npz --songs {sources['songs']} --n-embd "
        f"{learner.network.config.n_embd} --n-latent {learner.network.config.n_latent} "
        + " ".join(f"--{name} {training[name]}" for name in shown)
        + " --export checkpoints/gan",
        notes=NOTES,
    )
    whole = {**to_config(learner.average), "training": training, "metrics": figures}
    tensors = learner.average.state_dict()
    save_weights(folder, tensors, whole, write_card(card), ["music.gan"])


if __name__ == "__main__":
    main()
