import math
from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from studio.media import MediaType
from studio.pipelines.bind import BoundStep, bind_pipeline
from studio.pipelines.expand import (
    Item,
    Made,
    build_item,
    build_value_item,
    count_calls,
    derive_seed,
    derive_seeds,
    expand,
)
from studio.pipelines.recipe import parse_pipeline
from studio.pipelines.validate import check_pipeline

NAMES = st.lists(st.text("abcdef", min_size=1, max_size=4), min_size=1, max_size=6, unique=True)
SETTINGS = settings(max_examples=40)


def bind(host: Any, text: str, **params: Any) -> list[BoundStep]:
    pipeline = parse_pipeline(text, "test")
    check_pipeline(pipeline, host)
    return list(bind_pipeline(pipeline, host, params).steps)


VARY = """
[inputs.pictures]
kinds = ["image"]
many = true
[params.count]
type = "integer"
default = 2
[params.sizes]
type = "array"
default = [8, 16]
[params.methods]
type = "array"
default = ["a", "b"]
[[steps]]
name = "vary"
generator = "toys.vary"
foreach = "pictures"
inputs = { image = "$each" }
count = "${count}"
matrix = { size = "${sizes}", method = "${methods}" }
"""


def test_seeds_are_fixed_for_ever() -> None:
    """A change here makes every user's finished pipelines run again."""
    assert derive_seeds(0, "vary", "abc", 3) == (1016984510, 1648218934, 482421965)


@given(
    st.integers(0, 2**40),
    st.text(max_size=8),
    st.text(max_size=8),
    st.integers(1, 60),
    st.integers(1, 60),
)
@SETTINGS
def test_seeds_are_stable_distinct_and_prefixed(
    seed: int, step: str, identity: str, few: int, more: int
) -> None:
    few, more = sorted((few, more))
    seeds = derive_seeds(seed, step, identity, more)
    assert derive_seeds(seed, step, identity, few) == seeds[:few]
    assert len(set(seeds)) == more
    assert all(0 <= value < 2**31 for value in seeds)


def test_seeds_depend_on_everything() -> None:
    base = (1, "s", "i", 0, 0)
    others = [(2, "s", "i", 0, 0), (1, "t", "i", 0, 0), (1, "s", "j", 0, 0), (1, "s", "i", 1, 0)]
    assert len({derive_seed(*values) for values in [base, *others, (1, "s", "i", 0, 1)]}) == 6


def expand_all(host: Any, assets: Sequence[Any], **params: Any) -> dict[str, list[tuple[int, ...]]]:
    (step,) = bind(host, VARY, **params)
    return {
        asset.id: [call.seeds for call in expand(step, build_item(Made(asset)), {}, 7)]
        for asset in assets
    }


def test_call_counts_are_products_and_pictures_independent(host: Any, picture: Any) -> None:
    @given(
        NAMES,
        st.integers(1, 5),
        st.lists(st.integers(8, 64), min_size=1, max_size=4, unique=True),
        st.lists(st.sampled_from(["a", "b"]), min_size=1, max_size=2, unique=True),
    )
    @SETTINGS
    def check(names: list[str], count: int, sizes: list[int], methods: list[str]) -> None:
        assets = [picture(name) for name in names]
        params = {"count": count, "sizes": sizes, "methods": methods}
        found = expand_all(host, assets, **params)
        calls = [seeds for group in found.values() for seeds in group]
        assert len(calls) == len(names) * len(sizes) * len(methods)
        assert all(len(seeds) == count for seeds in calls)
        # What is there besides, and in which order, changes nothing.
        assert expand_all(host, [*assets[::-1], picture("another")], **params) | found == (
            expand_all(host, [picture("another"), *assets], **params)
        )
        pipeline = parse_pipeline(VARY, "test")
        planned = count_calls(bind_pipeline(pipeline, host, params), {"pictures": assets})
        assert planned == {"vary": len(calls)}

    check()


