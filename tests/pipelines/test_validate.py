# ruff: noqa: E501 - one fault a line reads best
import pytest

from studio.errors import PipelineError
from studio.pipelines.recipe import parse_pipeline
from studio.pipelines.validate import check_pipeline


def check(text: str, host: object) -> None:
    check_pipeline(parse_pipeline(text.replace("GATE", ""), "pack"), host)  # type: ignore[arg-type]


def test_a_good_pipeline_passes(pack: str, host: object) -> None:
    check(pack, host)


FAULTS = [
    # structure
    ('generator = "toys.vary"', 'generator = "toys.vari"', ["vary", "generator", "toys.vary"]),
    ('name = "material"', 'name = "pictures"', ["step 'pictures'", "name"]),
    ('name = "material"', 'name = "vary"', ["step 'vary'", "name"]),
    ('name = "material"', 'name = "each"', ["step 'each'", "name"]),
    # assets
    ('foreach = "vary"', 'foreach = "vray"', ["material", "foreach", "'vray'", "did you mean vary"]),
    ('foreach = "vary"', 'foreach = "sheet"', ["material", "foreach", "sheet", "above"]),
    ('foreach = "vary"', 'foreach = "material"', ["material", "foreach", "above"]),
    ('{ texture = "$each" }', '{ txture = "$each" }', ["export", "inputs.txture", "texture"]),
    ('{ texture = "$each" }', "{}", ["export", "inputs.texture", "texture"]),
    ('{ texture = "$each" }', '{ texture = "$vary" }', ["export", "inputs.texture", "image"]),
    ('{ texture = "$each" }', '{ texture = "$material" }', ["export", "inputs.texture", "one asset"]),
    ('{ texture = "$each" }', '{ texture = ["$each", "$each"] }', ["export", "one asset"]),
    ('{ texture = "$each" }', '{ texture = "each" }', ["export", "inputs.texture", "'each'"]),
    ('{ pictures = "$vary" }', '{ pictures = "$each" }', ["sheet", "inputs.pictures", "foreach"]),
    ('{ pictures = "$vary" }', '{ pictures = "$each.vary" }', ["sheet", "foreach"]),
    ('{ pictures = "$vary" }', '{ pictures = "$export" }', ["sheet", "inputs.pictures", "archive"]),
    ('{ pictures = "$vary" }', '{ pictures = "$pictres" }', ["sheet", "pictures"]),
    # values
    ("GATE", 'params = { sise = 8 }', ["vary", "params.sise", "size"]),
    ("GATE", 'params = { size = 4 }', ["vary", "params.size", "at least 8"]),
    ("GATE", 'params = { size = "big" }', ["vary", "params.size", "integer"]),
    ("GATE", 'params = { size = "${variation}" }', ["vary", "params.size", "variations"]),
    ("GATE", 'params = { size = "${variations}" }', ["vary", "params.size", "at least 8"]),
    ("GATE", 'params = { size = "${engines}" }', ["vary", "params.size"]),
    ("GATE", 'params = { prompt = "${each}" }', ["vary", "params.prompt", "each"]),
    ("GATE", 'preset = "huge"', ["vary", "preset", "huge"]),
    ("GATE", 'preset = "bad"', ["vary", "params", "size"]),
    ("GATE", 'title = "${itme}"', ["vary", "title", "item"]),
    ("GATE", 'when = "${variations}"', ["vary", "when", "boolean"]),
    ("GATE", 'when = "maybe"', ["vary", "when", "maybe"]),
    ('count = "${variations}"', 'count = "${engines}"', ["vary", "count", "integer"]),
    ('count = "${variations}"', "count = 0", ["variations", "no step"]),
    ('matrix = { engine = "${engines}" }', 'matrix = { engin = ["godot"] }', ["export", "matrix.engin", "engine"]),
    ('matrix = { engine = "${engines}" }', 'matrix = { engine = ["godo"] }', ["export", "matrix.engine", "godot"]),
    ('matrix = { engine = "${engines}" }', 'matrix = { engine = "${variations}" }', ["export", "array"]),
    ('default = ["godot", "unity"]', 'default = ["godot", "unreal"]', ["export", "params", "unreal"]),
    ('default = ["godot", "unity"]', "default = []", ["export", "matrix.engine"]),
    # gates
    ("GATE", 'gate = { metric = "seam" }', ["vary", "gate", "min or max"]),
    ("GATE", 'gate = { metric = "seam", min = 2, max = 1 }', ["vary", "gate", "min"]),
    ("GATE", 'gate = { metric = "seam", max = 1, tries = 0 }', ["vary", "gate", "tries"]),
    ("GATE", 'gate = { metric = "seam", max = "${engines}" }', ["vary", "gate.max", "number"]),
    # params of the pipeline
    ("minimum = 1", "minmum = 1", ["params.variations", "minmum", "minimum"]),
    ('type = "integer"', 'type = "int"', ["params.variations", "type"]),
    ("default = 2", "default = 0", ["params.variations", "0"]),
    ("minimum = 1", 'minimum = "one"', ["params.variations", "one"]),
    ("[params.engines]", '[params.item]\ntype = "string"\n[params.engines]', ["params.item"]),
    ("[params.engines]", '[params.spare]\ntype = "string"\n[params.engines]', ["spare", "no step"]),
    ("[params.variations]", '[inputs.logo]\nkinds = ["image"]\n[params.variations]', ["logo", "no step"]),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "words"), FAULTS)
