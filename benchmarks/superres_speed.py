"""Times and memory of the super-resolution nets, in processes of their own; see `superres.py`.

    python benchmarks/superres_speed.py NAME THREADS PRECISION SIDE WHAT

prints JSON. WHAT is `net` (a tensor through the net, as the published times are) or `all` (an array
through windows, rounding and all).
"""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from machine import Row

BASELINES = Path(__file__).parent / "baselines"
REPEATS = 40
LEAST = 3
PATIENCE = 8.0
"""Seconds after which at least `LEAST` repeats will do."""
MEGAPIXELS = 512 * 512 / 1e6
LIMIT_MB = 3072
LIMITS = {"fast": 30, "quality": 200}


def load_net(name: str) -> Any:
    """Load a net that ships, the baseline learnt here, or SRResNet with random weights."""
    from studio_upscale.shelf import PLACE
    from studio_upscale.weights import load_network

    if name == "SRResNet":
        return build_srresnet()
    return load_network((BASELINES if name == "fsrcnn" else PLACE) / name)


def build_srresnet() -> Any:
    """Build SRResNet as published (arXiv 1609.04802): 16 blocks of 64 channels, batch norm.

    Its convolutions go the way ours do, so that nets are compared.
    """
    from studio_training.winograd import convolve
    from torch import Tensor, nn

    class Conv(nn.Module):
        def __init__(self, inner: int, outer: int) -> None:
            super().__init__()
            self.layer = nn.Conv2d(inner, outer, 3, padding=1)

        def forward(self, x: Tensor) -> Tensor:
            return convolve(self.layer, x)

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.Sequential(
                Conv(64, 64),
                nn.BatchNorm2d(64),
                nn.PReLU(),
                Conv(64, 64),
                nn.BatchNorm2d(64),
            )

        def forward(self, x: Tensor) -> Tensor:
            result: Tensor = x + self.layers(x)
            return result

    class SrResNet(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.head = nn.Sequential(nn.Conv2d(3, 64, 9, padding=4), nn.PReLU())
            self.body = nn.Sequential(
                *(Block() for _ in range(16)), Conv(64, 64), nn.BatchNorm2d(64)
            )
            grow = (Conv(64, 256), nn.PixelShuffle(2), nn.PReLU())
            again = (Conv(64, 256), nn.PixelShuffle(2), nn.PReLU())
            self.tail = nn.Sequential(*grow, *again, nn.Conv2d(64, 3, 9, padding=4))

        def forward(self, x: Tensor) -> Tensor:
            x = self.head(x)
            result: Tensor = self.tail(x + self.body(x))
            return result

    return SrResNet().eval()


def time_here(name: str, precision: str, side: int, what: str) -> dict[str, float]:
    """Time a net in this process: the best ms for one picture, and the peak of memory in MB."""
    import torch

    network = load_net(name)
    run = _build_run(network, precision, side, what)
    spent = []
    with torch.inference_mode():
        begin = time.perf_counter()
        for count in range(1 if side > 512 else REPEATS):
            if count >= LEAST and time.perf_counter() - begin > PATIENCE:
                break
            start = time.perf_counter()
            run()
            spent.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"ms": 1000 * min(spent), "peak": peak}


def _build_run(network: Any, precision: str, side: int, what: str) -> Callable[[], Any]:
    import torch
    from studio_upscale.enlarge import Style, enlarge, run_once
    from studio_upscale.network import Fsrcnn, ResidualNet

    is_half = precision == "bf16"
    if what == "all":
        picture = np.random.default_rng(0).integers(0, 256, (side, side, 3)).astype(np.uint8)
        return lambda: enlarge(network, picture, 4, Style(half=is_half))
    low = torch.rand(1, 3, side, side).contiguous(memory_format=torch.channels_last)
    # As published it sees luma alone; colour is enlarged beside it.
    call = network.enlarge_luma if isinstance(network, Fsrcnn) else network
    low = low[:, :1] if isinstance(network, Fsrcnn) else low

    if isinstance(network, ResidualNet):
        call = partial(run_once, network, half=is_half)

    def run() -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=is_half):
            call(low)

    return run


def time_all(names: list[str], *, large: bool) -> list[Row]:
    """Time every net, baselines first; a ratio is to the baseline, or to the target."""
    rows, known = [], {}
    baselines = [n for n in ("fsrcnn", "SRResNet") if n == "SRResNet" or (BASELINES / n).is_dir()]
    for name in [*baselines, *names]:
        for threads, precision in ((1, "fp32"), (2, "fp32"), (1, "bf16"), (2, "bf16")):
            if name in baselines and (threads, precision) != (1, "fp32"):
                continue
            made = _run_apart(name, threads, precision, 128, "net")
            known[name, threads, precision] = made["ms"]
            rows.append(_build_time_row(name, threads, precision, known))
    for name in names:
        whole = _run_apart(name, 1, "fp32", 128, "all")
        label = f"{name}, 1 thread, fp32: windows and rounding included"
        rows.append(Row(label, whole["ms"], "ms"))
    if large:
        made = _run_apart("fast", 2, "fp32", 2048, "all")
        rows.append(Row("fast, 2 threads: 2,048² to 8,192²", made["ms"] / 1000, "s"))
        share = made["peak"] / LIMIT_MB
        rows.append(Row("its peak memory", made["peak"], "MB", target="<= 3072", ratio=share))
    return rows


def _build_time_row(
    name: str, threads: int, precision: str, known: dict[tuple[str, int, str], float]
) -> Row:
    milliseconds = known[name, threads, precision]
    others = [
        f"{other} x {milliseconds / known[other, 1, 'fp32']:.2f}"
        for other in ("fsrcnn", "SRResNet")
        if (other, 1, "fp32") in known and other != name
    ]
    is_target = (threads, precision) == (1, "fp32") and name in LIMITS
    limit = LIMITS.get(name, 0)
    return Row(
        f"{name}, {threads} thread{'s' * (threads > 1)}, {precision}: 128² to 512²"
        f" ({milliseconds / MEGAPIXELS:.0f} ms a megapixel made)",
        milliseconds,
        "ms",
        target=f"<= {limit}" if is_target else "",
        baseline=", ".join(others),
        ratio=milliseconds / limit if is_target else None,
    )


def _run_apart(name: str, threads: int, precision: str, side: int, what: str) -> dict[str, float]:
    command = [sys.executable, __file__, name, str(threads), precision, str(side), what]
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    made: dict[str, float] = json.loads(done.stdout)
    return made


def main() -> None:
    """Time one net, as told."""
    import torch

    name, threads, precision, side, what = sys.argv[1:6]
    torch.set_num_threads(int(threads))
    sys.stdout.write(json.dumps(time_here(name, precision, int(side), what)))


if __name__ == "__main__":
    main()
