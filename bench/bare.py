"""The yardstick of the HTTP measurements: Sanic and a pool, each request one prepared statement, no sign-in, no rules.

Server, pool and connections are set up as those of the API.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from psycopg import AsyncConnection, AsyncRawCursor
from psycopg_pool import AsyncConnectionPool
from sanic import HTTPResponse, Request, Sanic

from api.settings import Settings

__all__ = ["main"]

_JSON = "application/json"


def create_app(settings: Settings, statements: dict[str, Any]) -> Sanic[Any, Any]:
    """Statements: `create`, `list` and `get`, the latter two with their parameters."""
    app = Sanic("bare", configure_logging=False)
    app.config.ACCESS_LOG = False
    app.config.MOTD = False
    app.config.KEEP_ALIVE_TIMEOUT = 75
    pool: AsyncConnectionPool[AsyncConnection] = AsyncConnectionPool(
        settings.dsn,
        kwargs={"autocommit": True, "cursor_factory": AsyncRawCursor},
        min_size=2,
        max_size=settings.pool_size,
        open=False,
    )
    create, listing, get = statements["create"], statements["list"], statements["get"]

    @app.before_server_start
    async def start(_: Any) -> None:
        await pool.open(wait=True)

    @app.after_server_stop
    async def stop(_: Any) -> None:
        await pool.close()

    async def row(sql: str, parameters: list[Any]) -> tuple[bytes | None, ...]:
        async with pool.connection() as connection:
            cursor = connection.cursor()
            await cursor.execute(sql.encode(), parameters, prepare=True)
            result = cursor.pgresult
            assert result is not None
            return tuple(result.get_value(0, column) for column in range(result.nfields))

    @app.post("/create")
    async def on_create(request: Request) -> HTTPResponse:
        values = request.json
        (data,) = await row(create, [values["title"], str(values["amount"]), values["owner"]])
        return HTTPResponse(b'{"data":%b}' % (data or b"null"), content_type=_JSON)

    @app.get("/list")
    async def on_list(_: Request) -> HTTPResponse:
        data, count = await row(*listing)
        total = int(count or 0)
        meta = b'{"count":%d,"page":1,"pageSize":20,"totalPage":%d}' % (total, -(-total // 20))
        return HTTPResponse(b'{"data":%b,"meta":%b}' % (data or b"[]", meta), content_type=_JSON)

    @app.get("/get")
    async def on_get(_: Request) -> HTTPResponse:
        (data,) = await row(*get)
        return HTTPResponse(b'{"data":%b}' % (data or b"null"), content_type=_JSON)

    return app


def main() -> None:
    """Serve on a port; statements are in a file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--dsn", required=True)
    parser.add_argument("--statements", type=Path, required=True)
    options = parser.parse_args()
    settings = Settings(dsn=options.dsn)
    app = create_app(settings, json.loads(options.statements.read_text(encoding="utf-8")))
    app.prepare(host="127.0.0.1", port=options.port, single_process=True, access_log=False, motd=False, debug=False)
    Sanic.serve_single(primary=app)


if __name__ == "__main__":
    main()
