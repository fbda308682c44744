"""Looking at pictures through a judge: features, classes, and nearest pictures learnt from."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from studio.errors import InvalidInputError
from studio_flow.figures import compare_sets, find_nearest
from studio_flow.judge import Judge
from studio_flow.model import load_judge
from studio_flow.sprites import to_floats

SIDE: Final = 128
"""A texture is looked at with this side, pixels."""
MOST: Final = 256
"""Of a larger texture the middle is looked at: features should have about their usual size."""
SPRITE_SIDE: Final = 32
Features = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Seen:
    """What a judge saw in pictures.

    Attributes:
        features: (N, F).
        likely: (N, classes), probabilities.
    """

    features: Features
    likely: Features


class Assessor:
    """A judge with what it remembers of the real pictures."""

    def __init__(self, place: Path, device: str = "cpu") -> None:
        verdicts = load_judge(place, device)
        self.judge, self.classes, self.facts = verdicts.judge, verdicts.classes, verdicts.facts
        self.real = {name: value.numpy() for name, value in verdicts.real.items()}
        self._device = device

    @property
    def is_for_sprites(self) -> bool:
        """Whether it judges sprites; else textures."""
        return isinstance(self.judge, Judge)

    @torch.inference_mode()
    def look(self, images: Sequence[Image.Image]) -> Seen:
        """Look at pictures."""
        features, likely = [], []
        for image in images:
            seen = self.judge.find_features(self.prepare(image).to(self._device))
            logits = self.judge.decide(functional.silu(seen))
            features.append(seen.cpu())
            likely.append(logits.softmax(1).cpu())
        return Seen(torch.cat(features).numpy(), torch.cat(likely).numpy())

    def prepare(self, image: Image.Image) -> Tensor:
        """Return (1, C, S, S) as the judge learnt to see."""
        if self.is_for_sprites:
            return prepare_sprite(image)
        part = min(*image.size, MOST)
        left, top = (image.width - part) // 2, (image.height - part) // 2
        cut = image.convert("RGB").crop((left, top, left + part, top + part))
        small = cut.resize((SIDE, SIDE), Image.Resampling.BOX)
        pixels = torch.from_numpy(np.array(small, np.float32)).permute(2, 0, 1)[None]
        return pixels / 127.5 - 1

    def compare(self, seen: Seen, wanted: Sequence[str]) -> dict[str, float]:
        """Return all figures; of accuracy only over pictures whose class is known."""
        figures = compare_sets(seen.features, self.real["train"])
        known = [(row, self.classes.index(n)) for row, n in enumerate(wanted) if n in self.classes]
        if known:
            rows, classes = zip(*known, strict=True)
            order = seen.likely[list(rows)].argsort(1)[:, ::-1]
            right = order[:, 0] == np.array(classes)
            ceiling = float(self.facts["metrics"]["class_accuracy"])
            figures |= {
                "accuracy": float(right.mean()),
                "top3": float((order[:, :3] == np.array(classes)[:, None]).any(1).mean()),
                "ceiling": ceiling,
                "of_ceiling": float(right.mean()) / ceiling,
            }
        _, far = find_nearest(seen.features, self.real["train"])
        _, usual = find_nearest(self.real["held_out"], self.real["train"])
        # Below 1: nearer to what was learnt from than real pictures are that were not.
        figures["nearest"] = float(np.median(far) / np.median(usual))
        return figures

    def name_likely(self, seen: Seen) -> list[dict[str, Any]]:
        """Return the likeliest class of each picture, and how likely."""
        best = seen.likely.argmax(1)
        return [
            {"class": self.classes[int(index)], "likely": round(float(row[index]), 3)}
            for index, row in zip(best, seen.likely, strict=True)
        ]


def cut_cells(image: Image.Image, side: int) -> list[Image.Image]:
    """Cut a sheet into cells, leaving out empty ones; 0 leaves it whole.

    Raises:
        InvalidInputError: cells are larger than the picture.
    """
    if not side:
        return [image]
    if side > min(image.size):
        raise InvalidInputError(
            "cell: {side} pixels, but a picture has only {width} x {height}; give the side of one "
            "cell",
            side=side,
            width=image.width,
            height=image.height,
        )
    cells = [
        image.crop((x, y, x + side, y + side))
        for y in range(0, image.height - side + 1, side)
        for x in range(0, image.width - side + 1, side)
    ]
    return [cell for cell in cells if cell.convert("RGBA").getchannel("A").getbbox()]


def prepare_sprite(image: Image.Image) -> Tensor:
    """Return (1, 4, 32, 32): enlarged or reduced pixel by pixel."""
    small = image.convert("RGBA").resize((SPRITE_SIDE, SPRITE_SIDE), Image.Resampling.NEAREST)
    return to_floats(torch.from_numpy(np.array(small, np.uint8))[None])
