"""Super-resolution x4: fidelity and texture on Set5 and held-out photographs, time and memory.

    STUDIO_DATA=FOLDER python benchmarks/superres.py [--json] [--dry] [--large]

`STUDIO_DATA` holds `sr-test/Set5/HR` (test only) and `photos/kodak24`. Bicubic comes first: on
Set5 it must be 28.42 dB, or the protocol is wrong. Times are the best of several, 128 x 128 to
512 x 512, in processes of their own. `--large` adds 2,048² to 8,192². Writes `out/superres.png`:
true, bicubic and the shipped nets side by side.
"""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from machine import Row, report
from PIL import Image

NAMES = ("fast", "quality", "sharp")
"""Of shipped weights; those that are not there are left out."""
PUBLISHED = "bicubic 28.42, FSRCNN 30.71, VDSR 31.35, SRResNet 32.05, SRGAN 29.40"
OUT = Path("out")
REPEATS = 12
LIMIT_MB = 3072

Pictures = Mapping[str, Sequence[Image.Image]]


def load_weights(name: str) -> Any:
    """Load a net that ships, by name."""
    import studio_upscale
    from studio_upscale.weights import load_network

    return load_network(Path(studio_upscale.__file__).parent / "checkpoints" / name)


def find_names() -> list[str]:
    """List the shipped weights there are."""
    from studio_upscale.srgan import SHIPPED

    there = {item.name for item in SHIPPED}
    return [name for name in NAMES if name in there]


def load_pictures(data: Path) -> dict[str, list[Image.Image]]:
    """Load what is measured on."""
    from studio_upscale.corpus import find_pictures
    from studio_upscale.shipped import load_held_out

    found = find_pictures(data / "sr-test" / "Set5" / "HR")
    set5 = [Image.open(path).convert("RGB") for path in found]
    return {"Set5": set5, "held-out Kodak": load_held_out(data)}


def build_methods() -> dict[str, Callable[[Image.Image], Image.Image]]:
    """Return name -> function that enlarges four times."""
    from studio_upscale.enlarge import Style, enlarge

    def enlarge_by(network: Any) -> Callable[[Image.Image], Image.Image]:
        return lambda low: Image.fromarray(enlarge(network, np.asarray(low), 4, Style()))

    bicubic = Image.Resampling.BICUBIC
    return {
        "bicubic": lambda low: low.resize((4 * low.width, 4 * low.height), bicubic),
        **{name: enlarge_by(load_weights(name)) for name in find_names()},
    }


def measure_all(pictures: Pictures) -> list[Row]:
    """Measure every method on every set."""
    from studio_upscale import metrics

    rows = []
    for place, images in pictures.items():
        baseline: dict[str, float] = {}
        for name, method in build_methods().items():
            made = []
            for image in images:
                high, low = metrics.reduce_bicubic(image, 4)
                made.append((np.asarray(method(low)), np.asarray(high)))
            figures = {
                "PSNR-Y, dB": np.mean([metrics.measure_psnr(a, b, 4) for a, b in made]),
                "SSIM": np.mean([metrics.measure_ssim(a, b, 4) for a, b in made]),
                "patch-SWD": np.mean([metrics.measure_patch_swd(a, b) for a, b in made]),
                "spectrum error": np.mean([metrics.measure_spectrum_error(a, b) for a, b in made]),
            }
            baseline = baseline or {key: float(value) for key, value in figures.items()}
            rows += [_build_row(place, name, key, float(v), baseline) for key, v in figures.items()]
    return rows


def _build_row(place: str, name: str, key: str, value: float, baseline: Mapping[str, float]) -> Row:
    targets = {"fast": ">= 30.6", "quality": ">= 31.4", "bicubic": "28.42"}
    is_main = place == "Set5" and key.startswith("PSNR")
    return Row(
        f"{place}: {name}, {key}",
        value,
        "",
        target=targets.get(name, "") if is_main else "",
        baseline=PUBLISHED if is_main and name == "bicubic" else f"bicubic {baseline[key]:.4g}",
        ratio=value / baseline[key],
    )


