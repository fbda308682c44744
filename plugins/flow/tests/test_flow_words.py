"""Every text that a user sees is in the Spanish table."""

import studio_flow

from studio.testing import find_untranslated


def test_every_text_is_translated():
    assert find_untranslated(studio_flow) == []
