"""The server around the actions: routes, ids, health, metrics, a changing catalog, a lost database."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from orchestrator.cluster import Cluster, free_port
from orchestrator.schema import installer

from .conftest import PASSWORD, Api, Serve
from .processes import children


@pytest.mark.parametrize(
    "path",
    ["/api/nowhere:list", "/api/posts:nope", "/api/x/y/z/w/v", "/api/", "/api", "/", "/nothing", "/api/posts/1/nope"],
)
def test_what_does_not_exist_is_json(api: Api, path: str) -> None:
    for client in (api.guest, api.root):
        response = client.get(f"{api.url}{path}")
        assert (response.status_code, response.json()) == (404, {"errors": [{"message": "Not Found"}]})
        assert response.headers["Content-Type"] == "application/json"
        assert response.headers["X-Request-Id"]


def test_every_answer_has_an_id(api: Api) -> None:
    first, second = (api.root.get("/posts:list").headers["X-Request-Id"] for _ in range(2))
    assert first != second
    given = api.root.get("/posts:list", headers={"X-Request-Id": "a-1.b"})
    assert given.headers["X-Request-Id"] == "a-1.b"
    unfit = api.root.get("/posts:list", headers={"X-Request-Id": "a b" * 100})
    assert len(unfit.headers["X-Request-Id"]) == 36


def test_a_method_without_meaning_is_json(api: Api) -> None:
    response = api.guest.request("TRACE", "/posts:list")
    assert response.status_code == 405
    assert response.json()["errors"][0]["message"]


def test_a_body_too_large_is_json(api: Api) -> None:
    try:
        response = api.root.post("/posts:create", content=b" " * (10 * 1024 * 1024 + 1))
    except httpx.TransportError:
        return  # the server hung up before it was sent
    assert response.status_code == 413
    assert response.json()["errors"][0]["message"]


def test_another_data_source_does_not_exist(api: Api) -> None:
    response = api.root.get("/posts:list", headers={"X-Data-Source": "nope"})
    assert (response.status_code, response.json()) == (
        500,
        {"errors": [{"message": "data source nope does not exist"}]},
    )
    assert api.root.get("/posts:list", headers={"X-Data-Source": "main"}).status_code == 200


def test_health_and_metrics(api: Api) -> None:
    for path in ("/__health", "/__ready", "/__live"):
        response = api.guest.get(path)
        assert (response.status_code, response.json()) == (200, {"data": "ok"})
    api.root.get("/posts:list")
    api.root.get("/posts:made-up-action")
    text = api.guest.get(f"{api.url}/metrics").text
    assert 'orchestrator_http_requests_total{action="list",status="200"}' in text
    assert "orchestrator_http_request_seconds_bucket" in text
    assert 'orchestrator_http_pool_connections{state="idle"}' in text
    assert "made-up-action" not in text


def test_a_server_that_may_do_nothing_is_not_ready(api: Api) -> None:
    api.db.execute("revoke usage on schema orchestrator from orchestrator_api")
    try:
        assert api.guest.get("/__ready").status_code == 503
        assert api.guest.get("/__live").status_code == 200
    finally:
        api.db.execute("grant usage on schema orchestrator to orchestrator_api")
    assert api.guest.get("/__ready").status_code == 200


def test_a_database_that_is_not_installed_yet_says_try_again(
    serve: Serve, server: Cluster, template: str, new_database: Callable[..., str]
) -> None:
    dsn = new_database()
    port = free_port()
    serve(dsn=server.dsn(conninfo_to_dict(dsn)["dbname"], user="api_login"), port=port)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}/api") as client:
        for path in ("/posts:list", "/__ready"):
            response = client.get(path, headers={"Authorization": "Bearer x"})
            assert (response.status_code, response.headers["Retry-After"]) == (503, "1")
            assert response.json() == {"errors": [{"message": "the database is not available"}]}
        with psycopg.connect(dsn, autocommit=True) as connection:
            installer.install(connection, str(server.package_base))
        assert client.get("/__ready").status_code == 200


def test_a_new_table_is_there_at_once(api: Api) -> None:
    assert api.root.get("/fresh:list").status_code == 404
    api.db.execute("create table fresh (id int primary key, a text); insert into fresh values (1, 'x')")
    api.db.execute("select orchestrator.manage('fresh')")
    assert api.root.get("/fresh:list").json()["data"] == [{"id": 1, "a": "x"}]
    api.db.execute("alter table fresh add column b int default 7")
    assert api.root.get("/fresh:list?fields=b").json()["data"] == [{"b": 7}]
    api.db.execute("alter table fresh rename column a to c")
    assert api.root.get("/fresh:list?sort=c").json()["data"] == [{"id": 1, "c": "x", "b": 7}]
    api.db.execute("drop table fresh")
    assert api.root.get("/fresh:list").status_code in (400, 404)
    time.sleep(0.2)
    assert api.root.get("/fresh:list").status_code == 404


def test_a_lock_that_is_not_free_says_try_again(api: Api) -> None:
    key = api.create("posts", {"title": "locked"})["id"]
    api.db.execute("alter role api_login set lock_timeout = '50ms'")
    try:
        _disconnect(api)
        with psycopg.connect(api.dsn) as other:
            other.execute("select from posts where id = %s for update", (key,))
            response = _settled(lambda: api.root.post(f"/posts:update/{key}", json={"title": "x"}), but=503)
            assert response.status_code == 409
            assert response.headers["Retry-After"] == "1"
    finally:
        api.db.execute("alter role api_login reset lock_timeout")
        _disconnect(api)
    assert _settled(lambda: api.root.get("/posts:list"), but=503).status_code == 200


def _disconnect(api: Api) -> None:
    """End every connection of the API's processes."""
    api.db.execute(
        """
        select pg_terminate_backend(pid) from pg_stat_activity
        where usename = 'api_login' and datname = current_database()
        """
    )


