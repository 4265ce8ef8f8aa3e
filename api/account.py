"""What people do about their own account: signing up, another password, their profile."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from api.administration import administer
from api.attempts import checked_password
from api.context import Context
from api.errors import ApiError, NotFound
from api.owned import values_object
from api.reply import Reply, data_reply
from api.resources import Action
from api.tokens import refused, token_hash

__all__ = ["AUTH_ACTIONS", "USER_ACTIONS"]

_OPTIONS = "select orchestrator.authenticator_options($1)"
_SETTING = "select orchestrator.identity_setting($1)"
_SAVE_SETTING = "select orchestrator.save_identity_setting($1, $2, $3)"
_SIGN_UP = "select orchestrator.sign_up_account($1, $2)::text"
_PASSWORD = "select orchestrator.password_of($1)"
_CHANGE = "select orchestrator.change_password($1, $2, $3, $4)"
_RESET_IS_OPEN = "select orchestrator.reset_is_open($1)::text"
_RESET = "select orchestrator.reset_password($1, $2)::text"
_PROFILE = "select orchestrator.update_profile($1, $2)"

#: seconds a reset token lives
_RESET_LIFETIME = 3600
#: what people may say of themselves, with the name that a form shows
_LABELS = {"username": "Username", "nickname": "Nickname", "email": "Email", "phone": "Phone"}
_FORM = [{"field": "username", "show": True, "required": True}]


async def sign_up(ctx: Context) -> Reply:
    """A new account, where the authenticator allows that."""
    options = await _options(ctx)
    public = options.get("public")
    if not isinstance(public, dict) or public.get("allowSignUp") is not True:
        raise ApiError(403, "Not allowed to sign up")
    values = values_object(ctx)
    account = _filled_in(public.get("signupForm"), values)
    password = _new_password(values, "password", "confirm_password")
    stored = await ctx.services.passwords.hash(password)
    await ctx.services.database.row(_SIGN_UP, (json.dumps(account), stored))
    return Reply(200, b"{}")


def _filled_in(form: Any, values: Mapping[str, Any]) -> dict[str, str]:
    """What the form asks for of what was sent; nothing else of it counts."""
    items = [item for item in form if isinstance(item, dict)] if isinstance(form, list) else _FORM
    shown = {item.get("field"): item.get("required") is True for item in items if item.get("show") is True}
    if not shown.keys() & {"username", "email"}:
        shown = {"username": True}
    account: dict[str, str] = {}
    for name, label in _LABELS.items():
        value = values.get(name)
        if name not in shown:
            continue
        if value in (None, ""):
            if shown[name]:
                raise ApiError(400, "Please enter a valid username" if name == "username" else f"Please enter {label}")
        elif isinstance(value, str):
            account[name] = value
        else:
            raise ApiError(400, f'"{name}" must be a text')
    if not account.keys() & {"username", "email"}:
        raise ApiError(400, "Please enter a valid username")
    return account


async def change_password(ctx: Context) -> Reply:
    """The user with another password, which ends all his sessions."""
    if not await _allowed(ctx, "enableChangePassword"):
        raise ApiError(403, "Not allowed to change password")
    values = values_object(ctx)
    password = _new_password(values, "newPassword", "confirmPassword")
    database, user = ctx.services.database, str(ctx.user_id)
    row = await database.row(_PASSWORD, (user,))
    stored = row[0].decode() if row is not None and row[0] is not None else None
    attempts = f"user {user}"
    changed = None
    if await checked_password(ctx, attempts, stored, values.get("oldPassword")):
        changed = await database.row(_CHANGE, (user, stored, await ctx.services.passwords.hash(password), attempts))
    if changed is None or changed[0] is None:
        raise ApiError(401, "The password is incorrect, please re-enter")
    await ctx.services.sessions.forget(str(ctx.user_id))
    return Reply(200, b'{"data":%b}' % changed[0])


async def lost_password(ctx: Context) -> Reply:
    """Refused, in one way for every address: there is no mail to send the token with."""
    if (await _options(ctx)).get("enableResetPassword") is not True:
        raise ApiError(403, "Not allowed to reset password")
    email = values_object(ctx).get("email")
    if not isinstance(email, str) or "@" not in email:
        raise ApiError(400, "Please enter a valid email")
    raise ApiError(400, "there is no mail channel: an administrator can make a reset token")


async def create_reset_token(ctx: Context) -> Reply:
    """A token that sets a user's password once, for an administrator to hand on."""
    key = ctx.params.filter_by_tk
    if not isinstance(key, str | int) or not str(key).isdecimal() or len(str(key)) > 18:
        raise NotFound
    expires_at = int(time.time()) + _RESET_LIFETIME
    token = (await ctx.services.tokens()).password_reset(int(key), expires_at)
    record = json.dumps({"hash": token_hash(token), "expiresAt": expires_at})
    opened = await administer(ctx, {"filterByTk": key}, record)
    if json.loads(opened.body)["data"] is not True:
        raise ApiError(404, "User not found")
    return data_reply({"resetToken": token, "expiresAt": expires_at * 1000})


