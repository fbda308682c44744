"""What a generator raised, as an error that host and user understand."""

import errno
import traceback

from pydantic import ValidationError

from studio.errors import (
    InvalidParamsError,
    JobFailedError,
    OutOfMemoryError,
    StoreError,
    StudioError,
    error_from_dict,
)

TRACEBACK_LENGTH = 20_000
_VALUE_LENGTH = 2_000

_MEMORY_TYPES = {"OutOfMemoryError", "MemoryError", "_ArrayMemoryError"}
_MEMORY_PHRASES = ("out of memory", "can't allocate memory", "not enough memory")
_DEVICE_PHRASES = ("CUDA error", "cuDNN error", "HIP error", "device-side assert")


class DeviceLostError(Exception):
    """The device is in a state that only a new process mends."""


def is_device_lost(error: BaseException) -> bool:
    """Tell whether the device will fail every later job of this process too."""
    text = read_message(error)
    return (
        isinstance(error, RuntimeError)
        and not is_out_of_memory(error)
        and any(phrase in text for phrase in _DEVICE_PHRASES)
    )


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether memory ran out, of the host or of a device; torch is not imported for it."""
    if isinstance(error, MemoryError | OutOfMemoryError):
        return True
    if type(error).__name__ in _MEMORY_TYPES:
        return True
    text = read_message(error).lower()
    return isinstance(error, RuntimeError | OSError) and any(p in text for p in _MEMORY_PHRASES)


def read_message(error: BaseException) -> str:
    """Return what an error says; its `__str__` is the plugin's and may do anything."""
    try:
        return str(error)
    except BaseException as fault:
        return f"a message that cannot be read ({type(fault).__name__})"


def _repr(value: object) -> str:
    try:
        return repr(value)[:100]
    except BaseException as fault:
        return f"a value that cannot be shown ({type(fault).__name__})"


def build_error(error: BaseException, generator: str, device: str) -> StudioError:
    """Turn what was raised into a `StudioError` of a type that the host knows."""
    if isinstance(error, StudioError):
        try:
            values = {name: value[:_VALUE_LENGTH] for name, value in error.values.items()}
            kind = _find_known_type(type(error))
            return error_from_dict({"type": kind, "template": error.template, "values": values})
        except Exception:  # made without `StudioError.__init__`, or tampered with
            return JobFailedError(
                "{generator}: {kind}: {fault}",
                generator=generator,
                kind=type(error).__name__,
                fault=read_message(error)[:500],
            )
    if is_out_of_memory(error):
        return OutOfMemoryError(
            "{generator}: out of memory on {device}; ask for a smaller size or fewer at once",
            generator=generator,
            device=device,
        )
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreError(
            "{generator}: no space left on the disk; free some and try again", generator=generator
        )
    if isinstance(error, SystemExit):
        return JobFailedError(
            "{generator}: called sys.exit({code})", generator=generator, code=_repr(error.code)
        )
    return JobFailedError(
        "{generator}: {kind}: {fault}",
        generator=generator,
        kind=type(error).__name__,
        fault=read_message(error)[:500] or "no message",
    )


def build_params_error(error: ValidationError, generator: str) -> InvalidParamsError:
    """Name the first field that pydantic refused, and why."""
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"]))
    if not where:  # a validator over several fields
        return InvalidParamsError(
            "{generator}: params: {fault}", generator=generator, fault=first["msg"]
        )
    return InvalidParamsError(
        "{generator}: param '{param}': {fault}, not {value}",
        generator=generator,
        param=where,
        fault=first["msg"],
        value=repr(first["input"])[:100],
    )


def build_log_error(path: str, error: OSError) -> StoreError:
    """Say that a job's log cannot be written."""
    return StoreError(
        "{path}: {fault}; the home must be writable", path=path, fault=error.strerror or error
    )


def format_traceback(error: BaseException) -> str:
    """Return the traceback as text, its end if it is very long."""
    try:
        return "".join(traceback.format_exception(error))[-TRACEBACK_LENGTH:]
    except BaseException as fault:
        return f"a traceback that cannot be written ({type(fault).__name__})"


def _find_known_type(cls: type[BaseException]) -> str:
    """Name the nearest ancestor that is defined in `studio.errors`: plugins may have their own."""
    return next(base.__name__ for base in cls.__mro__ if base.__module__ == StudioError.__module__)
