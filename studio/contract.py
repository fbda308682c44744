"""What can be checked of a generator class without running it."""

import inspect
import json
import re
from pathlib import PurePosixPath
from typing import Any

from studio.errors import PluginLoadError
from studio.generator import BundledCheckpoint, Generator, Input
from studio.media import MediaType
from studio.params import Params

SHARED = ("eval", "restore")
"""Names before the dot that no plugin has to itself: several measure, several mend."""


def check_generator_class(generator: Any, plugin: str) -> None:
    """Check that a class keeps the contract and belongs to `plugin`.

    Raises:
        PluginLoadError: says what is wrong with which class.
    """
    if not (isinstance(generator, type) and issubclass(generator, Generator)):
        raise PluginLoadError(
            "register() was given {thing}; give it a subclass of Generator", thing=repr(generator)
        )
    name = generator.__name__
    if inspect.isabstract(generator):
        raise PluginLoadError("{generator} has no method `generate`", generator=name)
    _check_id(generator, plugin)
    for field in ("title", "summary"):
        if not isinstance(getattr(generator, field, None), str):
            raise PluginLoadError(
                "{generator}: `{field}` must be a text", generator=name, field=field
            )
    if not isinstance(getattr(generator, "output", None), MediaType):
        raise PluginLoadError("{generator}: `output` must be a MediaType", generator=name)
    _check_inputs(generator)
    _check_params(generator)
    _check_checkpoints(generator)


def _check_id(generator: type[Generator], plugin: str) -> None:
    id = getattr(generator, "id", None)
    names = "|".join(map(re.escape, (plugin, *SHARED)))
    if not isinstance(id, str) or not re.fullmatch(rf"({names})\.[a-z][a-z0-9_]*", id):
        raise PluginLoadError(
            "{generator}: its id must be '{plugin}.' and a lower-case name, not {id}",
            generator=generator.__name__,
            plugin=plugin,
            id=repr(id),
        )


def _check_inputs(generator: type[Generator]) -> None:
    slots = generator.inputs
    if not (isinstance(slots, tuple) and all(isinstance(slot, Input) for slot in slots)):
        raise PluginLoadError(
            "{generator}: `inputs` must be a tuple of Input", generator=generator.id
        )
    names = [slot.name for slot in slots]
    for slot in slots:
        if names.count(slot.name) > 1:
            raise PluginLoadError(
                "{generator}: two inputs are called '{slot}'",
                generator=generator.id,
                slot=slot.name,
            )
        if not slot.kinds or not all(isinstance(kind, MediaType) for kind in slot.kinds):
            raise PluginLoadError(
                "{generator}: `kinds` of input '{slot}' must be a tuple of MediaType",
                generator=generator.id,
                slot=slot.name,
            )


def _check_params(generator: type[Generator]) -> None:
    params = getattr(generator, "Params", None)
    if not (isinstance(params, type) and issubclass(params, Params)):
        raise PluginLoadError(
            "{generator}: `Params` must be a subclass of studio.params.Params",
            generator=generator.id,
        )
    try:
        json.dumps(params.model_json_schema(), allow_nan=False)
    except Exception as error:
        raise PluginLoadError(
            "{generator}: `Params` has no JSON Schema: {fault}", generator=generator.id, fault=error
        ) from error
    for name in generator.checkpoint_from:
        if name not in params.model_fields:
            raise PluginLoadError(
                "{generator}: `checkpoint_from` names '{param}', which is no param",
                generator=generator.id,
                param=name,
            )


def _check_checkpoints(generator: type[Generator]) -> None:
    for item in generator.checkpoints:
        if not isinstance(item, BundledCheckpoint):
            raise PluginLoadError(
                "{generator}: `checkpoints` must be a tuple of BundledCheckpoint",
                generator=generator.id,
            )
        path = PurePosixPath(item.path)
        if path.is_absolute() or ".." in path.parts:
            raise PluginLoadError(
                "{generator}: checkpoint '{name}' must lie inside the package, not at {path}",
                generator=generator.id,
                name=item.name,
                path=item.path,
            )
