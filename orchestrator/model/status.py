"""Statuses of executions and jobs (one table, compared by value)."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["Status", "execution_status"]


class Status(IntEnum):
    """0 waits or runs, 1 is success, below 0 is a kind of failure. A queued execution has no status (NULL)."""

    STARTED = 0
    RESOLVED = 1
    FAILED = -1
    ERROR = -2
    ABORTED = -3
    CANCELED = -4
    REJECTED = -5
    RETRY_NEEDED = -6


def execution_status(job_status: int) -> int:
    """The execution's status for the job status that ended it: itself when known, else its sign."""
    if -6 <= job_status <= 1:
        return job_status
    return 1 if job_status > 0 else -1
