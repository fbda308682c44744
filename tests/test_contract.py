"""What is checked of a generator class at registration."""

from collections.abc import Callable

import pytest
from pydantic import BaseModel, ConfigDict

from studio.contract import check_generator_class
from studio.errors import PluginLoadError
from studio.generator import BundledCheckpoint, Generator, Input
from studio.media import MediaType
from studio.params import Params


class NoSchema(Params):
    model_config = ConfigDict(arbitrary_types_allowed=True)
    call: Callable = print


GOOD = {
    "id": "plug.good_1",
    "title": "Good",
    "output": MediaType.IMAGE,
    "inputs": (Input("image", (MediaType.IMAGE,)),),
    "Params": Params,
    "checkpoints": (BundledCheckpoint("tiny", "weights/tiny.safetensors", "MIT"),),
    "generate": lambda self, params, job: iter(()),
}


def make(**changes):
    return type("Made", (Generator,), {**GOOD, **changes})


def test_a_good_one_passes():
    check_generator_class(make(), "plug")


@pytest.mark.parametrize("thing", ["text", Params, make, None, make()(None, "cpu")])
def test_not_a_generator_class(thing):
    with pytest.raises(PluginLoadError, match="give it a subclass of Generator"):
        check_generator_class(thing, "plug")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"generate": Generator.generate}, "Made has no method `generate`"),
        ({"id": "other.name"}, "its id must be 'plug.' and a lower-case name, not 'other.name'"),
        ({"id": "plug.Name"}, "its id must be"),
        ({"id": "plug"}, "its id must be"),
        ({"id": None}, "its id must be"),
        ({"title": None}, "`title` must be a text"),
        ({"summary": 3}, "`summary` must be a text"),
        ({"output": "image"}, "`output` must be a MediaType"),
        ({"inputs": [Input("a", (MediaType.IMAGE,))]}, "`inputs` must be a tuple of Input"),
        ({"inputs": ("a",)}, "`inputs` must be a tuple of Input"),
        ({"inputs": (Input("a", (MediaType.IMAGE,)),) * 2}, "two inputs are called 'a'"),
        ({"inputs": (Input("a", ()),)}, "`kinds` of input 'a'"),
        ({"inputs": (Input("a", ("image",)),)}, "`kinds` of input 'a'"),
        ({"Params": BaseModel}, "must be a subclass of studio.params.Params"),
        ({"Params": None}, "must be a subclass of studio.params.Params"),
        ({"Params": NoSchema}, "has no JSON Schema"),
        ({"checkpoint_from": ("size",)}, "names 'size', which is no param"),
        ({"checkpoints": ("tiny",)}, "must be a tuple of BundledCheckpoint"),
        ({"checkpoints": (BundledCheckpoint("t", "/etc/x", ""),)}, "must lie inside the package"),
        ({"checkpoints": (BundledCheckpoint("t", "../x", ""),)}, "must lie inside the package"),
    ],
)
def test_what_is_wrong_is_named(changes, words):
    with pytest.raises(PluginLoadError) as caught:
        check_generator_class(make(**changes), "plug")
    assert words in str(caught.value)
