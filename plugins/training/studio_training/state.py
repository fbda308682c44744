"""All that going on with a training needs, in one safetensors file."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.optim import Optimizer

from studio.errors import CheckpointError

Part = nn.Module | Optimizer
AVERAGE: Final = "average."
"""What names of the running average's tensors begin with."""


def save_state(path: Path, parts: Mapping[str, Part], facts: Mapping[str, Any]) -> None:
    """Write nets and optimisers; the file is there whole or not at all.

    Args:
        path: of the file.
        parts: name -> net or optimiser.
        facts: plain JSON kept beside, such as the step.
    """
    tensors: dict[str, Tensor] = {}
    for name, part in parts.items():
        tensors |= {f"{name}.{key}": value for key, value in _collect(part).items()}
    draft = path.with_name(f"{path.name}.part")
    # Two names of one tensor (shared weights) are two tensors in the file.
    save_file(
        {key: value.contiguous().clone() for key, value in tensors.items()},
        draft,
        metadata={"facts": json.dumps(dict(facts))},
    )
    draft.replace(path)


def load_state(path: Path, parts: Mapping[str, Part]) -> dict[str, Any]:
    """Put nets and optimisers back to where `save_state` saw them; returns the facts.

    Raises:
        CheckpointError: damaged, or of other nets.
    """
    try:
        with safe_open(path, framework="pt") as file:
            facts = json.loads(file.metadata()["facts"])
        saved = load_file(path)
        for name, part in parts.items():
            own = {key: value for key, value in saved.items() if key.startswith(f"{name}.")}
            _put_back(part, {key.removeprefix(f"{name}."): own[key] for key in own})
    except (OSError, SafetensorError, KeyError, ValueError, TypeError, RuntimeError) as error:
        raise CheckpointError(
            "{path}: no training of this net can go on from it; start anew", path=path
        ) from error
    return dict(facts)


def read_average(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Read the facts of a training's state, and the running average of its weights.

    Raises:
        CheckpointError: damaged, or no state with an average.
    """
    try:
        with safe_open(path, framework="pt") as file:
            facts: dict[str, Any] = json.loads(file.metadata()["facts"])
        average = take_average(load_file(path))
    except (OSError, SafetensorError, KeyError, ValueError, TypeError) as error:
        raise CheckpointError("{path}: not the state of a training", path=path) from error
    if not average:
        raise CheckpointError("{path}: keeps no running average", path=path)
    return facts, average


def take_average(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Take the running average out of the tensors of a state; empty where there is none."""
    found = ((name, value) for name, value in tensors.items() if name.startswith(AVERAGE))
    return {name.removeprefix(AVERAGE): value for name, value in found}


def _collect(part: Part) -> dict[str, Tensor]:
    if isinstance(part, nn.Module):
        return dict(part.state_dict())
    state = part.state_dict()["state"]
    return {
        f"{index}.{key}": torch.as_tensor(value)
        for index, values in state.items()
        for key, value in values.items()
    }


def _put_back(part: Part, tensors: Mapping[str, Tensor]) -> None:
    if isinstance(part, nn.Module):
        part.load_state_dict(dict(tensors))
        return
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        index, key = name.split(".", 1)
        state.setdefault(int(index), {})[key] = value
    part.load_state_dict({**part.state_dict(), "state": state})
    for weight, values in part.state.items():
        for key, value in values.items():
            if isinstance(value, Tensor) and value.shape == weight.shape:
                # Laid out as the weight is: sums in another order are not bit-equal.
                values[key] = torch.empty_like(weight).copy_(value)
