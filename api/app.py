"""The Sanic application: every request in, one JSON reply and one line of log out."""

from __future__ import annotations

import re
import uuid
from time import perf_counter
from typing import Any

import structlog
from sanic import HTTPResponse, Request, Sanic
from sanic.exceptions import SanicException
from sanic.handlers import ErrorHandler

from api.dispatch import ACTIONS, Dispatcher
from api.errors import INTERNAL, ApiError, Failure, NotFound, describe
from api.health import Metrics, health
from api.reply import Reply
from api.services import Services
from api.settings import Settings

__all__ = ["PREFIX", "create_app"]

PREFIX = "/api/"
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_GIVEN_ID = re.compile(r"[A-Za-z0-9._:@/+=-]{1,128}")
_JSON = "application/json"

log = structlog.get_logger("api")


def create_app(settings: Settings) -> Sanic[Any, Any]:
    """An application that connects when its server starts and disconnects when that has stopped."""
    app = Sanic(settings.name, error_handler=_Errors(), configure_logging=False)
    app.config.REQUEST_MAX_SIZE = settings.max_body
    # filters and keys go in the URL; Sanic takes no more than this
    app.config.REQUEST_MAX_HEADER_SIZE = 16 * 1024
    app.config.GRACEFUL_SHUTDOWN_TIMEOUT = settings.graceful_timeout
    app.config.KEEP_ALIVE_TIMEOUT = 75
    app.config.ACCESS_LOG = False
    app.config.FALLBACK_ERROR_FORMAT = "json"
    app.config.MOTD = False
    services = Services(settings)
    server = _Server(services)
    app.ctx.services = services

    @app.before_server_start
    async def start(_: Any) -> None:
        await services.start()

    @app.after_server_stop
    async def stop(_: Any) -> None:
        await services.stop()

    app.add_route(server.metrics, "/metrics", methods=["GET"], name="metrics")
    app.add_route(server.health, PREFIX + "__health", methods=["GET", "HEAD"], name="health")
    app.add_route(server.action, PREFIX + "<path:path>", methods=_METHODS, name="action", unquote=False)
    return app


class _Server:
    """Between Sanic and the dispatcher: ids, log lines, metrics, errors."""

    def __init__(self, services: Services) -> None:
        self._database = services.database
        self._dispatcher = Dispatcher(services)
        self._metrics = Metrics(services.database, ACTIONS.names())
        self._access_log = services.settings.access_log

    async def action(self, request: Request, path: str) -> HTTPResponse:
        """Anything below the prefix."""
        started = perf_counter()
        request_id = _request_id(request)
        seen: dict[str, Any] = {}
        headers = {"X-Request-Id": request_id}
        try:
            status, body = await self._dispatcher.answer(request, path, request_id, seen, headers)
        except Exception as error:
            failure = describe(error)
            status, body = failure.status, failure.body()
            headers |= _failure_headers(failure)
            if status >= 500 and not isinstance(error, ApiError):
                _log_failure(error, request, request_id, status)
        if self._access_log:
            log.info(
                "request",
                method=request.method,
                path=request.path,
                status=status,
                ms=round((perf_counter() - started) * 1000, 2),
                request_id=request_id,
                **seen,
            )
        self._metrics.count(seen.get("action", "other"), status, started)
        return HTTPResponse(body, status, headers, _JSON)

    async def health(self, request: Request) -> HTTPResponse:
        """For load balancers: 200, or 503 when the database does not answer."""
        try:
            reply = await health(self._database)
        except Exception as error:
            failure = describe(error)
            reply = Reply(503, failure.body())
        return HTTPResponse(reply.body, reply.status, {"X-Request-Id": _request_id(request)}, _JSON)

    async def metrics(self, request: Request) -> HTTPResponse:
        """For Prometheus."""
        headers = {"X-Request-Id": _request_id(request)}
        return HTTPResponse(self._metrics.render(), 200, headers, "text/plain; version=0.0.4; charset=utf-8")


class _Errors(ErrorHandler):
    """What Sanic refuses by itself: unknown paths, bodies too large, requests it cannot read."""

    def default(self, request: Request | None, exception: Exception) -> HTTPResponse:
        failure = _sanic_failure(exception) if isinstance(exception, SanicException) else describe(exception)
        request_id = _request_id(request) if request is not None else str(uuid.uuid4())
        if failure.status >= 500 and request is not None:
            _log_failure(exception, request, request_id, failure.status)
        headers = {"X-Request-Id": request_id} | _failure_headers(failure)
        return HTTPResponse(failure.body(), failure.status, headers, _JSON)


def _sanic_failure(exception: SanicException) -> Failure:
    if exception.status_code == 404:
        return describe(NotFound())
    if exception.status_code >= 500 and exception.status_code != 503:
        return Failure(exception.status_code, INTERNAL)
    return Failure(exception.status_code, str(exception) or INTERNAL)


def _failure_headers(failure: Failure) -> dict[str, str]:
    return {"Retry-After": "1"} if failure.retry else {}


def _request_id(request: Request) -> str:
    """The caller's, when it is one that can be logged, else a new one."""
    given = request.headers.get("x-request-id")
    return given if given is not None and _GIVEN_ID.fullmatch(given) else str(uuid.uuid4())


def _log_failure(error: BaseException, request: Request, request_id: str, status: int) -> None:
    log.error(
        "request failed",
        method=request.method,
        path=request.path,
        status=status,
        request_id=request_id,
        sqlstate=getattr(error, "sqlstate", None),
        exc_info=error,
    )
