"""Many connections writing: pgbench with a script."""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from orchestrator.cluster import find_programs

__all__ = ["Latencies", "latencies", "rate"]


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
        done = _run(dsn, script, Path(directory), clients, seconds)
    if done.returncode:
        raise RuntimeError(f"pgbench failed: {done.stderr.strip()}")
    line = next(line for line in done.stdout.splitlines() if line.startswith("tps = "))
    return float(line.split()[2])


def latencies(dsn: str, script: str, *, clients: int, seconds: int, skip: float) -> Latencies:
    """How long transactions took; those that ended in the first `skip` seconds are the sessions' warming up."""
    with tempfile.TemporaryDirectory() as directory:
        done = _run(dsn, script, Path(directory), clients, seconds, "--log", f"--log-prefix={directory}/log")
        times: list[tuple[float, float]] = []
        for log in Path(directory).glob("log.*"):
            for line in log.read_text(encoding="ascii").splitlines():
                _, _, took, _, epoch, fraction = line.split()[:6]
                times.append((int(epoch) + int(fraction) / 1e6, int(took) / 1000))
    if not times:
        raise RuntimeError(f"pgbench wrote nothing: {done.stderr.strip()}")
    begin = min(ended for ended, _ in times) + skip
    kept = sorted(took for ended, took in times if ended >= begin)
    # a client whose statement fails says so and is gone
    errors = sum("error" in line.lower() or "aborted" in line for line in done.stderr.splitlines())
    return Latencies(len(kept), errors, kept[int(len(kept) * 0.99)], kept[-1])


def _run(
    dsn: str, script: str, directory: Path, clients: int, seconds: int, *options: str
) -> subprocess.CompletedProcess[str]:
    file = directory / "script.sql"
    file.write_text(script, encoding="utf-8")
    command = [
        str(find_programs() / "pgbench"),
        *("--no-vacuum", "--protocol=prepared", f"--file={file}"),
        *(f"--client={clients}", f"--jobs={min(clients, 2)}", f"--time={seconds}", *options, dsn),
    ]
    return subprocess.run(command, capture_output=True, text=True, check=False)
