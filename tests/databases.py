"""Databases that are copies of others."""

from __future__ import annotations

from psycopg import sql
from pytest_postgresql.janitor import DatabaseJanitor

from orchestrator.cluster import SUPERUSER, Cluster

__all__ = ["clone"]


class _Janitor(DatabaseJanitor):
    """Copies a template's files, which takes a fifth of the time of copying its pages through the log."""

    def init(self) -> None:
        with self.cursor() as cursor:
            cursor.execute(
                sql.SQL("create database {} template {} strategy file_copy").format(
                    sql.Identifier(self.dbname), sql.Identifier(self.template_dbname or "template1")
                )
            )


def clone(server: Cluster, name: str, template: str | None = None) -> DatabaseJanitor:
    """Makes and drops a copy of a template; without one, an empty database."""
    return _Janitor(
        user=SUPERUSER,
        host="127.0.0.1",
        port=server.port,
        dbname=name,
        password=server.password,
        template_dbname=template,
    )
