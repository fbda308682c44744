"""A home for the page; Gradio takes seconds to import, so it is one process for all."""

import pytest

from studio import Studio

pytest.importorskip("gradio")


@pytest.fixture
def studio(config, sample_path, use_plugins):
    """A studio with the sample plugin, in this process."""
    use_plugins(sample_path)
    with Studio(config.home, workers="inline") as opened:
        yield opened
