"""Draw the pictures of docs/upscale.md.

    STUDIO_DATA=FOLDER python docs/draw_upscaling.py [RUN ...]

Held-out photographs and a held-out texture, enlarged four times by the shipped weights; and, of
folders that `studio_upscale.fit` trained `quality` in, one after the other, what it scored on the
held-out photographs over time. Look at them before they are kept.
"""

import json
import os
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from studio_upscale.enlarge import Style, enlarge
from studio_upscale.fit import measure
from studio_upscale.metrics import measure_psnr, reduce_bicubic
from studio_upscale.shelf import PLACE
from studio_upscale.shipped import load_held_out, load_held_out_textures
from studio_upscale.weights import load_network

IMAGES = Path(__file__).parent / "images"
NAMES = ("fast", "quality", "sharp")
CROPS = ((340, 200), (96, 96), (292, 150), (120, 100))
"""Left and top of what is shown of each picture, pixels."""
CELL, ZOOM, LABEL = 192, 2, 22
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 300, 56, 90, 16, 40
LOW, HIGH, STEP = 26.0, 27.4, 0.2
"""Of the scale, dB."""


def draw_photos(pictures: list[Image.Image]) -> Image.Image:
    """Lay out bicubic, every net and the original, a row a picture."""
    nets = {name: load_network(PLACE / name) for name in NAMES}
    heads = ("bicubic", *NAMES, "original")
    sheet = Image.new("RGB", (CELL * len(heads), LABEL + CELL * len(pictures)), "white")
    pen = ImageDraw.Draw(sheet)
    for column, head in enumerate(heads):
        pen.text((column * CELL + 6, 4), head, fill="black", font_size=14)
    for row, (picture, (left, top)) in enumerate(zip(pictures, CROPS, strict=True)):
        high, low = reduce_bicubic(picture, 4)
        made = [low.resize(high.size, Image.Resampling.BICUBIC)]
        pixels = np.asarray(low)
        made += [Image.fromarray(enlarge(net, pixels, 4, Style())) for net in nets.values()]
        for column, image in enumerate([*made, high]):
            detail = image.crop((left, top, left + CELL // ZOOM, top + CELL // ZOOM))
            detail = detail.resize((CELL, CELL), Image.Resampling.BICUBIC)
            sheet.paste(detail, (column * CELL, LABEL + row * CELL))
    return sheet


def read_curves(runs: list[Path]) -> list[list[tuple[float, float]]]:
    """Return (CPU minutes, dB) of runs that went on from each other."""
    curves, minutes = [], 0.0
    for run in runs:
        lines = (run / "curve.jsonl").read_text(encoding="utf-8").splitlines()
        points = []
        for row in (json.loads(line) for line in lines):
            if "psnr" in row:
                minutes += row["cpu_seconds"] / 60
                points.append((minutes, row["psnr"]))
        curves.append(points)
    return curves


def draw_curve(curves: list[list[tuple[float, float]]], levels: dict[str, float]) -> str:
    """Return an SVG: curves, and levels by name as lines across."""
    most = max(minutes for points in curves for minutes, _ in points)
    inner = WIDTH - LEFT - RIGHT

    def place(minutes: float, level: float) -> tuple[float, float]:
        up = (level - LOW) / (HIGH - LOW)
        return LEFT + inner * minutes / most, HEIGHT - BOTTOM - up * (HEIGHT - BOTTOM - TOP)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        '<text x="12" y="20" font-size="11">dB</text>',
        f'<text x="{LEFT + inner / 2}" y="{HEIGHT - 6}" text-anchor="middle">'
        "CPU minutes of one thread; a dot is where a further phase begins</text>",
    ]
    for number in range(round((HIGH - LOW) / STEP) + 1):
        level = LOW + number * STEP
        _, y = place(0, level)
        parts.append(
            f'<line x1="{LEFT}" x2="{LEFT + inner}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>'
            f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{level:.1f}</text>'
        )
    for minutes in range(0, int(most) + 1, 10):
        x, _ = place(minutes, LOW)
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - 24}" text-anchor="middle">{minutes}</text>')
    for name, level in levels.items():
        _, y = place(0, level)
        parts.append(
            f'<line x1="{LEFT}" x2="{LEFT + inner}" y1="{y:.1f}" y2="{y:.1f}" stroke="#333" '
            f'stroke-dasharray="4 3"/><text x="{LEFT + inner + 6}" y="{y + 4:.1f}">{name}</text>'
        )
    for number, points in enumerate(curves):
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*point) for point in points))
        parts.append(f'<polyline fill="none" stroke="#2a6fdb" stroke-width="2" points="{line}"/>')
        if number:
            x, y = place(*points[0])
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="#2a6fdb"/>')
    x, y = place(*curves[-1][-1])
    parts.append(f'<text x="{x + 6:.1f}" y="{y + 4:.1f}" fill="#2a6fdb">quality</text></svg>')
    return "\n".join(parts) + "\n"


def measure_bicubic(pictures: list[Image.Image]) -> float:
    """Return the mean PSNR of luma of bicubic, dB."""
    values = []
    for high, low in (reduce_bicubic(picture, 4) for picture in pictures):
        made = np.asarray(low.resize(high.size, Image.Resampling.BICUBIC))
        values.append(measure_psnr(made, np.asarray(high), 4))
    return float(np.mean(values))


def main() -> None:
    """Draw both."""
    photos = load_held_out(Path(os.environ["STUDIO_DATA"]))
    sheet = draw_photos([*photos, load_held_out_textures()[0]])
    sheet.save(IMAGES / "upscale-photos.webp", quality=90, method=6)
    runs = [Path(name) for name in sys.argv[1:]]
    if runs:
        fast = measure(load_network(PLACE / "fast"), photos)
        levels = {"bicubic": measure_bicubic(photos), "fast": fast}
        text = draw_curve(read_curves(runs), levels)
        (IMAGES / "upscale-curve.svg").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
