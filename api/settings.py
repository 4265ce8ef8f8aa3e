"""How one API server is set up. A value: the command line builds it, worker processes get a copy."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Settings"]

_KEY = re.compile(r"[A-Za-z0-9_-]{1,63}")
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s]+/?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`dsn` is the only thing without a default; its login needs no right but membership in orchestrator_api."""

    dsn: str
    #: further databases, key and DSN of each; requests name one in X-Data-Source
    data_sources: tuple[tuple[str, str], ...] = ()
    host: str = "127.0.0.1"
    port: int = 13000
    #: 1 serves in this very process, more are supervised children that share the port
    processes: int = 1
    #: database connections of one process
    pool_size: int = 10
    #: a pooler in transaction mode is in front of the database: nothing is prepared, set or listened to in a session
    pooled: bool = False
    #: seconds a request waits for a free connection before it gets 503
    pool_timeout: float = 10.0
    #: signs tokens; None: the database keeps one, generated at first use
    app_key: str | None = None
    #: seconds a token, its user and his roles are believed without a look at the database
    session_ttl: float = 1.0
    #: seconds a catalog is believed when no notification arrives
    catalog_ttl: float = 15.0
    #: milliseconds a statement may take, 0 is for ever
    statement_timeout: int = 30_000
    #: bytes of a request body
    max_body: int = 10 * 1024 * 1024
    #: records that a list as a body may hold
    max_elements: int = 10_000
    #: proxies in front of it: as many of the last addresses in X-Forwarded-For are believed; 0: none
    proxies: int = 0
    #: language of error messages where a request names none; None: what the browser wants
    locale: str | None = None
    #: rows of a page, None is without a limit
    max_page_size: int | None = None
    #: rows of a sheet that is exported, and of one that is imported
    max_export_rows: int = 50_000
    max_import_rows: int = 2_000
    #: bytes of a workbook that is imported, unpacked
    max_workbook: int = 50 * 1024 * 1024
    #: modules with custom actions
    actions: tuple[str, ...] = ()
    #: origins, like "https://app.example", whose pages may send cookies; pages of others may ask without
    cors_origins: tuple[str, ...] = ()
    #: one line a request; errors are logged in any case
    access_log: bool = True
    log_level: str = "info"
    #: seconds that requests in flight get when the server stops
    graceful_timeout: float = 15.0
    #: name of the Sanic application; two in one process need two names
    name: str = "orchestrator"

    def __post_init__(self) -> None:
        if self.app_key is not None and len(self.app_key.encode()) < 32:
            raise ValueError("the application key needs at least 32 bytes")
        keys = [key for key, _ in self.data_sources]
        for key in keys:
            if not _KEY.fullmatch(key) or key == "main" or keys.count(key) > 1:
                raise ValueError(f'"{key}" cannot be the key of a data source')
        if self.processes < 1:
            raise ValueError(f'"processes" must be at least 1, not {self.processes}')
        least = ("max_body", "max_elements", "max_page_size", "max_export_rows", "max_import_rows", "max_workbook")
        for name in least:
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f'"{name}" must be at least 1, not {value}')
        for name in ("statement_timeout", "proxies"):
            if getattr(self, name) < 0:
                raise ValueError(f'"{name}" must not be negative, not {getattr(self, name)}')
        for origin in self.cors_origins:
            if not _ORIGIN.fullmatch(origin):
                raise ValueError(f'"{origin}" is no origin: https://app.example is one')
