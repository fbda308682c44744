"""Draw the pictures a first visit begins with: assets/ui/sample-*.webp.

They are made of nothing but numbers, so nobody's licence hangs on them. Each is a photograph-like
surface with uneven light, such as people bring.
"""

from pathlib import Path

import numpy as np
from PIL import Image

SIZE = 512
FOLDER = Path(__file__).parents[1] / "assets" / "ui"


def make_noise(rng: np.random.Generator, cells: int, octaves: int = 4) -> np.ndarray:
    """Return smooth noise, (SIZE, SIZE), 0..1."""
    total, weight = np.zeros((SIZE, SIZE)), 0.0
    for octave in range(octaves):
        count = min(cells * 2**octave, SIZE)
        grid = Image.fromarray(rng.random((count, count)).astype(np.float32))
        total += np.asarray(grid.resize((SIZE, SIZE), Image.Resampling.BICUBIC)) * 0.55**octave
        weight += 0.55**octave
    return np.clip(total / weight, 0, 1)


def shade(height: np.ndarray, colour: np.ndarray, depth: float) -> np.ndarray:
    """Light a coloured relief from the upper left."""
    dy, dx = np.gradient(height * depth)
    light = np.clip(0.82 + (dx + dy) * 0.9, 0.25, 1.5)
    return colour * light[..., None]


def save(name: str, picture: np.ndarray, rng: np.random.Generator) -> None:
    """Add grain and a camera's light, then write."""
    y, x = np.mgrid[0:SIZE, 0:SIZE] / SIZE - 0.5
    light = 1.05 - 0.22 * (x**2 + y**2) + 0.05 * (x - y)
    grain = rng.normal(0, 0.012, picture.shape)
    pixels = np.clip(picture * light[..., None] + grain, 0, 1) * 255
    image = Image.fromarray(pixels.astype(np.uint8))
    image.save(FOLDER / f"sample-{name}.webp", quality=78, method=6)


def draw_brick(rng: np.random.Generator) -> np.ndarray:
    """Eight courses of bricks in a running bond."""
    y, x = np.mgrid[0:SIZE, 0:SIZE].astype(float)
    wobble = (make_noise(rng, 10) - 0.5) * 7
    course = np.floor((y + wobble) / 64)
    along = x + wobble + (course % 2) * 64
    u, v = np.mod(along, 128), np.mod(y + wobble, 64)
    edge = np.minimum.reduce([u, 128 - u, v, 64 - v])
    brick = np.clip((edge - 4.5) / 5, 0, 1)
    key = (course.astype(int) * 7 + np.floor(along / 128).astype(int)) % 64
    tone = rng.random(64)[key][..., None]
    rough, fine = make_noise(rng, 24), make_noise(rng, 110, 3)
    clay = np.array([0.60, 0.27, 0.19]) * (0.72 + 0.5 * tone) + (rough[..., None] - 0.5) * 0.16
    clay += (tone - 0.5) * np.array([0.03, 0.07, 0.08])
    mortar = np.array([0.66, 0.62, 0.55]) * (0.8 + 0.35 * fine[..., None])
    colour = clay * brick[..., None] + mortar * (1 - brick[..., None])
    return shade(
        brick * 6 + rough * 4 * brick + fine * 3, colour * (0.85 + 0.25 * fine[..., None]), 0.22
    )


def draw_cobble(rng: np.random.Generator) -> np.ndarray:
    """Rounded stones, each its own grey."""
    points = rng.random((150, 2)) * (SIZE + 120) - 60
    y, x = np.mgrid[0:SIZE, 0:SIZE].astype(float)
    warp = (make_noise(rng, 12) - 0.5) * 14
    gaps = np.stack([np.hypot(x + warp - px, y + warp - py) for px, py in points])
    order = np.argsort(gaps, axis=0)[:2]
    near, far = (np.take_along_axis(gaps, order[i : i + 1], 0)[0] for i in (0, 1))
    stone = np.clip((far - near) / 16, 0, 1)
    tone = rng.normal(0.5, 0.1, len(points))[order[0]][..., None]
    rough, fine = make_noise(rng, 30), make_noise(rng, 128, 3)
    grey = np.array([1.0, 0.97, 0.92]) * tone + (rough[..., None] - 0.5) * 0.22
    earth = np.array([0.24, 0.21, 0.17]) * (0.7 + 0.6 * fine[..., None])
    round_ = np.sqrt(stone)[..., None]
    return shade(
        np.sqrt(stone) * 16 + rough * 5 + fine * 3, grey * round_ + earth * (1 - round_), 0.14
    )


def draw_planks(rng: np.random.Generator) -> np.ndarray:
    """Five boards with grain along them."""
    x = np.mgrid[0:SIZE, 0:SIZE][1].astype(float)
    width = SIZE / 5
    board = np.floor(x / width).astype(int).clip(0, 4)
    u = np.mod(x, width)
    slow = np.asarray(
        Image.fromarray(rng.random((6, 64)).astype(np.float32)).resize(
            (SIZE, SIZE), Image.Resampling.BICUBIC
        )
    )
    fine = np.asarray(
        Image.fromarray(rng.random((10, 256)).astype(np.float32)).resize(
            (SIZE, SIZE), Image.Resampling.BICUBIC
        )
    )
    rings = 0.5 + 0.5 * np.sin((u + slow * 46 + board * 31) * 0.42)
    tone = rng.random(5)[board]
    level = (0.58 + 0.22 * tone + 0.2 * (fine - 0.5) + 0.16 * (rings - 0.5))[..., None]
    colour = np.array([0.74, 0.53, 0.34]) * level * 1.35
    gap = np.clip((np.minimum(u, width - u) - 1.6) / 2.4, 0, 1)
    return shade(gap * 7 + rings * 1.2 + fine * 1.6, colour * (0.25 + 0.75 * gap[..., None]), 0.25)


def draw_grass(rng: np.random.Generator) -> np.ndarray:
    """Blades of many greens over dark ground."""
    picture = np.array([0.10, 0.13, 0.05]) * (0.6 + 0.8 * make_noise(rng, 20)[..., None])
    steps = np.arange(0, 1, 0.04)
    for layer in range(9000):
        x, y = rng.random(2) * (SIZE + 40) - 20
        angle = rng.normal(-np.pi / 2, 0.75)
        length, bend = rng.uniform(10, 30), rng.normal(0, 0.7)
        heading = angle + bend * steps
        px = (x + np.cumsum(np.cos(heading)) * length * 0.04).astype(int)
        py = (y + np.cumsum(np.sin(heading)) * length * 0.04).astype(int)
        inside = (px >= 0) & (px < SIZE - 1) & (py >= 0) & (py < SIZE)
        tone = (0.35 + 0.65 * layer / 9000) * rng.uniform(0.75, 1.15)
        green = np.array([0.36 + rng.normal(0, 0.06), 0.55, 0.16]) * tone
        blade = green * (0.65 + 0.5 * steps[inside][:, None])
        picture[py[inside], px[inside]] = blade
        picture[py[inside], px[inside] + 1] = blade * 0.86
    return picture


def main() -> None:
    """Draw them all."""
    for name, draw in (
        ("brick", draw_brick),
        ("cobble", draw_cobble),
        ("planks", draw_planks),
        ("grass", draw_grass),
    ):
        rng = np.random.default_rng(7)
        save(name, draw(rng), rng)


if __name__ == "__main__":
    main()
