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
    kind = f"Upscaler x{network.scale}" if network.scale > 1 else "Restorer"
    use = "`upscale.srgan` and `upscale.video`" if network.scale > 1 else "`restore.*`"
    what = "Plain residual net without batch norm"
    if network.equivariant:
        what += ", equivariant under turns and mirrors (arXiv 1602.07576)"
    if network.architecture == "fsrcnn":
        what = "FSRCNN (arXiv 1608.00367), the baseline of the benchmark"
    return (
        f"# {kind}, {network.channels} channels, {network.blocks} blocks\n\n"
        f"{what}, for {use}.\n\n"
        f"Data: {data}.\n\n"
        f"| training | |\n|---|---|\n{rows}\n" + (f"\n{notes.strip()}\n" if notes else "")
    )
