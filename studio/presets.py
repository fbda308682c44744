"""Presets: named, saved, partial params, as TOML files that people can share."""

import json
import os
import re
import tempfile
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from studio.config import Config
from studio.errors import ConfigError, InvalidParamsError, StudioError
from studio.registry import Registry
from studio.validation import validate_params

Source = Literal["user", "plugin", "shipped"]

_MAX_NAME = 60
_PASTED = Path("preset.toml")
"""What errors call a text that came without a file."""

_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)")  # names that Windows keeps for itself


class _Entry(BaseModel):
    """A preset as a file has it; `name` is the file's where it has one preset only."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[\w][\w-]*$")
    generator: str
    title: str = ""
    summary: str = ""
    params: dict[str, Any] = {}


@dataclass(frozen=True)
class Preset:
    """Saved params of one generator; `name` is unique per generator and source."""

    name: str
    generator: str
    title: str
    summary: str
    params: Mapping[str, Any]
    source: Source
    path: Path


class PresetBook:
    """Finds, checks, saves and shares presets; the user's win over plugins', those over shipped.

    Args:
        config: its home has the folder `presets`.
        registry: presets are checked against its schemas.
        folders: of plugins.
    """

    def __init__(self, config: Config, registry: Registry, folders: Iterable[Path] = ()) -> None:
        self._registry = registry
        self._user_folder = config.home / "presets"
        self._folders: list[tuple[Source, Path]] = [("shipped", get_shipped_folder())]
        self._folders += [("plugin", folder) for folder in folders]
        self._folders.append(("user", self._user_folder))

    def find(self, generator: str | None = None) -> list[Preset]:
        """Return the presets of a generator, or all, by generator and name.

        Files that cannot be read are left out; `find_faults` tells of them.
        """
        found = self._collect(generator)
        return [found[key] for key in sorted(found)]

    def find_faults(self) -> list[StudioError]:
        """Return what is wrong: files that cannot be read, params that do not fit.

        Presets of generators that are not installed are not at fault.
        """
        faults: list[StudioError] = []
        for source, path in self._iterate_files():
            try:
                presets = load_presets(path, source)
                for preset in presets:
                    if preset.generator in self._registry.specs:
                        self.check(preset)
            except StudioError as error:
                faults.append(error)
        return faults

    def get(self, name: str, generator: str | None = None) -> Preset:
        """Return a preset whose params are checked.

        Raises:
            InvalidParamsError: there is none of that name, several generators have one, or its
                params do not fit.
            ConfigError: its file cannot be read.
        """
        found = [preset for (_, key), preset in self._collect(generator).items() if key == name]
        if not found:
            self._raise_missing(name, generator)
        if len(found) > 1:
            raise InvalidParamsError(
                "preset '{name}' exists for {generators}; say which generator is meant",
                name=name,
                generators=", ".join(preset.generator for preset in found),
            )
        self.check(found[0])
        return found[0]

    def check(self, preset: Preset) -> None:
        """Check a preset's params against its generator.

        Raises:
            InvalidParamsError: names file, preset and param.
            UnknownGeneratorError: the generator is not installed.
        """
        spec = self._registry.get(preset.generator)
        try:
            validate_params(spec.id, spec.params_schema, preset.params, partial=True)
        except InvalidParamsError as error:
            raise InvalidParamsError(
                "preset '{name}' in {path}: {fault}",
                name=preset.name,
                path=preset.path,
                fault=error,
            ) from error

    def save(
        self,
        title: str,
        generator: str,
        params: Mapping[str, Any],
        *,
        summary: str = "",
        overwrite: bool = False,
    ) -> Preset:
        """Keep params under a name made from `title`; the file is whole or not there.

        Raises:
            InvalidParamsError: the params do not fit, or the name is taken.
            ConfigError: the title has no letter or digit, or the file cannot be written.
        """
        name = make_name(title)
        preset = Preset(
            name,
            generator,
            title.strip(),
            summary,
            dict(params),
            "user",
            self._get_path(name, generator),
        )
        self.check(preset)
        self._keep([preset], overwrite)
        return preset

    def delete(self, name: str, generator: str | None = None) -> None:
        """Delete a preset of the user.

        Raises:
            InvalidParamsError: there is none, or it came with Studio or a plugin.
            ConfigError: the file cannot be changed.
        """
        preset = self.get(name, generator)
        if preset.source != "user":
            raise InvalidParamsError(
                "preset '{name}' came with {source}; only your own can be deleted",
                name=name,
                source="Studio" if preset.source == "shipped" else "a plugin",
            )
        rest = [other for other in load_presets(preset.path, "user") if other != preset]
        if rest:
            _write_file(preset.path, format_presets(rest))
        else:
            preset.path.unlink(missing_ok=True)

    def export_file(self, names: Sequence[str], path: Path) -> Path:
        """Write presets, by name or "generator:name", to one file that others can import."""
        presets = []
        for name in names:
            generator, _, rest = name.rpartition(":")
            presets.append(self.get(rest, generator or None))
        _write_file(path, format_presets(presets))
        return path

    def import_file(self, path: Path, *, overwrite: bool = False) -> list[Preset]:
        """Take over every preset of a file: all, or none if one is wrong or its name taken.

        Raises:
            ConfigError: the file cannot be read.
            InvalidParamsError: a preset does not fit its generator, or its name is taken.
            UnknownGeneratorError: a generator is not installed.
        """
        presets = [
            replace(preset, path=self._get_path(make_name(preset.name), preset.generator))
            for preset in load_presets(path, "user")
        ]
        for preset in presets:
            self.check(preset)
        self._keep(presets, overwrite)
        return presets

    def import_text(self, text: str, *, overwrite: bool = False, keep: bool = True) -> list[Preset]:
        """Take over every preset of a file's text; `keep=False` only checks it.

        Raises:
            ConfigError, InvalidParamsError, UnknownGeneratorError: as `import_file`.
        """
        presets = parse_presets(text, _PASTED, "user")
        for preset in presets:
            self.check(preset)
        kept = [
            replace(preset, path=self._get_path(make_name(preset.name), preset.generator))
            for preset in presets
        ]
        self._check_free(kept, overwrite)
        if keep:
            self._keep(kept, overwrite)
        return kept

    def _check_free(self, presets: Sequence[Preset], overwrite: bool) -> None:
        for preset in presets:
            mine = self._collect(preset.generator).get((preset.generator, preset.name))
            if mine is not None and mine.source == "user" and not overwrite:
                raise InvalidParamsError(
                    "preset '{name}' of {generator} exists; choose another name or overwrite it",
                    name=preset.name,
                    generator=preset.generator,
                )

    def _keep(self, presets: Sequence[Preset], overwrite: bool) -> None:
        self._check_free(presets, overwrite)
        for preset in presets:
            _write_file(preset.path, format_presets([preset]))

    def _get_path(self, name: str, generator: str) -> Path:
        return self._user_folder / f"{generator}.{name}.toml"

    def _collect(self, generator: str | None) -> dict[tuple[str, str], Preset]:
        found: dict[tuple[str, str], Preset] = {}
        for source, path in self._iterate_files():
            try:
                presets = load_presets(path, source)
            except ConfigError:
                continue
            for preset in presets:
                if generator is None or preset.generator == generator:
                    found[preset.generator, preset.name] = preset
        return found

    def _iterate_files(self) -> Iterator[tuple[Source, Path]]:
        for source, folder in self._folders:
            for path in sorted(folder.glob("*.toml")):
                yield source, path

    def _raise_missing(self, name: str, generator: str | None) -> None:
        """Say that there is no such preset, and why, if a broken file might have had it."""
        for source, path in self._iterate_files():
            if name in path.stem or name.encode() in path.read_bytes():
                load_presets(path, source)  # raises if that is why it was not found
        known = sorted({key for _, key in self._collect(generator)})
        raise InvalidParamsError(
            "no preset '{name}'; did you mean {close}?",
            name=name,
            close=", ".join(get_close_matches(name, known, n=1) or known) or "-",
        )


def load_presets(path: Path, source: Source) -> list[Preset]:
    """Read a file: one preset at top level, or several under `[[presets]]`.

    Raises:
        ConfigError: unreadable, no TOML, or a key is unknown, missing or of the wrong type.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            "preset file {path}: {fault}; mend or remove it", path=path, fault=error
        ) from error
    return parse_presets(text, path, source)


