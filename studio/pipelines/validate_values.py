"""Check the values of a recipe: its own params, and what each step makes of them."""

from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError

from studio.errors import InvalidParamsError, PipelineError
from studio.pipelines.recipe import Gate, Pipeline, Step, suggest
from studio.pipelines.references import EACH, find_value_names, find_whole_name
from studio.spec import GeneratorSpec
from studio.validation import validate_params

TITLE_NAMES = ("item", "n", "step", "pipeline")
"""Names a title may use besides params and matrix names."""

_KEYWORDS = (
    "type", "default", "enum", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
    "multipleOf", "minLength", "maxLength", "pattern", "items", "minItems", "maxItems",
    "uniqueItems", "title", "description", "unit", "step", "advanced", "widget",
)  # fmt: skip
_EXAMPLES: Mapping[str, Any] = {
    "integer": 1, "number": 0.5, "string": "text", "boolean": True, "array": [], "object": {},
}  # fmt: skip


def check_param_schemas(pipeline: Pipeline) -> None:
    """Check `[params.NAME]`: known keywords, a type, a default that fits.

    Raises:
        PipelineError: names the param.
    """
    for name, field in pipeline.params.items():
        place = {"pipeline": pipeline.name, "param": name}
        for key in field:
            if key not in _KEYWORDS:
                raise PipelineError(
                    "{pipeline}: [params.{param}]: unknown key '{key}'; did you mean {close}?",
                    key=key,
                    close=suggest(key, _KEYWORDS),
                    **place,
                )
        if name in (*TITLE_NAMES, EACH) or field.get("type") not in _EXAMPLES:
            raise PipelineError(
                "{pipeline}: [params.{param}]: needs a type ({types}) and a name other than "
                "{reserved}",
                types=", ".join(_EXAMPLES),
                reserved=", ".join((*TITLE_NAMES, EACH)),
                **place,
            )
        try:
            Draft202012Validator.check_schema(field)
            if "default" in field:
                Draft202012Validator(field).validate(field["default"])
        except (SchemaError, ValidationError) as error:
            raise PipelineError(
                "{pipeline}: [params.{param}]: {fault}", fault=error.message, **place
            ) from error


def check_step_values(pipeline: Pipeline, step: Step, spec: GeneratorSpec) -> set[str]:
    """Check params, matrix, count, switch, title and gate of a step.

    Returns:
        Names of the pipeline's params that it uses.

    Raises:
        PipelineError: names step and field.
    """
    checker = _ValueChecker(pipeline, step, spec)
    checker.check_foreach()
    checker.check_params()
    checker.check_matrix()
    checker.check_settings()
    if step.gate is not None:
        checker.check_gate(step.gate)
    return checker.used - {EACH, *TITLE_NAMES, *step.matrix}


