"""Textures and sprites by flow: class accuracy, distances, copies, seams, time, with baselines.

    STUDIO_DATA=FOLDER python benchmarks/generators.py [--json] [--dry] [--each N] [--cards]

`STUDIO_DATA` holds `textures/<class>`. The judges that ship look at everything: real held-out
pictures (the ceiling), the nearest pictures learnt from, real ones quilted anew by
`textures.from_image`, what the VAE and the GAN make, and what the flows make. Their features are
not Inception's: compare the rows with each other only. Writes `out/generators-textures.png`,
`-texture.png`, `-vae.png`, `-texture-large.png`, `-vae-large.png`, `-vae-back.png`, `-sprites.png`
and `-nearest.png`: to be looked at.
`--cards` writes the figures into the cards of the weights too. Then batches, see
`generators_batch.py`.
"""

import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from generators_batch import COUNT, ROUNDS, measure_batch
from generators_batch import NOTE as BATCH_NOTE
from machine import Row, report
from PIL import Image

OUT = Path("out")
CELL = 128
FIGURES = (
    "accuracy",
    "top3",
    "of_ceiling",
    "frechet",
    "kid",
    "precision",
    "recall",
    "diversity",
    "nearest",
)
TARGETS = {"of_ceiling": ">= 0.7"}
NOTE = (
    "Accuracy, Fréchet distance, KID, precision, recall, diversity and nearest by the judges that "
    "ship, whose features are not Inception's. Textures at 128 px, {each} of a class; likeness is "
    "the highest correlation with a tile learnt from, of brightness at 32 px, over all rolls. "
    "Sameness (of two of a class, mean) and repetition (of a picture with itself, median) are such "
    "correlations at 64 px; large ones are of twice the side, and not a tile twice."
)
LIKE = 32
"""Side at which pictures are compared with those learnt from."""
EACH = 8
"""Pictures of a class."""
Pictures = Sequence[Image.Image]
Named = tuple[list[Image.Image], list[str]]


