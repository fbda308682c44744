"""Nets that answer a turned or mirrored picture with the turned or mirrored answer.

Group convolutions over the eight turns of a square (Cohen and Welling, arXiv 1602.07576): channels
come in eights, one for each turn, and a filter stands at the other seven places turned. The net
stays one of plain convolutions, whose weights are alike: it starts alike (`symmetrise`) and learns
by slopes that are averaged over the turns (`keep_symmetric`), so that every patch teaches all
eight. A file holds the filters of one turn (`pack`, `unpack`): an eighth.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from studio.errors import CheckpointError

TURNS: Final = 8
"""Quarter turns without and with a mirror; the first changes nothing."""
LOOSE: Final = 1e-3
"""How unlike weights may be, of the largest: sums in another order, and half precision."""
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Channels:
    """What turning does to the channels of a layer, beside turning each.

    Attributes:
        side: they are pixels of squares of this side, as `pixel_shuffle` takes them; 0 for eights
            of turns, all of the first turn before those of the second.
    """

    side: int

    def permute(self, count: int, turn: int) -> Numbers:
        """Return where each of `count` channels goes."""
        if self.side:
            labels = np.arange(self.side**2).reshape(self.side, self.side)
            goes = np.empty(self.side**2, np.int64)
            goes[_turn(labels, turn).ravel()] = np.arange(self.side**2)
            first = np.arange(count // self.side**2) * self.side**2
            return np.asarray(first[:, None] + goes).ravel()
        each = count // TURNS
        places = np.array([_compose(turn, before) for before in range(TURNS)])
        return np.asarray(places[:, None] * each + np.arange(each)).ravel()


@dataclass(frozen=True)
class Layer:
    """A convolution of such a net: its name, and the channels it takes and gives."""

    name: str
    inner: Channels
    outer: Channels


def list_layers(blocks: int, scale: int, fold: int) -> list[Layer]:
    """List the convolutions of a `ResidualNet`."""
    eights = Channels(0)
    body = [f"body.{block}.{place}" for block in range(blocks) for place in ("first", "second")]
    return [
        Layer("head", Channels(fold), eights),
        *(Layer(name, eights, eights) for name in body),
        Layer("tail", eights, Channels(fold * scale)),
    ]


@torch.no_grad()
def symmetrise(network: nn.Module, layers: Sequence[Layer]) -> None:
    """Make random weights alike, as large as they were."""
    for layer in layers:
        weight, bias = _get_parts(network, layer)
        # The mean of eight that have nothing to do with one another is smaller than one.
        weight.copy_(_average(weight, layer) * TURNS**0.5)
        bias.copy_(_average(bias, layer))


def keep_symmetric(network: nn.Module, layers: Sequence[Layer]) -> None:
    """Average every slope over the turns, so that weights that are alike stay so.

    Optimisers must treat like slopes alike; Adam and Muon do.
    """
    for layer in layers:
        for part in _get_parts(network, layer):
            part.register_hook(  # type: ignore[no-untyped-call]
                lambda slope, layer=layer: _average(slope, layer)
            )


@torch.no_grad()
def check_symmetric(network: nn.Module, layers: Sequence[Layer]) -> None:
    """Check weights that were loaded.

    Raises:
        CheckpointError: they are not alike over the turns, so they are another net's.
    """
    for layer in layers:
        for part in _get_parts(network, layer):
            if (part - _average(part, layer)).abs().max() > LOOSE * part.abs().max():
                raise CheckpointError(
                    "{layer}: these weights do not turn and mirror alike, as this net's have to; "
                    "start anew",
                    layer=layer.name,
                )


def pack(weights: Mapping[str, Tensor], layers: Sequence[Layer]) -> dict[str, Tensor]:
    """Return the filters of the first turn alone, by the same names."""
    packed = {}
    for layer in layers:
        for name in (f"{layer.name}.weight", f"{layer.name}.bias"):
            packed[name] = weights[name][_find_first(layer.outer, tuple(weights[name].shape))]
    return packed


def unpack(
    packed: Mapping[str, Tensor], like: Mapping[str, Tensor], layers: Sequence[Layer]
) -> dict[str, Tensor]:
    """Return all weights; `like` has their names and shapes.

    Raises:
        RuntimeError: these are no packed weights of this net.
    """
    names = [f"{layer.name}.{part}" for layer in layers for part in ("weight", "bias")]
    if packed.keys() != set(names):
        raise RuntimeError("other layers")
    weights = {}
    for name, layer in zip(names, (layer for layer in layers for _ in range(2)), strict=True):
        shape = like[name].shape
        first = torch.arange(like[name].numel()).view(shape)[_find_first(layer.outer, tuple(shape))]
        if packed[name].shape != first.shape:
            raise RuntimeError(f"{name} has another shape")
        turned = _find_alike(layer.inner, layer.outer, tuple(shape))[1]
        weights[name] = packed[name].flatten()[turned].view(shape)
    return weights


def _get_parts(network: nn.Module, layer: Layer) -> tuple[Tensor, Tensor]:
    part = network.get_submodule(layer.name)
    return torch.as_tensor(part.weight), torch.as_tensor(part.bias)


def _average(values: Tensor, layer: Layer) -> Tensor:
    alike, turned = _find_alike(layer.inner, layer.outer, tuple(values.shape))
    first = values.reshape(-1)[alike].mean(0)
    return first[turned].view(values.shape)


def _find_first(outer: Channels, shape: tuple[int, ...]) -> tuple[slice, ...]:
    """Return where the filters of the first turn lie in weights of a shape."""
    if not outer.side:
        return (slice(shape[0] // TURNS),)
    return (slice(None), slice(shape[1] // TURNS)) if len(shape) > 1 else (slice(None),)


@lru_cache(maxsize=64)
def _find_alike(inner: Channels, outer: Channels, shape: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """Say which of all weights, by their number, are alike.

    Returns: for each of the F weights of the first turn the eight that are alike (8, F), and for
    each of all weights its like among those of the first turn.
    """
    whole = (*shape, *(1,) * (4 - len(shape)))
    labels = np.arange(math.prod(shape)).reshape(whole)
    sources = []
    for turn in range(TURNS):
        moved = np.empty_like(labels)
        goes_in = inner.permute(whole[1], turn) if len(shape) > 1 else np.arange(1)
        moved[np.ix_(outer.permute(whole[0], turn), goes_in)] = _turn(labels, turn)
        sources.append(moved.ravel())
    source = np.stack(sources)
    first = labels.reshape(shape)[_find_first(outer, shape)].ravel()
    place = np.full(labels.size, -1)
    place[first] = np.arange(len(first))
    return torch.from_numpy(source[:, first]), torch.from_numpy(place[source].max(0))


def _turn(values: npt.NDArray[Any], turn: int) -> npt.NDArray[Any]:
    mirrored = np.flip(values, -1) if turn >= TURNS // 2 else values
    return np.rot90(mirrored, turn % (TURNS // 2), (-2, -1))


@lru_cache(maxsize=TURNS**2)
def _compose(after: int, before: int) -> int:
    """Return the turn that is one after another."""
    square = np.arange(4).reshape(2, 2)
    both = _turn(_turn(square, before), after)
    return next(turn for turn in range(TURNS) if (_turn(square, turn) == both).all())
