"""A chorale net at work: its weights as files, and foreseeing note after note."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt
import torch
from studio_training import load_weights, save_weights
from torch import Tensor
from torch.nn import functional

from studio.errors import CheckpointError
from studio_music.chorale_data import REST, VOICES, Frames
from studio_music.chorale_features import (
    Ints,
    Scale,
    advance,
    build_start,
    describe_frame,
    describe_places,
)
from studio_music.chorale_sampling import OPEN, Draft
from studio_music.model_frames import FrameConfig, FrameNet, Head, State

FAMILY: Final = "chorale"
LIMITS: Final = {"n_embd": 1024, "n_layer": 32, "n_head": 32, "n_hidden": 1024, "n_ahead": 1024}


def save_net(net: FrameNet, folder: Path, facts: Mapping[str, Any], card: str) -> None:
    """Write weights as fp16, config with `facts`, and the model card."""
    kind = "lstm" if net.config.family == "gru" else net.config.family
    config = {"family": FAMILY, "net": asdict(net.config), **facts}
    save_weights(folder, net.state_dict(), config, card, [f"music.{kind}"])


def load_net(path: Path) -> FrameNet:
    """Read what `save_net` wrote, for inference.

    Raises:
        CheckpointError: damaged, or of another family.
    """
    config, tensors = load_weights(path)
    if config.get("family") != FAMILY:
        raise CheckpointError(
            "{path}: weights of the family '{family}', not of chorales; choose others",
            path=path,
            family=config.get("family", "?"),
        )
    net = FrameNet(_read_config(path, config.get("net")))
    try:
        net.load_state_dict(tensors)
    except RuntimeError as error:
        raise CheckpointError(
            "{path}: the weights do not fit their config; take the files of one training together",
            path=path,
        ) from error
    return net.eval().requires_grad_(False)


def _read_config(path: Path, data: Any) -> FrameConfig:
    try:
        config = FrameConfig(**data)
        sizes = [getattr(config, name) for name in LIMITS]
        fits = all(isinstance(n, int) and 1 <= n <= LIMITS[k] for n, k in zip(sizes, LIMITS))  # noqa: B905
        # The first weights do not speak of how sharp they are.
        known = {field.name for field in fields(FrameConfig)} == {"sharpness", *data}
        pitches = isinstance(config.pitches, int) and 1 <= config.pitches <= 128
        sharp = isinstance(config.sharpness, int | float) and 0.1 <= config.sharpness <= 10
    except (TypeError, AttributeError) as error:
        raise CheckpointError("{path}: its config is damaged", path=path) from error
    if not (fits and known and pitches and sharp) or config.n_embd % config.n_head:
        raise CheckpointError("{path}: its config is damaged", path=path)
    return config


class NetModel:
    """A net that foresees notes; see `chorale_sampling.Model`."""

    def __init__(self, net: FrameNet) -> None:
        self.net = net
        inner = [cast(Head, head).inner for head in net.heads]
        self._weight = torch.cat([layer.weight for layer in inner]).detach()
        self._bias = torch.cat([layer.bias for layer in inner]).detach()

    @property
    def scale(self) -> Scale:
        """Which pitches there are."""
        return self.net.config.scale

    @torch.inference_mode()
    def begin(self, draft: Draft) -> None:
        """Start anew."""
        self._draft = draft
        self._state: Ints = build_start()
        self._age: Ints = np.zeros(VOICES, np.int64)
        self._move: Ints = np.zeros(VOICES, np.int64)
        self._cache: State = self.net.trunk.begin()
        self._ahead = self._read_ahead(draft)

    @torch.inference_mode()
    def look(self, index: int, made: Frames) -> None:
        """Take in the frame before `index`."""
        before = np.full((1, VOICES), REST, np.int16)
        if index:
            before = made[index - 1 : index]
            earlier = made[index - 2] if index > 1 else None
            self._age, self._move = advance(before[0], earlier, self._age, self._move)
            self._state = describe_frame(before[0], earlier, self._age, self._move)
        places = describe_places(index, 1, self._draft.wishes, before)
        indices = self.scale.index(before)
        row = np.concatenate([indices[0], self._state, places[0]])
        x = self.net.table(torch.from_numpy(row)[None])
        if self._ahead is not None:
            x = x + self._ahead[index]
        hidden = self.net.trunk.extend(x, self._cache)  # type: ignore[arg-type]
        # The first layers of all four heads at once.
        self._inner = functional.linear(hidden, self._weight, self._bias).chunk(VOICES, -1)
        self._before = torch.from_numpy(indices)

    @torch.inference_mode()
    def score(self, voice: int, filled: Frames) -> npt.NDArray[np.floating]:
        """Return the log-probability of each pitch of a voice."""
        frame = torch.from_numpy(self.scale.index(filled[None]))
        head = cast(Head, self.net.heads[voice])
        scores = head.finish(self._inner[voice], self._before, frame)[0]
        return np.asarray(scores.log_softmax(-1).numpy())

    def _read_ahead(self, draft: Draft) -> Tensor | None:
        """Let the net read the notes that are given; None if there are none."""
        given = draft.frames != OPEN
        given[: draft.begins] = False
        if not given.any():
            return None
        pitches = np.where(given, draft.frames, REST).astype(np.int16)
        known = np.where(given, self.scale.index(pitches) + 1, 0)
        ahead: Tensor = self.net.ahead(torch.from_numpy(known)[None])[0]
        return ahead
