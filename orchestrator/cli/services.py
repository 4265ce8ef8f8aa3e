"""serve, worker: the processes beside the database."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import typer

from orchestrator.cli.options import DEFAULT_DATA_DIR, DataDir, Dsn, private_server
from orchestrator.settings import Settings

__all__ = ["data_sources", "register"]


def register(app: typer.Typer) -> None:
    app.command()(serve)
    app.command()(worker)


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; default 127.0.0.1.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Default 13000.")] = None,
    processes: Annotated[int | None, typer.Option(min=1, help="Processes that share the port; default 1.")] = None,
    pooled: Annotated[
        bool | None, typer.Option(help="The DSN is a pooler's in transaction mode, PgBouncer's for one.")
    ] = None,
    max_page_size: Annotated[int | None, typer.Option(min=1, help="Rows of a page; default no limit.")] = None,
    statement_timeout: Annotated[
        int | None, typer.Option(min=0, help="Milliseconds a statement may take, 0 is for ever; default 30000.")
    ] = None,
    max_body: Annotated[int | None, typer.Option(min=1, help="Bytes of a request body; default 10485760.")] = None,
    cors_origin: Annotated[
        list[str] | None, typer.Option(help="Origin whose pages may send cookies; can be given several times.")
    ] = None,
    data_source: Annotated[
        list[str] | None, typer.Option(help="Further database, as key=DSN; can be given several times.")
    ] = None,
    dsn: Dsn = "",
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Run the HTTP API.

    Its login needs no right but membership in orchestrator_api.

    Example: orchestrator serve --host 0.0.0.0 --port 13000 --dsn postgresql://api@db.example/shop
    """
    from api import Settings as ApiSettings
    from api import serve as run

    settings = Settings()
    run(
        ApiSettings(
            dsn=dsn or private_server(data_dir).service_dsn,
            data_sources=data_sources(settings, data_source or ()),
            host=host or settings.host,
            port=settings.port if port is None else port,
            processes=processes or settings.processes,
            pool_size=settings.pool_size,
            pooled=settings.pooled if pooled is None else pooled,
            app_key=settings.app_key.get_secret_value() if settings.app_key else None,
            max_page_size=max_page_size or settings.max_page_size,
            max_export_rows=settings.max_export_rows,
            max_import_rows=settings.max_import_rows,
            max_workbook=settings.max_workbook,
            statement_timeout=settings.statement_timeout if statement_timeout is None else statement_timeout,
            max_body=max_body or settings.max_body,
            max_elements=settings.max_elements,
            locale=settings.locale or None,
            proxies=settings.proxies,
            cors_origins=tuple(cors_origin or filter(None, map(str.strip, settings.cors_origins.split(",")))),
            graceful_timeout=settings.graceful_timeout,
            log_level=settings.log_level,
            actions=tuple(name.strip() for name in settings.actions.split(",") if name.strip()),
        )
    )


def data_sources(settings: Settings, given: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Key and DSN of each further database; what is given on the command line wins."""
    sources = {key: secret.get_secret_value() for key, secret in settings.data_sources.items()}
    for text in given:
        key, separator, dsn = text.partition("=")
        if not separator or not dsn:
            raise typer.BadParameter(f'"{key}" needs a DSN: key=DSN', param_hint="--data-source")
        sources[key] = dsn
    return tuple(sources.items())


def worker(dsn: Dsn = "", data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Run asynchronous executions as they come.

    Start as many as you like, on any machine; the login is a member of orchestrator_api.

    Example: orchestrator worker --dsn postgresql://api@db.example/shop
    """
    from orchestrator.worker import run_worker

    run_worker(Settings(dsn=dsn or private_server(data_dir).service_dsn))
