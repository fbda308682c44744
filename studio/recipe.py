"""A recipe: everything that decides one payload, and nothing else (no times, no ids).

It is the identity of a result (`Recipe.key`) and what travels inside the files made from it.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict


class CheckpointRef(BaseModel):
    """Weights by name and by what they are."""

    model_config = ConfigDict(frozen=True)

    name: str
    sha256: str


class Recipe(BaseModel):
    """What was asked for, exactly.

    Attributes:
        inputs: slot name -> payload hashes of the assets, in order; with their titles where the
            generator reads them (`GeneratorSpec.identify_input`).
        seed: the one seed of this result.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    generator: str
    plugin: str
    plugin_version: str
    params: dict[str, Any]
    inputs: dict[str, list[str]] = {}
    checkpoint: CheckpointRef | None = None
    seed: int = 0

    def to_json(self) -> str:
        """Return canonical JSON: sorted keys, no spaces, UTF-8 as it is."""
        return json.dumps(
            self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=False
        )

    @property
    def key(self) -> str:
        """Identity: sha256 (hex) of the canonical JSON."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def with_seed(self, seed: int) -> "Recipe":
        """Return the same recipe for another seed."""
        return self.model_copy(update={"seed": seed})

    def with_params(self, changed: Mapping[str, Any]) -> "Recipe":
        """Return the same recipe with some params changed; others than it has are left out."""
        known = {name: value for name, value in changed.items() if name in self.params}
        return self.model_copy(update={"params": {**self.params, **known}}) if known else self
