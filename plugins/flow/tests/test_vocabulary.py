import pytest
from hypothesis import given
from hypothesis import strategies as st
from studio_flow.vocabulary import COLOURS, LAYOUTS, MATERIALS, QUALITIES, SILENT, read_prompt

CLASSES = tuple(sorted(set(MATERIALS.values())))


@pytest.mark.parametrize(
    ("prompt", "materials", "qualities", "colours", "unknown"),
    [
        ("mossy wet stone wall, dark", ("brick",), ("mossy", "wet", "dark"), (), ()),
        ("Rusty Metal plate", ("rust",), (), (), ("plate",)),
        ("a red brick wall", ("brick",), (), ("red",), ()),
        ("wooden planks", ("planks",), (), (), ()),
        ("shiny gold marble", ("marble",), (), ("gold",), ("shiny",)),
        ("very dark forest floor", ("forest_floor",), ("very dark",), (), ()),
        ("", (), (), (), ()),
        ("a dragon, 4k, trending", (), (), (), ("dragon", "k", "trending")),
    ],
)
def test_prompts(prompt, materials, qualities, colours, unknown):
    reading = read_prompt(prompt, CLASSES)
    assert reading.materials == materials
    assert reading.qualities == qualities
    assert reading.colours == colours
    assert reading.unknown == unknown


def test_materials_of_other_weights_are_unknown():
    reading = read_prompt("mossy brick lava", ("lava", "slime"))
    assert reading.materials == ("lava",)
    assert reading.unknown == ("brick",)


def test_no_word_means_two_things():
    tables = (set(MATERIALS), set(LAYOUTS), set(QUALITIES), set(COLOURS), set(SILENT))
    for index, table in enumerate(tables):
        for other in tables[index + 1 :]:
            assert not table & other


@given(st.text(max_size=60))
def test_any_text_is_read_without_loss(prompt):
    reading = read_prompt(prompt, CLASSES)
    assert set(reading.materials) <= set(CLASSES)
    for word in reading.unknown:
        assert word in prompt.lower().replace("_", " ")
