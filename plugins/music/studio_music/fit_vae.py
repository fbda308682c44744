"""Make the shipped melody VAE and drum nets: `python -m studio_music.fit_vae melody OUT ...`.

Goes on where it was stopped, as long as the options are the same.
"""

import logging
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

import click
import numpy as np
import torch
from studio_training import Card, Run, Settings, Trainer, fit, save_weights, write_card

from studio.errors import StudioError
from studio_music import drum_training, model_drums, model_vae, vae_training
from studio_music.chorale_data import load_separated
from studio_music.files import load_piece
from studio_music.fit_folk import load_corpus
from studio_music.folk_data import split_tunes
from studio_music.groove_data import cut_windows as cut_drums
from studio_music.groove_data import load_groove
from studio_music.latent import find_drum_directions, find_melody_directions, fit_prior
from studio_music.melody import find_key, find_melody
from studio_music.melody_data import Line, encode_folk, encode_notes, load_lieder
from studio_music.notes import Note, Part, Piece

LOG: Final = logging.getLogger("studio_music.fit_vae")
EVERY: Final = 300
GROOVE_LICENCE: Final = (
    "CC BY 4.0 asks to name the source: Groove MIDI Dataset by Jon Gillick, Adam Roberts, Jesse "
    "Engel, Douglas Eck and David Bamman (Google LLC), "
    "https://magenta.tensorflow.org/datasets/groove, CC BY 4.0. The weights are Apache-2.0 beside "
    "that notice."
)
MELODY_NOTES: Final = """`reconstruction`: share of 16ths written right, greedily from the mean of
z; `teacher_forced`: where the true past is seen; `onsets`: notes that begin where and as they
should; `kl`: nats a window; `_2` and `_4`: bars. The test windows are of works that are not
learnt from. Windows are learnt in C and moved by up to three semitones."""
DRUM_NOTES: Final = """`reconstruction`: two bars written again, greedily from the mean of z, with
the style told: `step`: all nine drums of a 16th right; `f1`: of hits. `bound`: nats a window.
`force_error`: of a force of 0 to 1; `push_error_steps`: of a 16th, where the drummer's own force
and timing are not seen; `of_grid`: the same if all were on the grid."""


