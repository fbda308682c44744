"""`--input NAME=PATH_OR_ID`, as often as wanted."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from studio.cli.command import WrongUseError
from studio.cli.subject import Slot, Subject
from studio.errors import InvalidInputError
from studio.media import SUFFIXES, MediaType


def read_inputs(subject: Subject, pairs: Sequence[str]) -> dict[str, list[str]]:
    """Turn `NAME=VALUE` into slot -> values; a folder of pictures becomes all of them.

    `NAME=` may be left out where there is only one input.

    Raises:
        WrongUseError: no slot is named.
        InvalidInputError: a folder has no pictures or cannot be read.
    """
    inputs: dict[str, list[str]] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if (not equals or name not in subject.slots) and len(subject.slots) == 1:
            only = next(iter(subject.slots))
            name, value = (only, pair) if not equals or Path(pair).exists() else (name, value)
        elif not equals:
            raise WrongUseError(
                "--input {pair}: write it NAME=PATH_OR_ID; {owner} takes {known}",
                pair=pair,
                owner=subject.name,
                known=", ".join(subject.slots) or "-",
            )
        slot = subject.slots.get(name)
        values = expand_folder(value) if slot and _takes_folders(slot, value) else [value]
        inputs.setdefault(name, []).extend(values)
    return inputs


def expand_folder(folder: str | Path) -> list[str]:
    """List the pictures in a folder, by name.

    Raises:
        InvalidInputError: there are none, or it cannot be read.
    """
    path = Path(folder).expanduser()
    try:
        found = sorted(
            str(file)
            for file in path.iterdir()
            if file.is_file() and SUFFIXES.get(file.suffix.lower()) is MediaType.IMAGE
        )
    except OSError as error:
        raise InvalidInputError(
            "folder {path}: {fault}", path=path, fault=error.strerror or error
        ) from error
    if not found:
        raise InvalidInputError(
            "folder {path}: no pictures in it; it may have {endings}",
            path=path,
            endings=", ".join(_list_endings(SUFFIXES)),
        )
    return found


def _takes_folders(slot: Slot, value: str) -> bool:
    """Say whether a folder means its pictures, and not a material's maps."""
    kinds = set(slot.kinds)
    return (
        slot.many
        and MediaType.IMAGE in kinds
        and MediaType.TEXTURE not in kinds
        and Path(value).expanduser().is_dir()
    )


def _list_endings(suffixes: Mapping[str, MediaType]) -> list[str]:
    return [ending for ending, kind in suffixes.items() if kind is MediaType.IMAGE]
