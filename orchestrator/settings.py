"""What an installation sets from outside: environment variables `ORCHESTRATOR_…`, one field each."""

from __future__ import annotations

import os
from typing import Any, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["RootAccount", "Settings"]


class Settings(BaseSettings):
    """Settings of the API and the workers; command line options win over the environment."""

    model_config = SettingsConfigDict(env_prefix="ORCHESTRATOR_", extra="ignore")

    #: where the database is; libpq's own variables (PGHOST, …) fill what it leaves out
    dsn: str = ""
    log_level: Literal["debug", "info", "warning", "error", "critical"] = "info"
    #: further databases of the API, DSN by key, as a JSON object; see docs/data-sources.md
    data_sources: dict[str, SecretStr] = Field(default_factory=dict)

    #: the API
    host: str = "127.0.0.1"
    port: int = Field(default=13000, ge=0, le=65535)
    processes: int = Field(default=1, ge=1)
    #: database connections of one API process: more than the cores only take turns
    pool_size: int = Field(default_factory=lambda: 2 * (os.cpu_count() or 4) + 2, ge=1)
    #: the DSN is a pooler's, PgBouncer's for one, in transaction mode
    pooled: bool = False
    #: modules with actions of one's own, separated by commas; see docs/actions.md
    actions: str = ""
    #: signs bearer tokens; None: the database keeps a key, made at first use
    app_key: SecretStr | None = None
    #: rows of a page; None is without a limit
    max_page_size: int | None = Field(default=None, ge=1)
    #: rows of a sheet that is exported, and of one that is imported; bytes of the latter's file, unpacked
    max_export_rows: int = Field(default=50_000, ge=1)
    max_import_rows: int = Field(default=2_000, ge=1)
    max_workbook: int = Field(default=50 * 1024 * 1024, ge=1)
    #: milliseconds a statement of the API may take, 0 is for ever
    statement_timeout: int = Field(default=30_000, ge=0)
    #: bytes of a request body
    max_body: int = Field(default=10 * 1024 * 1024, ge=1)
    #: records that a list as a body may hold
    max_elements: int = Field(default=10_000, ge=1)
    #: proxies in front of the API whose X-Forwarded-For is believed
    proxies: int = Field(default=0, ge=0)
    #: language of error messages where a request names none; "" is what the browser wants
    locale: str = ""
    #: origins whose pages may send cookies, separated by commas
    cors_origins: str = ""
    #: seconds that requests in flight get when the API stops
    graceful_timeout: float = Field(default=15, ge=0)

    #: executions a worker claims at a time
    batch: int = Field(default=100, ge=1)
    #: seconds between looks at the queue when no wake-up comes
    poll_seconds: float = Field(default=5, gt=0)

    @field_validator("log_level", mode="before")
    @classmethod
    def _in_any_case(cls, level: Any) -> Any:
        return level.lower() if isinstance(level, str) else level


class RootAccount(BaseSettings):
    """The account that `orchestrator up` creates when it is missing."""

    model_config = SettingsConfigDict(env_prefix="ORCHESTRATOR_ROOT_", extra="ignore")

    username: str = "root"
    email: str = "root@localhost"
    #: None: generated once and kept in the data directory
    password: SecretStr | None = None
