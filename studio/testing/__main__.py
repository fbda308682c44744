"""`python -m studio.testing PLUGIN FOLDER GENERATOR...`, for `check_plugin`."""

import sys
from pathlib import Path

from studio.testing.outside import write_rows

if __name__ == "__main__":
    write_rows(sys.argv[1], Path(sys.argv[2]), sys.argv[3:])
