"""The OpenAPI document for who is signed in, and a page to try what it describes."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path

from api.auth import authenticate
from api.catalog import Statements
from api.context import Context
from api.dispatch import ACTIONS
from api.openapi import document
from api.reply import Reply
from api.roles import admit
from api.system import SYSTEM
from orchestrator import __version__
from orchestrator.access import Access, visible
from orchestrator.model.collection import Catalog

__all__ = ["PAGE", "PAGE_HEADERS", "Explorer"]

#: holds no data: it fetches the document with the token of whoever signs in there
PAGE = Path(__file__).with_name("explorer.html").read_text(encoding="utf-8")


#: documents of one catalog
_KEPT = 100


def _policy(page: str) -> str:
    """Only the page's own script runs, and it speaks to nobody but this server."""
    script = re.search(r"<script>(.*?)</script>", page, re.DOTALL)
    if script is None:
        raise ValueError("the page has no script")
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


PAGE_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": _policy(PAGE),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class Explorer:
    """The document of the current catalog, made once for root and once for each set of roles."""

    def __init__(self) -> None:
        self._of: Statements | None = None
        self._texts: dict[Access | None, bytes] = {}

    async def document(self, ctx: Context) -> Reply:
        """What the user's role may do."""
        await admit(ctx, await authenticate(ctx))
        statements = await ctx.services.catalogs.current()
        if statements is not self._of or len(self._texts) >= _KEPT:
            self._of, self._texts = statements, {}
        text = self._texts.get(ctx.access)
        if text is None:
            text = self._texts[ctx.access] = _text(statements.catalog, ctx.access)
        return Reply(200, text)


def _text(catalog: Catalog, access: Access | None) -> bytes:
    made = document(
        catalog if access is None else visible(access, catalog),
        actions=ACTIONS.names(),
        read_only=SYSTEM.keys(),
        version=__version__,
        allows=None if access is None else access.allows,
    )
    return json.dumps(made, ensure_ascii=False).encode()
