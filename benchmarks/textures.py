"""Textures: seconds and seam ratios per method, at 512² and 1024², on one and two threads.

    python benchmarks/textures.py [--json] [--quick]

Pictures: scikit-image's brick, grass and gravel (512²). The baseline of the seam ratio is the
picture itself, repeated as it is; of the time, quilting at the same size and thread count.
"""

import os
import statistics
import subprocess
import sys
import time
from importlib.metadata import files
from pathlib import Path

from machine import Row, report

METHODS = ("quilting", "patch_sw", "quilting+patch_sw", "make_seamless", "pbr")
PICTURES = ("brick", "grass", "gravel")


def find_picture(name: str) -> Path:
    """Find one of scikit-image's pictures without importing it."""
    for file in files("scikit-image") or ():
        if file.name == f"{name}.png" and file.parent.name == "data":
            return Path(str(file.locate()))
    raise FileNotFoundError(f"scikit-image has no {name}.png; pip install scikit-image")


def run_one(method: str, name: str, size: int) -> tuple[float, float]:
    """Run a method once in this process; return seconds and the seam ratio of the result."""
    import numpy as np
    import torch
    from studio_textures.patch_sw import synthesise
    from studio_textures.pbr import MaterialSettings, build_material
    from studio_textures.pictures_io import load_picture
    from studio_textures.quality import measure
    from studio_textures.quilting import QuiltSettings, quilt
    from studio_textures.seamless import make_seamless

    picture = load_picture(find_picture(name))
    if method in ("make_seamless", "pbr") and size != picture.shape[0]:
        picture = np.tile(picture, (size // 512, size // 512, 1))
    rng, generator = np.random.default_rng(1), torch.Generator().manual_seed(1)
    start = time.perf_counter()
    if method == "make_seamless":
        made = make_seamless(picture, rng).image
    elif method == "pbr":
        made = build_material(picture, MaterialSettings("brick"))["albedo"]
    elif method == "quilting":
        made = quilt(picture, (size, size), rng, QuiltSettings(flatten=0.5))
    elif method == "patch_sw":
        made = synthesise(picture, (size, size), generator)
    else:
        begun = quilt(picture, (size, size), rng, QuiltSettings(flatten=0.5))
        made = synthesise(picture, (size, size), generator, start=begun)
    return time.perf_counter() - start, measure(made)["seam_ratio"]


def measure_method(method: str, size: int, threads: int) -> tuple[float, float]:
    """Run a method on every picture in a fresh process; return median seconds and seam ratio."""
    seconds, ratios = [], []
    for name in PICTURES:
        done = subprocess.run(
            [sys.executable, __file__, "--one", method, name, str(size)],
            env={**os.environ, "OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)},
            capture_output=True,
            text=True,
            check=True,
        )
        took, ratio = map(float, done.stdout.split())
        seconds.append(took)
        ratios.append(ratio)
    return statistics.median(seconds), statistics.median(ratios)


def main() -> None:
    """Measure all methods, or one of them for the parent process."""
    if "--one" in sys.argv:
        method, name, size = sys.argv[sys.argv.index("--one") + 1 :][:3]
        print(*run_one(method, name, int(size)))
        return
    from studio_textures.pictures_io import load_picture
    from studio_textures.quality import measure

    plain = statistics.median(
        measure(load_picture(find_picture(name)))["seam_ratio"] for name in PICTURES
    )
    rows = [Row("seam ratio of the pictures as they are", plain, "", "<= 1.3")]
    for size in (512,) if "--quick" in sys.argv else (512, 1024):
        for threads in (1, 2):
            base = 0.0
            for method in METHODS:
                seconds, ratio = measure_method(method, size, threads)
                base = base or seconds
                where = f"{method}, {size}², {threads} thread{'s' if threads > 1 else ''}"
                rows.append(Row(where, seconds, "s", "", "quilting, same size", seconds / base))
                if threads == 1 and method != "pbr":
                    rows.append(
                        Row(
                            f"seam ratio of {method}, {size}²",
                            ratio,
                            "",
                            "<= 1.3",
                            "as they are",
                            ratio / plain,
                        )
                    )
    report("Textures", "Medians over brick, grass and gravel; one run each, own process.", rows)


if __name__ == "__main__":
    main()
