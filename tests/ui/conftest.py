"""A home for the page. Gradio takes seconds to import and a studio to open: one for a module."""

import asyncio

import pytest

from studio import Studio

pytest.importorskip("gradio")


@pytest.fixture(autouse=True, scope="session")
def loop():
    """Gradio takes the event loop of the thread, or makes one that nobody closes."""
    made = asyncio.new_event_loop()
    asyncio.set_event_loop(made)
    yield
    asyncio.set_event_loop(None)
    made.close()


@pytest.fixture(scope="module")
def studio(tmp_path_factory, sample_path):
    """A studio with the sample plugin, in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(sample_path))
        patch.setenv("PYTHONPATH", str(sample_path), prepend=":")
        with Studio(tmp_path_factory.mktemp("ui") / "home", workers="inline") as opened:
            yield opened
