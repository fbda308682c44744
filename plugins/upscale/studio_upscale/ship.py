"""Make a shipped checkpoint of a training: `python -m studio_upscale.ship RUN NAME [--set5 DIR]`.

Takes the last weights of a run of `fit`, measures them, and writes them with their card into this
package.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click
import torch
from PIL import Image

from studio_upscale.card import write_card
from studio_upscale.corpus import find_pictures
from studio_upscale.degrade import Damage
from studio_upscale.fit import GOALS, PATCH, measure, sum_minutes
from studio_upscale.network import EnlargingNet, NetworkConfig
from studio_upscale.shelf import PLACE
from studio_upscale.shipped import MIXES, PLAIN, load_held_out
from studio_upscale.weights import load_facts, load_network, save_network

DATA: Final = (
    "21 of the 24 Kodak photographs (released for unrestricted use), 6 photographs of scikit-image "
    "(astronaut, camera, chelsea, coffee, hubble_deep_field, rocket: CC0 or public domain), "
    "{albedos}12 PBR sets of ambientCG and Poly Haven (CC0), 160 drawn pictures"
)
ALBEDOS: Final = "about 1,100 material albedos of ambientCG (CC0), "
ALBEDO_SIDE: Final = 128
"""Of these, which are laid twice each way: larger patches leave them out."""
LEAVES: Final = ", {count} pictures of dead leaves{strokes} cut out of those photographs"
VIEWS: Final = (
    "; of a photograph every patch is another view: zoom, place, angle, shape and contrast are "
    "drawn"
)
INVERTED: Final = "; {share:.0%} of the patches are negatives"
TAUGHT: Final = (
    "; {share:.0%} of what it learns is the mean answer of {count} nets that learnt before, from "
    "mixes of the same pictures: {mixes}"
)
LICENCE: Final = "Licence: Apache-2.0. Nothing it learnt from asks for attribution."


@click.command()
@click.argument("run", type=click.Path(path_type=Path, exists=True))
@click.argument("name")
@click.option("--data", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--set5", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--mean",
    "others",
    type=click.Path(path_type=Path, exists=True),
    multiple=True,
    help="weights that went on from the same ones: what ships is their mean with those of RUN",
)
@click.option("--command", default="", help="that reproduces it; may have several lines")
@click.option("--place", type=click.Path(path_type=Path), default=PLACE)
def main(run: Path, name: str, data: Path, set5: Path | None, **how: Any) -> None:
    """Measure the last weights of RUN and ship them as NAME."""
    source = max(folder for folder in run.iterdir() if folder.name.isdigit())
    network = load_mean([source, *how["others"]])
    sets = {"held-out Kodak (03, 08, 21)": load_held_out(data)}
    if set5 is not None:
        images = [Image.open(path).convert("RGB") for path in find_pictures(set5)]
        sets["Set5 (never learnt from)"] = images
    damage = GOALS[name].damage if name in GOALS else "none"
    figures = {label: measure(network, images, damage) for label, images in sets.items()}
    if damage != "none":
        figures |= {f"{k}, as they came": measure(None, v, damage) for k, v in sets.items()}
    training = _describe_training(source)
    notes = _write_notes(network.config, damage, figures, how["command"])
    learnt_from = describe_data(training, network.config.scale)
    card = write_card(network.config, training, learnt_from, notes)
    facts = {"training": training, "psnr_y": {k: round(v, 3) for k, v in figures.items()}}
    save_network(network, how["place"] / name, facts, card)
    click.echo(json.dumps(facts))


def load_mean(places: Sequence[Path]) -> EnlargingNet:
    """Load the mean of the weights of phases of one training ("soup", arXiv 2203.05482).

    Raises:
        click.UsageError: they are of different nets.
    """
    networks = [load_network(place) for place in places]
    if any(network.config != networks[0].config for network in networks):
        raise click.UsageError("--mean: these are weights of different nets")
    known = [network.state_dict() for network in networks]
    means = {name: torch.stack([weights[name] for weights in known]).mean(0) for name in known[0]}
    networks[0].load_state_dict(means)
    return networks[0]


def describe_data(training: Mapping[str, Any], scale: int) -> str:
    """Say what a training with such options learns from."""
    mix = MIXES.get(str(training.get("mix")), PLAIN)
    has_albedos = mix.classes and training.get("patch", PATCH) * scale <= 2 * ALBEDO_SIDE
    text = DATA.format(albedos=ALBEDOS if has_albedos else "")
    if mix.leaf_count:
        strokes = " and strokes" if mix.strokes else ""
        text += LEAVES.format(count=mix.leaf_count, strokes=strokes)
    text += VIEWS if mix.fresh else ""
    text += INVERTED.format(share=mix.inverted) if mix.inverted else ""
    mixes = training.get("teachers", ())
    told = TAUGHT.format(
        share=training.get("taught", 0.0), count=len(mixes), mixes=", ".join(map(str, mixes))
    )
    return text + (told if mixes else "")


def _describe_training(source: Path) -> dict[str, Any]:
    """Return the options of a run, with the time of all of its curve."""
    training = dict(load_facts(source)["training"])
    spent = sum_minutes(source.parent, training["step"])
    for name in ("cpu_seconds", "psnr"):
        training.pop(name, None)
    return {**training, "cpu_minutes": round(spent, 1)}


def _write_notes(
    network: NetworkConfig, damage: Damage, figures: Mapping[str, float], command: str
) -> str:
    rows = "\n".join(f"| {name} | {value:.2f} |" for name, value in figures.items())
    protocol = (
        "Protocol: antialiased bicubic reduction, result rounded to 8 bits, luma by BT.601 in "
        f"whole numbers, {network.scale} pixels cut off."
    )
    if network.scale == 4:
        protocol += " Bicubic on Set5 is 28.42 dB by it."
    if damage != "none":
        protocol = f"Protocol: damage {damage!r} of this package, a seed for each picture."
    parts = [
        f"| PSNR of luma, x{network.scale} | dB |\n|---|---|\n{rows}",
        protocol,
        f"Made by\n\n```\n{command}\n```" if command else "",
        LICENCE,
    ]
    return "\n\n".join(part for part in parts if part)


if __name__ == "__main__":
    main()
