"""Sprites by a GAN beside those by the flow: why `flow.sprite` is a flow.

    STUDIO_DATA=FOLDER python benchmarks/sprites_gan.py [--steps N] [--json] [--dry]

`STUDIO_DATA` holds `sprites.zip`. A DCGAN learns RGBA sprites of 32 px, all kinds, on one thread;
cut off, the same command goes on (`out/sprites-gan`). Then the judge that ships looks at as many
sprites of each kind by either. Writes `docs/images/sprites-gan.webp`: look at it.
"""

import os
import sys
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from generators import show
from machine import Row, report
from PIL import Image

if TYPE_CHECKING:
    from studio_flow.model import Flow
    from studio_gan.generators import DrawingNet
    from studio_gan.pictures import Pictures

OUT = Path("out") / "sprites-gan"
PICTURE = Path(__file__).parent.parent / "docs" / "images" / "sprites-gan.webp"
STEPS, BATCH, EACH, SIDE = 3000, 16, 8, 32
FEWEST = 20
"""Sprites of a kind and this size learnt from; kinds with fewer are left out."""
SHOWN = ("monster", "weapon", "potion", "character")
NOTE = (
    "The GAN: DCGAN (arXiv 1511.06434) with a conditional critic, hinge loss and R1, RGBA, "
    "{steps} steps of {batch} in {minutes:.0f} CPU minutes; the flow as it ships, after {flow}. "
    "{each} sprites of 32 px of each of {kinds} kinds, tidied alike; by `judge-sprite`."
)
Sheet = tuple[list[Image.Image], list[str]]


def load_pictures(data: Path) -> "Pictures":
    """Load the sprites of 32 px as a GAN wants them, with alpha as a fourth colour."""
    from studio_flow.sprites import KINDS, load_sprites, split_sprites
    from studio_gan.pictures import Pictures

    folder = OUT / "data"
    if not folder.is_dir():
        with zipfile.ZipFile(data / "sprites.zip") as archive:
            archive.extractall(folder)
    learnt, held_out = split_sprites(load_sprites(folder))
    large, others = (some.sides == SIDE for some in (learnt, held_out))
    pixels = learnt.pixels[large].permute(0, 3, 1, 2).contiguous()
    return Pictures(
        pixels,
        learnt.kinds[large],
        tuple(KINDS),
        held_out.pixels[others].permute(0, 3, 1, 2).contiguous(),
    )


def learn(pictures: "Pictures", steps: int) -> tuple["DrawingNet", float]:
    """Learn, or go on; returns the net with its running average, and the CPU minutes so far."""
    from studio_gan.config import GanConfig
    from studio_gan.learner import GanLearner, Rules
    from studio_gan.pictures import Changes, build_draw
    from studio_training import Run, Settings, fit

    config = GanConfig("dcgan", SIDE, 32, 64, 4, pictures.classes)
    settings = Settings(
        steps=steps, batch=BATCH, rate=2e-4, warmup=100, decay=0.3, ema=0.999, clip=0
    )
    rules = Rules("hinge", 0.1, 1, 2.0, "full")
    learner = GanLearner(config, settings, rules, build_draw(pictures, Changes()))
    note = OUT / "minutes.txt"
    before = float(note.read_text()) if note.exists() else 0.0
    start = time.process_time()
    fit(learner, OUT / "run", Run(steps))
    minutes = before + (time.process_time() - start) / 60
    note.write_text(f"{minutes:.2f}")
    return learner.average, minutes


def draw_gan(net: "DrawingNet", kinds: list[int]) -> Sheet:
    """Draw sprites of some kinds, tidied as the flow's are."""
    from studio_flow.draw_sprites import to_pixels
    from studio_flow.tidy import tidy
    from studio_gan.drawing import Wish, draw_pictures

    images: list[Image.Image] = []
    classes = net.config.classes
    for kind in kinds:
        weights = tuple(float(kind == other) for other in range(len(classes)))
        made = draw_pictures(net, net.config, [Wish(seed, weights) for seed in range(EACH)])
        images += [Image.fromarray(tidy([one], 12, None)[0]) for one in to_pixels(made)]
    return images, [classes[kind] for kind in kinds for _ in range(EACH)]


def draw_flow(flow: "Flow", kinds: list[int]) -> Sheet:
    """Draw as many by the flow."""
    from studio_flow.draw_sprites import SpriteMaker, SpriteOrder

    maker, images = SpriteMaker(flow), []
    for kind in kinds:
        order = SpriteOrder(kind, SIDE, cells=EACH)
        ((sheet, _),) = maker.draw(order, [0], None, lambda preview, cells: None)
        images += sheet
    return images, [flow.classes[kind] for kind in kinds for _ in range(EACH)]


def main() -> None:
    """Train, draw, judge and report."""
    from studio_flow.assess import Assessor
    from studio_flow.model import SPRITE, load_flow
    from studio_flow.shelf import PLACE

    data = Path(os.environ["STUDIO_DATA"])
    steps = int(sys.argv[sys.argv.index("--steps") + 1]) if "--steps" in sys.argv else STEPS
    torch.set_num_threads(1)
    torch.manual_seed(0)
    pictures = load_pictures(data)
    counts = torch.bincount(pictures.kinds, minlength=len(pictures.classes))
    kinds = [kind for kind, count in enumerate(counts.tolist()) if count >= FEWEST]
    net, minutes = learn(pictures, steps)
    flow = load_flow(PLACE / "sprite", SPRITE)
    sheets = {"DCGAN": draw_gan(net, kinds), "flow.sprite": draw_flow(flow, kinds)}
    assessor = Assessor(PLACE / "judge-sprite")
    rows = []
    for name, (images, names) in sheets.items():
        figures = assessor.compare(assessor.look(images), names)
        for key in ("accuracy", "of_ceiling", "frechet", "precision", "recall", "diversity"):
            rows.append(Row(f"sprites by {name}: {key}", figures[key], ""))
    chosen = [
        image
        for images, names in sheets.values()
        for kind in SHOWN
        for image, name in zip(images, names, strict=True)
        if name == kind
    ]
    show(chosen, len(SHOWN) * EACH, 64).save(PICTURE, lossless=True)
    card = (PLACE / "sprite" / "README.md").read_text(encoding="utf-8")
    spent = next(line for line in card.splitlines() if "cpu_minutes" in line).split("|")[2].strip()
    note = NOTE.format(
        steps=steps, batch=BATCH, minutes=minutes, flow=spent, each=EACH, kinds=len(kinds)
    )
    report("Sprites: GAN and flow", note, rows)


if __name__ == "__main__":
    main()
