"""Requests as the database gets them from the API, whether or not that would let the role get so far."""

from __future__ import annotations

import json
from typing import Any

import psycopg

from .conftest import Api

__all__ = ["As"]


class As:
    """Requests of one user in one role."""

    def __init__(self, api: Api, role: str | None, user_id: int = 1) -> None:
        self._api, self._role, self._user = api, role, user_id

    def __call__(self, resource: str, action: str, key: Any = None, **request: Any) -> Any:
        text = json.dumps({"resource": resource, "action": action, "filterByTk": key, **request})
        (answer,) = self._api.db.execute(
            "select orchestrator.administer(%s, %s, %s)", (text, self._user, self._role)
        ).fetchone() or ("",)
        return json.loads(answer[4:])

    def forbidden(self, *arguments: Any, **request: Any) -> bool:
        """Whether the request is refused for want of permission; any other error is one of the test."""
        try:
            self(*arguments, **request)
        except psycopg.Error as error:
            if error.sqlstate == "WF403":
                return True
            raise
        return False
