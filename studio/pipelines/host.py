"""What a pipeline needs of its host: two protocols, which `app` implements."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Protocol

from studio.media import MediaType
from studio.spec import GeneratorSpec


class StepAsset(Protocol):
    """An asset, as far as a pipeline looks at it."""

    @property
    def id(self) -> str:
        """Id in the library."""
        ...

    @property
    def kind(self) -> MediaType:
        """Media type."""
        ...

    @property
    def title(self) -> str:
        """A short name."""
        ...

    @property
    def payload_hash(self) -> str:
        """Identity of its content: the same picture is one item, whatever its id."""
        ...

    @property
    def seed(self) -> int | None:
        """The seed that made it; tells which result of a call it belongs to."""
        ...

    @property
    def metrics(self) -> Mapping[str, float]:
        """Figures of the generator, for gates."""
        ...

    @property
    def trashed(self) -> bool:
        """In the trash."""
        ...


@dataclass(frozen=True)
class Call:
    """One job of a step.

    Attributes:
        params: complete and valid, defaults filled in.
        inputs: slot -> assets, in order.
        seeds: one result each; no seed twice. `(0,)` where the generator takes no seed.
        titles: one per seed, for assets that are newly made; others keep theirs.
        item: what it is about, for people: title of the `foreach` asset, or "".
        with_trash: results in the trash count as made (a gate put them there).
    """

    step: str
    generator: str
    params: Mapping[str, Any]
    inputs: Mapping[str, tuple[StepAsset, ...]]
    seeds: tuple[int, ...]
    titles: tuple[str, ...]
    item: str = ""
    with_trash: bool = False


class Catalogue(Protocol):
    """What can be known without running anything."""

    def get_spec(self, generator: str) -> GeneratorSpec:
        """Describe a generator, or raise `UnknownGeneratorError`."""
        ...

    def get_preset(self, generator: str, name: str) -> Mapping[str, Any]:
        """Return the params of a preset, or raise a `StudioError`."""
        ...


class PipelineHost(Catalogue, Protocol):
    """Who does the work. Its methods are called from the thread that runs the pipeline."""

    def submit(self, call: Call) -> "Future[Sequence[StepAsset]]":
        """Queue a call, reusing every result that was made before; return at once.

        The future gives the assets of all seeds in order, or the `StudioError` of the job. It
        may be completed by any thread.
        """
        ...

    def cancel(self, call: Call) -> None:
        """Give up a submitted call: the pipeline was stopped."""
        ...

    def trash(self, ids: Sequence[str]) -> None:
        """Put results that failed a gate into the trash."""
        ...

    def restore(self, ids: Sequence[str]) -> None:
        """Take results out of the trash: a gate wants them after all."""
        ...

    def tag(self, ids: Sequence[str], tag: str) -> None:
        """Tag results, e.g. the best of those that all failed a gate."""
        ...
