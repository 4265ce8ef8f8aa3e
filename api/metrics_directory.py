"""The directory where processes that serve together keep their counters.

Each of them holds a lock on it. So whoever finds one that nobody holds may remove it: the last of them to end, and,
where all were killed, the next one to start.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["hold", "metrics_directory"]

_PREFIX = "orchestrator-metrics-"


@contextmanager
def metrics_directory() -> Iterator[str]:
    """A new one for the block; those that nobody holds any more go."""
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        _remove_unless_held(left)
    while True:
        directory = Path(tempfile.mkdtemp(prefix=_PREFIX))
        with hold(directory):
            # another one that starts just now may have taken it for a leftover
            if directory.exists():
                yield str(directory)
                return


@contextmanager
def hold(directory: str | Path) -> Iterator[None]:
    """Keep the directory for the block, and remove it afterwards if nobody else does."""
    held = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_SH)
        yield
    finally:
        os.close(held)
        _remove_unless_held(Path(directory))


def _remove_unless_held(directory: Path) -> None:
    try:
        tried = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return
    try:
        fcntl.flock(tried, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(directory, ignore_errors=True)
    except BlockingIOError:
        pass
    finally:
        os.close(tried)
