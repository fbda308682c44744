"""Memory of the devices and of processes, without torch; what cannot be known is left out."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

_PATIENCE = 5.0  # seconds for nvidia-smi


@dataclass(frozen=True)
class DeviceView:
    """A device. `used`, `total`: bytes, None if unknown; `title`: what it calls itself."""

    name: str
    title: str = ""
    used: int | None = None
    total: int | None = None


def find_devices() -> list[DeviceView]:
    """Return the CPU with the machine's memory, then every GPU that `nvidia-smi` knows."""
    return [_read_host(), *_read_gpus()]


def parse_meminfo(text: str) -> tuple[int, int] | None:
    """Return used and total bytes from the text of `/proc/meminfo`; None if it says neither."""
    values = {}
    for line in text.splitlines():
        name, _, rest = line.partition(":")
        words = rest.split()
        if words and words[0].isdigit():
            values[name] = int(words[0]) * 1024
    if "MemTotal" not in values or "MemAvailable" not in values:
        return None
    return values["MemTotal"] - values["MemAvailable"], values["MemTotal"]


def parse_gpus(text: str) -> list[DeviceView]:
    """Read `index, name, memory.used, memory.total` (MiB) of each GPU; skip strange lines."""
    found = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.split(",")]
        if len(cells) != 4 or not cells[0].isdigit():
            continue
        used, total = (int(cell) << 20 if cell.isdigit() else None for cell in cells[2:])
        found.append(DeviceView(f"cuda:{cells[0]}", cells[1], used, total))
    return found


def read_start(pid: int) -> int:
    """Return when a process started, in ticks since boot; 0 if it is gone or cannot be asked.

    Together with the pid it names a process for good: pids come back.
    """
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        fields = text.rpartition(")")[2].split()
        return 0 if fields[0] == "Z" else int(fields[19])
    except (OSError, ValueError, IndexError):
        return 0


def is_running(pid: int, start: int) -> bool:
    """Tell whether the process of that pid and start time lives."""
    if start:
        return read_start(pid) == start
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it lives, and is somebody else's
    return True


def _read_host() -> DeviceView:
    try:
        memory = parse_meminfo(Path("/proc/meminfo").read_text(encoding="utf-8"))
    except OSError:
        memory = None
    used, total = memory or (None, _count_bytes())
    return DeviceView("cpu", f"{os.cpu_count() or 1} cores", used, total)


def _count_bytes() -> int | None:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return None


def _read_gpus() -> list[DeviceView]:
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    query = "--query-gpu=index,name,memory.used,memory.total"
    try:
        answer = subprocess.run(
            [program, query, "--format=csv,noheader,nounits"],
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return []
    return parse_gpus(answer.stdout) if answer.returncode == 0 else []
