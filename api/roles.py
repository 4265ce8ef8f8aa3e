"""The role that acts, and what it may do."""

from __future__ import annotations

from api.errors import ApiError
from api.resources import Action
from api.sessions import Session

__all__ = ["ROOT", "acting_role", "authorize"]

ROOT = "root"
#: acts as all roles together where that is switched on; it is not, then the default role acts
_UNION = "__union__"


def acting_role(session: Session, asked: str | None) -> str:
    """The role of the API key, else of `X-Role`, else the default or first one; 401 for one that is not the user's."""
    asked = session.claims.role or asked
    if asked and asked != _UNION:
        if asked not in session.roles:
            raise ApiError(401, "The role does not belong to the user", "ROLE_NOT_FOUND_FOR_USER")
        return asked
    if not session.roles:
        raise ApiError(401, "The user has no role", "USER_HAS_NO_ROLES_ERR")
    return session.roles[0]


def authorize(action: Action, role: str) -> None:
    """403 unless the role may do it: root may do everything, the others what is open to any role."""
    if role != ROOT and not action.any_role:
        raise ApiError(403, "No permissions")
