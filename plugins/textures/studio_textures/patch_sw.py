"""Texture synthesis by patch sliced-Wasserstein distance (GPDM, Elnekave & Weiss, ECCV 2022).

arXiv 2203.11862. The pixels themselves are optimised, coarse to fine, until their patches are
distributed like the exemplar's: project all patches on random directions, sort, compare. The
picture is padded circularly, so patches across the border count like any other and the result
tiles. Where a picture has more patches than `SettingsSW.patches`, every step looks at another
random lattice of them, which bounds memory and time for any size.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

OnStep = Callable[[int, int, NDArray[np.float32]], None]
"""(done, total, preview): called after steps worth showing; raise from it to cancel."""

PREVIEW_EVERY = 10
"""Steps between two calls of `on_step`."""

EXEMPLAR_SIDE = 1024
"""Longest side in pixels of the exemplar's central part that is looked at."""


@dataclass(frozen=True)
class SettingsSW:
    """How to optimise."""

    patch: int = 7
    """Patch side in pixels at every scale."""
    projections: int = 48
    """Random directions compared per step."""
    patches: int = 8192
    """Most patches compared per step."""
    steps: int = 120
    """Optimisation steps per scale."""
    smallest: int = 24
    """Shortest side in pixels of the coarsest scale."""
    scales: int = 8
    """Most scales used, finest last."""
    rate: float = 0.01
    """Adam's step size in colour units (0..1), decayed tenfold over each scale."""


DEFAULTS = SettingsSW()
"""From nothing: good on stochastic materials; long straight structure comes out wobbly."""

MEND = SettingsSW(scales=1, steps=40, rate=0.005)
"""From a start picture: keeps its layout and only dissolves what is left of its cuts."""