@click.group()
def main() -> None:
    """Learn from free data; keep everything in the folder that is named first."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--folk", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--lieder", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--chorales", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--songs", type=int, default=1500, help="of the lieder, spread evenly")
@click.option("--n-embd", type=int, default=256)
@click.option("--n-latent", type=int, default=48)
@click.option("--steps", type=int, default=4000)
@click.option("--batch", type=int, default=64)
@click.option("--rate", type=float, default=2e-3)
@click.option("--seed", type=int, default=0)
@click.option("--export", type=click.Path(path_type=Path))
def melody(folder: Path, export: Path | None, **options: Any) -> None:
    """Learn two and four bars of melody."""
    sources = {name: options.pop(name) for name in ("folk", "lieder", "chorales", "songs")}
    split = load_lines(sources, folder)
    config = model_vae.VaeConfig(options.pop("n_embd"), options.pop("n_latent"))
    settings = Settings(**options, ema=0.998)
    corpora = {name: vae_training.MelodyCorpus(lines) for name, lines in split.items()}
    LOG.info("%s", {name: len(corpus) for name, corpus in corpora.items()})
    trainer = vae_training.build_trainer(corpora["train"], config, settings)
    start = time.process_time()

    def measure(name: str = "valid") -> dict[str, float]:
        assert isinstance(trainer.average, model_vae.MelodyVae)
        figures = vae_training.measure(trainer.average, corpora[name])
        return {**figures, "cpu_seconds": time.process_time() - start}

    fit(trainer, folder, Run(settings.steps, measure=measure, every=EVERY, watch="valid_error"))
    if export:
        net = trainer.average
        assert isinstance(net, model_vae.MelodyVae)
        directions = find_melody_directions(net, corpora["train"])
        prior = fit_prior(net, corpora["train"])
        config_json = {**model_vae.to_config(net), "attributes": directions}
        figures = {name.replace("valid", "test"): v for name, v in measure("test").items()}
        what = (
            "Variational autoencoder of two and four bars of melody (after MusicVAE, Roberts et "
            "al., 2018): Transformers over quarters and a GRU, {count:,} parameters."
        )
        data = (
            "folk tunes of prints of 1778 to 1903, the voices of OpenScore Lieder (CC0) and "
            "the sopranos of Bach's chorales; all in the public domain or CC0."
        )
        command = (
            "--folk folk-abc-music21.zip --lieder openscore-lieder.zip --chorales "
            f"Jsb16thSeparated.npz --songs {sources['songs']}"
        )
        card = Card(
            "Melodies of two and four bars",
            what,
            data,
            "Apache-2.0",
            {},
            command=command,
            notes=MELODY_NOTES,
        )
        _export(trainer, export, card, (config_json, figures, prior.to_tensors()), "melody")


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--groove", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--n-embd", type=int, default=160)
@click.option("--n-latent", type=int, default=32)
@click.option("--steps", type=int, default=3000)
@click.option("--batch", type=int, default=64)
@click.option("--rate", type=float, default=2e-3)
@click.option("--seed", type=int, default=0)
@click.option("--export", type=click.Path(path_type=Path))
def drums(folder: Path, groove: Path, export: Path | None, **options: Any) -> None:
    """Learn drums from Groove MIDI, by its official split."""
    split = {name: cut_drums(loops) for name, loops in load_groove(groove).items()}
    corpora = {name: drum_training.DrumCorpus(windows) for name, windows in split.items()}
    LOG.info("%s", {name: len(corpus) for name, corpus in corpora.items()})
    config = model_drums.DrumConfig(options.pop("n_embd"), options.pop("n_latent"))
    settings = Settings(**options, ema=0.998, weight_decay=0.01)
    trainer = drum_training.build_trainer(corpora["train"], config, settings)
    start = time.process_time()

    def measure(name: str = "validation") -> dict[str, float]:
        assert isinstance(trainer.average, model_drums.DrumNet)
        figures = drum_training.measure(trainer.average, corpora[name])
        return {**figures, "cpu_seconds": time.process_time() - start}

    fit(trainer, folder, Run(settings.steps, measure=measure, every=EVERY, watch="valid_goal"))
    if export:
        net = trainer.average
        assert isinstance(net, model_drums.DrumNet)
        directions = find_drum_directions(net, corpora["train"])
        config_json = {**model_drums.to_config(net), "attributes": directions}
        figures = {name.replace("valid", "test"): v for name, v in measure("test").items()}
        what = (
            "Variational autoencoder of two bars of drums that can follow taps, and a net of force "
            "and timing (after GrooVAE, Gillick et al., 2019); {count:,} parameters."
        )
        data = "Groove MIDI Dataset 1.0.0, performances in 4/4, official split."
        card = Card(
            "Drums", what, data, GROOVE_LICENCE, {}, command="--groove groove.zip", notes=DRUM_NOTES
        )
        _export(trainer, export, card, (config_json, figures, {}), "drums")


def _export(
    trainer: Trainer,
    folder: Path,
    card: Card,
    facts: tuple[dict[str, Any], dict[str, float], dict[str, torch.Tensor]],
    name: str,
) -> None:
    config, figures, more = facts
    # Seconds count from where a training was gone on with.
    figures = {k: round(float(v), 4) for k, v in figures.items() if k != "cpu_seconds"}
    training = asdict(trainer.settings)
    count = sum(weight.numel() for weight in trainer.average.parameters())
    full = replace(
        card,
        what=card.what.format(count=count),
        training=training,
        metrics=figures,
        command=f"python -m studio_music.fit_vae {name} out {card.command} --n-embd "
        f"{config['n_embd']} --n-latent {config['n_latent']} --steps {training['steps']} --batch "
        f"{training['batch']} --rate {training['rate']} --seed {training['seed']} --export "
        f"checkpoints/{name}",
    )
    uses = ["music.vae", "music.groove"] if name == "drums" else ["music.vae"]
    whole = {**config, "training": training, "metrics": figures}
    save_weights(folder, {**trainer.average.state_dict(), **more}, whole, write_card(full), uses)


def load_lines(sources: dict[str, Any], folder: Path) -> dict[str, list[Line]]:
    """Read all melodies, once; they are kept in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    cache = folder / "lines.npz"
    if not cache.exists():
        split: dict[str, list[Line]] = {"train": [], "valid": [], "test": []}
        tunes = split_tunes(load_corpus(sources["folk"], folder / "tunes.npz"))
        for name, own in tunes.items():
            split[name] += [line for tune in own for line in encode_folk(tune)]
        LOG.info("folk: %s", {name: len(lines) for name, lines in split.items()})
        for number, line in enumerate(_read_lieder(sources["lieder"], sources["songs"])):
            split["valid" if number % 20 == 7 else "test" if number % 20 == 17 else "train"].append(
                line
            )
        LOG.info("with lieder: %s", {name: len(lines) for name, lines in split.items()})
        for name, pieces in load_separated(sources["chorales"]).items():
            split[name] += list(_read_sopranos(pieces))
        _save_lines(split, cache)
    return _load_lines(cache)


def _read_lieder(path: Path, count: int) -> Iterator[Line]:
    songs = list(load_lieder(path))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "song.mxl"
        for name, data in songs[:: max(1, len(songs) // count)]:
            file.write_bytes(data)
            try:
                piece = load_piece(file)
                part, key = find_melody(piece), find_key(piece)
            except StudioError as error:
                LOG.info("%s: %s", name, error)
                continue
            line = encode_notes(part.notes, key.tonic, piece.metre, piece.pickup, name)
            if line is not None:
                yield line


def _read_sopranos(pieces: Iterable[Any]) -> Iterator[Line]:
    for frames in pieces:
        soprano = frames[:, 0].astype(int)
        starts = np.flatnonzero(np.diff(soprano, prepend=-9))
        ends = [*starts[1:].tolist(), len(soprano)]
        notes = [
            Note(start / 4, (end - start) / 4, int(soprano[start]))
            for start, end in zip(starts.tolist(), ends, strict=True)
            if soprano[start] > 0
        ]
        key = find_key(Piece((Part("Soprano", 0, tuple(notes)),)))
        line = encode_notes(notes, key.tonic, (4, 4), 0.0, "chorale")
        if line is not None:
            yield line


def _save_lines(split: dict[str, list[Line]], path: Path) -> None:
    arrays: dict[str, Any] = {}
    for name, lines in split.items():
        arrays[f"{name}_tokens"] = np.concatenate([line.tokens for line in lines])
        arrays[f"{name}_heads"] = np.array([(len(line.tokens), line.metre) for line in lines])
    np.savez_compressed(path, **arrays)


def _load_lines(path: Path) -> dict[str, list[Line]]:
    split = {}
    with np.load(path) as data:
        for name in ("train", "valid", "test"):
            tokens, heads = data[f"{name}_tokens"], data[f"{name}_heads"]
            ends = np.cumsum(heads[:, 0])
            split[name] = [
                Line(tokens[end - size : end], int(metre))
                for end, (size, metre) in zip(ends.tolist(), heads.tolist(), strict=True)
            ]
    return split


if __name__ == "__main__":
    main()
