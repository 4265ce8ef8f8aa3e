"""What docs/roles.md tells to type works, in the order in which it stands there."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from .conftest import Api

GUIDE = Path(__file__).parents[2] / "docs" / "roles.md"


def commands() -> list[str]:
    """Every `curl` of the indented blocks, with the lines that continue it."""
    lines = [line.removeprefix("    ") for line in GUIDE.read_text(encoding="utf-8").splitlines() if line[:4] == "    "]
    return [
        part.strip() for part in re.split(r"^(?=curl )", "\n".join(lines), flags=re.MULTILINE) if part[:5] == "curl "
    ]


def typed(api: Api, command: str) -> tuple[int, Any]:
    token = api.root.headers["Authorization"]
    settings = f'auth="Authorization: {token}"; json="Content-Type: application/json"; api={api.url}/api\n'
    script = settings + command.replace("curl ", "curl -sS -g -w '\\n%{http_code}' ", 1)
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True, timeout=30)
    body, _, status = done.stdout.rpartition("\n")
    return int(status), json.loads(body)


@pytest.fixture
def orders(api: Api) -> None:
    names = [
        {"name": "no", "type": "string"},
        {"name": "customer", "type": "string"},
        {"name": "clerkId", "type": "bigInt"},
    ]
    api.create("collections", {"name": "orders", "createdBy": True, "fields": names})


def test_what_the_guide_types_works(api: Api, orders: None) -> None:
    found = commands()
    assert len(found) >= 10
    user_id = "7"
    for command in found:
        status, answer = typed(api, re.sub(r"\b7\b", user_id, command))
        assert status == 200, (command, answer)
        if "users:create" in command:
            user_id = str(answer["data"]["id"])
    (text,) = api.db.execute("select orchestrator.access_document(array['clerk'])").fetchone() or ("",)
    (role,) = json.loads(text)["roles"]
    assert role["strategy"]["actions"] == ["create", "view", "update:own", "destroy:own"]
    assert role["snippets"] == ["pm.users", "!ui.*"]
    assert [role["name"] for role in api.list(f"/users/{user_id}/roles")] == ["member"]
