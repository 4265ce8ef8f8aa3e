"""What the headers of a request mean, and those that every reply has."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from orchestrator.cluster import free_port

from .conftest import PASSWORD, Api, Serve

GIVEN = {"X-Request-Id": "given-1"}


class Proxied:
    """A server behind so many proxies, and what it logged."""

    def __init__(self, api: Api, serve: Serve, dsn: str, proxies: int) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._process: subprocess.Popen[bytes] = serve(dsn=dsn, port=port, proxies=proxies)
        headers = {"Authorization": api.root.headers["Authorization"]}
        self.client = httpx.Client(base_url=f"{self.url}/api/", headers=headers, timeout=20)

    def log(self) -> list[dict[str, Any]]:
        """Ends it."""
        self.client.close()
        self._process.send_signal(signal.SIGTERM)
        output = self._process.communicate(timeout=30)[0].decode()
        return [json.loads(line) for line in output.splitlines()]


@pytest.fixture(params=[0, 1])
def proxied(api: Api, serve: Serve, login_dsn: str, request: pytest.FixtureRequest) -> Iterator[Proxied]:
    server = Proxied(api, serve, login_dsn, request.param)
    yield server
    server.client.close()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/posts:list", 200),
        ("POST", "/api/posts:destroy?filterByTk=0&truncate=true", 200),
        ("GET", "/api/posts:nope", 404),
        ("GET", "/elsewhere", 404),
        ("TRACE", "/api/posts:list", 405),
        ("POST", "/api/posts:update", 500),
        ("GET", "/api/posts:list?filter={", 400),
        ("GET", "/api/posts:list?token=x", 401),
        ("OPTIONS", "/api/posts:create", 204),
        ("GET", "/api/__live", 200),
        ("GET", "/api/__health", 200),
        ("GET", "/api/openapi.json", 200),
        ("GET", "/api/openapi.html", 200),
        ("GET", "/metrics", 200),
    ],
)
def test_every_reply_has_the_id_of_its_request(api: Api, method: str, path: str, status: int) -> None:
    headers = dict(GIVEN)
    if method == "OPTIONS":
        headers |= {"Origin": "https://page.example", "Access-Control-Request-Method": "POST"}
    if "token=" in path:
        headers["Authorization"] = ""
    response = api.root.request(method, f"{api.url}{path}", headers=headers)
    assert (response.status_code, response.headers["X-Request-Id"]) == (status, "given-1")


def test_a_preflight_gets_an_id_of_its_own(api: Api) -> None:
    headers = {"Origin": "https://page.example", "Access-Control-Request-Method": "POST"}
    ids = {api.guest.options("/posts:create", headers=headers).headers["X-Request-Id"] for _ in range(2)}
    assert len(ids) == 2


def test_an_authenticator_that_is_unknown_is_the_first_one(api: Api) -> None:
    values = {"account": "root", "password": PASSWORD}
    for name in ("basic", "nope", ""):
        response = api.guest.post("/auth:signIn", json=values, headers={"X-Authenticator": name})
        assert response.json()["data"]["token"], name


@pytest.mark.parametrize("zone", ["Nowhere/Land", "'; drop table posts; --", "+99:00", "x" * 500, "2020-01-01"])
def test_a_zone_that_is_none_is_the_clients_error_or_of_no_matter(api: Api, zone: str) -> None:
    for path in ("/posts:list", "/posts:list?filter[publishedAt.$dateOn]=2026-01-01"):
        response = api.root.get(path, headers={"X-Timezone": zone})
        assert response.status_code in (200, 400), response.text
    assert api.root.get("/posts:list").status_code == 200


def test_a_data_source_is_asked_for_by_header(api: Api) -> None:
    assert api.root.get("/posts:list", headers={"X-Data-Source": "main"}).status_code == 200
    response = api.root.get("/posts:list", headers={"X-Data-Source": "nope"})
    assert (response.status_code, response.json()) == (
        500,
        {"errors": [{"message": "data source nope does not exist"}]},
    )


def test_headers_of_the_peers_own_client_do_no_harm(api: Api) -> None:
    headers = {
        "X-App": "main",
        "X-Hostname": "shop.example",
        "X-CSRF-Token": "anything",
        "X-With-ACL-Meta": "false",
        "X-Locale": "en-US",
    }
    assert api.root.get("/posts:list", headers=headers).status_code == 200


def test_the_address_is_a_proxys_word_only_behind_one(proxied: Proxied, request: pytest.FixtureRequest) -> None:
    behind = request.node.callspec.params["proxied"]
    said = {"X-Forwarded-For": "203.0.113.9, 198.51.100.7"}
    assert proxied.client.get("/posts:list", headers=said | GIVEN).status_code == 200
    (line,) = [line for line in proxied.log() if line.get("request_id") == "given-1"]
    assert line["ip"] == ("198.51.100.7" if behind else "127.0.0.1")


def test_who_guesses_passwords_slows_down_his_own_address_alone(
    proxied: Proxied, api: Api, request: pytest.FixtureRequest
) -> None:
    name = f"guessed{request.node.callspec.params['proxied']}"
    behind = request.node.callspec.params["proxied"]
    api.add_user(name)

    def sign_in(password: str, address: str) -> httpx.Response:
        return proxied.client.post(
            "/auth:signIn", json={"account": name, "password": password}, headers={"X-Forwarded-For": address}
        )

    for number in range(40):
        # who is not behind a proxy gains nothing by making addresses up
        refused = sign_in("wrong", "203.0.113.9" if behind else f"203.0.113.{number}")
        if refused.status_code == 429:
            break
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) >= 1
    assert sign_in(PASSWORD, "198.51.100.1").status_code == (200 if behind else 429)


def test_requests_are_logged_and_counted_by_action_and_status(proxied: Proxied) -> None:
    client = proxied.client
    for _ in range(3):
        client.get("/posts:list")
    client.get("/posts:list?filter={")
    client.get("/posts:list", headers={"Authorization": ""})
    client.post("/posts:create", content=b"{")
    client.get("/secret-name:list")
    client.get("/posts:secret-name")
    client.get(f"{proxied.url}/secret-name")
    client.request("TRACE", "/posts:list")
    client.options("/posts:list", headers={"Origin": "https://a.example", "Access-Control-Request-Method": "GET"})
    text = client.get(f"{proxied.url}/metrics").text
    counted = {
        line.partition("{")[2].partition("}")[0]: float(line.rpartition(" ")[2])
        for line in text.splitlines()
        if line.startswith("orchestrator_http_requests_total{")
    }
    assert counted == {
        'action="list",status="200"': 3.0,
        'action="list",status="400"': 1.0,
        'action="list",status="401"': 1.0,
        'action="create",status="400"': 1.0,
        # of names that clients make up there are too many
        'action="other",status="404"': 3.0,
        'action="other",status="405"': 1.0,
        'action="preflight",status="204"': 1.0,
    }
    assert 'orchestrator_http_request_seconds_count{action="list"} 5.0' in text
    assert "secret-name" not in text
    lines = [line for line in proxied.log() if line["event"] == "request"]
    assert len(lines) == sum(counted.values())
    for line in lines:
        assert {"method", "path", "status", "ms", "request_id", "ip", "timestamp"} <= line.keys()
    listed = [line for line in lines if line["status"] == 200]
    assert {(line["action"], line["user_id"], line["level"]) for line in listed} == {("list", 1, "info")}