def test_faults_name_step_and_field(
    pack: str, host: object, old: str, new: str, words: list[str]
) -> None:
    assert old in pack
    with pytest.raises(PipelineError) as caught:
        check(pack.replace(old, new, 1), host)
    for word in words:
        assert word in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_gate_needs_seeds(pack: str, host: object) -> None:
    text = pack.replace(
        'generator = "toys.pbr"', 'generator = "toys.pbr"\ngate = { metric = "x", max = 1 }'
    )
    with pytest.raises(PipelineError, match=r"material.*gate.*seed"):
        check(text, host)


def test_count_without_seeds(pack: str, host: object) -> None:
    text = pack.replace('generator = "toys.pbr"', 'generator = "toys.pbr"\ncount = 2')
    with pytest.raises(PipelineError, match=r"material.*count"):
        check(text, host)


def test_matrix_and_params_may_not_both_set(pack: str, host: object) -> None:
    text = pack.replace("matrix =", 'params = { engine = "godot" }\nmatrix =')
    with pytest.raises(PipelineError, match=r"export.*matrix\.engine"):
        check(text, host)


def test_an_enum_must_fit_in_whole(pack: str, host: object) -> None:
    text = pack.replace(
        "[params.engines]",
        '[params.way]\ntype = "string"\nenum = ["a", "c"]\ndefault = "a"\n[params.engines]',
    ).replace("GATE", 'params = { method = "${way}" }')
    with pytest.raises(PipelineError, match=r"vary.*params\.method.*\"c\""):
        check(text, host)


@pytest.mark.parametrize(
    ("kind", "target", "fits"),
    [
        ("integer", "strength", True),
        ("number", "strength", True),
        ("string", "strength", False),
        ("number", "size", False),
        ("string", "prompt", True),
        ("boolean", "prompt", False),
        ("integer", "size", True),
    ],
)
def test_required_params_are_checked_by_type(
    pack: str, host: object, kind: str, target: str, fits: bool
) -> None:
    text = pack.replace(
        "[params.engines]", f'[params.own]\ntype = "{kind}"\n[params.engines]'
    ).replace("GATE", f'params = {{ {target} = "${{own}}" }}')
    if fits:
        check(text, host)
    else:
        with pytest.raises(PipelineError, match=rf"params\.{target}.*{kind}"):
            check(text, host)


def test_one_ancestor_is_one_asset(pack: str, host: object) -> None:
    """Every variation comes from one picture, so `$each.pictures` fits a slot for one."""
    text = pack.replace('foreach = "vary"\ninputs = { image = "$each" }',
                        'foreach = "vary"\ninputs = { image = "$each.pictures" }')  # fmt: skip
    check(text, host)
    with pytest.raises(PipelineError, match="one asset"):
        check(text.replace("$each.pictures", "$pictures"), host)


def test_an_asset_of_a_single_step_is_one(host: object) -> None:
    text = """
    [[steps]]
    name = "dream"
    generator = "toys.dream"
    [[steps]]
    name = "material"
    generator = "toys.pbr"
    inputs = { image = "$dream" }
    """
    check(text, host)
    with pytest.raises(PipelineError, match="one asset"):
        check(text.replace('"toys.dream"', '"toys.dream"\ncount = 2'), host)


def test_foreach_over_a_list(host: object) -> None:
    text = """
    [params.prompts]
    type = "array"
    default = ["a cat", "a dog"]
    [[steps]]
    name = "dream"
    generator = "toys.dream"
    foreach = "${prompts}"
    params = { prompt = "${each}, oil" }
    """
    check(text, host)
    with pytest.raises(PipelineError, match=r"dream.*params.*prompt"):
        check(text.replace('["a cat", "a dog"]', "[1]").replace("${each}, oil", "${each}"), host)
    with pytest.raises(PipelineError, match=r"dream.*foreach.*array"):
        check(text.replace('"array"', '"string"').replace('["a cat", "a dog"]', '"a"'), host)
    with pytest.raises(PipelineError, match=r"inputs.image"):
        wrong = text.replace("toys.dream", "toys.pbr").replace("params =", "inputs =")
        check(wrong.replace('prompt = "${each}, oil"', 'image = "$each"'), host)
