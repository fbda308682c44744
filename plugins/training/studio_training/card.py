"""The model card beside weights."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

METRICS: Final = "| metric | |"


@dataclass(frozen=True)
class Card:
    """What a card says.

    Attributes:
        title: of the page.
        what: the net and its paper, one paragraph.
        data: what it learnt from, in words.
        licence: of the weights, and what follows from the data's.
        training: every option, and the seed.
        metrics: figure -> value, with the protocol in its name.
        command: that makes the weights again.
        notes: further Markdown, such as limits.
    """

    title: str
    what: str
    data: str
    licence: str
    training: Mapping[str, Any]
    metrics: Mapping[str, Any] = field(default_factory=dict)
    command: str = ""
    notes: str = ""


def write_card(card: Card) -> str:
    """Return the card as Markdown."""
    parts = [
        f"# {card.title}",
        card.what,
        f"Data: {card.data}",
        f"Licence: {card.licence}",
        f"```\n{card.command}\n```" if card.command else "",
        _write_table("training", card.training),
        _write_table("metric", card.metrics),
        card.notes.strip(),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def rewrite_metrics(text: str, metrics: Mapping[str, Any]) -> str:
    """Return a card that `write_card` wrote with other metrics in it."""
    start = text.find(METRICS)
    end = text.find("\n\n", start)
    table = _write_table("metric", metrics)
    if start < 0:
        return f"{text.rstrip()}\n\n{table}\n"
    return text[:start] + table + (text[end:] if end >= 0 else "\n")


def _write_table(name: str, rows: Mapping[str, Any]) -> str:
    if not rows:
        return ""
    lines = [f"| {key} | {_write_value(value)} |" for key, value in rows.items()]
    return "\n".join([f"| {name} | |", "|---|---|", *lines])


def _write_value(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
