"""Painting textures with a flow: new ones, others like a picture, and parts of one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final

import numpy as np
import torch
from PIL import Image, ImageOps
from studio_training import mix_seed
from studio_training.joints import find_joints
from studio_training.laying import Laying, Lines, lay
from studio_training.likeness import LAID, make_alike
from studio_training.seams import roll_to_quiet
from studio_training.together import Together
from torch import Tensor

from studio.errors import CheckpointError
from studio_flow.book import Page
from studio_flow.describe import level, normalise, restore
from studio_flow.model import DISTILLED, Flow
from studio_flow.network import FlowNet, Wanted, tell_joints
from studio_flow.resize import resize_torus
from studio_flow.sampling import Course, Style, plan_times, walk
from studio_flow.together import build_trial
from studio_flow.trial import to_image
from studio_flow.wishes import Wish, apply_wish, count_channels, wish_page

ENLARGED: Final[Mapping[str, int]] = {"small": 1, "medium": 2, "large": 4}
"""Size of features -> how many times the field drawn is enlarged."""
FIELD: Final = (64, 1024)
"""Least and largest side of what the flow draws, pixels."""


@dataclass(frozen=True)
class Order:
    """A texture wanted.

    Attributes:
        kind: class number.
        wish: beside the class.
        width: of the result, pixels.
        height: of the result.
        features: "small", "medium" or "large".
        style: how to walk.
        style_seed: seed of the facts; below 0 the seed of the picture decides.
        refine: 0..1, noise with which the enlarged picture is drawn over.
        laying: of bricks, tiles and planks.
        drawing: of their joints, dark on white, in place of a layout.
    """

    kind: int
    wish: Wish
    width: int
    height: int
    features: str = "medium"
    style: Style = field(default_factory=Style)
    style_seed: int = -1
    refine: float = 0.0
    laying: Laying = field(default_factory=Laying)
    drawing: Image.Image | None = None


@dataclass(frozen=True)
class Source:
    """A picture to start from.

    Attributes:
        image: RGB.
        strength: 0..1, how much of it is drawn anew.
        mask: where it is drawn anew (white); None everywhere.
        repeats: of each step in a masked picture (RePaint, arXiv 2201.09865).
    """

    image: Image.Image
    strength: float
    mask: Image.Image | None = None
    repeats: int = 2


Tell = Callable[[Any, int], None]
"""(preview, pictures): called after a step of so many pictures; may raise to stop."""


class Painter:
    """Draws textures; small ones together, where each is the same as if drawn alone."""

    def __init__(self, flow: Flow, device: str = "cpu") -> None:
        """Keep a flow.

        Raises:
            CheckpointError: it has no autoencoder, so draws no textures.
        """
        if flow.autoencoder is None:
            raise CheckpointError("these weights draw sprites; give them to flow.sprite")
        self.flow = flow
        self._autoencoder = flow.autoencoder
        self._device = device
        self._stride = flow.network.config.stride * flow.autoencoder.config.factor
        self._together = Together()

    def count_steps(self, order: Order) -> int:
        """Return how many steps of each picture are told of."""
        return order.style.steps + (REFINING if order.refine and order.features != "small" else 0)

    def count_together(self, order: Order) -> int:
        """Return how many new textures are best drawn at once."""
        height, width = self.plan_field(order)
        network = self._find_network(order.style)[0]
        shape = self._find_shape((height, width))
        trial = build_trial(network, shape, self._device)
        return self._together.count((id(network), shape), height * width, trial)

    def paint_new(self, order: Order, seeds: Sequence[int], tell: Tell) -> list[Image.Image]:
        """Return a texture per seed, drawn together.

        Args:
            order: what is wanted.
            seeds: decide all that the order leaves open.
            tell: of every step.
        """
        size = self.plan_field(order)
        rngs = [torch.Generator().manual_seed(mix_seed(seed, 0)) for seed in seeds]
        told = []
        for seed in seeds:
            # Tiles of one style have the same joints, so that they can lie side by side.
            style_seed = seed if order.style_seed < 0 else order.style_seed
            page = self._choose_page(order, style_seed)
            told.append((page, self._lay(order, size, style_seed)))
        images = []
        for made, rng in zip(self._draw(order, told, size, rngs, tell), rngs, strict=True):
            image = Image.fromarray(roll_to_quiet(np.asarray(self._enlarge(made, order))))
            images.append(self._refine(order, image, rng, tell))
        return images

    def paint_over(self, order: Order, seed: int, source: Source, tell: Tell) -> Image.Image:
        """Return a picture drawn over, or a part of it; arguments as of `paint_new`."""
        rng = torch.Generator().manual_seed(mix_seed(seed, 0))
        made = self._draw_over(order, source, self.plan_field(order), rng, tell)
        image = self._refine(order, self._enlarge(made, order), rng, tell)
        return _put_back(image, source)

    def is_short(self, style: Style) -> bool:
        """Tell whether the distilled net draws new textures: it was taught the usual guidance."""
        return self.flow.distilled is not None and style == Style(steps=DISTILLED)

    def _find_network(self, style: Style) -> tuple[FlowNet, Style]:
        """Return the net that draws new textures, and how it is walked with."""
        if self.flow.distilled is not None and self.is_short(style):
            return self.flow.distilled, replace(style, guidance=1.0)
        return self.flow.network, style

    def plan_field(self, order: Order) -> tuple[int, int]:
        """Return height and width of what the flow draws, pixels: multiples of its stride."""
        factor, stride = ENLARGED[order.features], self._stride

        def fit(side: int) -> int:
            wanted = min(max(side / factor, FIELD[0]), FIELD[1])
            return max(stride, round(wanted / stride) * stride)

        return fit(order.height), fit(order.width)

    def _choose_page(self, order: Order, seed: int) -> Page:
        rng = torch.Generator().manual_seed(mix_seed(seed, 1))
        page = self.flow.book.draw(order.kind, rng)
        return wish_page(page, order.wish)

    def _lay(self, order: Order, size: tuple[int, int], seed: int) -> Lines | None:
        """Lay a new texture; None where the net decides, or knows of no joints."""
        if not self.flow.network.config.joints:
            return None
        laying = order.laying
        if order.drawing is not None:
            laying = replace(laying, drawing=read_drawing(order.drawing, *size))
        name = self.flow.get_name(order.kind)
        return lay(laying, name, size, mix_seed(seed, 2), self.flow.side)

    def _trace(self, plain: Tensor) -> Tensor | None:
        """Return the plan of a picture that is there."""
        if not self.flow.network.config.joints:
            return None
        return tell_joints(find_joints(plain), (1, *plain.shape[-2:]))

    def _draw(
        self,
        order: Order,
        told: Sequence[tuple[Page, Lines | None]],
        size: tuple[int, int],
        rngs: Sequence[torch.Generator],
        tell: Tell,
    ) -> list[Tensor]:
        """Draw pictures (1, 3, H, W); only the walk is one for all."""
        shape = self._find_shape(size)
        facts = torch.stack([page.facts for page, _ in told])
        noise = torch.cat([torch.randn(shape, generator=rng) for rng in rngs])
        plans = [tell_joints(lines.joints if lines else None, (1, *size)) for _, lines in told]
        course = self._plan(order.style, facts, tell)
        made = self._walk(order.kind, (facts, torch.cat(plans)), noise, course)
        return [
            self._finish_new(order, made[row : row + 1], *both) for row, both in enumerate(told)
        ]

    def _finish_new(self, order: Order, made: Tensor, page: Page, lines: Lines | None) -> Tensor:
        change = None
        if page.likeness is not None:
            share = LAID if lines is not None else 1.0
            channels = count_channels(order.wish)
            change = partial(make_alike, goal=page.likeness, share=share, channels=channels)
        return self._finish(made, page.facts[None], lines.shades if lines else None, change)

    def _find_shape(self, size: tuple[int, int]) -> tuple[int, int, int, int]:
        """Return the shape of the latents of a picture (height, width)."""
        sizes = self._autoencoder.config
        return 1, sizes.latent, size[0] // sizes.factor, size[1] // sizes.factor

    @torch.inference_mode()
    def _finish(
        self,
        latents: Tensor,
        facts: Tensor,
        shades: Tensor | None = None,
        change: Callable[[Tensor], Tensor] | None = None,
    ) -> Tensor:
        """Return the picture (1, 3, H, W), -1..1, stone by stone shaded, with the facts met."""
        plain = level(self._autoencoder.decode(latents.to(self._device)).cpu())
        plain = plain if change is None else change(plain)
        if shades is not None:
            plain = level(torch.cat([plain[:, :1] + shades, plain[:, 1:]], 1))
        return restore(plain, facts)

    @torch.inference_mode()
    def _enlarge(self, made: Tensor, order: Order) -> Image.Image:
        """Double the picture as often as wanted, then fit it to the size asked for."""
        enlarger = self.flow.enlarger
        for _ in range(ENLARGED[order.features].bit_length() - 1 if enlarger else 0):
            plain, facts = normalise(made)
            assert enlarger is not None
            made = restore(level(enlarger(plain.to(self._device)).cpu()), facts)
        return resize_torus(to_image(made[0]), order.width, order.height)

    def _plan(self, style: Style, facts: Tensor, tell: Tell, start: float = 0.0) -> Course:
        def show(guess: Tensor) -> None:
            preview = restore(self._autoencoder.preview(guess[:1]).cpu(), facts[:1])
            tell(to_image(preview[0]), len(guess))

        return Course(style, plan_times(style, start), on_step=show)

    def _walk(
        self, kind: int, told: tuple[Tensor, Tensor | None], field: Tensor, course: Course
    ) -> Tensor:
        """Return the clean latents, on the CPU; told are facts and plan."""
        facts, plan = told
        network = self.flow.network
        # The distilled net knows its own four times only: not those of a walk that begins with a
        # picture.
        if course.times == plan_times(course.style) and not course.change:
            network, style = self._find_network(course.style)
            course = replace(course, style=style)
        count = len(field)
        wanted = Wanted(
            torch.full((count,), kind, device=self._device),
            facts.to(self._device),
            torch.ones(count, device=self._device),
            torch.zeros(count, device=self._device),
            None if plan is None else plan.to(self._device),
        )
        return walk(network, field.to(self._device), wanted, course).cpu()

    def _draw_over(
        self,
        order: Order,
        source: Source,
        size: tuple[int, int],
        rng: torch.Generator,
        tell: Tell,
    ) -> Tensor:
        latents, facts, plan = self._encode(source.image, size)
        told = apply_wish(facts[0], order.wish)[None]
        noise = torch.randn(latents.shape, generator=rng)
        if source.mask is None:
            start = 1 - source.strength
            course = self._plan(order.style, told, tell, start)
            field = start * latents + (1 - start) * noise
            return self._finish(self._walk(order.kind, (told, plan), field, course), told)
        mask = to_mask(source.mask, *latents.shape[-2:])

        def keep(_: Tensor, __: float, guess: Tensor) -> Tensor:
            free = mask.to(guess.device)
            return guess * free + latents.to(guess.device) * (1 - free)

        course = replace(
            self._plan(order.style, facts, tell), change=keep, repeats=source.repeats, rng=rng
        )
        made = keep(noise, 1.0, self._walk(order.kind, (told, plan), noise, course))
        with torch.inference_mode():
            return restore(self._autoencoder.decode(made.to(self._device)).cpu(), facts)

    @torch.inference_mode()
    def _encode(
        self, image: Image.Image, size: tuple[int, int]
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        """Return latents, facts and plan of a picture brought to (height, width)."""
        height, width = size
        plain, facts = normalise(to_tensor(resize_torus(image, width, height)))
        latents = self._autoencoder.encode(plain.to(self._device)).cpu()
        return latents, facts, self._trace(plain)

    def _refine(
        self, order: Order, image: Image.Image, rng: torch.Generator, tell: Tell
    ) -> Image.Image:
        """Draw an enlarged picture over with a little noise, where wanted: fine detail appears."""
        if not order.refine or order.features == "small":
            return image
        stride = self._stride
        size = (-(-order.height // stride) * stride, -(-order.width // stride) * stride)
        latents, facts, plan = self._encode(image, size)
        start = 1 - order.refine
        style = Style(REFINING, 1.0, "euler", 1.0)
        field = start * latents + (1 - start) * torch.randn(latents.shape, generator=rng)
        course = self._plan(style, facts, tell, start)
        made = self._finish(self._walk(order.kind, (facts, plan), field, course), facts)
        return resize_torus(to_image(made[0]), order.width, order.height)


REFINING: Final = 3
"""Steps of drawing over."""


def to_tensor(image: Image.Image) -> Tensor:
    """Return (1, 3, H, W), -1..1."""
    pixels = torch.from_numpy(np.array(image.convert("RGB"), np.float32))
    return pixels.permute(2, 0, 1)[None] / 127.5 - 1


def read_drawing(drawing: Image.Image, height: int, width: int) -> Tensor:
    """Return the lines of a drawing, dark on white: (1, 1, height, width), 0..1."""
    dark = ImageOps.invert(drawing.convert("L"))
    small = resize_torus(dark.convert("RGB"), width, height).convert("L")
    values = torch.from_numpy(np.array(small, np.float32))[None, None]
    values = values - values.min()
    return values / values.max().clamp_min(1)


def to_mask(mask: Image.Image, height: int, width: int) -> Tensor:
    """Return (1, 1, height, width): 1 in cells of which a part is to be drawn."""
    small = mask.convert("L").resize((width, height), Image.Resampling.BOX)
    values = torch.from_numpy(np.array(small, np.float32))[None, None] / 255
    return (values > 0.02).float()


def _put_back(image: Image.Image, source: Source) -> Image.Image:
    """Outside the mask the result is the source, pixel by pixel."""
    if source.mask is None:
        return image
    mask = source.mask.convert("L").resize(image.size)
    kept = resize_torus(source.image, *image.size)
    return Image.composite(image, kept, mask)
