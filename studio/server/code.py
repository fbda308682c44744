"""The lines of Python or shell that make an asset again."""

import json
import shlex
from collections.abc import Mapping
from typing import Any

from studio.app.studio import Studio
from studio.errors import StudioError
from studio.server.errors import ConflictError
from studio.store import AssetRecord


def write_code(studio: Studio, record: AssetRecord, language: str) -> str:
    """Write what makes an asset again, without the params that are as the generator has them.

    Args:
        studio: the home.
        record: the asset.
        language: "python" or "cli".

    Raises:
        ConflictError: it was imported.
    """
    if record.recipe is None:
        raise ConflictError("asset {id} was imported; nothing makes it again", id=record.id)
    params = _drop_defaults(studio, record)
    inputs: dict[str, list[str]] = {}
    for edge in studio.get_lineage(record.id).edges:
        if edge.child == record.id:
            inputs.setdefault(edge.slot, []).append(edge.parent)
    write = _write_python if language == "python" else _write_shell
    return write(record, params, inputs, _is_seeded(studio, record))


def _write_python(
    record: AssetRecord, params: Mapping[str, Any], inputs: Mapping[str, list[str]], seeded: bool
) -> str:
    lines = [f"    {record.generator!r},"]
    if seeded:
        lines.append(f"    seed={record.seed},")
    if inputs:
        lines.append(f"    inputs={ {name: _unpack(ids) for name, ids in inputs.items()}!r},")
    if params:
        lines.append(f"    params={dict(params)!r},")
    body = "\n    ".join(["    assets = home.generate(", *lines, ")"])
    return f"import studio\n\nwith studio.Studio() as home:\n{body}\n"


def _write_shell(
    record: AssetRecord, params: Mapping[str, Any], inputs: Mapping[str, list[str]], seeded: bool
) -> str:
    words = ["studio", "generate", record.generator]
    for name, ids in inputs.items():
        words += [word for id in ids for word in ("--input", f"{name}={id}")]
    for name, value in params.items():
        words += ["--param", f"{name}={_write_value(value)}"]
    if seeded:
        words += ["--seed", str(record.seed)]
    return f"{shlex.join(words)}\n"


def _write_value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _unpack(ids: list[str]) -> str | list[str]:
    return ids[0] if len(ids) == 1 else ids


def _drop_defaults(studio: Studio, record: AssetRecord) -> dict[str, Any]:
    try:
        schema = studio.registry.get(record.generator).params_schema
    except StudioError:
        return record.params
    fields = schema.get("properties", {})
    return {
        name: value
        for name, value in record.params.items()
        if "default" not in fields.get(name, {}) or fields[name]["default"] != value
    }


def _is_seeded(studio: Studio, record: AssetRecord) -> bool:
    try:
        return studio.registry.get(record.generator).seeded
    except StudioError:
        return True
