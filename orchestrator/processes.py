"""Child processes that outlive a command, or die with it; known again by their start time."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["Process", "alive", "identify", "last_line", "spawn", "stop"]

_PR_SET_PDEATHSIG = 1


class Process(NamedTuple):
    """A process and when it began, in clock ticks since boot: a reused id is another process."""

    pid: int
    started: int


def spawn(
    command: Sequence[str],
    *,
    log: Path,
    parent_death_signal: signal.Signals | None = None,
    environment: Mapping[str, str] | None = None,
    **options: Any,
) -> subprocess.Popen[bytes]:
    """Start a process in a session of its own, so that Ctrl-C reaches the parent alone; it writes to `log`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, **(environment or {})},
            # no thread runs in the commands that start processes
            preexec_fn=_die_with_parent(parent_death_signal) if parent_death_signal else None,  # noqa: PLW1509 - no threads here
            **options,
        )


def identify(pid: int) -> Process | None:
    """The process of that id, None when there is none (a zombie is none)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in {"Z", "X"} else Process(pid, int(fields[19]))


def alive(process: Process) -> bool:
    return identify(process.pid) == process


def stop(process: Process, with_signal: signal.Signals, seconds: float) -> bool:
    """Ask a process to end and wait; False when it is still there. Asking a dead one is no error."""
    if not alive(process):
        return True
    os.kill(process.pid, with_signal)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not alive(process):
            return True
        time.sleep(0.02)
    return False


def last_line(log: Path) -> str:
    """The last thing that a process wrote; of PostgreSQL what it died of, not the hint behind that."""
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-5:]
    fatal = [line for line in lines if " FATAL:  " in line]
    return (fatal or lines or ["it said nothing"])[-1]


def _die_with_parent(death_signal: signal.Signals) -> Callable[[], None]:
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def arrange() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(death_signal))
        if os.getppid() != parent:
            os.kill(os.getpid(), death_signal)

    return arrange
