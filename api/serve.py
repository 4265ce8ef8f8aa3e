"""Running the application: in this process, or in several that share the port."""

from __future__ import annotations

import asyncio
import errno
import logging
import multiprocessing
import os
import signal
import socket
from typing import Any

from sanic import Sanic
from sanic.server.socket import bind_socket

from api.app import create_app
from api.children import Children
from api.extension import load
from api.metrics_directory import hold, metrics_directory
from api.settings import Settings
from orchestrator.errors import OrchestratorError
from orchestrator.logs import configure_logging

__all__ = ["serve"]

#: seconds beyond the time for requests in flight until a process that does not end is killed
_SPARE = 10.0
#: what the system says of an address that is not free, not this machine's, or not for everybody
_UNBOUND = (errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EACCES)


def serve(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT, then lets requests in flight finish.

    Raises:
        OrchestratorError: it cannot listen there.
    """
    _configure_logging(settings)
    try:
        _serve(settings)
    except OSError as error:
        if error.filename or (error.errno not in _UNBOUND and not isinstance(error, socket.gaierror)):
            raise
        reason = (error.strerror or str(error)).lower()
        raise OrchestratorError(f'cannot listen on "{settings.host}", port {settings.port}: {reason}') from None


def _serve(settings: Settings) -> None:
    if settings.processes == 1:
        app = create_app(settings)
        app.prepare(
            host=settings.host, port=settings.port, single_process=True, access_log=False, motd=False, debug=False
        )
        Sanic.serve_single(primary=app)
        return
    # what is wrong with them is said once, and here
    load(settings.actions)
    with metrics_directory() as directory, bind_socket(settings.host, settings.port) as listening:
        # each process keeps its counters there, and any of them shows the sum
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = directory
        Children(_serve_shared, (settings,), listening, settings.graceful_timeout + _SPARE).run(settings.processes)


def _configure_logging(settings: Settings) -> None:
    configure_logging(settings.log_level)
    # what it has to say of each start is the command line's to say
    logging.getLogger("sanic.root").setLevel(logging.WARNING)


def _serve_shared(settings: Settings, listening: socket.socket) -> None:
    _configure_logging(settings)
    with hold(os.environ["PROMETHEUS_MULTIPROC_DIR"]):
        app = create_app(settings)
        app.after_server_start(_listen_for_the_end)
        app.prepare(
            sock=listening, single_process=True, register_sys_signals=False, access_log=False, motd=False, debug=False
        )
        Sanic.serve_single(primary=app)


async def _listen_for_the_end(app: Sanic[Any, Any]) -> None:
    """Stops once, however often and by whomever it is told: Sanic would be cut off by the second signal."""
    loop = asyncio.get_running_loop()

    def stop() -> None:
        if app.state.is_running:
            app.stop(terminate=False)
        else:
            # what starts cannot be stopped yet
            loop.call_later(0.05, stop)

    def told(*_: object) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        loop.call_soon_threadsafe(stop)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, told)
    parent = multiprocessing.parent_process()
    if parent is not None:

        def orphaned() -> None:
            loop.remove_reader(parent.sentinel)
            told()

        loop.add_reader(parent.sentinel, orphaned)
