"""What a role may do: decided from its document and the catalog, for the API and the engine alike.

A role document, as ``orchestrator.access_document()`` gives it, is opened over one catalog; the result is asked for
grants, and restricts requests to what they allow. Who has no access object is not restricted.
"""

from __future__ import annotations

from orchestrator.access.access import MAIN, ROOT, Access, open_access, permission_of
from orchestrator.access.grant import Grant
from orchestrator.access.report import ACTION_ALIASES, AVAILABLE_ACTIONS, report
from orchestrator.access.restriction import restrict, scope_variables
from orchestrator.access.selection import may_see, permitted_fields, shows_tree
from orchestrator.access.view import visible

__all__ = [
    "ACTION_ALIASES",
    "AVAILABLE_ACTIONS",
    "MAIN",
    "ROOT",
    "Access",
    "Grant",
    "may_see",
    "open_access",
    "permission_of",
    "permitted_fields",
    "report",
    "restrict",
    "scope_variables",
    "shows_tree",
    "visible",
]
