"""Jobs that wait for somebody, continued with what he says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orchestrator.administration import store
from orchestrator.administration.request import Answer, Request, whole
from orchestrator.engine.encoding import to_json
from orchestrator.errors import InvalidError, NotFoundError

if TYPE_CHECKING:
    from orchestrator.engine.port import Port

__all__ = ["resume"]


def resume(port: Port, request: Request) -> Answer:
    """The job as it is then; its execution has gone on here and now.

    One whose time is up is aborted, which stays although the request is refused.
    """
    key = request.one()
    job = store.job(port, key) if key is not None else None
    if job is None:
        raise NotFoundError("Job not found")
    if store.abort_overdue(port, job["executionId"]):
        return Answer(refusal="Execution timed out", status=400)
    values = request.values
    given: Any = values.get("status", job["status"])
    status = whole(given)
    if status is None or abs(status) >= 2**15:
        raise InvalidError('"status" must be a number')
    port.fetch(
        "select orchestrator.resume($1::bigint, $2::jsonb, $3::integer)::text as done",
        [str(key), to_json(values.get("result", job["result"])), str(status)],
    )
    return Answer(store.job(port, job["id"]), 202)
