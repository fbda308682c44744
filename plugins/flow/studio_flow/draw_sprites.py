"""Drawing sprites with a flow: new ones, variations of one, and frames of an animation."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from studio_training import mix_seed
from torch import Tensor

from studio_flow.learn_sprites import get_size_code
from studio_flow.model import Flow
from studio_flow.network import Wanted
from studio_flow.sampling import Course, Style, plan_times, walk
from studio_flow.sprites import SIZES, describe_sprites, find_colours, to_floats
from studio_flow.tidy import add_outline, tidy

Pixels = npt.NDArray[np.uint8]
FEWEST: Final = 20
"""Sprites of a kind and size in the training, below which the other size is drawn instead."""


@dataclass(frozen=True)
class SpriteOrder:
    """Sprites wanted.

    Attributes:
        kind: class number.
        side: 16 or 32 px.
        cells: how many different sprites.
        frames: of each, looping.
        motion: how far frames go from each other, 0..1.
        symmetric: left and right alike.
        outline: draw one.
        colours: of each sprite, at most; 0 for any number.
        palette: (N, 3) to keep to, or None.
        strength: with a source, how much is drawn anew.
        style: how to walk.
    """

    kind: int
    side: int
    cells: int = 1
    frames: int = 1
    motion: float = 0.3
    symmetric: bool = False
    outline: bool = False
    colours: int = 12
    palette: Pixels | None = None
    strength: float = 0.5
    style: Style = field(default_factory=lambda: Style(12, 2.0))


class SpriteMaker:
    """Draws the cells of a sheet one by one, the frames of a cell together."""

    def __init__(self, flow: Flow, device: str = "cpu") -> None:
        self.flow = flow
        self._device = device

    def choose_side(self, kind: int, side: int) -> int:
        """Return the size to draw at: the one asked for, unless only the other was learnt."""
        counts = [int((self.flow.book.kinds == kind * 2 + index).sum()) for index in range(2)]
        if kind >= len(self.flow.classes):
            return side
        wanted = SIZES.index(side)
        return SIZES[1 - wanted] if counts[wanted] < FEWEST <= counts[1 - wanted] else side

    def draw(
        self,
        order: SpriteOrder,
        seed: int,
        source: Pixels | None,
        on_cell: Callable[[Image.Image], None],
    ) -> list[Image.Image]:
        """Return cells x frames sprites (S, S), RGBA.

        Args:
            order: what is wanted.
            seed: decides all that is left open.
            source: uint8 (S, S, 4) to vary, at the side drawn.
            on_cell: called after each step of a cell; may raise to stop.
        """
        made: list[Image.Image] = []
        side = self.choose_side(order.kind, order.side)
        for cell in range(order.cells):
            rng = torch.Generator().manual_seed(mix_seed(seed, cell))
            raw = self._draw_cell(replace(order, side=side), rng, source, on_cell)
            sprites = tidy(raw, order.colours, order.palette)
            if order.outline:
                sprites = [add_outline(sprite) for sprite in sprites]
            made += [fit_side(sprite, order.side) for sprite in sprites]
        return made

    def _draw_cell(
        self,
        order: SpriteOrder,
        rng: torch.Generator,
        source: Pixels | None,
        on_cell: Callable[[Image.Image], None],
    ) -> list[Pixels]:
        noise = build_noise(order, rng)
        start, field = 0.0, noise
        facts = self._choose_facts(order, rng)
        if source is not None:
            given = to_floats(torch.from_numpy(source)[None])
            start = 1 - order.strength
            field = start * given + (1 - start) * noise
            facts = describe_sprites(given)
        count = len(field)
        wanted = Wanted(
            torch.full((count,), order.kind, device=self._device),
            facts.expand(count, -1).to(self._device),
            torch.ones(count, device=self._device),
            torch.full((count,), get_size_code(order.side), device=self._device),
        )

        def show(guess: Tensor) -> None:
            on_cell(Image.fromarray(to_pixels(guess[:1].cpu())[0]))

        course = Course(
            order.style,
            plan_times(order.style, start),
            mirror if order.symmetric else None,
            show,
        )
        made = walk(self.flow.network, field.to(self._device), wanted, course).cpu()
        return to_pixels(made)

    def _choose_facts(self, order: SpriteOrder, rng: torch.Generator) -> Tensor:
        page = order.kind * 2 + SIZES.index(order.side)
        facts = self.flow.book.draw(page, rng).facts[None]
        if order.palette is None or not len(order.palette):
            return facts
        field = torch.from_numpy(order.palette.astype(np.float32)).T[None, :, :, None] / 127.5 - 1
        facts[:, 1:4] = field.mean((2, 3))
        facts[:, 5:] = find_colours(
            field.repeat(1, 1, 12, 1), torch.ones(1, 1, 12 * len(order.palette), 1)
        )
        return facts


def build_noise(order: SpriteOrder, rng: torch.Generator) -> Tensor:
    """Return noise (frames, 4, S, S): frames lie on a small circle, so that they loop."""
    shape = (4, order.side, order.side)
    middle, right, up = (torch.randn(shape, generator=rng) for _ in range(3))
    turns = [2 * math.pi * frame / order.frames for frame in range(order.frames)]
    reach = order.motion * math.pi / 4 if order.frames > 1 else 0.0
    frames = [
        math.cos(reach) * middle + math.sin(reach) * (math.cos(turn) * right + math.sin(turn) * up)
        for turn in turns
    ]
    noise = torch.stack(frames)
    return (noise + noise.flip(3)) / math.sqrt(2) if order.symmetric else noise


def mirror(_: Tensor, __: float, guess: Tensor) -> Tensor:
    """Make left and right alike."""
    return (guess + guess.flip(3)) / 2


def to_pixels(made: Tensor) -> list[Pixels]:
    """Return uint8 (S, S, 4) of (B, 4, S, S); alpha is all or nothing."""
    raw = ((made + 1) * 127.5).round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).numpy()
    sprites = []
    for picture in raw:
        sprite = picture.copy()
        sprite[sprite[..., 3] <= 127] = 0
        sprite[..., 3] = np.where(sprite[..., 3] > 0, 255, 0)
        sprites.append(sprite)
    return sprites


def fit_side(sprite: Pixels, side: int) -> Image.Image:
    """Bring a sprite to another size of pixel art: doubled, or every 2 x 2 by its majority."""
    if sprite.shape[0] < side:
        sprite = sprite.repeat(2, 0).repeat(2, 1)
    elif sprite.shape[0] > side:
        sprite = halve(sprite)
    return Image.fromarray(sprite)


def halve(sprite: Pixels) -> Pixels:
    """Make half the size; a pixel is the commonest of its four, the darkest where none is."""
    half = sprite.shape[0] // 2
    blocks = sprite.reshape(half, 2, half, 2, 4).transpose(0, 2, 1, 3, 4).reshape(half, half, 4, 4)
    made = np.zeros((half, half, 4), np.uint8)
    for y in range(half):
        for x in range(half):
            opaque = blocks[y, x][blocks[y, x][:, 3] > 0]
            if len(opaque) >= 2:
                colours, counts = np.unique(opaque, axis=0, return_counts=True)
                best = colours[counts == counts.max()]
                made[y, x] = best[int(best[:, :3].sum(1).argmin())]
    return made


def prepare_source(image: Image.Image, side: int) -> Pixels:
    """Bring a user's sprite to side x side: reduced where it is larger, centred."""
    image = image.convert("RGBA")
    factor = max(image.size) / side
    if factor > 1:
        size = (max(1, round(image.width / factor)), max(1, round(image.height / factor)))
        image = image.resize(size, Image.Resampling.NEAREST)
    canvas = Image.new("RGBA", (side, side))
    canvas.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
    pixels = np.array(canvas, np.uint8)
    pixels[pixels[..., 3] < 128] = 0
    return pixels
