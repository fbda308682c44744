"""Chorales: likelihoods by both protocols of JSB, rules beside Bach's, and seconds.

    python benchmarks/music.py [--json] [--quick]

Needs the JSB chorales in STUDIO_DATA for all but the times. `--quick` takes every tenth piece.
Nets that do not ship are in `baselines`.
"""

import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from machine import Row, report

BASELINES = Path(__file__).parent / "baselines"
SHIFTS = (0, 1, -1, 2, -2)
SET_SHIFTS = (0, 1, -1)
SAMPLES = 24
UNSHIPPED = ("GRU",)
ENSEMBLE = ("Transformer", "Transformer", "GRU")
"""Learnt apart from each other (the Transformer is built on the LSTM); the better counts twice."""
TUNE = (67, 67, 69, 71, 72, 71, 69, 67, 66, 67, 69, 71, 69, 67, 67, 67)
NOTE = (
    "Protocol 2: nats per note, JSB on sixteenths, original keys, soprano to bass within a frame, "
    "whole pieces, teacher forced, rests included; scores as sharp as each net's card says (one "
    "number, found on validation); a mixture averages probabilities at five transpositions. "
    "Protocol 1: nats per frame of the quarter-note sets, test. Rules: per change of chord. "
    "Seconds: of the processor, one thread, medians of three, loading not counted."
)


def find_data() -> Path | None:
    """Find the chorales."""
    place = Path(os.environ.get("STUDIO_DATA", "")) / "music" / "jsb"
    return place if os.environ.get("STUDIO_DATA") and place.is_dir() else None


def find_nets() -> dict[str, Any]:
    """Load what there is of the nets, by name."""
    from studio_music.chorale_nets import load_net
    from studio_music.shelf import PLACE

    places = {
        "GRU": BASELINES / "chorale-gru",
        "LSTM": PLACE / "chorale-lstm",
        "Transformer": PLACE / "chorale-transformer",
    }
    return {name: load_net(place) for name, place in places.items() if place.is_dir()}


def measure_notes(nets: dict[str, Any], pieces: dict[str, Any]) -> Iterator[Row]:
    """Measure protocol 2."""
    from studio_music.likelihood import measure
    from studio_music.model_markov import MAX_ORDER, MarkovModel, learn_table, measure_markov

    table = learn_table([piece.frames for piece in pieces["train"]])
    for order in (0, 2, MAX_ORDER):
        figures = [
            measure_markov(MarkovModel(table, order), [piece.frames for piece in pieces[split]])
            for split in ("valid", "test")
        ]
        yield build_row(f"Markov chain of order {order}", figures, "")
    plans = [(name, [net], (0,)) for name, net in nets.items()]
    plans += [(f"{name}, mixture", [nets[name]], SHIFTS) for name in nets if name in ENSEMBLE[:1]]
    if all(name in nets for name in ENSEMBLE):
        chosen = [nets[name] for name in ENSEMBLE]
        plans.append(("ensemble of Transformer (2/3) and GRU (1/3), mixture", chosen, SHIFTS))
    for name, chosen, shifts in plans:
        figures = [measure(chosen, pieces[split], shifts).per_note for split in ("valid", "test")]
        target = "<= 0.375" if "mixture" in name else "<= 0.39" if name == "Transformer" else ""
        yield build_row(name, figures, target)


def build_row(name: str, figures: Sequence[float], target: str) -> Row:
    """Build a row of protocol 2: validation, and test in words."""
    label = f"protocol 2, {name}: validation (test {figures[1]:.4f})"
    baseline = "published: Coconet 0.436, Transformer 0.417, relative attention 0.335"
    is_net = "Markov" not in name
    return Row(label, figures[0], "nats a note", target, baseline if is_net else "")


