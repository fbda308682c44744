"""Make a shipped checkpoint of a training: `python -m studio_upscale.ship RUN NAME [--set5 DIR]`.

Takes the last weights of a run of `fit`, measures them, and writes them with their card into this
package.
"""

import json
from pathlib import Path
from typing import Any, Final

import click
from PIL import Image

from studio_upscale.card import write_card
from studio_upscale.corpus import find_pictures
from studio_upscale.fit import measure
from studio_upscale.shipped import load_held_out
from studio_upscale.srgan import PLACE
from studio_upscale.weights import load_facts, load_network, save_network

DATA: Final = (
    "21 of the 24 Kodak photographs (released for unrestricted use), 4 photographs of "
    "scikit-image (astronaut, chelsea, coffee, rocket: CC0 or public domain), about 1,100 material "
    "albedos of ambientCG and 12 PBR sets of ambientCG and Poly Haven (CC0), 160 drawn pictures"
)
LICENCE: Final = "Licence: Apache-2.0. Nothing it learnt from asks for attribution."


@click.command()
@click.argument("run", type=click.Path(path_type=Path, exists=True))
@click.argument("name")
@click.option("--data", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--set5", type=click.Path(path_type=Path, exists=True))
@click.option("--command", default="", help="that reproduces it")
def main(run: Path, name: str, data: Path, set5: Path | None, command: str) -> None:
    """Measure the last weights of RUN and ship them as NAME."""
    source = sorted(folder for folder in run.iterdir() if folder.is_dir())[-1]
    network = load_network(source)
    figures = {"held-out Kodak (03, 08, 21)": measure(network, load_held_out(data))}
    if set5 is not None:
        images = [Image.open(path).convert("RGB") for path in find_pictures(set5)]
        figures["Set5 (never learnt from, nothing chosen by it)"] = measure(network, images)
    training = _describe_training(source)
    card = write_card(network.config, training, DATA, _write_notes(figures, command))
    facts = {"training": training, "psnr_y": {k: round(v, 3) for k, v in figures.items()}}
    save_network(network, PLACE / name, facts, card)
    click.echo(json.dumps(facts))


def _describe_training(source: Path) -> dict[str, Any]:
    """Return the options of a run, with the time of all of its curve."""
    training = dict(load_facts(source)["training"])
    lines = (source.parent / "curve.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    spent = sum(row["cpu_seconds"] for row in rows if row["step"] <= training["step"])
    for name in ("cpu_seconds", "psnr"):
        del training[name]
    return {**training, "cpu_minutes": round(spent / 60, 1)}


def _write_notes(figures: dict[str, float], command: str) -> str:
    rows = "\n".join(f"| {name} | {value:.2f} |" for name, value in figures.items())
    parts = [
        f"| PSNR of luma, x4 | dB |\n|---|---|\n{rows}",
        "Protocol: antialiased bicubic reduction, result rounded to 8 bits, luma by BT.601 in "
        "whole numbers, 4 pixels cut off. Bicubic on Set5 is 28.42 dB by it.",
        f"Made by `{command}`." if command else "",
        LICENCE,
    ]
    return "\n\n".join(part for part in parts if part)


if __name__ == "__main__":
    main()
