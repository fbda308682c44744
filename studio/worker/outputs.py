"""From what a generator yields to files and plain data, with every check in between."""

import logging
import math
import os
from collections.abc import Mapping, Sequence
from json import dumps, loads
from pathlib import Path
from stat import S_ISREG
from typing import Any

from studio.codecs import Codecs, Encoded, encode_artifact
from studio.errors import JobFailedError
from studio.generator import Artifact
from studio.media import MediaType
from studio.recipe import Recipe
from studio.worker.protocol import EncodedData

INFO_LIMIT = 1 << 20
"""Longest `info` of an artifact, bytes of JSON; more belongs in a file."""


def encode_yield(
    value: Any, recipe: Recipe, codecs: Codecs, scratch: Path, position: int
) -> list[EncodedData]:
    """Write the artifact or group that was yielded for one seed to files under `scratch`.

    Raises:
        JobFailedError: it is no artifact, or its files lie elsewhere.
        InvalidInputError: the payload is not what its codec takes.
    """
    is_group = isinstance(value, Sequence) and not isinstance(value, str | bytes) and value
    artifacts = list(value) if is_group else [value]
    encoded = []
    for index, artifact in enumerate(artifacts):
        _check_artifact(artifact, recipe.generator)
        _check_payload(artifact.payload, scratch, recipe.generator)
        folder = scratch / "outputs" / f"{position:06d}-{index}"
        folder.mkdir(parents=True, exist_ok=True)
        changed = _clean_info(artifact.params, "params", recipe.generator)
        result = encode_artifact(codecs, artifact, recipe.with_params(changed), folder)
        _check_payload(result.files, scratch, recipe.generator, folder)
        data = _build_data(result, recipe.generator)
        encoded.append(data.model_copy(update={"params": changed}))
    return encoded


def read_share(value: Any, measured: float) -> float:
    """Return the seconds that making what was yielded took: as it says, or as was measured."""
    artifacts = value if isinstance(value, Sequence) else [value]
    told = [item.seconds for item in artifacts if isinstance(item, Artifact)]
    known = [seconds for seconds in told if seconds is not None and 0 <= seconds < math.inf]
    return sum(known) if known else measured


def _check_artifact(artifact: Any, generator: str) -> None:
    if not isinstance(artifact, Artifact) or not isinstance(artifact.kind, MediaType):
        raise JobFailedError(
            "{generator}: yielded {thing}; it must yield an Artifact or a list of them",
            generator=generator,
            thing=repr(artifact)[:100],
        )


def _check_payload(payload: Any, scratch: Path, generator: str, folder: Path | None = None) -> None:
    """Check that a payload of paths names files inside `scratch`; `folder` of it is our own."""
    parts = payload.values() if isinstance(payload, Mapping) else [payload]
    for path in parts:
        if not isinstance(path, Path) or (path.parent == folder and _is_plain(path)):
            continue
        if not path.resolve().is_relative_to(scratch.resolve()):
            raise JobFailedError(
                "{generator}: gave the file {path}; it must write its files in the job's scratch "
                "folder",
                generator=generator,
                path=path,
            )
        if not path.is_file():
            raise JobFailedError(
                "{generator}: gave the file {path}, which is not there",
                generator=generator,
                path=path,
            )


def _is_plain(path: Path) -> bool:
    """Tell whether it is a file, and no link to one."""
    try:
        return S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return False


def _build_data(encoded: Encoded, generator: str) -> EncodedData:
    return EncodedData(
        kind=encoded.kind,
        files={name: str(path) for name, path in encoded.files.items()},
        payload_hash=encoded.payload_hash,
        thumbnail=str(encoded.thumbnail) if encoded.thumbnail else None,
        facts=_clean_info(encoded.facts, "facts", generator),
        metrics=_clean_metrics(encoded.metrics, generator),
        info=_clean_info(encoded.info, "info", generator),
        title=encoded.title,
        licence=encoded.licence,
    )


def _clean_metrics(metrics: Mapping[str, Any], generator: str) -> dict[str, float]:
    """Make plain numbers; one that is not finite depends on the data and is left out."""
    clean = {}
    for name, value in metrics.items():
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise JobFailedError(
                "{generator}: metric '{metric}' must be a number, not {value}",
                generator=generator,
                metric=name,
                value=repr(value)[:100],
            ) from None
        if math.isfinite(number):
            clean[str(name)] = number
        else:
            logging.getLogger("studio.job").warning("metric '%s' is %s: left out", name, number)
    return clean


def _clean_info(info: Mapping[str, Any], field: str, generator: str) -> dict[str, Any]:
    """Make plain JSON."""
    try:
        text = dumps(_clean_value(dict(info)), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise JobFailedError(
            "{generator}: `{field}` must be plain JSON: {fault}",
            generator=generator,
            field=field,
            fault=error,
        ) from None
    if len(text) > INFO_LIMIT:
        raise JobFailedError(
            "{generator}: `{field}` has {size} bytes; write that much to a file",
            generator=generator,
            field=field,
            size=len(text),
        )
    data: dict[str, Any] = loads(text)
    return data


def _clean_value(value: Any) -> Any:
    """Replace what JSON lacks: numbers and arrays of numpy, paths, tuples, NaN (None)."""
    if isinstance(value, Mapping):
        return {str(name): _clean_value(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean_value(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if hasattr(value, "tolist"):  # numpy and torch, without importing them
        return _clean_value(value.tolist())
    return value
