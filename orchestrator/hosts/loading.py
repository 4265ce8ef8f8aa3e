"""Making the backend's host, once a session."""

from __future__ import annotations

import sys
from typing import Any

from orchestrator import __version__

__all__ = ["load_host"]

#: digits of an integer, at most; a numeric has 131,072 before its point
_DIGITS = 140_000


def load_host(plpy: Any, schema_version: str) -> Any:
    """The host, when package and schema are of one version; node types of extensions are registered before."""
    if schema_version != __version__:
        from orchestrator.errors import VersionMismatchError

        plpy.error(
            f'the package is version "{__version__}" and the schema is version "{schema_version}"',
            sqlstate=VersionMismatchError.sqlstate,
            hint='Run "orchestrator upgrade" with the newer package, then reconnect.',
        )
    from orchestrator.hosts.extensions import load_extensions
    from orchestrator.hosts.plpy_host import PlpyHost

    sys.set_int_max_str_digits(_DIGITS)
    for name, error in load_extensions().items():
        plpy.warning(f'extension "{name}" cannot be loaded: {type(error).__name__}: {error}')
    return PlpyHost(plpy)
