"""Inputs as people give them (paths, ids, assets) -> assets of the store."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from studio.app.asset import Asset
from studio.errors import AssetNotFoundError, InvalidInputError
from studio.spec import GeneratorSpec
from studio.store import AssetRecord, Store

InputValue = str | Path | Asset
InputValues = Mapping[str, InputValue | Sequence[InputValue]]


def resolve_inputs(
    store: Store, spec: GeneratorSpec, inputs: InputValues, user: str
) -> dict[str, list[AssetRecord]]:
    """Turn slot name -> values into slot name -> assets; files are imported into the store.

    Raises:
        InvalidInputError: a slot is unknown, empty or holds the wrong kind, or a file is bad.
    """
    known = {slot.name for slot in spec.inputs}
    if set(inputs) - known:
        spec.check_inputs({name: [] for name in inputs})
    resolved = {}
    for name, given in inputs.items():
        values = [given] if isinstance(given, str | Path | Asset) else list(given)
        resolved[name] = [resolve_input(store, value, user) for value in values]
    spec.check_inputs({name: [record.kind for record in found] for name, found in resolved.items()})
    return resolved


def resolve_input(store: Store, value: InputValue, user: str) -> AssetRecord:
    """Find one asset: by handle, by path, by id or unique beginning of an id."""
    if isinstance(value, Asset):
        return value.record
    path = Path(value).expanduser()
    if isinstance(value, Path) or path.exists():
        return store.import_file(path, user=user)
    try:
        return store.get(value)
    except AssetNotFoundError as error:
        raise InvalidInputError(
            "input '{value}': no such file and no such asset; give a path, or an id that "
            "`studio assets list` shows",
            value=value,
        ) from error
