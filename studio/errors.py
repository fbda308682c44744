"""The error tree. A message names the field or file, what was wrong, and the remedy.

Faces catch `StudioError` only; anything else is a bug and keeps its traceback. A message is a
template plus values, so that a face can show it in the user's language and a worker can send
it over a pipe.
"""

from collections.abc import Mapping
from typing import Any


class StudioError(Exception):
    """Something the user can mend.

    Args:
        message: what is wrong and how to mend it, with `{name}` for each value.
        **values: what fills the template; anything with a readable `str`.
    """

    def __init__(self, message: str, **values: object) -> None:
        self.template = message
        self.values = {name: str(value) for name, value in values.items()}
        super().__init__(message.format(**self.values) if values else message)

    def to_dict(self) -> dict[str, Any]:
        """Return `{type, template, values}`, plain JSON."""
        return {"type": type(self).__name__, "template": self.template, "values": self.values}


class ConfigError(StudioError):
    """The configuration file, an environment variable or a flag is wrong."""


class PluginLoadError(StudioError):
    """A plugin raised, exited, hung or crashed while it was imported."""


class UnknownGeneratorError(StudioError):
    """No plugin offers a generator of that id."""


class InvalidParamsError(StudioError):
    """A param is unknown, missing, of the wrong type or out of range."""


class InvalidInputError(StudioError):
    """An input asset or file is missing, unreadable or not what the slot takes."""


class OutOfMemoryError(StudioError):
    """The job needs more memory than the device, or its limit, has."""


class JobCancelledError(StudioError):
    """The job was cancelled before it was done."""


class JobFailedError(StudioError):
    """The generator itself broke: a bug in a plugin; the job record keeps the traceback."""


class AssetNotFoundError(StudioError):
    """No asset of that id is in the library."""


class CheckpointError(StudioError):
    """A checkpoint is missing, not approved or does not match its hash."""


class PipelineError(StudioError):
    """A pipeline recipe is wrong, or one of its steps could not be done."""


class StoreError(StudioError):
    """The home folder or its database cannot be read or written."""


def error_from_dict(data: Mapping[str, Any]) -> StudioError:
    """Rebuild an error that `StudioError.to_dict` wrote; an unknown type becomes the base."""
    types = {cls.__name__: cls for cls in StudioError.__subclasses__()}
    cls = types.get(str(data.get("type")), StudioError)
    return cls(str(data.get("template", "unknown error")), **dict(data.get("values") or {}))
