"""All that going on with a training needs, in one safetensors file."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.optim import Optimizer

from studio.errors import CheckpointError

Part = nn.Module | Optimizer


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
