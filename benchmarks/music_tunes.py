"""Tunes, chorales, clips and drums against held-out ones: figures, likeness, and what was copied.

    python benchmarks/music_tunes.py [--json] [--dry] [--quick]

Needs the data of STUDIO_DATA. `--quick` takes a few of each.
"""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from machine import Row, report

COUNT = 40
NOTE = (
    "Single figures as in MusPy, means of what was made beside those of as many held-out works; "
    "likeness: overlapping area of Yang and Lerch (2020), 1 is alike, beside that of as many works "
    "of the training split. Tunes are made under the plans of the held-out tunes. Copied: notes in "
    "a row whose intervals and ratios of length stand in the training split, in any key and tempo, "
    "beside the same of held-out works. Clips and drums: held-out windows written again from their "
    "latent vector, greedily; smoothness: mean over largest step of a walk between two clips."
)


def find_data() -> Path:
    """Find the data, or end with what is missing."""
    place = Path(os.environ.get("STUDIO_DATA", "")) / "music"
    if not os.environ.get("STUDIO_DATA") or not place.is_dir():
        sys.exit("STUDIO_DATA is not set, or has no folder music")
    return place


def to_piece(tune: Any) -> Any:
    """Return a tune as a piece, each section once."""
    from studio_music.folk import to_notes
    from studio_music.folk_data import METRES
    from studio_music.notes import Part, Piece

    notes = tuple(to_notes(tune, 2, False))
    return Piece((Part("Fiddle", 40, notes),), metre=METRES[tune.metre])


def make_tunes(tunes: Sequence[Any]) -> list[Any]:
    """Compose under the plans of tunes."""
    from studio_music.folk import FolkComposer, FolkRequest, sample_tune
    from studio_music.folk_data import FolkTune
    from studio_music.folk_features import plan_tune, to_phrases
    from studio_music.shelf import PLACE

    net = FolkComposer(PLACE / "folk").net
    made = []
    for seed, tune in enumerate(tunes):
        plan, rng = plan_tune(tune), np.random.default_rng(seed)
        sections = sample_tune(net, plan, FolkRequest(), rng)
        phrases = to_phrases(plan, sections)
        made.append(to_piece(FolkTune(phrases, plan.mode, plan.metre, plan.dance)))
    return made


def compare_sets(
    what: str, made: Sequence[Any], true: Sequence[Any], known: Sequence[Any]
) -> Iterator[Row]:
    """Compare what was made with held-out works; `known` is what was learnt from."""
    from studio_music.music_metrics import find_longest_copy, measure_overlaps, measure_piece

    rows = {
        name: [measure_piece(piece) for piece in pieces]
        for name, pieces in (
            ("made", made),
            ("true", true),
            ("known", known[:: len(known) // len(made)]),
        )
    }
    for figure in rows["made"][0]:
        own, other = (np.mean([row[figure] for row in rows[name]]) for name in ("made", "true"))
        yield Row(f"{what}: {figure}", float(own), "", "", f"held out {other:.3g}")
    likeness, best = (measure_overlaps(rows[name], rows["true"]) for name in ("made", "known"))
    for figure, value in likeness.items():
        yield Row(f"{what}: likeness in {figure}", value, "", "", f"training {best[figure]:.3g}")
    copied, usual = (
        [find_longest_copy(piece, known) for piece in pieces] for pieces in (made, true)
    )
    for name, sum_up in (("median", np.median), ("most", np.max)):
        held_out = f"held out {sum_up(usual):g}"
        yield Row(f"{what}: notes copied, {name}", float(sum_up(copied)), "notes", "", held_out)


def measure_tunes(split: Mapping[str, Sequence[Any]], count: int) -> Iterator[Row]:
    """Measure dance tunes."""
    step = max(1, len(split["test"]) // count)
    true = list(split["test"][::step])[:count]
    known = [to_piece(tune) for tune in split["train"]]
    yield from compare_sets("tunes", make_tunes(true), [to_piece(tune) for tune in true], known)


def measure_chorales(data: Path, count: int) -> Iterator[Row]:
    """Measure new chorales of 12 bars."""
    from studio_music.chorale import ChoraleRequest, build_plan, write
    from studio_music.chorale_nets import NetModel, load_net
    from studio_music.chorale_score import Look, build_piece
    from studio_music.fit_chorale import load_pieces
    from studio_music.shelf import PLACE

    model = NetModel(load_net(PLACE / "chorale-transformer"))
    pieces = load_pieces(data / "jsb")
    made = []
    for seed in range(count):
        request = ChoraleRequest(is_minor=bool(seed % 2))
        made.append(write(model, build_plan(request, None), request, seed).piece)

    def to_score(chorale: Any) -> Any:
        return build_piece(chorale.frames, (0, False), Look())

    true = [to_score(chorale) for chorale in pieces["test"][:count]]
    yield from compare_sets("chorales", made, true, [to_score(one) for one in pieces["train"]])


def measure_clips(split: Mapping[str, Sequence[Any]], data: Path) -> Iterator[Row]:
    """Measure the melody VAE on held-out tunes, and the drum nets."""
    from studio_music import drum_training, vae_training
    from studio_music.drums import load_player
    from studio_music.groove_data import cut_windows, load_groove
    from studio_music.melodies import load_writer
    from studio_music.melody_data import encode_folk
    from studio_music.shelf import PLACE

    net = load_writer(PLACE / "melody").net
    corpus = vae_training.MelodyCorpus(
        [line for tune in split["test"] for line in encode_folk(tune)]
    )
    for name, value in vae_training.measure(net, corpus).items():
        if name != "valid_error":
            yield Row(f"melody clips of tunes: {name}", value, "nats" if "kl" in name else "")
    yield Row("melody clips: smoothness", vae_training.measure_smoothness(net, corpus), "")
    windows = cut_windows(load_groove(data / "groove.zip")["test"])
    player = load_player(PLACE / "drums")
    figures = drum_training.measure(player.net, drum_training.DrumCorpus(windows))
    for name in ("reconstruction_step", "reconstruction_f1", "valid_kl", "force_error"):
        yield Row(f"drums: {name.removeprefix('valid_')}", figures[name], "")
    grid = f"on the grid {figures['push_error_of_grid']:.3f}"
    yield Row("drums: push_error_steps", figures["push_error_steps"], "", "", grid)


def main() -> None:
    """Measure all."""
    import torch
    from studio_music.folk_data import load_archive, split_tunes

    torch.set_num_threads(1)
    data, count = find_data(), 6 if "--quick" in sys.argv else COUNT
    split = split_tunes(load_archive(data / "folk-abc-music21.zip")[0])
    rows = [*measure_tunes(split, count), *measure_chorales(data, count)]
    rows += measure_clips(split, data)
    report("Music: tunes and clips", NOTE, rows)


if __name__ == "__main__":
    main()
