"""Errors that end a transaction, not a node: it should be tried again, or somebody wants it stopped."""

from __future__ import annotations

__all__ = ["is_interruption"]

#: classes of SQLSTATE: conflicts with other transactions, no resources, cancelled by somebody or by a time limit
_CLASSES = ("40", "53", "57")


def is_interruption(error: BaseException) -> bool:
    """Whether an error of SQL is nobody's fault here: no node may turn it into a failed job."""
    return str(getattr(error, "sqlstate", None) or "").startswith(_CLASSES)
