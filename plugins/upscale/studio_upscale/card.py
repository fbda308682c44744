"""The model card beside weights."""

from collections.abc import Mapping
from typing import Any

from studio_upscale.network import NetworkConfig


def write_card(
    network: NetworkConfig, training: Mapping[str, Any], data: str, notes: str = ""
) -> str:
    """Return Markdown: what the net is, what it learnt from, and how.

    Args:
        network: its size.
        training: all options, shown as a table.
        data: in words, with licences.
        notes: further sections.
    """
    rows = "\n".join(f"| {name} | {value} |" for name, value in training.items())
    return (
        f"# Upscaler x{network.scale}, {network.channels} channels, {network.blocks} blocks\n\n"
        "Plain residual net without batch norm, for `upscale.srgan`.\n\n"
        f"Data: {data}.\n\n"
        f"| training | |\n|---|---|\n{rows}\n" + (f"\n{notes.strip()}\n" if notes else "")
    )
