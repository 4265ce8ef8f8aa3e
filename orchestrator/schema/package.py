"""The copy of the Python package that the database server imports.

It is unpacked by the server itself, through a PL/Python call: the files belong to the server's user, are compiled by
the server's interpreter, and arrive on a server on another machine as well.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

from orchestrator import __version__
from orchestrator.errors import OrchestratorError
from orchestrator.schema.files import sql_directory

__all__ = ["SERVER_PACKAGES", "build_archive", "deploy"]

#: what the server's interpreter gets; all of it pure Python
SERVER_PACKAGES = ("orchestrator", "sqlglot")

#: the parts of `orchestrator` that run in a backend; the others use libraries that the server has not
_INSIDE = {
    "__init__.py",
    "access",
    "administration",
    "compiler",
    "engine",
    "errors.py",
    "hooks",
    "hosts",
    "instructions",
    "model",
    "tables",
    "triggers",
}

_EPOCH = (1980, 1, 1, 0, 0, 0)


def build_archive() -> tuple[str, bytes]:
    """A directory name that tells the content, and the packages as a zip."""
    buffer = io.BytesIO()
    digest = hashlib.sha256()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for package in SERVER_PACKAGES:
            for name, path in _modules(package):
                content = path.read_bytes()
                digest.update(f"{name}\0{len(content)}\0".encode() + content)
                archive.writestr(zipfile.ZipInfo(name, _EPOCH), content, zipfile.ZIP_DEFLATED)
    return f"{__version__}-{digest.hexdigest()[:12]}", buffer.getvalue()


def deploy(connection: psycopg.Connection[Any], base: str) -> str:
    """Unpack the packages below `base` on the server, unless they are there; return the directory."""
    name, archive = build_archive()
    target = f"{base.rstrip('/')}/{name}"
    connection.execute((sql_directory() / "setup" / "deploy_package.sql").read_bytes())
    try:
        with connection.transaction():
            connection.execute("select pg_temp.orchestrator_deploy(%s, %s)", (target, archive))
    except psycopg.errors.ExternalRoutineException as error:
        raise OrchestratorError(
            f'the server cannot write the Python package to "{target}": {error.diag.message_primary}',
            hint="Choose a directory that the server's user may write to with --package-path.",
        ) from None
    connection.execute("drop function pg_temp.orchestrator_deploy(text, bytea)")
    return target


def _modules(package: str) -> Iterator[tuple[str, Path]]:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise OrchestratorError(f'Python package "{package}" is not installed')
    root = Path(spec.origin).parent
    for path in sorted(root.rglob("*.py")):
        relative = path.relative_to(root)
        if package == "orchestrator" and relative.parts[0] not in _INSIDE:
            continue
        yield f"{package}/{relative.as_posix()}", path
