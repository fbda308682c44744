"""For plugin authors: does a generator keep the contract?

In a plugin's tests::

    from studio.testing import check_generator

    def test_marble():
        check_generator(Marble).assert_ok()
"""

from studio.testing.check import check_generator
from studio.testing.plugin import check_plugin
from studio.testing.report import CheckReport, CheckRow
from studio.testing.samples import make_sample
from studio.testing.texts import find_untranslated

__all__ = [
    "CheckReport",
    "CheckRow",
    "check_generator",
    "check_plugin",
    "find_untranslated",
    "make_sample",
]
