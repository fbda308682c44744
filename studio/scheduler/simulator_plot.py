"""A timeline of a simulated run, devices by time, as an SVG picture; no library needed."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

from studio.scheduler.engine import Span

_WIDTH, _ROW, _LEFT, _LEGEND = 1600, 46, 80, 150


def save_timeline(spans: Sequence[Span], path: Path, *, until: float = 0.0) -> None:
    """Draw runs as blocks coloured by instance, and loads as dark blocks before them.

    Args:
        spans: of an engine.
        path: an .svg file.
        until: seconds to show; 0 shows everything.
    """
    end = until or max((span.end for span in spans), default=1.0)
    devices = sorted({span.device for span in spans})
    models = sorted({span.resident for span in spans})
    height = len(devices) * _ROW + 60
    scale = (_WIDTH - _LEFT - _LEGEND) / end
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" '
        'font-family="sans-serif" font-size="11">',
        f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>',
    ]
    for i, device in enumerate(devices):
        parts.append(f'<text x="6" y="{i * _ROW + 30}">{escape(device)}</text>')
    for span in spans:
        if span.start >= end:
            continue
        hue = 360 * models.index(span.resident) // len(models)
        fill = f"hsl({hue},65%,60%)" if span.kind == "run" else f"hsl({hue},60%,25%)"
        x = _LEFT + span.start * scale
        width = max((min(span.end, end) - span.start) * scale, 0.3)
        y = devices.index(span.device) * _ROW + 8
        parts.append(
            f'<rect x="{x:.2f}" y="{y}" width="{width:.2f}" height="{_ROW - 12}" fill="{fill}">'
            f"<title>{escape(span.job)} {escape(span.resident)} {span.kind} "
            f"{span.start:.1f}-{span.end:.1f} s</title></rect>"
        )
    parts += _draw_axis(end, scale, height)
    for i, model in enumerate(models):
        hue, y = 360 * i // len(models), 8 + i * 14
        x = _WIDTH - _LEGEND + 12
        if y + 12 < height:
            parts.append(
                f'<rect x="{x}" y="{y}" width="10" height="10" fill="hsl({hue},65%,60%)"/>'
            )
            parts.append(f'<text x="{x + 14}" y="{y + 9}">{escape(model)}</text>')
    path.write_text("\n".join([*parts, "</svg>"]), encoding="utf-8")


def _draw_axis(end: float, scale: float, height: int) -> list[str]:
    ticks = [end * i / 10 for i in range(11)]
    return [
        f'<text x="{_LEFT + tick * scale:.0f}" y="{height - 20}">{tick:.0f} s</text>'
        for tick in ticks
    ]
