"""A recipe's key is the identity of a result."""

from hypothesis import given
from hypothesis import strategies as st

from studio.recipe import CheckpointRef, Recipe

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def build(**changes):
    values = {
        "generator": "a.b",
        "plugin": "p",
        "plugin_version": "1",
        "params": {"x": 1, "y": "z"},
        "inputs": {"image": ["00"]},
        "seed": 3,
    }
    return Recipe(**{**values, **changes})


@given(st.dictionaries(st.text(), json_values, max_size=4))
def test_order_does_not_matter_and_json_comes_back(params):
    one = build(params=params)
    two = build(params=dict(reversed(params.items())))
    assert one.key == two.key
    assert Recipe.model_validate_json(one.to_json()).key == one.key


def test_everything_that_decides_the_payload_counts():
    keys = {
        build().key,
        build(generator="a.c").key,
        build(plugin_version="2").key,
        build(params={"x": 2, "y": "z"}).key,
        build(inputs={"image": ["01"]}).key,
        build(inputs={"image": ["00", "00"]}).key,
        build(seed=4).key,
        build(checkpoint=CheckpointRef(name="w", sha256="aa")).key,
        build(checkpoint=CheckpointRef(name="w", sha256="ab")).key,
    }
    assert len(keys) == 9
    assert build().with_seed(4).key == build(seed=4).key


def test_the_key_is_pinned():
    """A changed key would make every batch start anew: change it knowingly."""
    assert build().key == "3e388d927ae3b8fafd1e89ddbc91d18d38ea01c37f7b2f6127d87431418120eb"