def _settled(ask: Callable[[], httpx.Response], *, but: int) -> httpx.Response:
    """The first answer that is another one."""
    for _ in range(50):
        response = ask()
        if response.status_code != but:
            break
        time.sleep(0.05)
    return response


def test_lost_connections_are_503_at_worst_and_replaced(api: Api) -> None:
    _disconnect(api)
    statuses = {api.root.get("/posts:list").status_code for _ in range(30)}
    assert statuses <= {200, 503}
    assert api.root.get("/posts:list").status_code == 200
    time.sleep(1)
    # the listener is back as well
    api.db.execute("create table later (id int primary key); select orchestrator.manage('later')")
    assert api.root.get("/later:list").status_code == 200


def test_without_a_database_the_server_starts_and_says_so(serve: Serve) -> None:
    port = free_port()
    process = serve(dsn=f"postgresql://x@127.0.0.1:{free_port()}/x", port=port, pool_timeout=0.5)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}/api", timeout=20) as client:
        assert client.get("/__live").status_code == 200
        for path in ("/__health", "/__ready"):
            answer = client.get(path)
            assert (answer.status_code, answer.json()) == (
                503,
                {"errors": [{"message": "the database is not available"}]},
            )
        assert client.get("/posts:list").status_code == 503
        assert client.post("/auth:signIn", json={"account": "root", "password": "x"}).status_code == 503
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0


@pytest.mark.parametrize(("processes", "told"), [(1, "parent"), (2, "parent"), (2, "all")])
def test_requests_in_flight_finish_when_the_server_stops(
    serve: Serve, login_dsn: str, database: str, processes: int, told: str
) -> None:
    port = free_port()
    process = serve(dsn=login_dsn, port=port, processes=processes)
    with (
        psycopg.connect(database) as other,
        httpx.Client(base_url=f"http://127.0.0.1:{port}/api", timeout=30) as client,
    ):
        token = client.post("/auth:signIn", json={"account": "root", "password": PASSWORD}).json()["data"]["token"]
        client.headers["Authorization"] = f"Bearer {token}"
        key = client.post("/posts:create", json={"title": "slow"}).json()["data"]["id"]
        other.execute("select from posts where id = %s for update", (key,))
        with ThreadPoolExecutor(1) as pool:
            writing = pool.submit(client.post, f"/posts:update/{key}", json={"title": "finished"})
            time.sleep(0.5)
            if told == "all":
                # as systemd does
                for child in children(process):
                    os.kill(child, signal.SIGTERM)
            process.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            other.commit()
            assert writing.result(20).json()["data"][0]["title"] == "finished"
    output, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    lines = [json.loads(line) for line in output.decode().splitlines()]
    (line,) = [line for line in lines if line.get("action") == "update"]
    assert (line["status"], line["method"], line["user_id"]) == (200, "POST", 1)
    assert line["path"] == f"/api/posts:update/{key}"
    assert line["request_id"] and line["ms"] > 0 and line["timestamp"].endswith("Z")


