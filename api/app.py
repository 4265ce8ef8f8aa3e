"""The Sanic application: every request in, one JSON reply and one line of log out."""

from __future__ import annotations

import re
import uuid
from collections.abc import Awaitable, Callable
from functools import partial
from time import perf_counter
from typing import Any

import structlog
from sanic import HTTPResponse, Request, Sanic
from sanic.exceptions import RequestCancelled, SanicException
from sanic.handlers import ErrorHandler

from api import query_string
from api.access_log import AccessLog
from api.catalog import Statements
from api.context import Context
from api.cors import Cors
from api.dispatch import ACTIONS, Dispatcher
from api.errors import INTERNAL, ApiError, Failure, NotFound, describe
from api.explorer import PAGE, PAGE_HEADERS, Explorer
from api.extension import extensions, load
from api.health import PREFLIGHT, Metrics, readiness
from api.params import Params
from api.reply import Reply, data_reply
from api.request import Target
from api.services import Services
from api.settings import Settings
from api.wording import Wording

__all__ = ["PREFIX", "create_app"]

PREFIX = "/api/"
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_GIVEN_ID = re.compile(r"[A-Za-z0-9._:@/+=-]{1,128}")
_JSON = "application/json"
#: what proxies write down for a client that did not wait; nobody gets it
_HUNG_UP = 499
#: gets the request's id, what becomes known of it for the log, and headers for the reply
_Answer = Callable[[str, dict[str, Any], dict[str, str]], Awaitable[Reply]]

log = structlog.get_logger("api")


def create_app(settings: Settings) -> Sanic[Any, Any]:
    """An application that connects when its server starts and disconnects when that has stopped."""
    load(settings.actions)
    services = Services(settings)
    sources = {key: source.database for key, source in services.sources.items()}
    metrics = Metrics(services.database, ACTIONS.names() | extensions.names(), sources)
    replies = _Replies(settings, Wording(partial(_catalog, services), settings.locale), metrics)
    app = Sanic(settings.name, error_handler=_Errors(replies), configure_logging=False)
    app.config.REQUEST_MAX_SIZE = settings.max_body
    # filters and keys go in the URL; Sanic takes no more than this
    app.config.REQUEST_MAX_HEADER_SIZE = 16 * 1024
    app.config.GRACEFUL_SHUTDOWN_TIMEOUT = settings.graceful_timeout
    app.config.KEEP_ALIVE_TIMEOUT = 75
    app.config.ACCESS_LOG = False
    app.config.FALLBACK_ERROR_FORMAT = "json"
    app.config.PROXIES_COUNT = settings.proxies or None
    app.config.MOTD = False
    server = _Server(services, replies, metrics)
    app.ctx.services = services

    @app.before_server_start
    async def start(_: Any) -> None:
        await services.start()

    @app.after_server_stop
    async def stop(_: Any) -> None:
        await services.stop()

    app.add_route(server.metrics, "/metrics", methods=["GET"], name="metrics")
    app.add_route(server.live, PREFIX + "__live", methods=["GET", "HEAD"], name="live")
    app.add_route(server.ready, PREFIX + "__health", methods=["GET", "HEAD"], name="health")
    app.add_route(server.ready, PREFIX + "__ready", methods=["GET", "HEAD"], name="ready")
    # no collection can have these names
    app.add_route(server.document, PREFIX + "openapi.json", methods=["GET"], name="openapi")
    app.add_route(server.page, PREFIX + "openapi.html", methods=["GET"], name="explorer")
    app.add_route(server.action, PREFIX + "<path:path>", methods=_METHODS, name="action", unquote=False)
    return app


def _catalog(services: Services, request: Request) -> Statements | None:
    """What is known of the tables that a request is about."""
    return services.sources.get(request.headers.get("x-data-source", ""), services).catalogs.known


class _Replies:
    """What every response has, whatever it answers: an id, the headers for browsers, a line in the log, its count."""

    def __init__(self, settings: Settings, wording: Wording, metrics: Metrics) -> None:
        self._wording = wording
        self._metrics = metrics
        self._cors = Cors(settings.cors_origins)
        wanted = settings.access_log and settings.log_level.lower() in ("debug", "info")
        self._access_log = AccessLog() if wanted else None

    def preflight(self, request: Request, request_id: str) -> HTTPResponse | None:
        """The answer to a browser's question whether it may ask."""
        headers = self._cors.preflight(request)
        if headers is None:
            return None
        return HTTPResponse(None, 204, headers | {"X-Request-Id": request_id})

    def of(
        self, request: Request, reply: Reply, request_id: str, *, retry: bool = False, content_type: str | None = None
    ) -> HTTPResponse:
        headers = self._cors.headers(request)
        headers["X-Request-Id"] = request_id
        if retry:
            headers["Retry-After"] = "1"
        return HTTPResponse(reply.body, reply.status, headers, content_type or reply.content_type)

    def failed(self, request: Request, failure: Failure, request_id: str) -> HTTPResponse:
        self._wording.apply(failure, request)
        return self.of(request, Reply(failure.status, failure.body()), request_id, retry=failure.retry)

    def done(self, request: Request, status: int, request_id: str, started: float, seen: dict[str, Any]) -> None:
        """Writes down what became of a request."""
        self._metrics.count(seen.get("action", "other"), status, started)
        if self._access_log is not None:
            self._access_log.write(request, status, request_id, started, seen)


