from collections.abc import Callable
from typing import Any

import pytest

from studio.errors import InvalidInputError, InvalidParamsError, PipelineError
from studio.media import MediaType
from studio.pipelines.bind import bind_pipeline, check_inputs
from studio.pipelines.recipe import Pipeline, parse_pipeline


def parse(pack: str, extra: str = "") -> Pipeline:
    return parse_pipeline(pack.replace("GATE", extra), "pack")


def test_defaults_and_values(pack: str, host: Any) -> None:
    bound = bind_pipeline(parse(pack, "params = { size = 32 }"), host, {"variations": 3})
    vary, _, export, _ = bound.steps
    assert vary.count == 3
    assert vary.source == "pictures"
    assert vary.build_params({}) == {"size": 32, "method": "a", "prompt": "", "strength": None}
    assert export.combos == ({"engine": "godot"}, {"engine": "unity"})
    assert bound.params == {"variations": 3, "engines": ["godot", "unity"]}


def test_params_win_over_the_preset(pack: str, host: Any) -> None:
    step = bind_pipeline(parse(pack, 'preset = "big"'), host, {}).steps[0]
    assert step.build_params({})["size"] == 64
    both = parse(pack, 'preset = "big"\nparams = { size = 8 }')
    assert bind_pipeline(both, host, {}).steps[0].build_params({})["size"] == 8


@pytest.mark.parametrize(
    ("params", "word"),
    [
        ({"variation": 2}, "variations"),
        ({"variations": 0}, "at least 1"),
        ({"engines": "x"}, "array"),
    ],
)
def test_wrong_params(pack: str, host: Any, params: dict[str, Any], word: str) -> None:
    with pytest.raises(InvalidParamsError, match=word):
        bind_pipeline(parse(pack), host, params)


def test_given_values_are_checked_in_every_step(pack: str, host: Any) -> None:
    with pytest.raises(PipelineError, match=r"step 'export': params:.*unreal"):
        bind_pipeline(parse(pack), host, {"engines": ["godot", "unreal"]})
    with pytest.raises(PipelineError, match=r"step 'export': matrix\.engine"):
        bind_pipeline(parse(pack), host, {"engines": []})


def test_a_matrix_value_twice_is_one(pack: str, host: Any) -> None:
    bound = bind_pipeline(parse(pack), host, {"engines": ["godot", "godot"]})
    assert len(bound.steps[2].combos) == 1


def test_gate_numbers_from_params(pack: str, host: Any) -> None:
    text = pack.replace(
        "[params.engines]", '[params.limit]\ntype = "number"\ndefault = 1.3\n[params.engines]'
    )
    pipeline = parse(text, 'gate = { metric = "seam", max = "${limit}" }')
    gate = bind_pipeline(pipeline, host, {"limit": 2}).steps[0].gate
    assert gate is not None and gate.high == 2.0 and gate.low == -float("inf")


def test_inputs(pack: str, picture: Callable[[str], Any]) -> None:
    pipeline = parse(pack)
    check_inputs(pipeline, {"pictures": [picture("a"), picture("b")]})
    with pytest.raises(InvalidInputError, match="pictures"):
        check_inputs(pipeline, {"picture": [picture("a")]})
    with pytest.raises(InvalidInputError, match="'pictures' is missing"):
        check_inputs(pipeline, {})
    single = parse(pack.replace("many = true", ""))
    with pytest.raises(InvalidInputError, match="one asset, not 2"):
        check_inputs(single, {"pictures": [picture("a"), picture("b")]})
    sound = picture("song")
    object.__setattr__(sound, "kind", MediaType.AUDIO)
    with pytest.raises(InvalidInputError, match="'song' is audio"):
        check_inputs(pipeline, {"pictures": [sound]})


@pytest.mark.parametrize("count", [0, 100_001])
def test_count_has_bounds(pack: str, host: Any, count: int) -> None:
    text = pack.replace("minimum = 1\nmaximum = 50", "")
    with pytest.raises(PipelineError, match=r"step 'vary': count"):
        bind_pipeline(parse(text), host, {"variations": count})
