"""Count the shipped chord model: `python -m studio_music.fit_accompany LIEDER.zip OUT`."""

import logging
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click
import numpy as np
import torch
from studio_training import Card, save_weights, write_card

from studio.errors import StudioError
from studio_music.accompany_chords import (
    CHORDS,
    FAMILY,
    MODES,
    ChordCounter,
    ChordModel,
    Slot,
    cut_slots,
    find_chords,
    guess_slot,
    name_chord,
    weigh,
)
from studio_music.files import load_piece
from studio_music.melody import find_key, find_melody
from studio_music.melody_data import load_lieder
from studio_music.notes import Piece

LOG: Final = logging.getLogger("studio_music.fit_accompany")
HELD_OUT: Final = 10
"""Every tenth song is measured on."""


@dataclass(frozen=True)
class Song:
    """Slots of a voice, and the chord of its piano in each."""

    slots: list[Slot]
    chords: list[int | None]
    key: tuple[int, int]


@click.command()
@click.argument("lieder", type=click.Path(path_type=Path, exists=True))
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--songs", type=int, default=1500, help="at most, spread evenly")
def main(lieder: Path, folder: Path, songs: int) -> None:
    """Count the songs of LIEDER, measure on every tenth, write to FOLDER."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    counter = ChordCounter()
    held_out: list[Song] = []
    count = 0
    for number, song in enumerate(read_songs(lieder, songs)):
        count += 1
        if number % HELD_OUT == HELD_OUT - 1:
            held_out.append(song)
        else:
            counter.add(song.chords, song.slots, song.key)
    model = counter.build()
    figures = measure(model, held_out)
    LOG.info("%d songs: %s", count, figures)
    export(model, folder, (count, len(held_out), songs), figures)


def read_songs(path: Path, most: int) -> Iterator[Song]:
    """Yield the songs that can be read and have a voice and a piano."""
    files = list(load_lieder(path))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "song.mxl"
        for name, data in files[:: max(1, len(files) // most)]:
            file.write_bytes(data)
            try:
                yield read_song(load_piece(file))
            except (StudioError, ValueError) as error:
                LOG.info("%s: %s", name, error)


def read_song(piece: Piece) -> Song:
    """Name the chords of a song's piano.

    Raises:
        InvalidInputError: there is no voice.
        ValueError: there is no piano.
    """
    part, key = find_melody(piece), find_key(piece)
    piano = [n for own in piece.parts if own is not part and not own.is_drum for n in own.notes]
    if not piano:
        raise ValueError("no piano")
    slots = cut_slots(part.notes, piece, guess_slot(piece))
    chords = []
    for slot in slots:
        sounding = [n for n in piano if n.start < slot.end and n.end > slot.start]
        bass = min((n.pitch for n in sounding), default=None)
        chords.append(name_chord(weigh(sounding, slot.start, slot.end), bass, key.tonic))
    return Song(slots, chords, (key.tonic, MODES.index(key.mode)))


def measure(model: ChordModel, songs: list[Song]) -> dict[str, float]:
    """Return how often root and chord are those of the song's own piano, and of simple rules."""
    hits = {"root": 0, "chord": 0, "tonic_root": 0, "degree_root": 0}
    total = 0
    for song in songs:
        made = find_chords(model, song.slots, song.key, 0.0, 0)
        for true, own, slot in zip(song.chords, made, song.slots, strict=True):
            if true is None:
                continue
            total += 1
            root = CHORDS[true][0]
            hits["root"] += CHORDS[own][0] == root
            hits["chord"] += own == true
            hits["tonic_root"] += root == 0
            hits["degree_root"] += _choose_by_rule(slot, song.key[0]) == root
    return {f"{name}_agreement": round(value / max(1, total), 4) for name, value in hits.items()}


def _choose_by_rule(slot: Slot, tonic: int) -> int:
    """Return the root of I, IV or V that holds most of the melody: the rule of thumb."""
    heard = np.roll(slot.classes, -tonic)
    return max((0, 7, 5), key=lambda root: sum(heard[(root + tone) % 12] for tone in (0, 4, 7)))


def export(
    model: ChordModel, folder: Path, counts: tuple[int, int, int], figures: dict[str, float]
) -> None:
    """Write the tables with their card."""
    card = write_card(
        Card(
            "Chords under a voice",
            "Hidden Markov model of 48 chords by degree, heard through the voice's pitch classes "
            "in half bars; counted, not trained by gradient.",
            f"{counts[0]} OpenScore Lieder (CC0), every tenth ({counts[1]}) for measuring only.",
            "Apache-2.0",
            {"songs counted": counts[0] - counts[1], "seed": "none: nothing is drawn"},
            figures,
            "python -m studio_music.fit_accompany openscore-lieder.zip checkpoints/accompany "
            f"--songs {counts[2]}",
            "Agreement is with chords named by template from the song's own piano, in half bars of "
            "songs that were not counted: `root`, `chord` by this model at temperature 0, "
            "`tonic_root` by always the tonic, `degree_root` by the best of I, IV and V. Songs "
            "have many right harmonies, so agreement is a floor. The piano's figures are rules.",
        )
    )
    tensors = {
        name: torch.from_numpy(getattr(model, name).astype(np.float32))
        for name in ("start", "end", "move", "sing")
    }
    save_weights(folder, tensors, {"family": FAMILY, "metrics": figures}, card, ["music.accompany"])


if __name__ == "__main__":
    main()
