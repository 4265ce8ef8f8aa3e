"""A session lasts over many tokens, ends in every process at once, and its token is renewed in passing."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import jwt
import psycopg
import pytest

from api.passwords import hash_password
from orchestrator.cluster import free_port

from .conftest import PASSWORD, Api, Serve

_DAY = 86_400
#: a notification takes a moment, the session's ttl would take a second
_MOMENT = 0.2


@pytest.fixture(scope="module")
def other(api: Api, login_dsn: str, serve: Serve) -> Iterator[httpx.Client]:
    """Another process over the same database. It believes for a minute what nobody tells it otherwise."""
    port = free_port()
    serve(dsn=login_dsn, port=port, access_log=False, session_ttl=60)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}/api/", timeout=20) as client:
        yield client


@pytest.fixture
def user(api: Api) -> tuple[str, int]:
    """Name and id of a root user of the test's own."""
    name = f"user_{uuid.uuid4().hex[:8]}"
    return name, api.add_user(name, "root")


class Holder:
    """Somebody with a token."""

    def __init__(self, api: Api, name: str) -> None:
        self.api = api
        self.token = api.sign_in(name).json()["data"]["token"]
        self.claims: dict[str, Any] = jwt.decode(self.token, options={"verify_signature": False})

    def expire(self, *, signed_in: float | None = None, expired: float = 1, **more: Any) -> None:
        """As if time had passed: the token ended `expired` seconds ago, the session began `signed_in` seconds ago."""
        (key,) = self.api.db.execute("select orchestrator.app_key()").fetchone() or ("",)
        self.claims |= {"exp": int(time.time() - expired), **more}
        if signed_in is not None:
            self.claims["signInTime"] = int((time.time() - signed_in) * 1000)
            self.api.db.execute(
                "update orchestrator.sessions set signed_in_at = %s where jti = %s",
                (self.claims["signInTime"], self.claims["jti"]),
            )
        self.token = jwt.encode(self.claims, str(key), "HS256")

    def ask(self, path: str = "/auth:check", *, by: httpx.Client | None = None, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        return (by or self.api.guest).request(options.pop("method", "GET"), path, headers=headers, **options)


@pytest.fixture
def holder(api: Api, user: tuple[str, int]) -> Holder:
    return Holder(api, user[0])


def _code(response: httpx.Response) -> tuple[int, str | None]:
    return response.status_code, response.json()["errors"][0].get("code")


def _with(holder: Holder, token: str) -> Holder:
    holder.token = token
    return holder


# signing out


def test_signing_out_blocks_the_token_in_every_process_at_once(holder: Holder, other: httpx.Client) -> None:
    assert holder.ask().status_code == holder.ask(by=other).status_code == 200
    response = holder.ask("/auth:signOut", method="POST", data={})
    assert (response.status_code, response.json()) == (200, {})
    assert _code(holder.ask()) == (401, "BLOCKED_TOKEN")
    time.sleep(_MOMENT)
    assert _code(holder.ask(by=other)) == (401, "BLOCKED_TOKEN")
    assert holder.ask().json()["errors"][0]["message"] == "Your session has expired. Please sign in again."


def test_signing_out_ends_one_session_and_no_other(api: Api, user: tuple[str, int]) -> None:
    one, two = Holder(api, user[0]), Holder(api, user[0])
    one.ask("/auth:signOut", method="POST")
    assert _code(one.ask()) == (401, "BLOCKED_TOKEN")
    assert two.ask().status_code == 200


def test_signing_out_needs_a_token_and_no_role(api: Api) -> None:
    assert _code(api.guest.post("/auth:signOut")) == (401, "EMPTY_TOKEN")
    name = f"user_{uuid.uuid4().hex[:8]}"
    api.add_user(name)
    holder = Holder(api, name)
    assert _code(holder.ask()) == (401, "USER_HAS_NO_ROLES_ERR")
    assert holder.ask("/auth:signOut", method="POST").status_code == 200
    assert _code(holder.ask()) == (401, "BLOCKED_TOKEN")


def test_a_token_that_is_signed_out_is_not_renewed(holder: Holder) -> None:
    holder.ask("/auth:signOut", method="POST")
    holder.expire()
    assert _code(holder.ask()) == (401, "BLOCKED_TOKEN")


def test_a_session_can_be_ended_in_sql(api: Api, holder: Holder, user: tuple[str, int], other: httpx.Client) -> None:
    assert holder.ask().status_code == holder.ask(by=other).status_code == 200
    api.db.execute("delete from orchestrator.sessions where user_id = %s", (user[1],))
    time.sleep(_MOMENT)
    assert _code(holder.ask()) == _code(holder.ask(by=other)) == (401, "BLOCKED_TOKEN")


def test_a_token_of_no_session_is_blocked(holder: Holder) -> None:
    holder.expire(expired=-60, jti=str(uuid.uuid4()))
    assert _code(holder.ask()) == (401, "BLOCKED_TOKEN")


def test_a_token_counts_for_its_own_user_alone(api: Api, holder: Holder) -> None:
    holder.expire(expired=-60, userId=1)
    assert _code(holder.ask()) == (401, "BLOCKED_TOKEN")
    holder.expire()
    assert _code(holder.ask()) == (401, "TOKEN_RENEW_FAILED")


# renewal


def test_an_expired_token_is_renewed_while_its_request_is_answered(holder: Holder, user: tuple[str, int]) -> None:
    before = dict(holder.claims)
    holder.expire()
    response = holder.ask()
    assert (response.status_code, response.json()["data"]["id"]) == (200, user[1])
    token = response.headers["x-new-token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["userId"], claims["signInTime"], claims["temp"]) == (user[1], before["signInTime"], True)
    assert claims["jti"] != before["jti"] and claims["exp"] - claims["iat"] == _DAY
    again = _with(holder, token).ask()
    assert again.status_code == 200 and "x-new-token" not in again.headers


@pytest.mark.parametrize(
    ("path", "options", "status"),
    [
        ("/posts:list", {"headers": {"X-Role": "nope"}}, 401),
        ("/posts:list", {"params": {"sort": "nope"}}, 400),
        ("/posts:create", {"method": "POST", "json": {"read": "x"}}, 400),
        ("/posts:list", {"headers": {"X-Data-Source": "nope"}}, 500),
    ],
)
def test_the_new_token_comes_with_an_error_too(holder: Holder, path: str, options: Any, status: int) -> None:
    holder.expire()
    response = holder.ask(path, **options)
    assert response.status_code == status
    assert _with(holder, response.headers["x-new-token"]).ask().status_code == 200


def test_the_new_token_comes_with_a_refusal_too(api: Api) -> None:
    name = f"user_{uuid.uuid4().hex[:8]}"
    api.add_user(name, "member")
    holder = Holder(api, name)
    holder.expire()
    response = holder.ask("/posts:list")
    assert (response.status_code, response.json()) == (403, {"errors": [{"message": "No permissions"}]})
    assert _with(holder, response.headers["x-new-token"]).ask().status_code == 200


def test_requests_in_parallel_get_the_same_new_token(api: Api, holder: Holder, other: httpx.Client) -> None:
    holder.expire()

    def renew(client: httpx.Client) -> httpx.Response:
        return holder.ask(by=client)

    with ThreadPoolExecutor(8) as pool:
        responses = list(pool.map(renew, [api.guest, other] * 8))
    assert {response.status_code for response in responses} == {200}
    assert len({response.headers["x-new-token"] for response in responses}) == 1


def test_ten_seconds_later_the_old_token_is_worth_nothing(api: Api, holder: Holder) -> None:
    holder.expire()
    old, new = holder.token, holder.ask().headers["x-new-token"]
    jti = jwt.decode(new, options={"verify_signature": False})["jti"]
    for seconds, expected in ((9, None), (11, "TOKEN_RENEW_FAILED")):
        api.db.execute(
            "update orchestrator.sessions set renewed_at = now() - make_interval(secs => %s) where jti = %s",
            (seconds, jti),
        )
        response = _with(holder, old).ask()
        if expected is None:
            assert response.headers["x-new-token"] == new
        else:
            assert _code(response) == (401, expected) and "x-new-token" not in response.headers
    assert _with(holder, new).ask().status_code == 200


def test_a_token_of_two_renewals_ago_fails(holder: Holder) -> None:
    first = dict(holder.claims)
    for _ in range(2):
        holder.expire()
        _with(holder, holder.ask().headers["x-new-token"])
        holder.claims = jwt.decode(holder.token, options={"verify_signature": False})
    holder.claims = first
    holder.expire()
    assert _code(holder.ask()) == (401, "TOKEN_RENEW_FAILED")


def test_a_session_ends_after_its_window(holder: Holder) -> None:
    holder.expire(signed_in=7 * _DAY + 1)
    assert _code(holder.ask()) == (401, "EXPIRED_SESSION")


def test_the_last_token_ends_with_its_session(holder: Holder) -> None:
    holder.expire(signed_in=7 * _DAY - 100)
    claims = jwt.decode(holder.ask().headers["x-new-token"], options={"verify_signature": False})
    assert 0 < claims["exp"] - time.time() <= 100


def test_a_token_can_be_renewed_for_a_day_after_its_end(holder: Holder) -> None:
    holder.expire(signed_in=3 * _DAY, expired=_DAY + 5)
    assert _code(holder.ask()) == (401, "EXPIRED_SESSION")
    holder.expire(expired=_DAY - 5)
    assert holder.ask().status_code == 200


def test_a_renewed_token_is_blocked_by_signing_out_with_the_old_one(holder: Holder) -> None:
    holder.expire()
    new = holder.ask().headers["x-new-token"]
    response = holder.ask("/auth:signOut", method="POST")
    assert response.status_code == 200 and "x-new-token" not in response.headers
    assert _code(_with(holder, new).ask()) == (401, "BLOCKED_TOKEN")


def test_the_token_of_a_deleted_user_is_not_renewed(api: Api, holder: Holder, user: tuple[str, int]) -> None:
    holder.expire()
    api.db.execute("delete from orchestrator.users where id = %s", (user[1],))
    assert _code(holder.ask()) == (401, "NOT_EXIST_USER")


# passwords


def test_another_password_ends_sessions_wherever_it_was_set(
    api: Api, holder: Holder, user: tuple[str, int], other: httpx.Client
) -> None:
    assert holder.ask().status_code == holder.ask(by=other).status_code == 200
    api.db.execute("update orchestrator.users set password = %s where id = %s", (hash_password("other"), user[1]))
    time.sleep(_MOMENT)
    for response in (holder.ask(), holder.ask(by=other)):
        assert _code(response) == (401, "INVALID_TOKEN")
        assert response.json()["errors"][0]["message"] == "User password changed, please signin again."
    holder.expire()
    assert _code(holder.ask()) == (401, "INVALID_TOKEN")
    assert api.sign_in(user[0]).status_code == 401
    assert api.sign_in(user[0], "other").status_code == 200


def test_a_session_is_not_opened_for_a_password_that_was_just_changed(api: Api, user: tuple[str, int]) -> None:
    stored = api.db.execute("select password from orchestrator.users where id = %s", (user[1],)).fetchone()
    assert stored is not None
    with psycopg.connect(api.dsn) as changing:
        changing.execute("update orchestrator.users set password = 'x' where id = %s", (user[1],))
        with ThreadPoolExecutor(1) as pool:
            opening = pool.submit(
                lambda: api.db.execute(
                    "select * from orchestrator.open_session(%s, %s, %s)", (user[1], stored[0], user[0])
                ).fetchall()
            )
            time.sleep(_MOMENT)
            changing.commit()
            assert opening.result() == []


# attempts


def test_passwords_are_tried_ten_times_then_slowly(api: Api, user: tuple[str, int], other: httpx.Client) -> None:
    wrong = {"account": user[0], "password": "nope"}
    clients = [api.guest, other]
    for attempt in range(10):
        assert clients[attempt % 2].post("/auth:signIn", json=wrong).status_code == 401
    for client in clients:
        response = client.post("/auth:signIn", json={"account": user[0].upper(), "password": PASSWORD})
        assert response.status_code == 429
        assert response.json() == {"errors": [{"message": "Too many attempts, please try again later"}]}
        assert 50 <= int(response.headers["Retry-After"]) <= 60
    api.db.execute("update orchestrator.failed_attempts set at = at - interval '61 seconds'")
    assert api.sign_in(user[0]).status_code == 200
    assert api.sign_in(user[0], "nope").status_code == 401


def test_an_unknown_account_is_slowed_down_like_a_known_one(api: Api) -> None:
    name = f"ghost_{uuid.uuid4().hex[:8]}"
    assert [api.sign_in(name).status_code for _ in range(11)] == [401] * 10 + [429]


def test_attempts_in_parallel_are_counted(api: Api, user: tuple[str, int]) -> None:
    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(lambda _: api.sign_in(user[0], "nope").status_code, range(16)))
    assert sorted(statuses) == [401] * 10 + [429] * 6


def test_what_was_typed_as_an_account_is_not_kept(api: Api) -> None:
    secret = f"my password {uuid.uuid4().hex}"
    api.sign_in(secret, "x")
    kept = api.db.execute("select string_agg(f::text, '') from orchestrator.failed_attempts f").fetchone()
    assert kept is not None and secret.encode().hex() not in kept[0] and secret not in kept[0]


# cost


def test_a_token_costs_one_look_at_the_database_within_its_ttl(api: Api, holder: Holder, other: httpx.Client) -> None:
    def calls(client: httpx.Client) -> int:
        query = "select coalesce(sum(calls), 0)::int from pg_stat_user_functions where funcname = 'token_state'"
        (before,) = api.db.execute(query).fetchone() or (0,)
        for _ in range(20):
            holder.ask(by=client)
            time.sleep(0.06)
        # statistics are told once a second
        time.sleep(1.2)
        holder.ask("/__health", by=client)
        (after,) = api.db.execute(query).fetchone() or (0,)
        return int(after - before)

    api.db.execute("alter system set track_functions = 'all'")
    api.db.execute("select pg_reload_conf()")
    try:
        time.sleep(_MOMENT)
        assert 1 <= calls(api.guest) <= 3
        assert calls(other) <= 1
    finally:
        api.db.execute("alter system reset track_functions")
        api.db.execute("select pg_reload_conf()")
