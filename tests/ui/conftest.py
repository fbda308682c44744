"""A home for the page. Gradio takes seconds to import and a studio to open: one for a module."""

import asyncio
from importlib.util import find_spec

import pytest

from studio import Studio
from studio.ui.gradio_import import import_gradio

if find_spec("gradio") is None:
    pytest.skip("gradio is not installed", allow_module_level=True)
import_gradio()


@pytest.fixture(autouse=True, scope="module")
def loops():
    """Every page of Gradio's makes event loops that nobody closes."""
    made, real = [], asyncio.new_event_loop
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asyncio, "new_event_loop", lambda: made.append(real()) or made[-1])
        yield
    asyncio.set_event_loop(None)
    for loop in made:
        loop.close()


@pytest.fixture(scope="module")
def studio(tmp_path_factory, sample_path):
    """A studio with the sample plugin, in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(sample_path))
        patch.setenv("PYTHONPATH", str(sample_path), prepend=":")
        with Studio(tmp_path_factory.mktemp("ui") / "home", workers="inline") as opened:
            yield opened
