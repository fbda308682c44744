"""Reading the file of a batch."""

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from studio.errors import InvalidInputError, InvalidParamsError

Request = dict[str, Any]


def load_requests(path: Path) -> list[Request]:
    """Read the requests of a TOML or JSON-lines file, as `Studio.batch` takes them.

    Raises:
        InvalidInputError: missing or unreadable.
        InvalidParamsError: no TOML or JSON, or it has no requests; names the line.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fault = error.strerror if isinstance(error, OSError) else "no UTF-8 text"
        raise InvalidInputError("{path}: {fault}", path=path, fault=fault or error) from error
    is_toml = path.suffix.lower() == ".toml"
    requests = _parse_toml(path, text) if is_toml else _parse_lines(path, text)
    if not requests:
        raise InvalidParamsError("{path}: no requests in it", path=path)
    return [_place_inputs(request, path.parent) for request in requests]


def _parse_toml(path: Path, text: str) -> list[Request]:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidParamsError("{path}: {fault}", path=path, fault=error) from error
    unknown = set(data) - {"requests", "defaults"}
    requests, defaults = data.get("requests", []), data.get("defaults", {})
    if unknown or not isinstance(requests, list) or not isinstance(defaults, dict):
        raise InvalidParamsError(
            "{path}: wants [[requests]] and [defaults], not '{key}'",
            path=path,
            key=", ".join(sorted(unknown)) or "requests",
        )
    return [_merge(defaults, _check_request(path, f"{n}", raw)) for n, raw in enumerate(requests)]


def _parse_lines(path: Path, text: str) -> list[Request]:
    requests = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            try:
                raw = json.loads(line)
            except ValueError as error:
                raise InvalidParamsError(
                    "{path}, line {line}: {fault}", path=path, line=number, fault=error
                ) from error
            requests.append(_check_request(path, f"line {number}", raw))
    return requests


def _check_request(path: Path, place: str, raw: object) -> Request:
    if not isinstance(raw, dict):
        raise InvalidParamsError(
            "{path}, request {place}: must be a table with 'generator'", path=path, place=place
        )
    for key in ("params", "inputs"):
        if not isinstance(raw.get(key, {}), dict):
            raise InvalidParamsError(
                "{path}, request {place}: '{key}' must be a table", path=path, place=place, key=key
            )
    return raw


def _merge(defaults: Mapping[str, Any], request: Request) -> Request:
    """Fill a request up with the defaults; params and inputs one by one."""
    merged = {**defaults, **request}
    for key in ("params", "inputs"):
        if isinstance(defaults.get(key), dict):
            merged[key] = {**defaults[key], **request.get(key, {})}
    return merged


def _place_inputs(request: Request, folder: Path) -> Request:
    """Let paths count from the folder of the file."""
    if "inputs" not in request:
        return request
    placed = {
        name: [_place(item, folder) for item in value]
        if isinstance(value, list)
        else _place(value, folder)
        for name, value in request["inputs"].items()
    }
    return {**request, "inputs": placed}


def _place(value: Any, folder: Path) -> Any:
    path = folder / str(value)
    return str(path) if isinstance(value, str) and path.exists() else value