def show(images: Pictures, columns: int, cell: int = CELL) -> Image.Image:
    """Lay pictures out on grey."""
    lines = -(-len(images) // columns)
    sheet = Image.new("RGB", (columns * (cell + 4), lines * (cell + 4)), (90, 90, 110))
    for number, image in enumerate(images):
        small = image.convert("RGBA")
        resample = Image.Resampling.NEAREST if image.width < cell else Image.Resampling.BOX
        small = small.resize((cell, cell), resample)
        place = (number % columns * (cell + 4) + 2, number // columns * (cell + 4) + 2)
        sheet.paste(small, place, small)
    return sheet


def load_textures(data: Path) -> tuple[Named, Named]:
    """Load the real textures: those learnt from, and those held out."""
    from studio_flow.tiles import Tiles, load_tiles, split_tiles

    def to_images(tiles: Tiles) -> Named:
        names = [tiles.classes[kind] for kind in tiles.kinds.tolist()]
        return [Image.fromarray(pixels.numpy()) for pixels in tiles.pixels], names

    learnt, held_out = split_tiles(load_tiles(data, is_healed=False))
    return to_images(learnt), to_images(held_out)


def quilt(source: Named, count: int) -> Named:
    """Make new textures of held-out ones through the Studio API."""
    from studio import Studio

    made, names = [], []
    OUT.mkdir(exist_ok=True)
    with Studio(OUT / "home-generators", workers="inline") as studio:
        for number in np.linspace(0, len(source[0]) - 1, count).astype(int).tolist():
            path = OUT / f"exemplar{number}.png"
            source[0][number].save(path)
            (asset,) = studio.generate(
                "textures.from_image",
                params={"width": CELL, "height": CELL, "method": "quilting"},
                inputs={"image": path},
                seed=number,
            )
            path.unlink()
            with Image.open(asset.path) as image:
                made.append(image.convert("RGB"))
            names.append(source[1][number])
    return made, names


def draw_all(generator: str, classes: Sequence[str], each: int, side: int = CELL) -> Named:
    """Draw textures of every class through the Studio API."""
    from studio import Studio

    made, names = [], []
    with Studio(OUT / "home-generators", workers="inline") as studio:
        for name in classes:
            params = {"class": name, "size": side}
            for asset in studio.generate(generator, params=params, seed=0, count=each):
                made.append(asset.image().convert("RGB"))
                names.append(name)
    return made, names


def send_through(source: Named) -> Named:
    """Encode held-out textures with `gan.vae`, and draw them again."""
    from studio import Studio

    made = []
    with Studio(OUT / "home-generators", workers="inline") as studio:
        for number, image in enumerate(source[0]):
            path = OUT / f"exemplar{number}.png"
            image.save(path)
            (asset,) = studio.generate("gan.vae", inputs={"image": path}, seed=number)
            path.unlink()
            made.append(asset.image().convert("RGB"))
    return made, source[1]


def measure_others(assessor: Any, held_out: Named, each: int) -> list[Row]:
    """Measure what the GAN and the VAE make."""
    from studio_gan.params import PLACE

    rows: list[Row] = []
    for generator in ("gan.texture", "gan.vae"):
        made = draw_all(generator, assessor.classes, each)
        kind = generator.partition(".")[2]
        show(made[0], each * 5).save(OUT / f"generators-{kind}.png")
        rows += judge(assessor, generator, made, PLACE / kind)
        rows += measure_layouts(generator, made, PLACE / kind)
    back = send_through(held_out)
    pairs = [image for both in zip(held_out[0], back[0], strict=True) for image in both]
    show(pairs, 16, 96).save(OUT / "generators-vae-back.png")
    return [*rows, *judge(assessor, "gan.vae, held-out ones there and back", back)]


def measure_layouts(generator: str, made: Named, card: Path) -> list[Row]:
    """Measure whether layouts are new: with each seed, and all over a picture of twice the side."""
    from studio_training.variety import measure_variety

    large = draw_all(generator, sorted(set(made[1])), 2, 2 * CELL)
    show(large[0], 10, 2 * CELL).save(OUT / f"generators-{generator.partition('.')[2]}-large.png")
    figures = {
        "sameness": measure_variety(*made)["sameness"],
        "repetition_256": measure_variety(*large)["repetition"],
    }
    if "--cards" in sys.argv:
        write_figures(card, figures)
    return [
        Row(f"{generator}: sameness", figures["sameness"], ""),
        Row(f"{generator}: repetition, 256 px", figures["repetition_256"], ""),
    ]


def measure_real_layouts(real: Named) -> list[Row]:
    """The same of real tiles, and of one that is laid four times."""
    from studio_training.variety import measure_variety

    figures = measure_variety(*real)
    twice = [show_twice(image) for image in real[0]]
    return [
        Row("real textures, held out: sameness", figures["sameness"], ""),
        Row("real textures, held out: repetition", figures["repetition"], ""),
        Row("real textures, 2 x 2: repetition", measure_variety(twice, real[1])["repetition"], ""),
    ]


def show_twice(image: Image.Image) -> Image.Image:
    """Lay a tile 2 x 2."""
    return Image.fromarray(np.tile(np.asarray(image.convert("RGB")), (2, 2, 1)))


def find_copies(made: Pictures, learnt: Pictures) -> tuple[list[float], list[int]]:
    """Return each picture's highest correlation with one learnt from, over all rolls, and whose.

    Of brightness at 32 px, mean and spread taken out; 1 is a copy.
    """
    from studio_training.variety import find_likest, find_spectra

    spectra = find_spectra(learnt, LIKE)
    found = [find_likest(spectra, one) for one in find_spectra(made, LIKE)]
    return [likeness for _, likeness in found], [row for row, _ in found]


def judge(assessor: Any, name: str, pictures: Named, card: Path | None = None) -> list[Row]:
    """Return the rows of a set of pictures.

    Args:
        assessor: looks at them.
        name: of the set.
        pictures: and their classes.
        card: folder of the weights that drew them, whose card is to say so.
    """
    figures = assessor.compare(assessor.look(pictures[0]), pictures[1])
    if card is not None and "--cards" in sys.argv:
        write_figures(card, {**figures, "pictures": len(pictures[0])})
    return [
        Row(f"{name}: {figure}", figures[figure], "", TARGETS.get(figure, ""))
        for figure in FIGURES
        if figure in figures
    ]


def write_figures(place: Path, figures: Mapping[str, float]) -> None:
    """Write figures into config and card of a checkpoint; others that are there stay."""
    from studio_training.card import rewrite_metrics

    config = place / "config.json"
    facts = json.loads(config.read_text(encoding="utf-8"))
    rounded = {name: round(value, 4) for name, value in figures.items()}
    facts["metrics"] = {**facts.get("metrics", {}), **rounded}
    config.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    card = place / "README.md"
    text = rewrite_metrics(card.read_text(encoding="utf-8"), facts["metrics"])
    card.write_text(text, encoding="utf-8")


def measure_textures(data: Path, each: int) -> list[Row]:
    """Measure textures of every class."""
    from studio_flow.assess import Assessor
    from studio_flow.model import TEXTURE, load_flow
    from studio_flow.shelf import PLACE
    from studio_flow.trial_figures import draw_textures
    from studio_training.seams import measure_seams

    flow, assessor = load_flow(PLACE / "texture", TEXTURE), Assessor(PLACE / "judge")
    learnt, held_out = load_textures(data / "textures")
    start = time.process_time()
    made = draw_textures(flow, each)
    seconds = (time.process_time() - start) / len(made[0])
    show(made[0], each * 5).save(OUT / "generators-textures.png")
    quilted = quilt(held_out, 25)
    copies, whose = find_copies(made[0], learnt[0])
    real_copies, _ = find_copies(held_out[0], learnt[0])
    worst = np.argsort(copies)[::-1][:16].tolist()
    pairs = [image for n in worst for image in (made[0][n], learnt[0][whose[n]])]
    show(pairs, 8).save(OUT / "generators-nearest.png")
    nearest = [learnt[0][n] for n in whose], [learnt[1][n] for n in whose]
    seams, real_seams = (
        float(np.median([measure_seams(np.asarray(image))["seam_ratio"] for image in images]))
        for images in (made[0], held_out[0])
    )
    return [
        *judge(assessor, "real textures, held out", held_out),
        *measure_real_layouts(held_out),
        *judge(assessor, "nearest learnt from", nearest),
        *judge(assessor, "quilted held-out ones", quilted),
        *measure_others(assessor, held_out, each),
        *judge(assessor, "flow.texture", made, PLACE / "texture"),
        *measure_layouts("flow.texture", made, PLACE / "texture"),
        Row("flow.texture: seam ratio, median", seams, "", "<= 1.3", f"{real_seams:.2f}, real"),
        Row(
            "flow.texture: likeness, median",
            float(np.median(copies)),
            "",
            "",
            f"{np.median(real_copies):.2f}, held-out real ones",
        ),
        Row(
            "flow.texture: likeness, highest", max(copies), "", "", f"{max(real_copies):.2f}, real"
        ),
        Row("flow.texture: 128 px, one thread", seconds, "CPU s"),
        Row("flow.texture: 512², one thread", time_texture(flow), "CPU s", "<= 3 on two cores"),
    ]


def time_texture(flow: Any) -> float:
    """Return the processor's seconds for a texture of 512²."""
    from studio_flow.paint import Order, Painter
    from studio_flow.wishes import Wish

    painter, order = Painter(flow), Order(3, Wish(), 512, 512)
    painter.paint_new(order, [0], lambda preview, pictures: None)
    start = time.process_time()
    painter.paint_new(order, [1], lambda preview, pictures: None)
    return time.process_time() - start


def measure_sprites(each: int) -> list[Row]:
    """Measure sprites of every kind."""
    from studio_flow.assess import Assessor
    from studio_flow.model import SPRITE, load_flow
    from studio_flow.shelf import PLACE
    from studio_flow.trial_figures import draw_sheet

    if not (PLACE / "sprite").is_dir() or not (PLACE / "judge-sprite").is_dir():
        return []
    place = PLACE / "sprite"
    made = draw_sheet(load_flow(place, SPRITE), each)
    show(made[0], each * 2, 96).save(OUT / "generators-sprites.png")
    return judge(Assessor(PLACE / "judge-sprite"), "flow.sprite", made, place)


def main() -> None:
    """Measure and report."""
    data = os.environ.get("STUDIO_DATA")
    if not data:
        sys.exit("set STUDIO_DATA to the folder of the data")
    each = int(sys.argv[sys.argv.index("--each") + 1]) if "--each" in sys.argv else EACH
    if each < 2:
        sys.exit("--each: at least 2, or there is nothing to compare")
    OUT.mkdir(exist_ok=True)
    rows = [*measure_textures(Path(data), each), *measure_sprites(each)]
    report("Generators", NOTE.format(each=each), rows)
    report(
        "Generators: batches",
        BATCH_NOTE.format(count=COUNT, rounds=ROUNDS),
        measure_batch(COUNT, True),
    )


if __name__ == "__main__":
    main()