def test_the_same_seeds_across_the_matrix(host: Any, picture: Any) -> None:
    (step,) = bind(host, VARY)
    calls = expand(step, build_item(Made(picture("brick"))), {}, 0)
    assert len({call.seeds for call in calls}) == 1
    assert [(call.params["size"], call.params["method"]) for call in calls] == [
        (8, "a"), (8, "b"), (16, "a"), (16, "b"),
    ]  # fmt: skip
    assert calls[1].titles == ("brick 8 b 1", "brick 8 b 2")


def test_title_template(host: Any, picture: Any) -> None:
    text = VARY + 'title = "${item}/${method}/${n} of ${count} (${step}, ${pipeline})"'
    (step,) = bind(host, text)
    call = expand(step, build_item(Made(picture("brick"))), {}, 0)[0]
    assert call.titles == ("brick/a/1 of 2 (vary, test)", "brick/a/2 of 2 (vary, test)")


def test_values_are_items(host: Any) -> None:
    text = """
    [params.prompts]
    type = "array"
    [[steps]]
    name = "dream"
    generator = "toys.dream"
    foreach = "${prompts}"
    params = { prompt = "${each}, in oil" }
    """
    (step,) = bind(host, text, prompts=["cat", "dog"])
    assert step.values == ("cat", "dog")
    (cat,) = expand(step, build_value_item("cat"), {}, 0)
    (dog,) = expand(step, build_value_item("dog"), {}, 0)
    assert cat.params == {"prompt": "cat, in oil"}
    assert cat.seeds != dog.seeds
    assert cat.titles == ("cat",)


SHEET = """
[inputs.pictures]
kinds = ["image"]
many = true
[[steps]]
name = "vary"
generator = "toys.vary"
foreach = "pictures"
inputs = { image = "$each" }
[[steps]]
name = "sheet"
generator = "toys.sheet"
foreach = "pictures"
inputs = { pictures = ["$each", "$each.vary"] }
[[steps]]
name = "all"
generator = "toys.sheet"
inputs = { pictures = ["$vary", "$pictures"] }
"""


def test_what_belongs_together(host: Any, picture: Any) -> None:
    _, sheet, everything = bind(host, SHEET)
    a, b = picture("a"), picture("b")
    made = {
        "pictures": [Made(a, frozenset({a.id})), Made(b, frozenset({b.id}))],
        "vary": [
            Made(asset, frozenset({asset.id, origin.id}))
            for origin in (a, b)
            for asset in (picture(f"{origin.title}1"), picture(f"{origin.title}2"))
        ],
    }
    (call,) = expand(sheet, build_item(made["pictures"][1]), made, 0)
    assert [asset.title for asset in call.inputs["pictures"]] == ["b", "b1", "b2"]
    assert call.seeds == (0,), "toys.sheet takes no seed"
    (call,) = expand(everything, Item(), made, 0)
    assert [asset.title for asset in call.inputs["pictures"]] == ["a1", "a2", "b1", "b2", "a", "b"]
    assert call.titles == ("test all",)


def test_an_empty_slot_makes_no_call(host: Any) -> None:
    everything = bind(host, SHEET)[2]
    assert expand(everything, Item(), {"vary": [], "pictures": []}, 0) == []


def test_of_a_group_only_what_the_slot_takes(host: Any, picture: Any) -> None:
    everything = bind(host, SHEET)[2]
    report = picture("report")
    object.__setattr__(report, "kind", MediaType.REPORT)
    made = {"vary": [Made(picture("a")), Made(report)]}
    (call,) = expand(everything, Item(), made, 0)
    assert [asset.title for asset in call.inputs["pictures"]] == ["a"]


def test_planned_calls_multiply_along_the_chain(pack: str, host: Any, picture: Any) -> None:
    pipeline = parse_pipeline(pack.replace("GATE", ""), "pack")
    bound = bind_pipeline(pipeline, host, {"variations": 4})
    inputs = {"pictures": [picture(name) for name in "abc"]}
    assert count_calls(bound, inputs) == {"vary": 3, "material": 12, "export": 24, "sheet": 1}
    assert math.prod([3, 4, 2]) == 24
