"""The quick way through a program that only computes and compares: does this row, or this context, pass unseen?

Most rows pass, and for one that passes without a word, jobs and processor are made for nobody. So a program of
calculations and conditions is also compiled to one function of the row's columns, or of the whole context; where it
does not say that the run succeeds, or raises, all is run again in full.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from orchestrator.engine.expressions import Calculation, Expression
from orchestrator.engine.expressions.basic import SYMBOLS
from orchestrator.engine.expressions.expression import result
from orchestrator.engine.generated import Source
from orchestrator.engine.history import job_texts, result_text
from orchestrator.engine.js import to_float

if TYPE_CHECKING:
    from orchestrator.engine.program import Node, Program
    from orchestrator.engine.variables import Template

__all__ = ["Passing", "compile_passing"]

#: values of the columns, or the context -> its jobs as JSON where it passes, True where they are not kept; else None
Passing = Callable[[Any], Any]

#: lines of a function; ways through a program are written out, and there may be many
_LONGEST = 400
_ALIASES = ("$context.params.values.", "$context.record.")
_RESULTS = "$jobsMapByNodeKey."


def compile_passing(program: Program, columns: Sequence[str] | None, *, keeps: bool) -> Passing | None:
    """The function that answers for a program, None when it has to be run in full.

    Args:
        columns: of the row that it is asked about; None: it is asked about the context.
    """
    if not program.plain or program.head is None or program.broken is not None:
        return None
    writer = _Writer(columns, keeps)
    try:
        writer.line((program.head,), {}, 0)
    except _TooLong:
        return None
    return writer.source.build() if writer.passes else None


class _TooLong(Exception):
    """too many ways through the program"""


class _Writer:
    """Writes the ways through a program, one below the other.

    Attributes:
        passes: whether there is a way to pass at all.
    """

    def __init__(self, columns: Sequence[str] | None, keeps: bool) -> None:
        self.source = Source("values")
        self.passes = False
        self._columns = {name: place for place, name in enumerate(columns or ())}
        self._names = None if columns is None else self.source.name(tuple(columns))
        self._keeps = keeps
        self._variables = 0

    def line(self, heads: tuple[Node | None, ...], done: dict[Node, str], depth: int) -> None:
        """The lines that start at these nodes, one after the other; ``done`` names the results so far."""
        if len(self.source) > _LONGEST:
            raise _TooLong
        node, *rest = heads or (None,)
        if node is None:
            if rest:
                self.line(tuple(rest), done, depth)
            else:
                self._pass(done, depth)
            return
        if node.evaluate is None:
            self._put(depth, "return None")
            return
        variable = self._fresh()
        self._put(depth, f"{variable} = {self._value(node, done, depth)}")
        following = (node.downstream, *rest)
        if node.type != "condition":
            self.line(following, {**done, node: variable}, depth)
            return
        if_true, if_false = node.branches.get(1), node.branches.get(0)
        rejects = bool(node.config.get("rejectOnFalse"))
        if if_true is None and if_false is None and not rejects:
            self._put(depth, f"if {variable} is not True and {variable} is not False:")
            self._put(depth + 1, "return None")
            self.line(following, {**done, node: variable}, depth)
            return
        self._put(depth, f"if {variable} is True:")
        self.line((if_true, *following), {**done, node: "True"}, depth + 1)
        if rejects:
            self._put(depth, "return None")
            return
        self._put(depth, f"if {variable} is not False:")
        self._put(depth + 1, "return None")
        self.line((if_false, *following), {**done, node: "False"}, depth)

    def _pass(self, done: dict[Node, str], depth: int) -> None:
        self.passes = True
        if not self._keeps:
            self._put(depth, "return True")
            return
        parts, text = [], ""
        *before, last = job_texts(list(done))
        for literal, known in zip(before, done.values(), strict=True):
            text += literal
            if known in ("True", "False"):
                text += known.lower()
            else:
                parts += [self.source.name(text), self._text(known)]
                text = ""
        parts.append(self.source.name(text + last))
        self._put(depth, "return " + " + ".join(parts))

    def _text(self, variable: str) -> str:
        """JSON text of a result; a float is finite, see :func:`result`."""
        name = self.source.name
        other = f"{name(result_text)}({variable})"
        return f"({name(repr)}({variable}) if {variable}.__class__ is {name(float)} else {other})"

    # -- values

    def _value(self, node: Node, done: dict[Node, str], depth: int) -> str:
        """The expression that computes a node's result."""
        formula = node.formula
        if isinstance(formula, Calculation):
            return self._test(formula, done, depth)
        if isinstance(formula, Expression) and formula.function is not None:
            values = [self._path(path, done) for path in formula.tokens]
            if None not in values:
                function = self.source.name(formula.function)
                return f"{self.source.name(result)}({function}({', '.join(filter(None, values))}))"
        return f"{self.source.name(node.evaluate)}({self._scope(done)})"

    def _test(self, calculation: Calculation, done: dict[Node, str], depth: int) -> str:
        if calculation.parts:
            tests = [self._test(part, done, depth) for part in calculation.parts]
            return "(" + (" or " if calculation.is_or else " and ").join(tests) + ")"
        calculator, operands = calculation.calculator, calculation.operands
        if calculator is not None and len(operands) == 2:
            left, right = (self._operand(operand, done) for operand in operands)
            if left is not None and right is not None:
                if operands[1].constant and calculator in SYMBOLS:
                    return self._compared(calculator, left, operands[1].evaluate({}), depth)
                return f"{self.source.name(calculator)}({left}, {right})"
        return f"{self.source.name(calculation.evaluate)}({self._scope(done)})"

    def _compared(self, calculator: Callable[[Any, Any], bool], left: str, constant: Any, depth: int) -> str:
        """A comparison with a constant, which goes without a call where both sides are of one type."""
        variable = self._fresh()
        self._put(depth, f"{variable} = {left}")
        symbol, name = SYMBOLS[calculator], self.source.name
        test = f"{name(calculator)}({variable}, {name(constant)})"
        cls = type(constant)
        same: list[tuple[type, Any]] = []
        if cls is int or cls is Decimal:
            same = [(Decimal, constant), (int, constant), (float, to_float(constant))]
        elif cls is float or (cls is str and symbol in ("==", "!=")):
            same = [(cls, constant)]
        for kind, value in same:
            test = f"{variable} {symbol} {name(value)} if {variable}.__class__ is {name(kind)} else {test}"
        return f"({test})"

    def _operand(self, operand: Template, done: dict[Node, str]) -> str | None:
        if operand.constant:
            value = operand.evaluate({})
            # containers are made anew for each evaluation
            return None if isinstance(value, dict | list) else self.source.name(value)
        return None if operand.path is None else self._path(operand.path, done)

    def _path(self, path: str, done: dict[Node, str]) -> str | None:
        """What is read at a path, where it is a column or an earlier result."""
        for alias in _ALIASES:
            place = self._columns.get(path.removeprefix(alias)) if path.startswith(alias) else None
            if place is not None:
                return f"values[{place}]"
        if path.startswith(_RESULTS):
            return next((v for node, v in done.items() if node.key == path.removeprefix(_RESULTS)), None)
        return None

    def _scope(self, done: dict[Node, str]) -> str:
        """The scope for whatever reads something else."""
        results = ", ".join(f"{self.source.name(node.key)}: {variable}" for node, variable in done.items())
        if self._names is None:
            return f"{{{self.source.name('$context')}: values, {self.source.name('$jobsMapByNodeKey')}: {{{results}}}}}"
        record = f"{self.source.name(dict)}({self.source.name(zip)}({self._names}, values))"
        return f"{self.source.name(_scope_of)}({record}, {{{results}}})"

    # -- text

    def _fresh(self) -> str:
        self._variables += 1
        return f"v{self._variables}"

    def _put(self, depth: int, text: str) -> None:
        self.source.line(depth, text)


def _scope_of(record: dict[str, Any], results: dict[str, Any]) -> dict[str, Any]:
    context = {"params": {"values": record}, "record": record, "previous": None}
    return {"$context": context, "$jobsMapByNodeKey": results}
