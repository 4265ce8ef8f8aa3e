"""The peer's own client, from npm and unchanged, talks to a server of ours."""

from __future__ import annotations

import os
import subprocess

import pytest

from .conftest import PASSWORD, ROOT, Api

SDK = ROOT / "tests" / "sdk"


@pytest.mark.parametrize("script", sorted(path.name for path in SDK.glob("*.mjs")))
def test_the_peers_client_works_unchanged(api: Api, script: str) -> None:
    ran = subprocess.run(
        ["node", script],
        cwd=SDK,
        env=os.environ | {"BASE_URL": f"{api.url}/api", "ACCOUNT": "root", "PASSWORD": PASSWORD},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "# pass 0" not in ran.stdout