def time_one(name: str, threads: int, precision: str, side: int) -> dict[str, float]:
    """Time a net in this process: ms for one picture, and the peak of memory in MB."""
    import torch
    from studio_upscale.enlarge import Style, enlarge

    torch.set_num_threads(threads)
    network = load_weights(name)
    picture = np.random.default_rng(0).integers(0, 256, (side, side, 3)).astype(np.uint8)
    style = Style(half=precision == "bf16")
    spent = []
    for _ in range(1 if side > 512 else REPEATS):
        start = time.perf_counter()
        enlarge(network, picture, 4, style)
        spent.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"ms": 1000 * min(spent), "peak": peak}


def time_all() -> list[Row]:
    """Time every net in processes of their own."""
    rows = []
    for name in find_names():
        if name == "sharp":  # the net of quality
            continue
        for threads in (1, 2):
            for precision in ("fp32", "bf16"):
                made = _run_apart(name, threads, precision, 128)
                limit = {"fast": 30, "quality": 200}[name]
                is_target = threads == 1 and precision == "fp32"
                label = f"{name}, {threads} thread{'s' * (threads > 1)}, {precision}"
                rows.append(
                    Row(
                        f"{label}: 128² to 512²",
                        made["ms"],
                        "ms",
                        target=f"<= {limit}" if is_target else "",
                        ratio=made["ms"] / limit if is_target else None,
                    )
                )
                rows.append(Row(f"{label}: per megapixel made", made["ms"] / 0.262144, "ms"))
    if "--large" in sys.argv:
        made = _run_apart("fast", 2, "fp32", 2048)
        rows.append(Row("fast, 2 threads: 2,048² to 8,192²", made["ms"] / 1000, "s"))
        ratio = made["peak"] / LIMIT_MB
        rows.append(Row("its peak memory", made["peak"], "MB", target="<= 3072", ratio=ratio))
    return rows


def _run_apart(name: str, threads: int, precision: str, side: int) -> dict[str, float]:
    command = [sys.executable, __file__, "--one", name, str(threads), precision, str(side)]
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    made: dict[str, float] = json.loads(done.stdout)
    return made


def draw_comparison(pictures: Pictures) -> Path:
    """Write details of Set5 side by side: true, bicubic, the shipped nets."""
    from studio_upscale.metrics import reduce_bicubic

    side, methods = 128, build_methods()
    images = pictures["Set5"][:5]
    sheet = Image.new("RGB", (2 * side * (1 + len(methods)), 2 * side * len(images)))
    for row, image in enumerate(images):
        high, low = reduce_bicubic(image, 4)
        left, top = (high.width - side) // 2, (high.height - side) // 3
        for column, made in enumerate([high, *(method(low) for method in methods.values())]):
            detail = made.crop((left, top, left + side, top + side))
            detail = detail.resize((2 * side, 2 * side), Image.Resampling.NEAREST)
            sheet.paste(detail, (2 * side * column, 2 * side * row))
    OUT.mkdir(exist_ok=True)
    path = OUT / "superres.png"
    sheet.save(path)
    return path


def main() -> None:
    """Run all of it."""
    if "--one" in sys.argv:
        place = sys.argv.index("--one")
        name, threads, precision, side = sys.argv[place + 1 : place + 5]
        sys.stdout.write(json.dumps(time_one(name, int(threads), precision, int(side))))
        return
    data = os.environ.get("STUDIO_DATA")
    if not data:
        raise SystemExit("set STUDIO_DATA to the folder of data")
    pictures = load_pictures(Path(data))
    rows = [*measure_all(pictures), *time_all()]
    note = (
        "Protocol: antialiased bicubic reduction, result rounded to 8 bits, luma by BT.601 in "
        f"whole numbers, 4 pixels cut off. Published on Set5: {PUBLISHED}. "
        "Set5 is never learnt from."
    )
    report("Super-resolution x4", note, rows)
    draw_comparison(pictures)


if __name__ == "__main__":
    main()
