"""Make the shipped folk model: `python -m studio_music.fit_folk ABC.zip OUT --core lstm`.

Goes on where it was stopped, as long as the options are the same.
"""

import logging
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import click
import torch
from studio_training import Card, Run, Settings, Trainer, fit, save_weights, write_card

from studio_music.folk import count_pickups
from studio_music.folk_data import FolkTune, load_archive, load_tunes, save_tunes, split_tunes
from studio_music.folk_training import FolkCorpus, build_trainer, measure_perplexity
from studio_music.model_folk import FolkConfig, FolkNet, to_config

LOG: Final = logging.getLogger("studio_music.fit_folk")
NOTES: Final = """The net is told the plan of a tune (sections, bars, upbeats, repeats, mode,
metre, dance), so the figures are of notes under a known plan. Variants of a tune (by shared bars in
any key, or by title) are in one split only. The prints are Aird's Airs (1778 to 1801), Ryan's
Mammoth Collection (1883) and O'Neill's Music of Ireland (1903); ornaments, chords and words are not
learnt.
"""


@click.command()
@click.argument("data", type=click.Path(path_type=Path, exists=True))
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--core", type=click.Choice(["lstm", "gru", "transformer"]), default="lstm")
@click.option("--n-layer", type=int, default=2)
@click.option("--n-embd", type=int, default=256)
@click.option("--dropout", type=float, default=0.25)
@click.option("--steps", type=int, default=2000)
@click.option("--batch", type=int, default=32)
@click.option("--rate", type=float, default=3e-3)
@click.option("--seed", type=int, default=0)
@click.option("--export", type=click.Path(path_type=Path), help="folder for the weights to ship")
def main(data: Path, folder: Path, export: Path | None, **options: Any) -> None:
    """Learn from the tunes in DATA, a zip or folder of ABC; keep everything in FOLDER."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)
    folder.mkdir(parents=True, exist_ok=True)
    sizes = {name: options.pop(name) for name in ("core", "n_layer", "n_embd", "dropout")}
    config, settings = FolkConfig(**sizes), Settings(**options, ema=0.998, weight_decay=0.01)
    split = split_tunes(load_corpus(data, folder / "tunes.npz"))
    held_out = FolkCorpus(split["valid"])
    trainer = build_trainer(FolkCorpus(split["train"]), config, settings)
    LOG.info("%s", {name: len(tunes) for name, tunes in split.items()})
    start = time.process_time()
    fit(
        trainer,
        folder,
        Run(
            settings.steps,
            measure=lambda: {
                **measure_perplexity(get_average(trainer), held_out),
                "cpu_seconds": time.process_time() - start,
            },
            every=300,
            watch="valid_nll",
        ),
    )
    if export:
        figures = measure_perplexity(get_average(trainer), held_out)
        test = measure_perplexity(get_average(trainer), FolkCorpus(split["test"]))
        figures |= {name.replace("valid", "test"): value for name, value in test.items()}
        seconds = time.process_time() - start
        training = {**asdict(settings), "cpu_seconds": round(seconds)}
        export_folk(trainer, export, training, (figures, count_pickups(split["train"])))


def load_corpus(data: Path, cache: Path) -> list[FolkTune]:
    """Read tunes, once; the cache is read after."""
    if not cache.exists():
        tunes, faults = load_archive(data)
        LOG.info("%d tunes; left out: %s", len(tunes), faults)
        save_tunes(tunes, cache)
    return load_tunes(cache)


def get_average(trainer: Trainer) -> FolkNet:
    """Return the net whose weights are kept."""
    assert isinstance(trainer.average, FolkNet)
    return trainer.average


def export_folk(
    trainer: Trainer,
    folder: Path,
    training: dict[str, Any],
    facts: tuple[dict[str, float], dict[str, Any]],
) -> None:
    """Write the weights with their card."""
    net = get_average(trainer)
    figures = {name: round(value, 4) for name, value in facts[0].items()}
    count = sum(weight.numel() for weight in net.parameters())
    card = write_card(
        Card(
            "Folk tunes",
            f"{net.config.core.upper()} of {count:,} parameters over notes, with look-back at "
            "the bars before (Waite et al., 2016), for dance tunes of Britain and Ireland.",
            "3,900 tunes in ABC of the music21 corpus, from prints of 1778 to 1903; the "
            "compositions are in the public domain.",
            "Apache-2.0",
            training,
            figures,
            f"python -m studio_music.fit_folk folk-abc-music21.zip out --core {net.config.core} "
            f"--n-layer {net.config.n_layer} --n-embd {net.config.n_embd} --dropout "
            f"{net.config.dropout} --steps {training['steps']} --batch {training['batch']} --rate "
            f"{training['rate']} --seed {training['seed']} --export checkpoints/folk",
            NOTES,
        )
    )
    config = {**to_config(net), "pickups": facts[1], "training": training, "metrics": figures}
    save_weights(folder, net.state_dict(), config, card, ["music.lstm", "music.transformer"])


if __name__ == "__main__":
    main()
