"""Pages of other origins: who may ask, what they may read, and that errors are readable too."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from api.settings import Settings
from orchestrator.cluster import free_port

from .conftest import Api, Serve

TRUSTED = "https://app.example"
FOREIGN = "http://elsewhere.example:8080"
EXPOSED = {"content-disposition", "x-new-token", "x-request-id"}


@pytest.fixture(scope="module")
def client(api: Api, serve: Serve, login_dsn: str) -> Iterator[httpx.Client]:
    port = free_port()
    serve(dsn=login_dsn, port=port, access_log=False, cors_origins=(TRUSTED,))
    headers = {"Authorization": api.root.headers["Authorization"]}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}/api/", headers=headers, timeout=20) as client:
        yield client


def _exposed(response: httpx.Response) -> set[str]:
    return set(response.headers["Access-Control-Expose-Headers"].split(","))


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/posts:list", 200),
        ("GET", "/posts:nope", 404),
        ("GET", "/x/y/z/w/v/u", 404),
        ("POST", "/posts:update", 500),
        ("POST", "/posts:create?whitelist[a]=1", 400),
        ("TRACE", "/posts:list", 405),
        ("GET", "/__health", 200),
        ("GET", "/__ready", 200),
    ],
)
def test_any_origin_may_read_answers_and_errors(client: httpx.Client, method: str, path: str, status: int) -> None:
    response = client.request(method, path, headers={"Origin": FOREIGN})
    assert response.status_code == status
    assert response.headers["Access-Control-Allow-Origin"] == FOREIGN
    assert response.headers["Vary"] == "Origin"
    assert _exposed(response) == EXPOSED
    assert "Access-Control-Allow-Credentials" not in response.headers


def test_a_guest_can_read_why_he_is_refused(client: httpx.Client) -> None:
    response = client.get("/posts:list", headers={"Origin": FOREIGN, "Authorization": ""})
    assert response.status_code == 401
    assert response.headers["Access-Control-Allow-Origin"] == FOREIGN


def test_cookies_are_for_the_own_origin_and_named_ones(client: httpx.Client) -> None:
    own = str(client.base_url).removesuffix("/api/")
    for origin in (own, TRUSTED):
        response = client.get("/posts:list", headers={"Origin": origin})
        assert response.headers["Access-Control-Allow-Credentials"] == "true"
    behind_proxy = {"Origin": "https://shop.example", "Host": "shop.example", "X-Forwarded-Proto": "https"}
    assert client.get("/posts:list", headers=behind_proxy).headers["Access-Control-Allow-Credentials"] == "true"
    for origin in ("null", f"{own}0", f"{TRUSTED}.evil.example", own.replace("http", "https")):
        response = client.get("/posts:list", headers={"Origin": origin})
        assert response.headers["Access-Control-Allow-Origin"] == origin
        assert "Access-Control-Allow-Credentials" not in response.headers


def test_who_names_no_origin_gets_none(client: httpx.Client) -> None:
    response = client.get("/posts:list")
    assert response.headers["Vary"] == "Origin"
    assert not [name for name in response.headers if name.startswith("access-control")]


@pytest.mark.parametrize("path", ["/posts:create", "/nowhere:list"])
def test_a_browser_that_asks_first_is_told_without_a_token(client: httpx.Client, path: str) -> None:
    response = client.options(
        path,
        headers={
            "Authorization": "",
            "Origin": FOREIGN,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,x-role",
        },
    )
    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["Access-Control-Allow-Origin"] == FOREIGN
    assert response.headers["Access-Control-Allow-Methods"] == "GET,HEAD,PUT,POST,DELETE,PATCH"
    assert response.headers["Access-Control-Allow-Headers"] == "authorization,x-role"
    assert response.headers["X-Request-Id"]
    assert "Access-Control-Allow-Credentials" not in response.headers


def test_options_that_asks_nothing_runs_the_action(client: httpx.Client) -> None:
    response = client.options("/posts:list")
    assert response.status_code == 200
    assert "count" in response.json()["meta"]
    assert client.options("/posts").status_code == 404


@pytest.mark.parametrize("origin", ["app.example", "https://app.example/path", "*", "https://a b"])
def test_an_origin_that_is_none_is_refused_at_the_start(origin: str) -> None:
    with pytest.raises(ValueError, match="is no origin"):
        Settings(dsn="", cors_origins=(origin,))
