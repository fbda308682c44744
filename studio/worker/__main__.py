"""`python -m studio.worker`."""

import os
import sys

from studio.worker.guard import stand_guard

# Before anything heavy is imported: the guard stays small.
_place = sys.argv.index("--parent") + 1 if "--parent" in sys.argv else 0
_guard = stand_guard(int(sys.argv[_place]) if _place else os.getppid())

from studio.worker.main import main  # noqa: E402 - only the worker itself imports this

main(_guard)
