"""How much is drawn at once."""

from typing import Final

TOGETHER: Final = 1 << 18
"""Pixels: beyond, one picture keeps a processor as busy as many."""
MOST: Final = 16
"""Pictures: more at once are no quicker."""
ENOUGH: Final = 8
"""Pictures: for fewer a trial of whole ones is not worth while."""
