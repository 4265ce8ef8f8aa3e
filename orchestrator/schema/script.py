"""sql/install.sql read as a table of contents, for psql and for the installer alike."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from orchestrator.errors import OrchestratorError
from orchestrator.schema.files import sql_directory

__all__ = ["ScriptFile", "contents"]

_INCLUDE = re.compile(r"\\ir\s+(\S+)\s*")

#: what exists once: made by the first installation, changed by migrations
_ONCE = ("schema.sql", "tables/")


class ScriptFile(NamedTuple):
    """One file of the installation."""

    name: str
    path: Path

    @property
    def rerunnable(self) -> bool:
        """Whether an upgrade runs it again."""
        return not self.name.startswith(_ONCE)

    def read(self) -> str:
        return self.path.read_text(encoding="utf-8")


def contents(directory: Path | None = None) -> list[ScriptFile]:
    """The files of install.sql in load order."""
    root = directory or sql_directory()
    files = []
    for number, line in enumerate((root / "install.sql").read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("--"):
            continue
        match = _INCLUDE.fullmatch(line)
        if match is None:
            raise OrchestratorError(f'install.sql line {number} is not an \\ir line: "{line}"')
        files.append(ScriptFile(match[1], root / match[1]))
    return files
