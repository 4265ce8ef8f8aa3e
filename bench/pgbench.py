"""Many connections writing: pgbench with a script."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestrator.cluster import find_programs

__all__ = ["Latencies", "latencies", "rate", "turns"]


@dataclass(frozen=True, slots=True)
class Latencies:
    """Of the transactions of one run, in ms."""

    count: int
    errors: int
    p99: float
    longest: float


def rate(dsn: str, script: str, *, clients: int, seconds: int) -> float:
    """Transactions a second."""
    with tempfile.TemporaryDirectory() as directory:
        done = _run(dsn, [script], Path(directory), clients, seconds)
    if done.returncode:
        raise RuntimeError(f"pgbench failed: {done.stderr.strip()}")
    line = next(line for line in done.stdout.splitlines() if line.startswith("tps = "))
    return float(line.split()[2])


def latencies(dsn: str, script: str, *, clients: int, seconds: int, skip: float) -> Latencies:
    """How long transactions took; those that ended in the first `skip` seconds are the sessions' warming up."""
    with tempfile.TemporaryDirectory() as directory:
        done = _run(dsn, [script], Path(directory), clients, seconds, *_logging(directory))
        times: list[tuple[float, float]] = []
        for _, _, took, _, epoch, fraction in _logged(directory):
            times.append((epoch + fraction / 1e6, took / 1000))
    if not times:
        raise RuntimeError(f"pgbench wrote nothing: {done.stderr.strip()}")
    begin = min(ended for ended, _ in times) + skip
    kept = sorted(took for ended, took in times if ended >= begin)
    # a client whose statement fails says so and is gone
    errors = sum("error" in line.lower() or "aborted" in line for line in done.stderr.splitlines())
    return Latencies(len(kept), errors, kept[int(len(kept) * 0.99)], kept[-1])


def turns(dsn: str, scripts: Sequence[str], *, seconds: int) -> list[list[float]]:
    """How long each transaction took, in µs, by script: one client that chooses among them by chance."""
    with tempfile.TemporaryDirectory() as directory:
        done = _run(dsn, scripts, Path(directory), 1, seconds, *_logging(directory))
        if done.returncode:
            raise RuntimeError(f"pgbench failed: {done.stderr.strip()}")
        times: list[list[float]] = [[] for _ in scripts]
        for _, _, took, number, *_ in _logged(directory):
            times[number].append(took)
    return times


def _logging(directory: str) -> tuple[str, str]:
    return "--log", f"--log-prefix={directory}/log"


def _logged(directory: str) -> Iterator[list[int]]:
    """Client, transaction, µs, script, and when it ended in seconds and µs."""
    for log in Path(directory).glob("log.*"):
        for line in log.read_text(encoding="ascii").splitlines():
            yield [int(word) for word in line.split()[:6]]


def _run(
    dsn: str, scripts: Sequence[str], directory: Path, clients: int, seconds: int, *options: str
) -> subprocess.CompletedProcess[str]:
    files = [directory / f"script{number}.sql" for number in range(len(scripts))]
    for file, script in zip(files, scripts, strict=True):
        file.write_text(script, encoding="utf-8")
    command = [
        str(find_programs() / "pgbench"),
        *("--no-vacuum", "--protocol=prepared", *(f"--file={file}" for file in files)),
        *(f"--client={clients}", f"--jobs={min(clients, 2)}", f"--time={seconds}", *options, dsn),
    ]
    return subprocess.run(command, capture_output=True, text=True, check=False)
