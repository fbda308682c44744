"""What `studio doctor` looks at; the system page looks at the same."""

from studio.app.doctor import (
    BROKEN,
    Finding,
    check_home,
    check_libraries,
    check_plugins,
    check_python,
    collect_findings,
)

__all__ = [
    "BROKEN",
    "Finding",
    "check_home",
    "check_libraries",
    "check_plugins",
    "check_python",
    "collect_findings",
]