async def check_reset_token(ctx: Context) -> Reply:
    """True until the token is used or expires."""
    await _open_reset(ctx, values_object(ctx))
    return data_reply(True)


async def reset_password(ctx: Context) -> Reply:
    """Sets the password of a reset token's user; the token is used up."""
    values = values_object(ctx)
    reset = await _open_reset(ctx, values)
    stored = await ctx.services.passwords.hash(_new_password(values, "password", "confirmPassword"))
    if not _is_true(await ctx.services.database.row(_RESET, (reset, stored))):
        raise _reset_over()
    await ctx.services.sessions.forget()
    return Reply(204, b"")


async def _open_reset(ctx: Context, values: Mapping[str, Any]) -> str:
    token = values.get("resetToken")
    reset = token_hash(token) if isinstance(token, str) else ""
    if not reset or not _is_true(await ctx.services.database.row(_RESET_IS_OPEN, (reset,))):
        raise _reset_over()
    return reset


def _reset_over() -> ApiError:
    return ApiError(401, "Token expired")


async def update_profile(ctx: Context) -> Reply:
    """The user with what he changed of himself."""
    if not await _allowed(ctx, "enableEditProfile"):
        raise ApiError(403, "Not allowed to edit the profile")
    return Reply(200, b'{"data":%b}' % await _changed(ctx, values_object(ctx)))


async def update_language(ctx: Context) -> Reply:
    """The user with another language."""
    language = values_object(ctx).get("appLang")
    if not isinstance(language, str) or not language:
        raise ApiError(400, '"appLang" must be a text')
    return Reply(200, b'{"data":%b}' % await _changed(ctx, {"appLang": language}))


async def _changed(ctx: Context, values: Mapping[str, Any]) -> bytes:
    own = {name: value for name, value in values.items() if name in _LABELS or name == "appLang"}
    row = await ctx.services.database.row(_PROFILE, (str(ctx.user_id), json.dumps(own, default=str)))
    await ctx.services.sessions.forget(str(ctx.user_id))
    if row is None or row[0] is None:
        raise refused("NOT_EXIST_USER")
    return row[0]


async def get_settings(ctx: Context) -> Reply:
    """What users may change of themselves."""
    return data_reply(await _settings(ctx))


async def update_settings(ctx: Context) -> Reply:
    """All settings, after some were changed."""
    params = ("account", json.dumps(values_object(ctx), default=str), str(ctx.user_id))
    row = await ctx.services.database.row(_SAVE_SETTING, params)
    return Reply(200, b'{"data":%b}' % ((row and row[0]) or b"{}"))


async def _allowed(ctx: Context, setting: str) -> bool:
    return (await _settings(ctx)).get(setting) is True


async def _settings(ctx: Context) -> dict[str, Any]:
    return _object(await ctx.services.database.row(_SETTING, ("account",)))


async def _options(ctx: Context) -> dict[str, Any]:
    return _object(await ctx.services.database.row(_OPTIONS, (ctx.header("x-authenticator") or "basic",)))


def _object(row: tuple[bytes | None, ...] | None) -> dict[str, Any]:
    value = json.loads((row and row[0]) or b"{}")
    return value if isinstance(value, dict) else {}


def _is_true(row: tuple[bytes | None, ...] | None) -> bool:
    return row is not None and row[0] == b"true"


def _new_password(values: Mapping[str, Any], name: str, confirmation: str) -> str:
    password = values.get(name)
    if not isinstance(password, str) or not password:
        raise ApiError(400, "Please enter a password")
    if password != values.get(confirmation):
        raise ApiError(400, "The password is inconsistent, please re-enter")
    return password


AUTH_ACTIONS = (
    Action("signUp", sign_up, public=True),
    Action("changePassword", change_password, any_role=True),
    Action("lostPassword", lost_password, public=True),
    Action("resetPassword", reset_password, public=True),
    Action("checkResetToken", check_reset_token, public=True),
)
USER_ACTIONS = (
    Action("updateProfile", update_profile, any_role=True),
    Action("updateLang", update_language, any_role=True),
    Action("getSystemSettings", get_settings, any_role=True),
    Action("updateSystemSettings", update_settings),
    Action("createResetToken", create_reset_token),
)
