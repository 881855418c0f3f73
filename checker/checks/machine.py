"""What may a run take of this machine?  Processors, and memory before the kernel ends the process.

Rule of the module: what cannot be found out is None, and no limit is made up.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

_MEMINFO = Path("/proc/meminfo")
_GROUP = Path("/sys/fs/cgroup")


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def free_memory() -> int | None:
    """Bytes that could be taken now: of the machine, and of the control group where it has a limit."""
    return min(_free(), default=None)


def _free() -> Iterator[int]:
    for line in _text(_MEMINFO).splitlines():
        if line.startswith("MemAvailable:"):
            yield int(line.split()[1]) * 1024
    most, used = _text(_GROUP / "memory.max").strip(), _text(_GROUP / "memory.current").strip()
    if most.isdigit() and used.isdigit():
        yield max(int(most) - int(used), 0)


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
