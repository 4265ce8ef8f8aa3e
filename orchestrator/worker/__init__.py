"""The worker: sleeps, is woken, has the database run what is queued, and cleans up behind it."""

from orchestrator.worker.worker import Worker, run_worker

__all__ = ["Worker", "run_worker"]
