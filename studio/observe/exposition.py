"""The text format of Prometheus, version 0.0.4.

Written here rather than taken from `prometheus_client`: every figure is read from the tables when
it is asked for, so of that library only this formatting would be used.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Kind = Literal["counter", "gauge", "histogram"]


@dataclass(frozen=True)
class Sample:
    """A value with its labels; `suffix` is added to the family's name."""

    value: float
    labels: dict[str, str] = field(default_factory=dict)
    suffix: str = ""


@dataclass(frozen=True)
class Family:
    """Samples of one name."""

    name: str
    kind: Kind
    summary: str
    samples: tuple[Sample, ...]


def format_families(families: Iterable[Family]) -> str:
    """Return the text, families in the order given; one without samples only says what it is."""
    lines = []
    for family in families:
        lines.append(f"# HELP {family.name} {_escape(family.summary)}")
        lines.append(f"# TYPE {family.name} {family.kind}")
        for sample in family.samples:
            name = family.name + sample.suffix
            lines.append(f"{name}{_format_labels(sample.labels)} {format_number(sample.value)}")
    return "\n".join(lines) + "\n"


def format_number(value: float) -> str:
    """Write a value so that nothing of it is lost."""
    if value == float("inf"):
        return "+Inf"
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def _format_labels(labels: dict[str, str]) -> str:
    if not labels:
        return ""
    pairs = (f'{name}="{_escape(value, quoted=True)}"' for name, value in labels.items())
    return "{" + ",".join(pairs) + "}"


def _escape(text: str, *, quoted: bool = False) -> str:
    text = text.replace("\\", "\\\\").replace("\n", "\\n")
    return text.replace('"', '\\"') if quoted else text
