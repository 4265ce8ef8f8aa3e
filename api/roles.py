"""The role that acts."""

from __future__ import annotations

from api.context import Context
from api.errors import ApiError
from api.sessions import Session

__all__ = ["ANONYMOUS", "UNION", "acting_role", "admit"]

#: may be named by whoever is signed in, where it was created
ANONYMOUS = "anonymous"
#: acts as all roles of the user together
UNION = "__union__"


def acting_role(session: Session, asked: str | None) -> str:
    """The role of the API key, else of `X-Role`, else the default one; 401 for one that is not the user's.

    Several roles act together where the role mode allows it, or always where it says so: but a key is its role's.
    """
    key_role = session.claims.role
    asked = key_role or asked
    if asked == ANONYMOUS and key_role is None:
        return ANONYMOUS
    if asked and asked != UNION and asked not in session.roles:
        raise ApiError(401, "The role does not belong to the user", "ROLE_NOT_FOUND_FOR_USER")
    if not session.roles:
        raise ApiError(401, "The user has no role", "USER_HAS_NO_ROLES_ERR")
    if key_role is not None:
        return key_role
    if session.role_mode == "only-use-union":
        return UNION
    if asked == UNION or (not asked and session.union_by_default):
        return UNION if session.role_mode == "allow-use-union" else session.roles[0]
    return asked or session.roles[0]


async def admit(ctx: Context, session: Session) -> None:
    """The request acts in a role from now on, with what that may do."""
    role = acting_role(session, ctx.header("x-role"))
    permissions = ctx.services.permissions
    if role == ANONYMOUS and not await permissions.exists(role):
        raise ApiError(403, "No permissions")
    ctx.session, ctx.role = session, role
    ctx.acting = session.roles if role == UNION else (role,)
    ctx.access = await permissions.of(ctx.acting)
