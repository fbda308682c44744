"""Every text that a user sees is in the Spanish table."""

import studio_gan

from studio.testing import find_untranslated


def test_every_text_is_translated():
    assert find_untranslated(studio_gan) == []
