"""Two servers whose databases differ in what the roles of `permitted` do not see, and in nothing else."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import httpx
import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.types.json import Jsonb

from api.passwords import hash_password
from orchestrator.cluster import Cluster, free_port
from tests.databases import clone

from .conftest import PASSWORD, Api
from .permitted import fill

__all__ = ["ROLES", "Answer", "Twins", "open_twins"]

#: to whom both look the same
ROLES = ("reader", "writer", "owner")
#: `nobody` may do nothing, `viewer` may see everything, `admin` has the permissions of that role
_OTHERS = ("nobody", "viewer", "admin")


class Answer(NamedTuple):
    """What a client gets to see of a response."""

    status: int
    body: bytes
    kind: str | None

    @classmethod
    def of(cls, response: httpx.Response) -> Answer:
        return cls(response.status_code, response.content, response.headers.get("content-type"))


class Twins:
    """The same users at two servers; the second one's database has more in it."""

    def __init__(self, apis: list[Api]) -> None:
        self.apis = apis
        self.clients = {role: [api.client(role) for api in apis] for role in (*ROLES, *_OTHERS)}

    def ask(self, role: str, method: str, path: str, **request: Any) -> Answer:
        """The answer of both."""
        plain, more = (Answer.of(client.request(method, path, **request)) for client in self.clients[role])
        assert plain == more, (role, method, path, request)
        assert plain.status < 500 or b"required" in plain.body, plain
        return plain

    def json(self, role: str, path: str, **params: Any) -> Any:
        """The data that both answer."""
        params = {name: value if isinstance(value, str) else json.dumps(value) for name, value in params.items()}
        answer = self.ask(role, "GET", path, params=params)
        assert answer.status == 200, answer
        return json.loads(answer.body)["data"]

    def close(self) -> None:
        for clients in self.clients.values():
            for client in clients:
                client.close()
        for api in self.apis:
            api.close()


@contextmanager
def open_twins(server: Cluster, template: str, serve: Callable[..., Any]) -> Iterator[Twins]:
    """Two servers, each with its database."""
    janitors, apis = [], []
    for hidden in (False, True):
        name = f"test_{secrets.token_hex(6)}"
        janitor = clone(server, name, template)
        janitor.init()
        janitors.append(janitor)
        dsn, port = server.dsn(name), free_port()
        with psycopg.connect(dsn, autocommit=True) as db:
            db.execute("select orchestrator.ensure_root('root', 'root@example.org', %s)", (hash_password(PASSWORD),))
            fill(db, hidden=hidden)
            for role, actions in (("nobody", []), ("viewer", ["view"])):
                strategy = Jsonb({"actions": actions})
                db.execute("insert into orchestrator.roles (name, strategy) values (%s, %s)", (role, strategy))
        serve(dsn=server.dsn(conninfo_to_dict(dsn)["dbname"], user="api_login"), port=port, access_log=False)
        api = Api(port, dsn)
        for role in (*ROLES, *_OTHERS):
            api.add_user(role, role)
        token = api.sign_in("root").json()["data"]["token"]
        api.root.headers["Authorization"] = f"Bearer {token}"
        apis.append(api)
    twins = Twins(apis)
    try:
        yield twins
    finally:
        twins.close()
        for janitor in janitors:
            janitor.drop()
