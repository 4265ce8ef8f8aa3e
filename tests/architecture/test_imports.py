"""The arrows between packages are contracts (pyproject.toml, tool.importlinter)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_import_contracts_are_kept() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_engine_needs_the_standard_library_alone() -> None:
    script = (
        "import sys; before = set(sys.modules)\n"
        "import orchestrator.engine.processor, orchestrator.instructions, orchestrator.model\n"
        "brought = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "print(*sorted(brought - set(sys.stdlib_module_names) - {'orchestrator'}))"
    )
    done = subprocess.run([sys.executable, "-I", "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