def test_logs_have_no_secrets_and_answers_no_internals(serve: Serve, login_dsn: str, database: str) -> None:
    port = free_port()
    process = serve(dsn=login_dsn, port=port)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}/api", timeout=20) as client:
        token = client.post("/auth:signIn", json={"account": "root", "password": PASSWORD}).json()["data"]["token"]
        assert client.get(f"/posts:list?token={token}").status_code == 200
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute("alter function orchestrator.act rename to act_away")
            try:
                response = client.post(
                    "/posts:create", json={"title": "sesame"}, headers={"Authorization": f"Bearer {token}"}
                )
            finally:
                connection.execute("alter function orchestrator.act_away rename to act")
    process.send_signal(signal.SIGTERM)
    output = process.communicate(timeout=20)[0].decode()
    assert response.status_code in (400, 500)
    assert "orchestrator.act" not in response.text and "Traceback" not in response.text
    for secret in (token, PASSWORD, "sesame"):
        assert secret not in output


@pytest.mark.parametrize("processes", [1, 2])
def test_a_request_that_does_not_finish_does_not_hold_up_the_stop(
    api: Api, serve: Serve, login_dsn: str, processes: int
) -> None:
    port = free_port()
    process = serve(dsn=login_dsn, port=port, processes=processes, graceful_timeout=1)
    key = api.create("posts", {"title": "stuck"})["id"]
    headers = {"Authorization": api.root.headers["Authorization"]}
    with (
        psycopg.connect(api.dsn) as other,
        httpx.Client(base_url=f"http://127.0.0.1:{port}/api", headers=headers, timeout=30) as client,
        ThreadPoolExecutor(1) as pool,
    ):
        other.execute("select from posts where id = %s for update", (key,))
        writing = pool.submit(client.post, f"/posts:update/{key}", json={"title": "never"})
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert isinstance(writing.exception(10), httpx.TransportError)


def test_a_client_that_hangs_up_is_no_failure_of_the_server(api: Api, serve: Serve, login_dsn: str) -> None:
    port = free_port()
    process = serve(dsn=login_dsn, port=port)
    key = api.create("posts", {"title": "locked"})["id"]
    token = api.root.headers["Authorization"]

    def ask(path: str, body: str, length: int) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", port))
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\nContent-Type: application/json\r\n"
        connection.sendall(f"{head}Content-Length: {length}\r\n\r\n{body}".encode())
        return connection

    body = '{"title": "never"}'
    with psycopg.connect(api.dsn) as other:
        other.execute("select from posts where id = %s for update", (key,))
        unfinished = ask("/api/posts:create", body, 1000)
        unanswered = ask(f"/api/posts:update/{key}", body, len(body))
        for _ in range(100):
            query = "select count(*) from pg_locks where not granted and database = (select oid from pg_database"
            (waiting,) = api.db.execute(f"{query} where datname = current_database())".encode()).fetchone() or (0,)
            if waiting:
                break
            time.sleep(0.05)
        unfinished.close()
        unanswered.close()
        time.sleep(0.5)
    metrics = httpx.get(f"http://127.0.0.1:{port}/metrics").text
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=20)
    lines = [json.loads(line) for line in output.decode().splitlines()]
    assert sorted(line["status"] for line in lines if line["event"] == "request") == [499, 499]
    assert [line for line in lines if line["level"] == "error"] == []
    assert 'status="500"' not in metrics


def test_half_a_request_disturbs_nobody(api: Api) -> None:
    with socket.create_connection(("127.0.0.1", httpx.URL(api.url).port or 0)) as connection:
        connection.sendall(b"GET /api/posts:list HTTP/1.1\r\nHost: x\r\n")
        assert api.root.get("/posts:list").status_code == 200
    with socket.create_connection(("127.0.0.1", httpx.URL(api.url).port or 0)) as connection:
        connection.sendall(b"\x00\x01 nonsense\r\n\r\n")
        answer = connection.recv(65536)
        assert answer.startswith(b"HTTP/1.1 400")
        assert b"errors" in answer


def test_many_clients_at_once_get_their_own_answers(api: Api) -> None:
    def ask(number: int) -> bool:
        created = api.root.post("/posts:create", json={"title": f"t{number}"}).json()["data"]
        return bool(created["title"] == f"t{number}")

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(ask, range(64)))
