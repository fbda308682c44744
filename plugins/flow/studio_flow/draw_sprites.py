"""Drawing sprites with a flow: new ones, variations of one, and frames of an animation."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from studio_training import mix_seed
from studio_training.together import Together
from torch import Tensor

from studio_flow.learn_sprites import get_size_code
from studio_flow.model import Flow
from studio_flow.network import Wanted
from studio_flow.sampling import Course, Style, plan_times, walk
from studio_flow.sprites import SIZES, describe_sprites, find_colours, to_floats
from studio_flow.tidy import add_outline, tidy
from studio_flow.together import build_trial

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


EMPTY: Final = 0.03
"""A sprite with a smaller share of opaque pixels is drawn again, once."""
Tell = Callable[[Image.Image, int], None]
"""(preview, cells): called after a step of so many cells; may raise to stop."""


class SpriteMaker:
    """Draws the cells of sheets together, where each is the same as if drawn alone."""

    def __init__(self, flow: Flow, device: str = "cpu") -> None:
        self.flow = flow
        self._device = device
        self._together = Together()

    def choose_side(self, kind: int, side: int) -> int:
        """Return the size to draw at: the one asked for, unless only the other was learnt."""
        counts = [int((self.flow.book.kinds == kind * 2 + index).sum()) for index in range(2)]
        if kind >= len(self.flow.classes):
            return side
        wanted = SIZES.index(side)
        return SIZES[1 - wanted] if counts[wanted] < FEWEST <= counts[1 - wanted] else side

    def draw(
        self, order: SpriteOrder, seeds: Sequence[int], source: Pixels | None, tell: Tell
    ) -> Iterator[tuple[list[Image.Image], float]]:
        """Yield for each seed cells x frames sprites (S, S), RGBA, and the seconds they took.

        Args:
            order: what is wanted.
            seeds: decide all that is left open.
            source: uint8 (S, S, 4) to vary, at the side drawn.
            tell: of every step.
        """
        drawn_at = replace(order, side=self.choose_side(order.kind, order.side))
        cells = [(seed, cell) for seed in seeds for cell in range(order.cells)]
        most = self._count_together(drawn_at) if len(cells) > 1 else 1
        made: list[Image.Image] = []
        spent: list[float] = []
        size = order.cells * order.frames
        for first in range(0, len(cells), most):
            start = time.monotonic()
            rngs = [
                torch.Generator().manual_seed(mix_seed(seed, cell))
                for seed, cell in cells[first : first + most]
            ]
            drawn = self._draw_cells(drawn_at, rngs, source, tell)
            for raw, rng in zip(drawn, rngs, strict=True):
                if source is None and is_empty(raw):
                    (raw,) = self._draw_cells(drawn_at, [rng], None, lambda show, _: tell(show, 0))
                made += self._finish(order, raw, source is None)
            spent += [(time.monotonic() - start) / len(rngs)] * len(rngs)
            while len(made) >= size:
                yield made[:size], sum(spent[: order.cells])
                made, spent = made[size:], spent[order.cells :]

    def _count_together(self, order: SpriteOrder) -> int:
        """Return how many cells are drawn at once."""
        shape = (1, self.flow.network.config.channels, order.side, order.side)
        network = self.flow.network
        trial = build_trial(network, shape, self._device)
        rows = self._together.count((id(network), shape), order.side**2, trial)
        return max(1, rows // order.frames)

    @staticmethod
    def _finish(order: SpriteOrder, raw: list[Pixels], settles: bool) -> list[Image.Image]:
        sprites = tidy(raw, order.colours, order.palette, settles=settles)
        if order.outline:
            sprites = [add_outline(sprite) for sprite in sprites]
        return [fit_side(sprite, order.side) for sprite in sprites]

    def _draw_cells(
        self,
        order: SpriteOrder,
        rngs: Sequence[torch.Generator],
        source: Pixels | None,
        tell: Tell,
    ) -> list[list[Pixels]]:
        """Draw cells of (S, S, 4), a frame each; all in one walk."""
        given = None if source is None else to_floats(torch.from_numpy(source)[None])
        start = 0.0 if given is None else 1 - order.strength
        fields, facts = [], []
        for rng in rngs:
            noise = build_noise(order, rng)
            chosen = self._choose_facts(order, rng) if given is None else describe_sprites(given)
            fields.append(noise if given is None else start * given + (1 - start) * noise)
            facts.append(chosen.expand(order.frames, -1))
        field = torch.cat(fields)
        count = len(field)
        wanted = Wanted(
            torch.full((count,), order.kind, device=self._device),
            torch.cat(facts).to(self._device),
            torch.ones(count, device=self._device),
            torch.full((count,), get_size_code(order.side), device=self._device),
        )

        def show(guess: Tensor) -> None:
            tell(show_cells(guess[:: order.frames].cpu()), len(rngs))

        course = Course(
            order.style,
            plan_times(order.style, start),
            mirror if order.symmetric else None,
            show,
        )
        made = to_pixels(walk(self.flow.network, field.to(self._device), wanted, course).cpu())
        return [made[first : first + order.frames] for first in range(0, count, order.frames)]

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


def is_empty(sprites: Sequence[Pixels]) -> bool:
    """Tell whether there is next to nothing in one of some sprites (S, S, 4)."""
    return any(float((sprite[..., 3] > 0).mean()) < EMPTY for sprite in sprites)


def show_cells(guess: Tensor) -> Image.Image:
    """Lay what sprites (B, 4, S, S) look like by now side by side, near a square."""
    cells = to_pixels(guess)
    side, across = guess.shape[2], math.ceil(len(cells) ** 0.5)
    sheet = Image.new("RGBA", (across * side, -(-len(cells) // across) * side))
    for index, cell in enumerate(cells):
        sheet.paste(Image.fromarray(cell), (index % across * side, index // across * side))
    return sheet


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
