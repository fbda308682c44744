"""Figures of a training, as `JobContext.measure` writes them into the job's log."""

import json
import math
from collections.abc import Iterator

from studio.generator import FIGURES


def parse_figures(text: str) -> list[dict[str, float]]:
    """Read the rows of a log, by step; of one that was run again only what it says last."""
    rows: dict[float, dict[str, float]] = {}
    for row in _iterate_rows(text):
        if row["step"] in rows:  # begun anew, e.g. after a pause
            rows = {step: known for step, known in rows.items() if step < row["step"]}
        rows[row["step"]] = row
    return [rows[step] for step in sorted(rows)]


def _iterate_rows(text: str) -> Iterator[dict[str, float]]:
    for line in text.splitlines():
        _, found, data = line.partition(FIGURES)
        if not found:
            continue
        try:
            row = json.loads(data)
        except ValueError:
            continue
        if not isinstance(row, dict):
            continue
        clean = {name: float(value) for name, value in row.items() if _is_figure(value)}
        if "step" in clean:
            yield clean


def _is_figure(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
