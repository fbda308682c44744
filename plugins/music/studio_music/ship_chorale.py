"""Turn a training of `fit_chorale` into a checkpoint that ships, measured and with its card.

    python -m studio_music.ship_chorale DATA TRAINED OUT --name transformer
    python -m studio_music.ship_chorale DATA TRAINED OUT --name markov

`markov` counts the chorales at once; there is nothing TRAINED for it.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

import click
import torch
from studio_training import Card, save_weights, write_card
from studio_training.state import read_average

from studio_music.chorale_data import Chorale
from studio_music.chorale_nets import load_net, save_net
from studio_music.fit_chorale import GOALS, Goal, load_pieces
from studio_music.likelihood import find_sharpness, measure
from studio_music.model_frames import FrameConfig, FrameNet
from studio_music.model_markov import MarkovModel, learn_table, measure_markov

LOG: Final = logging.getLogger("studio_music.ship_chorale")
DATA: Final = (
    "JSB chorales by J. S. Bach as four voices on a grid of sixteenths "
    "(czhuang/JSB-Chorales-dataset, Jsb16thSeparated.npz), the 229 pieces of its training split, "
    "transposed by up to six semitones. The music is in the public domain. 9 of 76 validation and "
    "10 of 77 test pieces share their tune with a training piece."
)
SETS: Final = (
    "JSB chorales by J. S. Bach as sets of pitches on quarter notes (czhuang/JSB-Chorales-dataset, "
    "jsb-chorales-quarter.json), the 229 pieces of its training split, transposed by up to five "
    "semitones. The music is in the public domain."
)
SET_PROTOCOL: Final = """Nats per frame over whole pieces, teacher forced from nothing. A set is
written as its falling pitches, then rests, and only such rows have a probability, so it is that of
the set. For the benchmark only: no generator can use it."""
SHIFTS: Final = (0, 1, -1, 2, -2)
BUILT_ON: Final = ("transformer",)
"""Goals that begin with the layers of a trained LSTM."""
TITLES: Final = {"transformer": "Transformer", "lstm": "LSTM", "gru": "GRU"}
LICENCE: Final = "Apache-2.0; nothing follows from the data"
PROTOCOL: Final = """Protocol of the likelihoods: nats per note over every voice of every frame of
whole pieces, original keys, soprano to bass within a frame, teacher forced from nothing, rests
included; 73,632 notes of validation, 75,600 of test. Scores are multiplied by `sharpness`, the
one number found on validation after training (temperature scaling, Guo et al., 2017); `two halves`
is validation where each half is measured at the sharpness found on the other; `sharpness 1` is the
net as it was trained, and what `temperature` 1 draws from. `mixture` is the net at five
transpositions (0, 1, -1, 2, -2), probabilities averaged note by note.

Limits: a pitch that is repeated cannot be told from one that is held; there are no fermatas and no
words. Keys and metres that the net was told while it learnt were found by rule. It knows one
style."""


@click.command()
@click.argument("data", type=click.Path(path_type=Path, exists=True))
@click.argument("trained", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--name", type=click.Choice([*GOALS, "markov"]), required=True)
@click.option("--least", type=int, default=2, help="markov: how often a context must be seen")
@click.option("--hours", type=float, default=0.0, help="of one core that it took, for the card")
@click.option("--earlier", default="", help="options of an earlier stretch, for the card")
def main(data: Path, trained: Path, out: Path, name: str, least: int, **facts: Any) -> None:
    """Measure and write weights."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)
    if name == "markov":
        ship_markov(data, out, least)
    else:
        ship_net(data, trained, out, name, **facts)


def ship_net(
    data: Path, trained: Path, out: Path, name: str, *, hours: float, earlier: str
) -> None:
    """Write the best weights of a training."""
    net, facts = load_trained(trained, GOALS[name])
    save_net(net, out, {}, "")
    net = load_net(out)  # as it ships, in half precision
    valid = load_pieces(data, is_set=net.config.is_set)["valid"]
    net.config = replace(net.config, sharpness=find_sharpness(net, valid))
    metrics = measure_net(net, data)
    LOG.info("%s", metrics)
    settings = dict(facts["settings"])
    training = {**settings, "best step": facts["step"], **asdict(GOALS[name].diet)}
    if hours:
        training["hours of a core"] = hours
    card = Card(
        title=f"Chorale {TITLES[net.config.family]}, {net.config.n_layer} layers of "
        f"{net.config.n_embd}",
        what=describe_net(net.config),
        data=SETS if net.config.is_set else DATA,
        licence=LICENCE,
        training=training,
        metrics=metrics,
        command=write_command(name, net.config, settings, earlier),
        notes=SET_PROTOCOL if net.config.is_set else PROTOCOL,
    )
    save_net(net, out, {"training": {"metrics": metrics}}, write_card(card))