class _ValueChecker:
    def __init__(self, pipeline: Pipeline, step: Step, spec: GeneratorSpec) -> None:
        self.pipeline, self.step, self.spec = pipeline, step, spec
        self.used: set[str] = set()
        self.each_value = find_whole_name(step.foreach) is not None

    def check_foreach(self) -> None:
        if "${" in self.step.foreach:
            self._check_typed("foreach", self.step.foreach, "array")

    def check_params(self) -> None:
        properties = self.spec.params_schema.get("properties", {})
        for name, value in self.step.params.items():
            field = f"params.{name}"
            self._check_param_name(field, name, properties)
            self._check_references(field, value, {EACH} if self.each_value else set())
            whole = find_whole_name(value)
            if whole is None and not list(find_value_names(value)):
                self._check_value(field, name, value)
            elif whole is not None and whole != EACH:
                self._check_feed(field, name, self.pipeline.params[whole])

    def check_matrix(self) -> None:
        properties = self.spec.params_schema.get("properties", {})
        for name, values in self.step.matrix.items():
            field = f"matrix.{name}"
            self._check_param_name(field, name, properties)
            if name in self.step.params:
                raise self._build_error(
                    "{pipeline}: step '{step}': {field}: is set in params too; keep one of them",
                    field,
                )
            if isinstance(values, str):
                self._check_typed(field, values, "array")
                continue
            self._check_references(field, values, set())
            for value in values:
                if not list(find_value_names(value)):
                    self._check_value(field, name, value)

    def check_settings(self) -> None:
        step = self.step
        if isinstance(step.when, str):
            self._check_typed("when", step.when, "boolean")
        if isinstance(step.count, str):
            self._check_typed("count", step.count, "integer")
        self._check_references("preset", step.preset, set())
        self._check_references("title", step.title, {*TITLE_NAMES, *step.matrix})

    def check_gate(self, gate: Gate) -> None:
        if gate.min is None and gate.max is None:
            raise self._build_error("{pipeline}: step '{step}': {field}: needs min or max", "gate")
        if not self.spec.seeded:
            raise self._build_error(
                "{pipeline}: step '{step}': {field}: {generator} takes no seed, so there is no "
                "other to try",
                "gate",
                generator=self.spec.id,
            )
        for field, value, wanted in (
            ("gate.min", gate.min, "number"),
            ("gate.max", gate.max, "number"),
            ("gate.tries", gate.tries, "integer"),
        ):
            if isinstance(value, str):
                self._check_typed(field, value, wanted)

    def _check_param_name(self, field: str, name: str, known: Mapping[str, Any]) -> None:
        if name not in known:
            raise self._build_error(
                "{pipeline}: step '{step}': {field}: no such param of {generator}; "
                "did you mean {close}?",
                field,
                generator=self.spec.id,
                close=suggest(name, known),
            )

    def _check_references(self, field: str, value: Any, allowed: set[str]) -> None:
        for name in find_value_names(value):
            self.used.add(name)
            if name not in self.pipeline.params and name not in allowed:
                raise self._build_error(
                    "{pipeline}: step '{step}': {field}: no param '{name}' in this pipeline; "
                    "did you mean {close}?",
                    field,
                    name=name,
                    close=suggest(name, [*self.pipeline.params, *sorted(allowed)]),
                )

    def _check_typed(self, field: str, text: str, wanted: str) -> None:
        """Check that a setting is one `${param}` of the right type."""
        name = find_whole_name(text)
        if name is not None:
            self._check_references(field, text, set())
            kind = self.pipeline.params[name]["type"]
            if kind == wanted or (kind, wanted) == ("integer", "number"):
                return
        raise self._build_error(
            "{pipeline}: step '{step}': {field}: '{text}' must be a value or one '${{param}}' of "
            "type {wanted}",
            field,
            text=text,
            wanted=wanted,
        )

    def _check_value(self, field: str, name: str, value: Any) -> None:
        try:
            validate_params(self.spec.id, self.spec.params_schema, {name: value}, partial=True)
        except InvalidParamsError as error:
            raise self._build_error(
                "{pipeline}: step '{step}': {field}: {fault}", field, fault=error
            ) from error

    def _check_feed(self, field: str, name: str, source: Mapping[str, Any]) -> None:
        """Check that whatever a pipeline's param may be, the generator's param takes it."""
        keys = ("default", "minimum", "maximum")
        samples = [source[key] for key in keys if key in source] + list(source.get("enum", ()))
        for sample in samples:
            self._check_value(field, name, sample)
        if not samples and self._is_type_refused(name, _EXAMPLES[source["type"]]):
            raise self._build_error(
                "{pipeline}: step '{step}': {field}: a param of type {type} does not fit",
                field,
                type=source["type"],
            )

    def _is_type_refused(self, name: str, example: Any) -> bool:
        schema = self.spec.params_schema
        target = {**schema["properties"][name], "$defs": schema.get("$defs", {})}
        faults = Draft202012Validator(target).iter_errors(example)
        return any(_is_type_fault(fault) for fault in faults)

    def _build_error(self, template: str, field: str, **values: object) -> PipelineError:
        return PipelineError(
            template, pipeline=self.pipeline.name, step=self.step.name, field=field, **values
        )


def _is_type_fault(error: ValidationError) -> bool:
    """Tell a wrong type from a wrong value; `anyOf` is at fault if every branch is."""
    if error.context:
        branches = {child.schema_path[0] for child in error.context}
        wrong = {child.schema_path[0] for child in error.context if _is_type_fault(child)}
        return branches == wrong
    return error.validator == "type"
