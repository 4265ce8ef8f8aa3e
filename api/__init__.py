"""The HTTP API: it says who is asking and what is asked; PostgreSQL does the rest.

The way of a request: `request` and `params` read it, `resources` finds the action, `auth` and `roles` say who acts,
`reads` or `writes` is one statement, `errors` words what went wrong. `app` puts it together, `serve` runs it.
A deployment adds actions of its own with the functions of `extension`; `running` runs them.
"""

from __future__ import annotations

__all__ = [
    "ApiError",
    "Call",
    "Next",
    "Settings",
    "action",
    "after",
    "before",
    "create_app",
    "defaults",
    "middleware",
    "resource",
    "serve",
]

from api.app import create_app
from api.call import Call
from api.errors import ApiError
from api.extension import Next, action, after, before, defaults, middleware, resource
from api.serve import serve
from api.settings import Settings