def measure_net(net: FrameNet, data: Path) -> dict[str, float]:
    """Measure a net by the protocol of what it has learnt."""
    size = sum(weight.numel() for weight in net.parameters())
    pieces = load_pieces(data, is_set=net.config.is_set)
    unit = "frame" if net.config.is_set else "note"
    figures: dict[str, float] = {"weights": size, "sharpness": net.config.sharpness}
    plain = load_copy(net, 1.0)
    for label, split in (("validation", "valid"), ("test", "test")):
        for kind, one in (("", net), (", sharpness 1", plain)):
            score = measure([one], pieces[split])
            value = score.per_frame if net.config.is_set else score.per_note
            figures[f"{label}, nats per {unit}{kind}"] = round(value, 6)
    if not net.config.is_set:
        figures["validation, two halves"] = round(check_sharpness(net, pieces["valid"]), 6)
        figures["validation, mixture"] = round(measure([net], pieces["valid"], SHIFTS).per_note, 6)
    return figures


def load_copy(net: FrameNet, sharpness: float) -> FrameNet:
    """Return a net with the same weights and another sharpness."""
    other = FrameNet(replace(net.config, sharpness=sharpness))
    other.load_state_dict(net.state_dict())
    return other.eval().requires_grad_(False)


def check_sharpness(net: FrameNet, pieces: Sequence[Chorale]) -> float:
    """Return nats per note where each half is measured at the sharpness found on the other."""
    halves = pieces[::2], pieces[1::2]
    found = [
        measure([load_copy(net, find_sharpness(net, one))], other)
        for one, other in (halves, halves[::-1])
    ]
    return sum(score.total for score in found) / sum(score.notes for score in found)


def load_trained(trained: Path, goal: Goal) -> tuple[FrameNet, dict[str, Any]]:
    """Load the running average at its best, and what the training noted."""
    facts, weights = read_average(trained / "best.safetensors")
    config = json.loads((trained / "net.json").read_text(encoding="utf-8"))
    net = FrameNet(FrameConfig(**{**asdict(goal.config), **config}))
    net.load_state_dict(weights)
    return net.eval().requires_grad_(False), facts


def write_command(name: str, config: FrameConfig, settings: Mapping[str, Any], earlier: str) -> str:
    """Return the commands that make the weights again."""
    given = ("steps", "rate", "ema", "decay", "weight_decay", "seed")
    options = [f"--{key.replace('_', '-')} {settings[key]}" for key in given]
    if name in BUILT_ON:
        options.append("--start TRAINED_LSTM")
    fit = f"python -m studio_music.fit_chorale DATA TRAINED --name {name}"
    return (
        (f"{fit} {earlier}\n" if earlier else "")
        + f"{fit} {' '.join(options)} --dropout {config.dropout}\n"
        f"python -m studio_music.ship_chorale DATA TRAINED OUT --name {name}"
    )


def describe_net(config: FrameConfig) -> str:
    """Say in words what a net is."""
    front = f", on top of {config.n_front} LSTM layers," if config.n_front else ""
    trunk = {
        "transformer": f"Transformer with relative attention (arXiv 1809.04281){front}",
        "lstm": "LSTM",
        "gru": "GRU",
    }[config.family]
    use = f"`music.{'transformer' if config.family == 'transformer' else 'lstm'}`"
    if config.is_set:
        return f"{trunk} over frames of pitches, {config.n_layer} layers of {config.n_embd}."
    return (
        f"{trunk} over frames of four voices, {config.n_layer} layers of {config.n_embd}, for "
        f"{use}. A frame is written soprano, alto, tenor, bass; a head of each voice scores a "
        "pitch by where it is, and by its intervals to the voice's last pitch and to the voices "
        "above it. Key, length and metre can be told, and a small GRU reads notes that are given "
        "from the end, so one "
        "net composes, goes on, harmonises and fills in."
    )


def ship_markov(data: Path, out: Path, least: int) -> None:
    """Count the chorales and write the table."""
    pieces = {name: [p.frames for p in split] for name, split in load_pieces(data).items()}
    table = learn_table(pieces["train"], least=least)
    metrics: Mapping[str, Any] = {
        "contexts": len(table.keys),
        **{
            f"{label}, nats per note": measure_markov(MarkovModel(table), pieces[split])
            for label, split in (("validation", "valid"), ("test", "test"))
        },
    }
    LOG.info("%s", metrics)
    card = Card(
        title="Chorale Markov chain",
        what="Counts of the step to the next note of a voice, in five contexts, each within the "
        "one before, mixed by the weights of Witten and Bell (1991), for `music.markov`.",
        data=DATA.replace(
            ", transposed by up to six semitones", ", steps being the same in any key"
        ),
        licence=LICENCE,
        training={"contexts seen fewer times are left out": least},
        metrics=metrics,
        command=f"python -m studio_music.ship_chorale DATA - OUT --name markov --least {least}",
        notes=PROTOCOL.split(" Scores are")[0].strip(),
    )
    config = {"family": "markov", "metrics": metrics}
    save_weights(out, table.to_tensors(), config, write_card(card), ["music.markov"])


if __name__ == "__main__":
    main()