def synthesise(
    exemplar: NDArray[np.float32],
    size: tuple[int, int],
    generator: torch.Generator,
    settings: SettingsSW | None = None,
    *,
    start: NDArray[np.float32] | None = None,
    on_step: OnStep | None = None,
) -> NDArray[np.float32]:
    """Optimise a seamless picture of `size` (height, width) towards `exemplar`.

    `exemplar` is (h, w, C), the result (height, width, C). `start`, of the result's
    shape, for instance a quilted picture, keeps its layout; without it the
    coarsest scale starts from the exemplar's mean colour plus noise. Settings are `DEFAULTS`, or
    `MEND` with a start, unless given.
    """
    if settings is None:
        settings = DEFAULTS if start is None else MEND
    side = EXEMPLAR_SIDE
    y, x = (max(0, (n - side) // 2) for n in exemplar.shape[:2])
    goal = _to_tensor(exemplar[y : y + side, x : x + side])
    scales = _pyramid(goal, size, settings)
    if start is None:
        smallest = scales[0]
        picture = _noise(_resize(goal, smallest.exemplar), smallest.output, generator)
    else:
        picture = _to_tensor(start)
    total = len(scales) * settings.steps
    for number, scale in enumerate(scales):
        target = _resize(goal, scale.exemplar)
        picture = _resize_torus(picture, scale.output)
        watch = None if on_step is None else _Watch(on_step, number * settings.steps, total)
        picture = _optimise(picture, target, settings, generator, watch)
    return _to_picture(picture)


@dataclass(frozen=True)
class _Scale:
    """Pixels (height, width) of both pictures at one level of the pyramid."""

    exemplar: tuple[int, int]
    output: tuple[int, int]


@dataclass(frozen=True)
class _Watch:
    """Reports the steps of one scale as steps of the whole run."""

    on_step: OnStep
    first: int
    total: int

    def report(self, step: int, picture: Tensor) -> None:
        """Tell the caller, now and then, that `step` (counted from 1) is done."""
        done = self.first + step
        if step % PREVIEW_EVERY == 0 or done == self.total:
            self.on_step(done, self.total, _to_picture(picture))


def _pyramid(goal: Tensor, size: tuple[int, int], settings: SettingsSW) -> list[_Scale]:
    """Scales coarse to fine, each 3/2 as large as the one before."""
    (h, w), (height, width) = goal.shape[-2:], size
    shortest = min(h, w, height, width)
    floor = max(settings.smallest, 2 * settings.patch)
    levels = max(0, math.floor(math.log(max(shortest / floor, 1.0), 1.5)))
    levels = min(levels, settings.scales - 1)
    factors = [1.5**-level for level in range(levels, -1, -1)]
    return [
        _Scale((round(h * f), round(w * f)), (round(height * f), round(width * f))) for f in factors
    ]


def _noise(target: Tensor, size: tuple[int, int], generator: torch.Generator) -> Tensor:
    mean = target.mean(dim=(-2, -1), keepdim=True)
    noise = torch.randn((1, target.shape[1], *size), generator=generator)
    return mean + noise * target.std(dim=(-2, -1), keepdim=True)


def _optimise(
    picture: Tensor,
    target: Tensor,
    settings: SettingsSW,
    generator: torch.Generator,
    watch: _Watch | None,
) -> Tensor:
    """One scale; both (1, C, h, w)."""
    picture = picture.clone().requires_grad_(True)
    optimiser = torch.optim.Adam([picture], lr=settings.rate)
    for step in range(1, settings.steps + 1):
        for group in optimiser.param_groups:
            group["lr"] = settings.rate * 0.1 ** (step / settings.steps)
        optimiser.zero_grad()
        filters = _directions(picture.shape[1], settings, generator)
        loss = _distance(picture, target, filters, settings.patches, generator)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        if watch is not None:
            watch.report(step, picture.detach())
    return picture.detach().clamp(0.0, 1.0)


def _directions(channels: int, settings: SettingsSW, generator: torch.Generator) -> Tensor:
    """Random unit vectors in patch space as filters (N, C, p, p)."""
    shape = (settings.projections, channels, settings.patch, settings.patch)
    filters = torch.randn(shape, generator=generator)
    length: Tensor = filters.flatten(1).norm(dim=1)
    return filters / length[:, None, None, None]


def _distance(
    picture: Tensor, target: Tensor, filters: Tensor, patches: int, generator: torch.Generator
) -> Tensor:
    """Mean distance of the sorted projections of both pictures' patches."""
    ours = _project(picture, filters, patches, generator, wrap=True)
    with torch.no_grad():
        theirs = _project(target, filters, patches, generator, wrap=False)
        goal = torch.from_numpy(np.sort(theirs.numpy(), axis=1))
        goal = _quantiles(goal, ours.shape[1])
        # Sorting is the bottleneck: numpy's uses wide registers, and L1 needs only the order.
        order = torch.from_numpy(np.argsort(ours.detach().numpy(), axis=1))
        matched = torch.empty_like(goal).scatter_(1, order, goal)
    return (ours - matched).abs().mean()


def _project(
    img: Tensor, filters: Tensor, patches: int, generator: torch.Generator, *, wrap: bool
) -> Tensor:
    """Projections (N, M) of a lattice of at most about `patches` patches, shifted randomly."""
    side = filters.shape[-1]
    height, width = img.shape[-2:]
    step = max(1, math.ceil(math.sqrt(height * width / patches)))
    step = min(step, side)  # every pixel stays in some patch
    if wrap:
        dy, dx = (int(torch.randint(n, (1,), generator=generator)) for n in (height, width))
        img = torch.roll(img, (dy, dx), (2, 3))
        img = functional.pad(img, (0, side - 1, 0, side - 1), mode="circular")
    else:
        dy, dx = (int(n) for n in torch.randint(step, (2,), generator=generator))
        img = img[..., dy:, dx:]
    projected: Tensor = functional.conv2d(img, filters, stride=step)
    return projected[0].flatten(1)


def _quantiles(values: Tensor, count: int) -> Tensor:
    """`count` evenly spaced entries of each sorted row of (N, M)."""
    at = (torch.arange(count, dtype=torch.float64) + 0.5) * values.shape[1] / count
    return values[:, at.long().clamp_(max=values.shape[1] - 1)]


def _resize(img: Tensor, size: tuple[int, int]) -> Tensor:
    """Resample (1, C, h, w), smoothed when it shrinks."""
    if tuple(img.shape[-2:]) == size:
        return img
    return functional.interpolate(
        img, size=size, mode="bicubic", align_corners=False, antialias=True
    )


def _resize_torus(img: Tensor, size: tuple[int, int]) -> Tensor:
    """Resample a torus by its spectrum: no border, and no lattice of sharp and soft columns.

    (Bicubic enlargement by 3/2 makes every third column sharper, and the optimisation keeps it.)
    """
    height, width = img.shape[-2:]
    if (height, width) == size:
        return img
    spectrum = torch.fft.fftshift(torch.fft.fft2(img), dim=(-2, -1))
    for axis, (old, new) in enumerate(((height, size[0]), (width, size[1])), start=2):
        # Frequencies -k..k with k below both Nyquist limits stay symmetric, hence the result real.
        reach = (min(old, new) - 1) // 2
        kept = spectrum.narrow(axis, old // 2 - reach, 2 * reach + 1)
        before = new // 2 - reach
        pads = [0, 0, 0, 0]
        pads[(3 - axis) * 2] = before
        pads[(3 - axis) * 2 + 1] = new - before - (2 * reach + 1)
        spectrum = functional.pad(kept, pads)
    gain = size[0] * size[1] / (height * width)
    resized: Tensor = torch.fft.ifft2(torch.fft.ifftshift(spectrum, dim=(-2, -1))).real * gain
    return resized


def _to_tensor(img: NDArray[np.float32]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(img, dtype=np.float32)).permute(2, 0, 1)[None]


def _to_picture(img: Tensor) -> NDArray[np.float32]:
    picture = img[0].permute(1, 2, 0).clamp(0.0, 1.0).contiguous().numpy()
    return np.asarray(picture, dtype=np.float32).copy()
