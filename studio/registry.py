"""The registry: which generators there are, and which plugins they come from."""

from collections.abc import Iterable
from difflib import get_close_matches

from studio.errors import UnknownGeneratorError
from studio.media import MediaType
from studio.plugins import PluginInfo
from studio.spec import GeneratorSpec


class Registry:
    """Specs by id, and the plugins, loaded or failed.

    Attributes:
        specs: id -> spec, sorted by id.
        plugins: sorted by name.
    """

    def __init__(self, specs: Iterable[GeneratorSpec], plugins: Iterable[PluginInfo]) -> None:
        self.specs = {spec.id: spec for spec in sorted(specs, key=lambda spec: spec.id)}
        self.plugins = sorted(plugins, key=lambda plugin: (plugin.name, plugin.environment))

    def get(self, id: str) -> GeneratorSpec:
        """Return the spec of a generator.

        Raises:
            UnknownGeneratorError: with the nearest id, or why its plugin is not there.
        """
        if id in self.specs:
            return self.specs[id]
        name = id.partition(".")[0]
        for plugin in self.plugins:
            if plugin.name == name and plugin.status == "failed":
                raise UnknownGeneratorError(
                    "no generator '{id}': its plugin '{plugin}' could not be loaded: {cause}",
                    id=id,
                    plugin=name,
                    cause=plugin.cause,
                )
        close = self._find_close(id)
        if close:
            raise UnknownGeneratorError(
                "no generator '{id}'; did you mean '{close}'?", id=id, close=close
            )
        raise UnknownGeneratorError(
            "no generator '{id}'; `studio generators` lists the {count} there are",
            id=id,
            count=len(self.specs),
        )

    def find(
        self, output: MediaType | None = None, plugin: str | None = None
    ) -> list[GeneratorSpec]:
        """Find the generators that make `output`, of a plugin or distribution name."""
        return [
            spec
            for spec in self.specs.values()
            if (output is None or spec.output == output)
            and (plugin is None or plugin in (spec.plugin, spec.entry_point))
        ]

    def _find_close(self, id: str) -> str:
        """Find the id that was meant: nearly the same, or the same after the dot; "" if none."""
        matches = get_close_matches(id, self.specs, n=1, cutoff=0.7)
        name = id.rpartition(".")[2]
        matches += [known for known in self.specs if known.rpartition(".")[2] == name]
        return matches[0] if matches else ""
