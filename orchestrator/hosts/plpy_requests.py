"""Requests in the backend: the API's one call, who it is believed for, and the processor time of any run."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from orchestrator.engine.actor import Actor, parse_bindings, read_actor
from orchestrator.engine.exemption import Exemption
from orchestrator.engine.port import StatementError
from orchestrator.engine.processor import BudgetExceeded
from orchestrator.engine.verdict import error_text
from orchestrator.errors import InvalidError, OrchestratorError
from orchestrator.hosts.backend import StatementId, statement_identity
from orchestrator.hosts.plpy_port import statement_error
from orchestrator.hosts.plpy_store import PlpyStore

__all__ = ["CPU_TICK", "PlpyRequests"]

#: an outcome without an execution
_NOTHING = (None,) * 6
#: seconds that a login's membership is believed
_BELIEF = 1.0
#: seconds of processor time between two looks at what is running; a run is stopped after one to two of them
CPU_TICK = 1.0


class PlpyRequests(PlpyStore):
    """What a request leaves for the triggers of its write, and what they leave for it."""

    def __init__(self, plpy: Any) -> None:
        super().__init__(plpy)
        self.statement_id: Callable[[], StatementId] = statement_identity()
        #: the one statement that a request-level run has judged already
        self.exemption: Exemption | None = None
        #: a login that was granted orchestrator_api, and when that was looked up
        self._believed: tuple[str, float] | None = None
        self.routes: dict[tuple[Any, ...], Any] = {}
        self._requests: tuple[Callable[..., Any], Callable[..., Any]] | None = None
        #: whether a request is being carried out
        self.requesting = False
        #: executions that refused inside the running request
        self.refused: list[Any] = []
        #: messages of guards that left a row out, for the running request
        self.skipped: list[dict[str, Any]] = []
        self._seen_run = 0
        self._busy = 0
        signal.signal(signal.SIGVTALRM, self._tick)
        signal.siginterrupt(signal.SIGVTALRM, False)
        signal.setitimer(signal.ITIMER_VIRTUAL, CPU_TICK, CPU_TICK)

    # -- processor time --------------------------------------------------------------------------------------------

    def _tick(self, _signum: int, _frame: object) -> None:
        """Stop a run that was running at the last tick as well: statement_timeout does not reach a Python loop."""
        if self._busy and self._runs == self._seen_run:
            raise BudgetExceeded(f"the run used more than {CPU_TICK:g} s of processor time")
        self._seen_run = self._runs

    def budget(self) -> AbstractContextManager[None]:
        """A run of its own processor time: the host is the block."""
        self._runs += 1
        return self

    def __enter__(self) -> None:
        self._busy += 1

    def __exit__(self, *_error: object) -> None:
        self._busy -= 1

    @contextmanager
    def unhurried(self) -> Iterator[None]:
        """See :class:`orchestrator.engine.host.Host`."""
        busy, self._busy = self._busy, 0
        try:
            yield
        finally:
            self._runs += 1
            self._busy = busy

    # -- requests --------------------------------------------------------------------------------------------------

    def act(
        self,
        request: str,
        collection: str,
        plan: int,
        revision: int,
        user: str | None,
        role_name: str | None,
        db_user: str,
        trigger_workflows: str | None,
        roles: list[str] | None,
    ) -> tuple[Any, ...]:
        """Carry out an HTTP action: a row of ``orchestrator.outcome``."""
        self._runs += 1
        self._busy += 1
        try:
            if self._believes(db_user):
                together = None if roles is None else tuple(roles)
                actor = Actor(user, role_name, db_user, parse_bindings(trigger_workflows), together, is_believed=True)
            else:
                actor = read_actor(self)
            act, standing = self._requests or self._load_requests()
            status, body, execution = act(self, request, standing(collection, plan, revision, actor))
            if execution is None:
                return f"{status} {body}", None, *_NOTHING
            program, context, run_status, jobs, *_ = execution
            # the caller knows the time, unless a test has set it
            now = self.now.isoformat() if self._setting("orchestrator.fake_now") else None
            return f"{status} {body}", None, program.workflow_id, program.key, run_status, context, jobs, now
        except OrchestratorError as error:
            return None, error_text(error), *_NOTHING
        except (Exception, BudgetExceeded) as error:
            return None, error_text(self._unexpected(error)), *_NOTHING
        finally:
            self._busy -= 1

    def _load_requests(self) -> tuple[Callable[..., Any], Callable[..., Any]]:
        """What carries requests out: only the API's sessions need it."""
        from orchestrator.engine.request import Standing, act

        self._requests = act, Standing
        return self._requests

    def _believes(self, login: str) -> bool:
        """Whether a request's word on who asks is taken: asked anew every second, as the API does for users."""
        now = time.monotonic()
        if self._believed is not None and self._believed[0] == login and now - self._believed[1] < _BELIEF:
            return True
        believed = bool(self.fetch("select orchestrator.is_api_login() as believed")[0]["believed"])
        self._believed = (login, now) if believed else None
        return believed

    def _unexpected(self, error: BaseException) -> OrchestratorError | StatementError:
        """An error of SQL keeps its code and words; anything else is our fault and goes to the log as well."""
        if isinstance(error, self._plpy.SPIError):
            error = statement_error(error)
        if isinstance(error, StatementError):
            return error
        if isinstance(error, BudgetExceeded):
            return OrchestratorError(str(error))
        if isinstance(error, RecursionError):
            return InvalidError("what was sent is nested too deeply")
        import traceback

        self._plpy.warning("pg-orchestrator: internal error", detail="".join(traceback.format_exception(error)))
        return OrchestratorError(f"internal error: {error}")
