"""What runs against a home runs against a server: the calls are the same."""

import inspect

import pytest

from studio import Studio
from studio.client import StudioClient


def list_parameters(method):
    return [
        (one.name, one.kind, one.default) for one in inspect.signature(method).parameters.values()
    ]


@pytest.mark.parametrize("name", ["generate", "submit", "batch", "asset", "close"])
def test_the_client_is_called_as_the_studio_is(name):
    assert list_parameters(getattr(StudioClient, name)) == list_parameters(getattr(Studio, name))


def test_a_pipeline_is_run_with_the_same_words():
    there, here = (dict.fromkeys(inspect.signature(cls.run_pipeline).parameters)
                   for cls in (StudioClient, Studio))  # fmt: skip
    # Of a server one hears of the run only, not of every event in its process.
    assert [*there] == [{"on_event": "on_change"}.get(name, name) for name in here]
