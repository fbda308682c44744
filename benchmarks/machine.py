"""What every benchmark prints: the machine, the versions, and a table that is also written down."""

import json
import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

RESULTS = Path(__file__).parent / "RESULTS.md"
LIBRARIES = ("torch", "numpy", "scipy", "pillow", "apsw", "pydantic")


@dataclass(frozen=True)
class Row:
    """A figure: what, how much, beside which target or baseline."""

    name: str
    value: float
    unit: str
    target: str = ""
    baseline: str = ""
    ratio: float | None = None


def describe_machine() -> str:
    """Name processor, cores and versions in one line."""
    libraries = []
    for name in LIBRARIES:
        try:
            libraries.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    processor = _read_processor()
    kernel = platform.release().partition("-")[0]  # who built it is nobody's business
    return (
        f"{processor}, {os.cpu_count()} cores, {platform.system()} {kernel}, "
        f"Python {platform.python_version()}, {', '.join(libraries)}"
    )


def report(title: str, note: str, rows: Sequence[Row]) -> None:
    """Print the rows (as JSON with `--json`) and write them into `RESULTS.md`."""
    if "--json" in sys.argv:
        data = {"title": title, "machine": describe_machine(), "rows": [asdict(r) for r in rows]}
        print(json.dumps(data, indent=2))
    text = _format(title, note, rows)
    if "--json" not in sys.argv:
        print(text)
    if "--dry" not in sys.argv:
        _write_section(title, text)


def _format(title: str, note: str, rows: Sequence[Row]) -> str:
    lines = [f"## {title}", "", describe_machine(), "", note, ""]
    lines += ["| what | figure | target | baseline | ratio |", "|---|---|---|---|---|"]
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        figure = f"{row.value:.4g} {row.unit}".strip()
        lines.append(f"| {row.name} | {figure} | {row.target} | {row.baseline} | {ratio} |")
    return "\n".join(lines) + "\n"


def _write_section(title: str, text: str) -> None:
    """Replace the section of that title, or add it."""
    old = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else "# Results\n"
    head, *sections = old.split("\n## ")
    kept = [section for section in sections if not section.startswith(f"{title}\n")]
    body = sorted([*kept, text.removeprefix("## ")])
    RESULTS.write_text(
        "\n\n## ".join([head.rstrip("\n"), *[section.rstrip("\n") for section in body]]) + "\n",
        encoding="utf-8",
    )


def _read_processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in text.splitlines() if "model name" in line]
    return names[0] if names else platform.machine()
