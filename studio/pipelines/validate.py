"""Check a recipe against the generators, before anything runs.

Every message names the step and the field. Values are checked here as far as the recipe decides
them; `bind.bind_pipeline` checks them again with the params that were given.
"""

from collections.abc import Mapping, Sequence

from studio.errors import PipelineError, StudioError
from studio.media import MediaType
from studio.pipelines.bind import bind_pipeline
from studio.pipelines.host import Catalogue
from studio.pipelines.recipe import Pipeline, Step, suggest
from studio.pipelines.references import EACH, parse_asset
from studio.pipelines.validate_values import check_param_schemas, check_step_values
from studio.spec import GeneratorSpec, InputSpec


def check_pipeline(pipeline: Pipeline, catalogue: Catalogue) -> None:
    """Check names, params, references, kinds and gates of every step.

    Raises:
        PipelineError: the first fault.
    """
    check_param_schemas(pipeline)
    _check_names(pipeline)
    used: set[str] = set()
    specs: dict[str, GeneratorSpec] = {}
    for step in pipeline.steps:
        spec = _get_spec(pipeline, step, catalogue)
        used |= check_step_values(pipeline, step, spec)
        used |= _StepChecker(pipeline, step, spec, specs).check()
        specs[step.name] = spec
    for name in [*pipeline.params, *pipeline.inputs]:
        if name not in used:
            raise PipelineError(
                "{pipeline}: '{name}' is declared but no step uses it; use or remove it",
                pipeline=pipeline.name,
                name=name,
            )
    if all("default" in field for field in pipeline.params.values()):
        bind_pipeline(pipeline, catalogue, {})


def _check_names(pipeline: Pipeline) -> None:
    seen = set(pipeline.inputs)
    for step in pipeline.steps:
        if step.name in seen or step.name == EACH:
            raise PipelineError(
                "{pipeline}: step '{step}': name: taken; inputs and steps need different names, "
                "and 'each' is reserved",
                pipeline=pipeline.name,
                step=step.name,
            )
        seen.add(step.name)


def _get_spec(pipeline: Pipeline, step: Step, catalogue: Catalogue) -> GeneratorSpec:
    try:
        return catalogue.get_spec(step.generator)
    except StudioError as error:
        raise PipelineError(
            "{pipeline}: step '{step}': generator: {fault}",
            pipeline=pipeline.name,
            step=step.name,
            fault=error,
        ) from error


class _StepChecker:
    """Checks what flows into one step; `above` is step name -> spec of the earlier ones."""

    def __init__(
        self,
        pipeline: Pipeline,
        step: Step,
        spec: GeneratorSpec,
        above: Mapping[str, GeneratorSpec],
    ) -> None:
        self.pipeline, self.step, self.spec, self.above = pipeline, step, spec, above
        self.source = "" if "${" in step.foreach else step.foreach.removeprefix("$")
        self.used: set[str] = set()

    def check(self) -> set[str]:
        """Return the names of the inputs and steps it uses."""
        if self.source:
            self._check_known("foreach", self.source)
        slots = {slot.name: slot for slot in self.spec.inputs}
        for name, given in self.step.inputs.items():
            if name not in slots:
                raise self._build_error(
                    "{pipeline}: step '{step}': {field}: no such input of {generator}; "
                    "did you mean {close}?",
                    f"inputs.{name}",
                    generator=self.spec.id,
                    close=suggest(name, slots),
                )
            self._check_slot(slots[name], [given] if isinstance(given, str) else given)
        for slot in self.spec.inputs:
            if not slot.optional and not self.step.inputs.get(slot.name):
                raise self._build_error(
                    "{pipeline}: step '{step}': {field}: {generator} needs it; give it {wanted}",
                    f"inputs.{slot.name}",
                    generator=self.spec.id,
                    wanted=" or ".join(slot.kinds),
                )
        return self.used

    def _check_slot(self, slot: InputSpec, given: Sequence[str]) -> None:
        field = f"inputs.{slot.name}"
        single = len(given) == 1
        for text in given:
            name, is_each = self._check_reference(field, text)
            for kind in self._get_kinds(name):
                if kind not in slot.kinds:
                    raise self._build_error(
                        "{pipeline}: step '{step}': {field} takes {wanted}, "
                        "but '{reference}' gives {kind}",
                        field,
                        wanted=" or ".join(slot.kinds),
                        reference=text,
                        kind=kind,
                    )
            single = single and (is_each or self._is_single(name))
        if not single and not slot.many:
            raise self._build_error(
                "{pipeline}: step '{step}': {field} takes one asset, but {given} gives many; "
                "use foreach and '$each'",
                field,
                given=", ".join(given),
            )

    def _check_reference(self, field: str, text: str) -> tuple[str, bool]:
        """Return (the name whose assets it takes, whether it is exactly one of them)."""
        parsed = parse_asset(text)
        if parsed is None:
            raise self._build_error(
                "{pipeline}: step '{step}': {field}: '{text}' is no asset; write '$name' "
                "of an input or a step above, '$each' or '$each.name'",
                field,
                text=text,
            )
        is_related, name = parsed
        is_each = name == EACH and not is_related
        if (is_each or is_related) and not self.source:
            raise self._build_error(
                "{pipeline}: step '{step}': {field}: '{text}' needs foreach = the name of an "
                "input or a step above",
                field,
                text=text,
            )
        if is_each:
            return self.source, True
        self._check_known(field, name)
        return name, is_related and self._is_ancestor(name)

    def _check_known(self, field: str, name: str) -> None:
        self.used.add(name)
        if name in self.pipeline.inputs or name in self.above:
            return
        if any(step.name == name for step in self.pipeline.steps):
            raise self._build_error(
                "{pipeline}: step '{step}': {field}: '{name}' is not made yet; a step may use "
                "inputs and steps above it only",
                field,
                name=name,
            )
        raise self._build_error(
            "{pipeline}: step '{step}': {field}: nothing is called '{name}'; did you mean {close}?",
            field,
            name=name,
            close=suggest(name, [*self.pipeline.inputs, *self.above]),
        )

    def _get_kinds(self, name: str) -> Sequence[MediaType]:
        if name in self.pipeline.inputs:
            return self.pipeline.inputs[name].kinds
        return (self.above[name].output,)

    def _is_single(self, name: str) -> bool:
        """Say whether a name is one asset for certain."""
        if name in self.pipeline.inputs:
            return not self.pipeline.inputs[name].many
        step = next(step for step in self.pipeline.steps if step.name == name)
        return not step.foreach and not step.matrix and step.count == 1

    def _is_ancestor(self, name: str) -> bool:
        """Say whether every asset of `foreach` comes from exactly one asset of `name`."""
        steps = {step.name: step for step in self.pipeline.steps}
        source = self.source
        while source != name:
            if source not in steps:
                return False
            source = steps[source].foreach.removeprefix("$")
        return True

    def _build_error(self, template: str, field: str, **values: object) -> PipelineError:
        return PipelineError(
            template, pipeline=self.pipeline.name, step=self.step.name, field=field, **values
        )