class _Server:
    """Between Sanic and the dispatcher: ids, log lines, metrics, errors."""

    def __init__(self, services: Services, replies: _Replies, metrics: Metrics) -> None:
        self._services = services
        self._replies = replies
        self._dispatcher = Dispatcher(services)
        self._explorer = Explorer()
        self._metrics = metrics

    async def action(self, request: Request, path: str) -> HTTPResponse:
        """Anything below the prefix."""

        async def answer(request_id: str, seen: dict[str, Any], headers: dict[str, str]) -> Reply:
            return await self._dispatcher.answer(request, path, request_id, seen, headers)

        return await self._answer(request, answer)

    async def document(self, request: Request) -> HTTPResponse:
        """What there is, as OpenAPI."""

        async def answer(request_id: str, seen: dict[str, Any], headers: dict[str, str]) -> Reply:
            params = Params(raw=query_string.parse(request.query_string))
            target = Target("openapi.json")
            ctx = Context(
                self._services, request, request_id, target, "openapi", target.collection, params, headers=headers
            )
            return await self._explorer.document(ctx)

        return await self._answer(request, answer)

    async def page(self, request: Request) -> HTTPResponse:
        """To try it in a browser."""
        response = self._replies.of(
            request, Reply(200, PAGE.encode()), _request_id(request), content_type="text/html; charset=utf-8"
        )
        response.headers.update(PAGE_HEADERS)
        return response

    async def _answer(self, request: Request, answer: _Answer) -> HTTPResponse:
        started = perf_counter()
        request_id = _request_id(request)
        if request.method == "OPTIONS" and (asked := self._replies.preflight(request, request_id)) is not None:
            self._replies.done(request, asked.status, request_id, started, {"action": PREFLIGHT})
            return asked
        seen: dict[str, Any] = {}
        headers: dict[str, str] = {}
        try:
            reply = await answer(request_id, seen, headers)
            response = self._replies.of(request, reply, request_id)
        except Exception as error:
            failure = describe(error)
            response = self._replies.failed(request, failure, request_id)
            if failure.status >= 500 and not isinstance(error, ApiError):
                _log_failure(error, request, request_id, failure.status)
        response.headers.update(headers)
        self._replies.done(request, response.status, request_id, started, seen)
        return response

    async def live(self, request: Request) -> HTTPResponse:
        """For whoever restarts processes: 200 as long as this one answers at all."""
        return self._replies.of(request, data_reply("ok"), _request_id(request))

    async def ready(self, request: Request) -> HTTPResponse:
        """For load balancers: 200, or 503 while requests could not be answered."""
        try:
            reply = await readiness(self._services)
        except Exception as error:
            failure = describe(error)
            failure.status, failure.retry = 503, True
            return self._replies.failed(request, failure, _request_id(request))
        return self._replies.of(request, reply, _request_id(request))

    async def metrics(self, request: Request) -> HTTPResponse:
        """For Prometheus."""
        text = Reply(200, self._metrics.render())
        return self._replies.of(
            request, text, _request_id(request), content_type="text/plain; version=0.0.4; charset=utf-8"
        )


class _Errors(ErrorHandler):
    """What Sanic refuses by itself: unknown paths, bodies too large, requests it cannot read."""

    def __init__(self, replies: _Replies) -> None:
        super().__init__()
        self._replies = replies

    def default(self, request: Request | None, exception: Exception) -> HTTPResponse:
        started = perf_counter()
        if isinstance(exception, RequestCancelled):
            failure = Failure(_HUNG_UP, "the client hung up")
        else:
            failure = _sanic_failure(exception) if isinstance(exception, SanicException) else describe(exception)
        if request is None:
            return HTTPResponse(failure.body(), failure.status, {"X-Request-Id": str(uuid.uuid4())}, _JSON)
        request_id = _request_id(request)
        if failure.status >= 500:
            _log_failure(exception, request, request_id, failure.status)
        self._replies.done(request, failure.status, request_id, started, {})
        return self._replies.failed(request, failure, request_id)


def _sanic_failure(exception: SanicException) -> Failure:
    if exception.status_code == 404:
        return describe(NotFound())
    if exception.status_code >= 500 and exception.status_code != 503:
        return Failure(exception.status_code, INTERNAL)
    return Failure(exception.status_code, str(exception) or INTERNAL)


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
        # a database that is away is a line for each request, not a page
        **({"reason": str(error).partition("\n")[0]} if status == 503 else {"exc_info": error}),
    )