def measure_sets(data: Path, step: int) -> Iterator[Row]:
    """Measure protocol 1."""
    from studio_music.chorale_nets import load_net
    from studio_music.fit_chorale import load_pieces
    from studio_music.likelihood import measure

    place = BASELINES / "chorale-quarter"
    if not place.is_dir():
        return
    net = load_net(place)
    pieces = load_pieces(data, is_set=True)["test"][::step]
    for name, shifts in (("Transformer", (0,)), ("Transformer, mixture", SET_SHIFTS)):
        found = measure([net], pieces, shifts).per_frame
        published = "published: RNN-NADE 5.56, RNN-RBM 6.27, TCN 8.10, LSTM 8.45"
        yield Row(
            f"protocol 1, {name}: test", found, "nats a frame", "<= 4.8", published, found / 5.56
        )


def measure_samples(nets: dict[str, Any], bach: Sequence[Any], count: int) -> Iterator[Row]:
    """Measure rules of new chorales, with and without rule-aware decoding, beside Bach's."""
    from studio_music.chorale import ChoraleRequest, build_plan, write
    from studio_music.chorale_nets import NetModel
    from studio_music.chorale_rules import count_out_of_range, measure_rules
    from studio_music.sampling import Taste

    targets = {"parallel fifths": 0.006, "parallel octaves": 0.004}
    real = measure_rules(bach) if bach else {}
    for name, net in nets.items():
        if name in UNSHIPPED:
            continue
        for rules in (True, False):
            request = ChoraleRequest(taste=Taste(0.95, 0, 0.98, rules))
            plan = build_plan(request, None)
            made = [write(NetModel(net), plan, request, seed).frames for seed in range(count)]
            mode = "rule-aware" if rules else "rules off"
            for kind, value in measure_rules(made).items():
                target = targets.get(kind) if rules else None
                yield Row(
                    f"{name}, {mode}: {kind}",
                    value,
                    "",
                    f"<= {target}" if target else "",
                    f"Bach {real[kind]:.4f}" if real else "",
                )
            outside = sum(map(count_out_of_range, made))
            target = "0" if rules else ""
            yield Row(f"{name}, {mode}: frames of notes out of range", outside, "", target)


def measure_seconds(nets: dict[str, Any]) -> Iterator[Row]:
    """Time composing and harmonising."""
    from studio_music.chorale import ChoraleRequest, build_plan, write
    from studio_music.chorale_nets import NetModel
    from studio_music.notes import Note, Part, Piece

    notes = tuple(Note(float(i), 1.0, p) for i, p in enumerate(TUNE * 4))
    tune = Piece((Part("Tune", 73, notes),))
    for name, net in nets.items():
        if name in UNSHIPPED:
            continue
        model = NetModel(net)
        for what, request, piece, limit in (
            ("12 bars", ChoraleRequest(), None, 2.0),
            ("harmonise 16 bars", ChoraleRequest("harmonise"), tune, 4.0),
        ):
            plan = build_plan(request, piece)
            spent = []
            for seed in range(3):
                start = time.process_time()
                write(model, plan, request, seed)
                spent.append(time.process_time() - start)
            median = float(np.median(spent))
            yield Row(f"{name}: {what}", median, "s", f"<= {limit:g}", ratio=median / limit)


def main() -> None:
    """Measure all that can be."""
    import torch

    torch.set_num_threads(1)
    quick = "--quick" in sys.argv
    nets, data, rows, bach = find_nets(), find_data(), [], []
    step = 10 if quick else 1
    if data is not None:
        from studio_music.fit_chorale import load_pieces

        pieces = {
            name: split if name == "train" else split[::step]
            for name, split in load_pieces(data).items()
        }
        bach = [piece.frames for piece in pieces["train"]]
        rows += [*measure_notes(nets, pieces), *measure_sets(data, step)]
    rows += measure_samples(nets, bach, 4 if quick else SAMPLES)
    rows += measure_seconds(nets)
    report("Music: chorales", NOTE, rows)


if __name__ == "__main__":
    main()
