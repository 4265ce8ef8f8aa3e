"""Figures, the table that is printed, and results.json."""

from __future__ import annotations

import json
import os
import platform
import shutil
import statistics
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orchestrator
from bench.paired import median_of

__all__ = [
    "Figure",
    "Target",
    "as_json",
    "at_least",
    "at_least_times",
    "at_most",
    "at_most_more",
    "at_most_times",
    "machine",
    "table",
]


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure should reach.

    Attributes:
        text: as the table shows it.
        quantity: of one round: ours and the yardstick's number.
    """

    text: str
    quantity: Callable[[float, float], float]
    limit: float
    at_least: bool = False

    def met(self, value: float) -> bool:
        return value >= self.limit if self.at_least else value <= self.limit


def at_most_times(limit: float) -> Target:
    return Target(f"≤ {limit:g}×", lambda ours, theirs: ours / theirs, limit)


def at_least_times(limit: float) -> Target:
    return Target(f"≥ {limit:g}×", lambda ours, theirs: ours / theirs, limit, at_least=True)


def at_most_more(limit: float, unit: str) -> Target:
    return Target(f"≤ +{limit:g} {unit}", lambda ours, theirs: ours - theirs, limit)


def at_most(limit: float, unit: str) -> Target:
    return Target(f"≤ {limit:g} {unit}", lambda ours, _: ours, limit)


def at_least(limit: float, unit: str) -> Target:
    return Target(f"≥ {limit:,g} {unit}", lambda ours, _: ours, limit, at_least=True)


@dataclass(frozen=True, slots=True)
class Figure:
    """Something measured, with its yardstick of the same rounds.

    Attributes:
        ours, theirs: one number a round; `theirs` is empty where nothing is compared.
        beside: what the yardstick is.
    """

    area: str
    name: str
    unit: str
    ours: list[float]
    beside: str = ""
    theirs: Sequence[float] = ()
    target: Target | None = None

    def __post_init__(self) -> None:
        if self.theirs and len(self.theirs) != len(self.ours):
            raise ValueError(f'"{self.name}" has {len(self.ours)} rounds and {len(self.theirs)} of its yardstick')

    @property
    def median(self) -> float:
        return statistics.median(self.ours)

    @property
    def yardstick(self) -> float | None:
        return statistics.median(self.theirs) if self.theirs else None

    @property
    def ratio(self) -> float | None:
        """Median of the rounds' ratios."""
        if not self.theirs or not all(self.theirs):
            return None
        return median_of(self.ours, list(self.theirs), lambda o, t: o / t)

    @property
    def judged(self) -> float | None:
        """What the target is about."""
        if self.target is None:
            return None
        return median_of(self.ours, list(self.theirs) or [0.0] * len(self.ours), self.target.quantity)

    @property
    def met(self) -> bool | None:
        return None if self.target is None or self.judged is None else self.target.met(self.judged)

    def cells(self) -> list[str]:
        """One line of the table."""
        ratio, judged, yardstick = self.ratio, self.judged, self.yardstick
        return [
            self.name,
            f"{_number(self.median)} {self.unit}",
            "" if yardstick is None else f"{_number(yardstick)} {self.beside}",
            "" if ratio is None else f"{ratio:.3f}",
            self.target.text if self.target else "",
            "" if judged is None else f"{judged:,.3g}" if abs(judged) < 1000 else f"{judged:,.0f}",
            "" if self.met is None else "yes" if self.met else "NO",
        ]

    def to_json(self) -> dict[str, Any]:
        return {
            "area": self.area,
            "name": self.name,
            "unit": self.unit,
            "ours": _rounded(self.median),
            "beside": self.beside or None,
            "yardstick": _rounded(self.yardstick),
            "ratio": _rounded(self.ratio),
            "target": self.target.text if self.target else None,
            "judged": _rounded(self.judged),
            "met": self.met,
            "rounds": {"ours": [_rounded(n) for n in self.ours], "yardstick": [_rounded(n) for n in self.theirs]},
        }


def table(figures: Sequence[Figure]) -> str:
    """All figures, an area after the other."""
    header = ["", "ours", "beside it", "ratio", "target", "reached", "met"]
    lines = [header, *(figure.cells() for figure in figures)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    out = []
    area = None
    for figure, line in zip([None, *figures], lines, strict=True):
        if figure is not None and figure.area != area:
            area = figure.area
            out += ["", area]
        out.append("  " + "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
    return "\n".join(out)


def as_json(figures: Sequence[Figure], about: dict[str, Any]) -> str:
    """The text of results.json."""
    return json.dumps({**about, "figures": [figure.to_json() for figure in figures]}, indent=1, ensure_ascii=False)


def machine(server_version: str) -> dict[str, Any]:
    """Where and on what a run was made."""
    cpu = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "cpu": cpu,
            "cpus": os.cpu_count(),
            "memory_gib": round(memory / 2**30, 1),
            "kernel": platform.release(),
        },
        "versions": {
            "pg-orchestrator": orchestrator.__version__,
            "commit": _commit(),
            "postgresql": server_version,
            "python": platform.python_version(),
            **{name: version(name) for name in ("psycopg", "sanic", "uvloop")},
        },
    }


def _commit() -> str | None:
    if shutil.which("git") is None:
        return None
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or None


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.5g}")
