"""Make a shipped checkpoint of a training: `python -m studio_flow.ship WHAT DATA RUN [options]`.

WHAT as in `fit`; RUN is its folder. Takes the running average of the weights as they are, measures
what can be measured, and writes weights, config and card into this package. Sprites and textures
are measured by the judges, which are shipped first.
"""

import argparse
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import torch
from studio_training import Card, write_card
from studio_training.autoencoder import build_autoencoder
from studio_training.sizes import AutoencoderConfig
from torch import Tensor, nn

from studio_flow.book import FactBook, write_book
from studio_flow.enlarger import EnlargerConfig, build_enlarger
from studio_flow.fit import SPRITES, TEXTURES, load_average
from studio_flow.judge import JudgeConfig, TextureJudgeConfig, build_judge
from studio_flow.learn_autoencoder import measure_autoencoder, settle
from studio_flow.learn_enlarger import measure_enlarger
from studio_flow.learn_judge import enlarge, measure_accuracy
from studio_flow.model import SPRITE, TEXTURE, Flow, Verdicts, save_flow, save_judge
from studio_flow.network import FlowNet, build_network, count_weights
from studio_flow.shelf import PLACE
from studio_flow.sprites import (
    KINDS,
    SIZES,
    Sprites,
    describe_sprites,
    load_sprites,
    split_sprites,
)
from studio_flow.tiles import load_tiles, split_tiles
from studio_flow.trial_figures import measure_sprites, measure_textures

LOG: Final = logging.getLogger("studio_flow")
TILES: Final = (
    "1,288 material albedos of ambientCG, 128 px, in 25 classes, and the albedos of 11 PBR sets of "
    "ambientCG and Poly Haven; every one CC0"
)
ART: Final = (
    "about 8,700 sprites of 16 and 32 px: Dungeon Crawl Stone Soup's tiles, Kenney's 1-bit, "
    "roguelike and urban packs, Superpowers' items; every one CC0"
)
LICENCE: Final = "Apache-2.0. What it learnt from is CC0 and asks for nothing."


@dataclass(frozen=True)
class Source:
    """A training to ship.

    Attributes:
        data: folder of pictures.
        run: folder of `fit`.
        minutes: of CPU time it took, as the log of the machine says.
        notes: for the card.
        each: samples of each class that figures are taken on.
    """

    data: Path
    run: Path
    minutes: float
    notes: str = ""
    each: int = 4

    @property
    def command(self) -> str:
        """With which it was trained, with the places left open."""
        text = self.run / "command.txt"
        words = text.read_text(encoding="utf-8").split() if text.exists() else []
        return " ".join("FOLDER" if word.startswith("/") else word for word in words)

    def load_average(self, network: nn.Module) -> dict[str, Any]:
        """Fill a net with the running average; returns step and settings."""
        facts = load_average(self.run, network)
        return {"step": facts["step"], **facts["settings"], "cpu_minutes": self.minutes}


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and ship."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("textures", "sprites", "judge-textures", "judge-sprites"))
    parser.add_argument("data", type=Path)
    parser.add_argument("run", type=Path)
    parser.add_argument("--minutes", type=float, default=0.0, help="of CPU time the training took")
    parser.add_argument("--notes", default="", help="for the card")
    parser.add_argument("--each", type=int, default=4, help="samples of a class that are judged")
    parser.add_argument("--place", type=Path, default=PLACE)
    plan = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)
    source = Source(plan.data, plan.run, plan.minutes, plan.notes, plan.each)
    if plan.what == "textures":
        ship_textures(source, plan.place)
    elif plan.what == "sprites":
        ship_sprites(source, plan.place)
    elif plan.what == "judge-textures":
        ship_tile_judge(source, plan.place)
    else:
        ship_sprite_judge(source, plan.place)


def ship_textures(source: Source, place: Path) -> None:
    """Ship the texture flow, with what lies beside RUN: decoder, enlarger and distilled net."""
    tiles, held_out = split_tiles(load_tiles(source.data))
    network, autoencoder = build_network(TEXTURES), build_autoencoder(AutoencoderConfig())
    enlarger, distilled = build_enlarger(EnlargerConfig()), build_network(TEXTURES)
    training = source.load_average(network)
    parts = {
        name: load_average(source.run.parent / name, net)["step"]
        for name, net in (
            ("autoencoder", build_autoencoder(AutoencoderConfig())),
            ("decoder", autoencoder),
            ("enlarger", enlarger),
            ("distilled", distilled),
        )
    }
    settle(autoencoder, tiles)
    book = write_book(tiles)
    flow = Flow(
        network, tiles.classes, book, {"side": tiles.side}, autoencoder, enlarger, distilled
    )
    metrics = measure_textures(flow, place / "judge", source.each)
    metrics |= {
        f"autoencoder_{n}": v for n, v in measure_autoencoder(autoencoder, held_out).items()
    }
    metrics |= {f"enlarger_{n}": v for n, v in measure_enlarger(enlarger, held_out).items()}
    card = Card(
        title="Textures of 25 materials",
        what=describe_net(network, "circular padding, so that any field is a torus")
        + f" It draws the latents of an autoencoder ({count_weights(autoencoder) / 1e6:.1f} "
        f"million weights, {parts['autoencoder']} steps, its decoder {parts['decoder']} more); an "
        f"enlarger ({count_weights(enlarger) / 1e6:.2f} million, {parts['enlarger']} steps) "
        f"doubles what is drawn. Distilled in {parts['distilled']} steps, it also draws in 4 "
        "without guidance (arXiv 2202.00512, 2210.03142).",
        data=TILES,
        licence=LICENCE,
        training=training,
        metrics=metrics,
        command=source.command,
        notes=source.notes,
    )
    known = {"side": tiles.side, "training": training, "metrics": metrics}
    flow = replace(flow, facts=known)
    save_flow(place / "texture", flow, TEXTURE, write_card(card), ["flow.texture", "flow.train"])
    LOG.info("%s", metrics)


