"""From what a visitor sends to what the home takes. A path never comes from a visitor."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from studio.app.asset import Asset
from studio.app.checking import Fault
from studio.app.submission import Ask
from studio.errors import AssetNotFoundError, InvalidInputError, InvalidParamsError
from studio.scheduler.receipts import Receipt
from studio.server.access import Visitor
from studio.server.models_jobs import Body, CallBody


def build_ask(visitor: Visitor, body: CallBody) -> Ask:
    """Resolve a call.

    Raises:
        InvalidInputError: an input is no asset that the visitor may see.
        InvalidParamsError: a checkpoint is named by a path, or a value is no JSON.
    """
    inputs, faults = resolve_inputs(visitor, body.inputs)
    for fault in [*faults, *find_path_faults(visitor, body)]:
        raise fault.error
    return build_bare_ask(body, inputs)


def build_bare_ask(body: CallBody, inputs: Mapping[str, list[Asset]]) -> Ask:
    """Build an ask of a call and its assets."""
    return Ask(
        generator=body.generator,
        params=body.params,
        inputs=dict(inputs),
        seed=body.seed,
        count=body.count,
        seeds=body.seeds,
        preset=body.preset,
    )


def resolve_inputs(
    visitor: Visitor, given: Mapping[str, list[str] | str]
) -> tuple[dict[str, list[Asset]], list[Fault]]:
    """Return slot -> assets, and what is wrong with the ids."""
    found: dict[str, list[Asset]] = {}
    faults: list[Fault] = []
    for slot, value in given.items():
        found[slot] = []
        for id in [value] if isinstance(value, str) else value:
            try:
                found[slot].append(visitor.check_asset(id))
            except AssetNotFoundError:
                error = InvalidInputError(
                    "input '{slot}': there is no asset {id}", slot=slot, id=id[:100], field=slot
                )
                faults.append(Fault("inputs", slot, error))
    return found, faults


def find_path_faults(visitor: Visitor, body: CallBody) -> list[Fault]:
    """Refuse checkpoints that are named by a path: only an admin may have files read."""
    spec = visitor.home.registry.specs.get(body.generator)
    if spec is None or visitor.is_admin:
        return []
    return [
        Fault("params", name, build_path_error(name))
        for name in spec.checkpoint_from
        if isinstance(value := body.params.get(name), str) and is_path(value)
    ]


def is_path(text: str) -> bool:
    """Tell whether a name would be taken for a path."""
    return text.startswith(("~", ".", "/")) or "\\" in text or ".." in PurePath(text).parts


def build_path_error(name: str) -> InvalidParamsError:
    """Say that a path is refused."""
    return InvalidParamsError(
        "param '{param}': must be the name of a checkpoint, not a path", param=name, field=name
    )


def build_receipt(visitor: Visitor, key: str | None, body: Body) -> Receipt | None:
    """Return what a request is known by, if it has an idempotency key."""
    if not key:
        return None
    text = json.dumps(body.model_dump(mode="json"), sort_keys=True)
    digest = hashlib.sha256(f"{type(body).__name__} {text}".encode()).hexdigest()
    return Receipt(visitor.name, key, digest)


def build_request(ask: Ask) -> dict[str, Any]:
    """Return an ask as a request of a batch."""
    return {
        "generator": ask.generator,
        "params": ask.params,
        "inputs": ask.inputs,
        "seed": ask.seed,
        "count": ask.count,
        "seeds": ask.seeds,
        "preset": ask.preset,
    }