def parse_presets(text: str, path: Path, source: Source) -> list[Preset]:
    """Read the text of a file, whose name errors say; raises as `load_presets`."""
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(
            "preset file {path}: {fault}; mend or remove it", path=path, fault=error
        ) from error
    several = data.get("presets")
    if set(data) == {"presets"} and isinstance(several, list):
        raw = several
    else:
        raw = [{"name": path.stem, **data}]
    return [_load_entry(path, source, entry, n) for n, entry in enumerate(raw, start=1)]


def format_presets(presets: Sequence[Preset]) -> str:
    """Return the text of a preset file.

    Raises:
        ConfigError: a value cannot be written as TOML.
    """
    blocks = []
    for preset in presets:
        lines = ["[[presets]]"]
        for key in ("name", "generator", "title", "summary"):
            if getattr(preset, key):
                lines.append(f"{key} = {_format_value(getattr(preset, key))}")
        lines.append("[presets.params]")
        lines += [f"{_format_key(k)} = {_format_value(v)}" for k, v in preset.params.items()]
        blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks)


def make_name(title: str) -> str:
    """Make a name from a title: letters, digits and dashes, fit for any file system.

    Raises:
        ConfigError: the title has no letter or digit.
    """
    text = unicodedata.normalize("NFKC", title).casefold()
    name = re.sub(r"[\W_]+", "-", text).strip("-")[:_MAX_NAME].strip("-")
    if not name:
        raise ConfigError("preset '{title}': a name needs a letter or a digit", title=title)
    return f"{name}-preset" if _RESERVED.fullmatch(name) else name


def get_shipped_folder() -> Path:
    """Return the folder of the presets that ship with Studio."""
    return Path(str(files("studio.data.presets")))


def _load_entry(path: Path, source: Source, raw: Any, number: int) -> Preset:
    try:
        entry = _Entry.model_validate(raw)
    except ValidationError as error:
        fault = error.errors()[0]
        key = ".".join(map(str, fault["loc"]))
        close = get_close_matches(key, _Entry.model_fields, n=1)
        raise ConfigError(
            "preset file {path}, preset {number}: '{key}': {fault}; known keys: {known}",
            path=path,
            number=number,
            key=key,
            fault=fault["msg"],
            known=", ".join(close or _Entry.model_fields),
        ) from error
    title = entry.title or entry.name
    return Preset(entry.name, entry.generator, title, entry.summary, entry.params, source, path)


def _format_key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _format_value(key)


def _format_value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_format_value, value))}]"
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_format_key(k)} = {_format_value(v)}" for k, v in value.items())
        return f"{{ {inner} }}"
    raise ConfigError("a preset cannot keep the value {value}; leave it out", value=value)


def _write_file(path: Path, text: str) -> None:
    """Write a file so that it is whole or as it was, also after a power cut."""
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except (OSError, UnicodeEncodeError) as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        raise ConfigError(
            "preset file {path}: cannot be written: {fault}", path=path, fault=error
        ) from error
