"""The processes of a server, as the kernel lists them."""

from __future__ import annotations

import subprocess
import time
from contextlib import suppress
from pathlib import Path

__all__ = ["children", "serving"]


def children(process: subprocess.Popen[bytes]) -> list[int]:
    """Ids of the processes that it has started and that have not ended."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(FileNotFoundError, ProcessLookupError):
            # the name before may hold blanks and parentheses
            parent = stat.read_text(errors="replace").rpartition(")")[2].split()[1]
            if int(parent) == process.pid:
                found.append(int(stat.parent.name))
    return found


def serving(process: subprocess.Popen[bytes], number: int) -> set[int]:
    """The children that serve, once there are so many; not the one that watches over Python's shared resources."""
    for _ in range(100):
        found = set()
        for pid in children(process):
            with suppress(FileNotFoundError, ProcessLookupError):
                if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    found.add(pid)
        if len(found) == number:
            return found
        time.sleep(0.1)
    raise AssertionError(f"{len(found)} processes instead of {number}")
