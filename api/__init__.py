"""The HTTP API: it says who is asking and what is asked; PostgreSQL does the rest.

The way of a request: `request` and `params` read it, `resources` finds the action, `auth` and `roles` say who acts,
`reads` or `writes` is one statement, `errors` words what went wrong. `app` puts it together, `serve` runs it.
"""

from __future__ import annotations

__all__ = ["Settings", "create_app", "serve"]

from api.app import create_app
from api.serve import serve
from api.settings import Settings
