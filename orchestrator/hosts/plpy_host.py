"""The host inside the backend: one for a session, kept in GD, holding nothing of a tenant but the running statement's.

It is the one boundary where Python's errors become PostgreSQL's: every entry point returns a verdict or an envelope
that PL/pgSQL raises, so that the message is the message and nested triggers pile up no prefixes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from importlib import import_module
from typing import Any

from orchestrator.engine.encoding import from_json, to_json
from orchestrator.engine.follow import follow, rows_of, warn_text
from orchestrator.engine.frame import Frame
from orchestrator.engine.guard import FULL, Skip, guards_of, is_settled, judge_row, quick_of
from orchestrator.engine.plan import Plan
from orchestrator.engine.processor import BudgetExceeded
from orchestrator.engine.quick import Passing
from orchestrator.engine.verdict import Refusal, error_text, skip_text
from orchestrator.errors import ConflictError, OrchestratorError, SerializationError
from orchestrator.hosts.backend import StatementId, command_id, transaction_block, trigger_depth, used_command_id
from orchestrator.hosts.plpy_requests import PlpyRequests

__all__ = ["PlpyHost"]

#: seconds within which a statement may still run that began before a plan was published
_YOUNG = 3600
#: an envelope with nothing in it
_DONE = '{"value":null}'


class PlpyHost(PlpyRequests):
    """Frames of one backend, and what its triggers call.

    Args:
        plpy: the module that PL/Python hands to its functions.
    """

    def __init__(self, plpy: Any) -> None:
        super().__init__(plpy)
        self._frames: dict[tuple[str, int], Frame] = {}
        #: young plans that a statement's snapshot has seen
        self._seen_plans: set[int] = set()
        #: plan and statement of the last insert that was judged, what answers for its next rows, and the frame
        self._quick: tuple[int, StatementId, Passing, Frame] | None = None
        #: by plan, what answers for rows of any insert: nothing about the statement matters
        self._settled: dict[int, Passing] = {}
        self._command_id: Callable[[], int] = command_id()
        self._used_command_id: Callable[[], int] = used_command_id()
        self._depth: Callable[[], int] = trigger_depth()
        self._block: Callable[[], bool] = transaction_block()
        #: calls that are under way; nested ones are in a subtransaction, and cannot tell what the outermost one can
        self._calls = 0
        #: whether the transaction goes on after the client's statement
        self.in_transaction_block = False

    # -- entry points ----------------------------------------------------------------------------------------------

    def frame(self, plan_id: int, identity: StatementId) -> Frame:
        """The running statement's frame on a plan's table, opened when this is its first row."""
        plan = self.plan(plan_id)
        slot = (plan.collection, identity[3])
        frame = self._frames.get(slot)
        if frame is None or frame.identity != identity or self._is_over(frame):
            if plan_id not in self._seen_plans and time.time() - plan.published_at < _YOUNG:
                raise _UnknownSnapshot
            frame = self._open(slot, plan, identity)
        return frame

    def _open(self, slot: tuple[str, int], plan: Plan, identity: StatementId) -> Frame:
        if self._settled and plan.id not in self._settled:
            # a statement on another plan has begun: it stays on that one
            self._settled = {n: p for n, p in self._settled.items() if self.plan(n).collection != plan.collection}
        frame = self._frames[slot] = Frame(self, plan, identity)
        frame.command = None if plan.closes else self._command_id()
        frame.binds = self.exemption is None or self.exemption.leaves_bound(plan, identity[3])
        return frame

    def pin(self, plan_id: int, snapshot: str) -> str | None:
        """Open the running statement's frame on the plan that its snapshot sees; a verdict where it sees none."""
        rows = self.fetch(
            "select orchestrator.plan_in_snapshot($1::pg_catalog.int8, $2) as id", [str(plan_id), snapshot]
        )
        if rows[0]["id"] is None:
            return error_text(SerializationError())
        plan = self.plan(rows[0]["id"])
        if plan.id == plan_id:
            # later statements of this session have later snapshots
            self._seen_plans.add(plan_id)
        identity = self.statement_id()
        self._open((plan.collection, identity[3]), plan, identity)
        return None

    def _is_over(self, frame: Frame) -> bool:
        """Whether another statement of the same message has begun since; nobody says so where nothing is closed."""
        return frame.command is not None and frame.command != self._command_id()

    def judge(self, plan_id: int, event: str, values: list[Any]) -> str | None:
        """The verdict on a row; None lets it pass."""
        exemption = self.exemption
        if exemption is not None and self._depth() == 1 and exemption.expects(plan_id, event, values):
            return None
        busy = self._busy
        self._busy = busy + 1
        self._runs += 1
        identity = passed = None
        try:
            passes = self._settled.get(plan_id) if event == "insert" else None
            if passes is not None and self.exemption is None and not self.chain.links and not self.chain.ancestors:
                passed = passes(values)
            else:
                identity = self.statement_id()
                quick = self._quick
                if (
                    quick is not None
                    and quick[0] == plan_id
                    and event == "insert"
                    and quick[1] == identity
                    and not self._is_over(quick[3])
                ):
                    passed = quick[2](values)
        except (Exception, BudgetExceeded, SystemExit):
            # judged again in full, where the error becomes the node's
            self._runs += 1
        if passed is True:
            self._busy = busy
            return None
        try:
            if passed == FULL and quick is not None:
                return self._flush(quick[3])
            return self._judge(plan_id, identity or self.statement_id(), event, values)
        finally:
            self._busy = busy

    def _passes(self, plan_id: int, frame: Frame, values: list[Any]) -> bool:
        """Whether an inserted row passes quickly; what says so is kept for the next ones."""
        quick = self._quick
        if plan_id in self._settled or (quick is not None and quick[3] is frame):
            # asked already
            return False
        passes = quick_of(frame, "insert")
        if passes is None:
            self._quick = None
            return False
        if is_settled(frame) and not self._is_elsewhere(frame):
            self._settled[plan_id] = passes
        else:
            self._quick = plan_id, frame.identity, passes, frame
        try:
            return bool(passes(values))
        except (Exception, BudgetExceeded, SystemExit):
            self._runs += 1
            return False

    def _is_elsewhere(self, frame: Frame) -> bool:
        """Whether a statement of this transaction may still run that is on another plan of the table."""
        plan = frame.plan
        return any(
            other.identity[0] == frame.identity[0]
            and other.plan.collection == plan.collection
            and other.plan.id != plan.id
            for other in self._frames.values()
        )

    def _flush(self, frame: Frame) -> str | None:
        try:
            self._end_row(frame)
            frame.flush()
        except (Exception, BudgetExceeded) as error:
            return error_text(self._unexpected(error))
        return None

    def _judge(self, plan_id: int, identity: StatementId, event: str, values: list[Any]) -> str | None:
        try:
            exemption = self.exemption
            if exemption is not None and identity[3] == 1 and exemption.covers(self.plan(plan_id), event, values):
                return None
            frame = self.frame(plan_id, identity)
            pinned = frame.plan.id != plan_id
            if pinned:
                # published while the statement runs: it stays on its version, and gets the row as that one wants it
                values = self.plan(plan_id).columns.arranged(values, event, frame.plan.columns)
            elif event == "insert" and exemption is None:
                guards_of(self, frame, event)
                if self._passes(plan_id, frame, values):
                    self._end_row(frame)
                    return None
            try:
                with self._safe_path() if pinned else nullcontext():
                    judge_row(self, frame, event, values)
            except Skip:
                self._end_row(frame)
                raise
            self._end_row(frame)
        except _UnknownSnapshot:
            return "?"
        except Skip as skip:
            if event in frame.plan.cascades and frame.identity[3] > 1:
                return error_text(_orphans(frame.plan.collection, event))
            if self.requesting:
                self.skipped += skip.messages
            return skip_text(str(skip))
        except Refusal as refusal:
            if self.requesting:
                self.refused += frame.refused
            del self._frames[frame.plan.collection, frame.identity[3]]
            return error_text(refusal.error)
        except OrchestratorError as error:
            return error_text(error)
        except (Exception, BudgetExceeded) as error:
            return error_text(self._unexpected(error))
        return None

    def _end_row(self, frame: Frame) -> None:
        """Where nothing is closed after a statement, write its history now; what was written is no new statement."""
        if frame.command is not None:
            frame.flush()
            frame.command = self._used_command_id()

    @contextmanager
    def _safe_path(self) -> Iterator[None]:
        """The settings of a trigger function that runs SQL, under one that was written for a plan that runs none."""
        settings = ("search_path", "row_security")
        before = [self.fetch("select pg_catalog.current_setting($1) as v", [name])[0]["v"] for name in settings]
        self._settle(settings, ["pg_catalog, orchestrator, pg_temp", "off"])
        try:
            yield
        finally:
            self._settle(settings, before)

    def _settle(self, settings: Sequence[str], values: Sequence[str]) -> None:
        for name, value in zip(settings, values, strict=True):
            self.run("select pg_catalog.set_config($1, $2, true)", [name, value])

    def close(self, plan_id: int) -> None:
        """The statement is over: write its history."""
        frame = self._closed(plan_id)
        if frame is not None:
            frame.flush()

    def take(self, plan_id: int) -> list[str] | None:
        """The statement is over: hand out its history where that is one plain run, else write it.

        Whoever writes a single run in SQL saves a call of SPI, and another one that asks who writes.
        """
        frame = self._closed(plan_id)
        single = frame.single() if frame is not None else None
        if single is not None:
            program, context, jobs = single
            return [str(program.workflow_id), program.key, context, jobs]
        if frame is not None:
            frame.flush()
        return None

    def _closed(self, plan_id: int) -> Frame | None:
        self._quick = None
        if not self._frames:
            return None
        identity = self.statement_id()
        frame = self._frames.pop((self.plan(plan_id).collection, identity[3]), None)
        return frame if frame is not None and frame.identity == identity else None

    def follow(self, plan_id: int, event: str, rows: str) -> str:
        """Start what follows a statement's rows; an envelope."""
        self._runs += 1
        self._busy += 1
        try:
            identity = self.statement_id()
            plan = self.plan(plan_id)
            frame = self._frames.get((plan.collection, identity[3]))
            if frame is not None and frame.identity == identity and not self._is_over(frame):
                plan = frame.plan
            written = rows_of(event, from_json(rows))
            exemption = self.exemption
            if exemption is not None and identity[3] == 1 and exemption.collection == plan.collection:
                exemption.written += written
                return _DONE
            outcome = follow(self, plan, written)
            warning = warn_text(outcome)
            if warning is not None:
                self._plpy.warning(warning)
            elif outcome.messages:
                self._plpy.notice("; ".join(str(m["message"]) for m in outcome.messages))
        except OrchestratorError as error:
            if not self.requesting:
                self.refused.clear()
            return f'{{"error":{error_text(error)}}}'
        except (Exception, BudgetExceeded) as error:
            return f'{{"error":{error_text(self._unexpected(error))}}}'
        finally:
            self._busy -= 1
        return _DONE

    def call(self, target: str, args: Sequence[Any]) -> str:
        """Call ``package.module:function`` with the port and arguments; the envelope says how it went."""
        self._runs += 1
        if not self._calls:
            self.in_transaction_block = self._block()
        self._calls += 1
        module, _, function = target.partition(":")
        try:
            value = getattr(import_module(module), function)(self, *args)
        except OrchestratorError as error:
            return f'{{"error":{error_text(error)}}}'
        except Exception as error:
            return f'{{"error":{error_text(self._unexpected(error))}}}'
        finally:
            self._calls -= 1
        return to_json({"value": value if value is None or isinstance(value, str) else to_json(value)})


class _UnknownSnapshot(Exception):
    """the statement may be older than the plan: its snapshot tells"""


def _orphans(collection: str, event: str) -> OrchestratorError:

    return ConflictError(
        f'a workflow would leave out a row of "{collection}" from a cascading {event}',
        hint="Let the workflow fail instead: leaving the row out would orphan it.",
    )