def ship_sprites(source: Source, place: Path) -> None:
    """Ship the sprite flow."""
    sprites, _ = split_sprites(load_sprites(source.data))
    network = build_network(SPRITES)
    training = source.load_average(network)
    facts = torch.zeros(len(sprites), SPRITES.facts)
    for side in SIZES:
        rows = (sprites.sides == side).nonzero().flatten()
        facts[rows] = describe_sprites(sprites.get_floats(rows, side))
    pages = sprites.kinds * 2 + (sprites.sides == SIZES[1]).long()
    flow = Flow(network, KINDS, FactBook(facts, pages), {})
    metrics = measure_sprites(flow, place / "judge-sprite", source.each)
    card = Card(
        title="Sprites of 22 kinds",
        what=describe_net(network, "attention at 8 px"),
        data=ART,
        licence=LICENCE,
        training=training,
        metrics=metrics,
        command=source.command,
        notes=source.notes,
    )
    flow = Flow(network, KINDS, flow.book, {"training": training, "metrics": metrics})
    save_flow(place / "sprite", flow, SPRITE, write_card(card), ["flow.sprite", "flow.train"])
    LOG.info("%s", metrics)


def ship_tile_judge(source: Source, place: Path) -> None:
    """Ship the judge of textures."""
    tiles, held_out = split_tiles(load_tiles(source.data))
    pictures = {"train": tiles.get_floats(), "held_out": held_out.get_floats()}
    _ship_judge(
        source,
        place / "judge",
        TextureJudgeConfig(classes=len(tiles.classes)),
        tiles.classes,
        (pictures, held_out.kinds, TILES),
    )


def ship_sprite_judge(source: Source, place: Path) -> None:
    """Ship the judge of sprites."""
    sprites, held_out = split_sprites(load_sprites(source.data))
    pictures = {"train": spread_sprites(sprites), "held_out": spread_sprites(held_out)}
    sizes = JudgeConfig(channels=4, classes=len(KINDS), padding="zeros")
    _ship_judge(
        source, place / "judge-sprite", sizes, KINDS, (pictures, held_out.kinds, ART)
    )  # fmt: skip


def spread_sprites(sprites: Sprites) -> Tensor:
    """Return all at 32 px, in their order: (N, 4, 32, 32)."""
    pictures = torch.zeros(len(sprites), 4, SIZES[1], SIZES[1])
    for side in SIZES:
        rows = (sprites.sides == side).nonzero().flatten()
        pictures[rows] = enlarge(sprites.get_floats(rows, side))
    return pictures


def describe_net(network: FlowNet, more: str) -> str:
    """Say what the net is."""
    return (
        f"Class-conditional rectified flow (arXiv 2209.03003): a convolutional U-Net of "
        f"{count_weights(network) / 1e6:.1f} million weights, {more}; preconditioning of EDM "
        "(arXiv 2206.00364). It is told class, colours and coarseness."
    )


def _ship_judge(
    source: Source,
    folder: Path,
    sizes: JudgeConfig | TextureJudgeConfig,
    classes: tuple[str, ...],
    real: tuple[dict[str, Tensor], Tensor, str],
) -> None:
    pictures, kinds, data = real
    judge = build_judge(sizes)
    training = source.load_average(judge)
    metrics = measure_accuracy(judge, pictures["held_out"], kinds)
    with torch.inference_mode():
        seen = {
            name: torch.cat([judge.find_features(part) for part in torch.split(every, 64)]).clone()
            for name, every in pictures.items()
        }
    card = Card(
        title=f"Judge of {len(classes)} classes",
        what=f"Classifier of {count_weights(judge) / 1e6:.2f} million weights. Its accuracy on "
        "held-out real pictures is the ceiling for made ones; its features are not Inception's.",
        data=data,
        licence=LICENCE,
        training=training,
        metrics={**metrics, "held_out_pictures": len(kinds)},
        command=source.command,
        notes=source.notes,
    )
    facts = {"training": training, "metrics": metrics}
    save_judge(folder, Verdicts(judge, classes, seen, facts), write_card(card))
    LOG.info("%s", metrics)


if __name__ == "__main__":
    main()
