"""What the host knows of a generator: plain data, never the class."""

from typing import Any

from pydantic import BaseModel, ConfigDict

from studio.errors import InvalidInputError
from studio.generator import Footprint, Generator
from studio.media import MediaType


class InputSpec(BaseModel):
    """A named asset slot, as data."""

    model_config = ConfigDict(frozen=True)

    name: str
    kinds: tuple[MediaType, ...]
    many: bool = False
    optional: bool = False
    summary: str = ""


class BundledSpec(BaseModel):
    """A checkpoint that ships with a plugin, as data; `path` is absolute."""

    model_config = ConfigDict(frozen=True)

    name: str
    path: str
    licence: str
    summary: str = ""


class GeneratorSpec(BaseModel):
    """A generator as plain data: all that faces, scheduler and store need.

    Attributes:
        params_schema: JSON Schema (draft 2020-12) of its `Params`.
        plugin, plugin_version: the distribution it comes from.
        entry_point: name of the plugin's entry point, for the worker that loads it.
        environment: "main", or the name of another interpreter in the config.
        device_bytes, host_bytes: its own guess of its footprint, for default params.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    title: str
    summary: str
    output: MediaType
    inputs: tuple[InputSpec, ...]
    params_schema: dict[str, Any]
    seeded: bool
    reads_titles: bool = False
    checkpoint_from: tuple[str, ...]
    checkpoints: tuple[BundledSpec, ...]
    plugin: str
    plugin_version: str
    entry_point: str
    environment: str = "main"
    memory_modes: tuple[str, ...] = ()
    device_bytes: int = 0
    host_bytes: int = 0

    def get_resident_key(self, params: dict[str, Any]) -> str:
        """Name the instance that runs `params`; equal keys share one in memory."""
        chosen = [str(params.get(name)) for name in self.checkpoint_from]
        return "|".join([self.id, *chosen])

    def get_defaults(self) -> dict[str, Any]:
        """Return the params that have a default."""
        fields = self.params_schema.get("properties", {})
        return {name: field["default"] for name, field in fields.items() if "default" in field}

    def identify_input(self, payload_hash: str, title: str) -> str:
        """Say what of an input decides the payload, for the recipe."""
        return f"{payload_hash} {title}" if self.reads_titles else payload_hash

    def check_inputs(self, kinds: dict[str, list[MediaType]]) -> None:
        """Check slot name -> kinds of the assets given.

        Raises:
            InvalidInputError: a slot is unknown, empty, too full or holds the wrong kind.
        """
        for fault in self.find_input_faults(kinds).values():
            raise fault

    def find_input_faults(self, kinds: dict[str, list[MediaType]]) -> dict[str, InvalidInputError]:
        """Return slot -> what is wrong with what is given to it, of all slots at once."""
        slots = {slot.name: slot for slot in self.inputs}
        faults = {
            name: InvalidInputError(
                "{generator}: no input '{slot}'; it takes {known}",
                generator=self.id,
                slot=name,
                known=", ".join(slots) or "none",
                field=name,
            )
            for name in kinds
            if name not in slots
        }
        for slot in self.inputs:
            try:
                self._check_slot(slot, kinds.get(slot.name, []))
            except InvalidInputError as fault:
                faults[slot.name] = fault
        return faults

    def _check_slot(self, slot: InputSpec, given: list[MediaType]) -> None:
        wanted = " or ".join(slot.kinds)
        if not given and not slot.optional:
            raise InvalidInputError(
                "{generator}: input '{slot}' is missing; give it {wanted}",
                generator=self.id,
                slot=slot.name,
                field=slot.name,
                wanted=wanted,
            )
        if len(given) > 1 and not slot.many:
            raise InvalidInputError(
                "{generator}: input '{slot}' takes one asset, not {count}",
                generator=self.id,
                slot=slot.name,
                field=slot.name,
                count=len(given),
            )
        for kind in given:
            if kind not in slot.kinds:
                raise InvalidInputError(
                    "{generator}: input '{slot}' takes {wanted}, not {kind}",
                    generator=self.id,
                    slot=slot.name,
                    field=slot.name,
                    wanted=wanted,
                    kind=kind,
                )


def build_spec(
    generator: type[Generator], plugin: str, version: str, entry_point: str, package_folder: str
) -> GeneratorSpec:
    """Describe a generator class. Runs in a worker (or inline), never in the host."""
    footprint = _guess_footprint(generator)
    return GeneratorSpec(
        id=generator.id,
        title=generator.title,
        summary=generator.summary,
        output=generator.output,
        inputs=tuple(InputSpec(**vars(slot)) for slot in generator.inputs),
        params_schema=generator.Params.model_json_schema(),
        seeded=generator.seeded,
        reads_titles=generator.reads_titles,
        checkpoint_from=generator.checkpoint_from,
        checkpoints=tuple(
            BundledSpec(**{**vars(item), "path": f"{package_folder}/{item.path}"})
            for item in generator.checkpoints
        ),
        plugin=plugin,
        plugin_version=version,
        entry_point=entry_point,
        memory_modes=generator.memory_modes,
        device_bytes=footprint.device_bytes,
        host_bytes=footprint.host_bytes,
    )


def _guess_footprint(generator: type[Generator]) -> Footprint:
    """Ask for default params; params without defaults, or a faulty guess, give the usual one."""
    try:
        return generator.footprint(generator.Params())
    except Exception:
        return Footprint()
