"""Running the application: in this process, or in several that share the port."""

from __future__ import annotations

import os
import tempfile
from functools import partial
from typing import Any

from sanic import Sanic
from sanic.worker.loader import AppLoader

from api.app import create_app
from api.logs import configure_logging
from api.settings import Settings

__all__ = ["serve"]


def serve(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT, then lets requests in flight finish."""
    if settings.processes == 1:
        app = _application(settings)
        app.prepare(
            host=settings.host, port=settings.port, single_process=True, access_log=False, motd=False, debug=False
        )
        Sanic.serve_single(primary=app)
        return
    with tempfile.TemporaryDirectory(prefix="orchestrator-metrics-") as directory:
        # each process keeps its counters there, and any of them shows the sum
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = directory
        loader = AppLoader(factory=partial(_application, settings))
        app = loader.load()
        app.prepare(
            host=settings.host,
            port=settings.port,
            workers=settings.processes,
            access_log=False,
            motd=False,
            debug=False,
        )
        Sanic.serve(primary=app, app_loader=loader)


def _application(settings: Settings) -> Sanic[Any, Any]:
    configure_logging(settings.log_level)
    return create_app(settings)
