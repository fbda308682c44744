"""Colour for grey pictures: a small U-Net guesses chroma from luma, or an example gives it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from scipy.ndimage import uniform_filter
from scipy.spatial import cKDTree
from torch import Tensor, nn
from torch.nn.functional import interpolate, leaky_relu

from studio_upscale.weights import load_files, save_files

Floats = npt.NDArray[np.float32]

SIDE: Final = 192
"""Longest side at which colour is guessed, pixels; the eye sees colour coarsely."""
STEP: Final = 8
"""Sides are multiples of this."""
SLOPE: Final = 0.1
TRUST: Final = 0.4
"""Share of guessed chroma that is used: in full it is further from the truth than grey is."""
SAMPLES: Final = 4000
NEIGHBOURS: Final = 8


@dataclass(frozen=True)
class ColourConfig:
    """Sizes of the net: channels at full size; twice as many at each halving."""

    channels: int = 16


class ColourNet(nn.Module):
    """Luma (N, 1, H, W) around 0 to chroma (N, 2, H, W) around 0; sides multiples of 8."""

    def __init__(self, config: ColourConfig) -> None:
        super().__init__()
        self.config = config
        widths = [config.channels * size for size in (1, 2, 4, 6)]
        first = [1, *widths[:-1]]
        self.down = nn.ModuleList(_pair(a, b) for a, b in zip(first, widths, strict=True))
        # What the whole picture is like decides what its parts may be.
        self.whole = nn.Linear(2 * widths[-1], widths[-1])
        self.up = nn.ModuleList(
            _pair(widths[level + 1] + widths[level], widths[level]) for level in (2, 1, 0)
        )
        self.last = nn.Conv2d(widths[0], 2, 3, padding=1)
        with torch.no_grad():
            self.last.weight *= 0.1

    def forward(self, luma: Tensor) -> Tensor:
        """Guess."""
        kept, x = [], luma
        for level, layer in enumerate(self.down):
            x = layer(nn.functional.avg_pool2d(x, 2) if level else x)
            kept.append(x)
        summary = torch.cat([x.mean((2, 3)), x.amax((2, 3))], dim=1)
        x = x + self.whole(summary)[:, :, None, None]
        for layer, beside in zip(self.up, reversed(kept[:-1]), strict=True):
            x = layer(torch.cat([interpolate(x, scale_factor=2.0), beside], dim=1))
        chroma: Tensor = self.last(x)
        return chroma


class _Leaky(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return leaky_relu(x, SLOPE)


def _pair(first: int, second: int) -> nn.Sequential:
    a, b = nn.Conv2d(first, second, 3, padding=1), nn.Conv2d(second, second, 3, padding=1)
    return nn.Sequential(a, _Leaky(), b, _Leaky())


def save_colour(network: ColourNet, folder: Path, facts: Mapping[str, Any], card: str) -> None:
    """Write weights as fp16, config with `facts`, and the model card."""
    config = {"architecture": "studio-colour", **asdict(network.config), **facts}
    save_files(network, folder, config, card, "restore.colorize")


def load_colour(folder: Path) -> ColourNet:
    """Read what `save_colour` wrote.

    Raises:
        CheckpointError: another architecture, damaged, or not whole.
    """

    def build(facts: Mapping[str, Any]) -> ColourNet:
        return ColourNet(ColourConfig(int(facts["channels"])))

    return load_files(folder, "studio-colour", build, "restore.colorize")


def guess_chroma(network: ColourNet, luma: Image.Image) -> Floats:
    """Guess chroma of a picture (mode L); returns (h, w, 2) around 0, smaller than the picture."""
    ratio = min(1.0, SIDE / max(luma.size))
    width, height = (max(STEP, round(side * ratio / STEP) * STEP) for side in luma.size)
    small = luma.resize((width, height), Image.Resampling.BICUBIC)
    values = torch.from_numpy(np.asarray(small, np.float32) / 255 - 0.5)
    with torch.inference_mode():
        chroma = TRUST * network(values[None, None])[0]
    return np.asarray(chroma.permute(1, 2, 0).numpy(), np.float32)


def borrow_chroma(example: Image.Image, luma: Image.Image) -> Floats:
    """Take chroma from where an example is as bright and as rough (after Welsh et al., 2002).

    Returns: (h, w, 2) around 0, smaller than the picture.
    """
    luma, example = luma.copy(), example.convert("RGB")
    for image in (luma, example):
        image.thumbnail((SIDE, SIDE), Image.Resampling.BICUBIC)
    known = np.asarray(example.convert("YCbCr"), np.float32) / 255 - 0.5
    wanted = _describe(np.asarray(luma, np.float32) / 255 - 0.5)
    places = np.random.default_rng(0).permutation(known.shape[0] * known.shape[1])[:SAMPLES]
    given = _describe(known[..., 0]).reshape(-1, wanted.shape[-1])[places]
    # Brightness and contrast of two photographs differ; their order is what can be compared.
    mean, spread = given.mean(0), given.std(0) + 1e-3
    own_mean, own_spread = wanted.mean((0, 1)), wanted.std((0, 1)) + 1e-3
    tree = cKDTree((given - mean) / spread)
    count = min(NEIGHBOURS, len(places))
    _, nearest = tree.query((wanted - own_mean) / own_spread, k=[*range(1, count + 1)])
    chroma = known[..., 1:].reshape(-1, 2)[places]
    return np.asarray(chroma[nearest].mean(2), np.float32)


def _describe(luma: npt.NDArray[Any]) -> Floats:
    """Brightness, brightness around, roughness: (H, W, 3)."""
    around = uniform_filter(luma, 9, mode="nearest")
    rough = np.sqrt(np.maximum(uniform_filter(luma**2, 9, mode="nearest") - around**2, 0))
    return np.stack([luma, around, rough], axis=2).astype(np.float32)


def paint(luma: Image.Image, chroma: Floats, saturation: float) -> Image.Image:
    """Put chroma (h, w, 2) around 0 on a picture of mode L; returns RGB."""
    planes = []
    for plane in np.moveaxis(chroma * saturation, 2, 0):
        values = np.clip(np.rint(plane * 255 + 128), 0, 255).astype(np.uint8)
        planes.append(Image.fromarray(values).resize(luma.size, Image.Resampling.BICUBIC))
    return Image.merge("YCbCr", (luma, *planes)).convert("RGB")
