"""Errors as spreadsheets have them: values that functions return and pass on, until somebody looks."""

from __future__ import annotations

from typing import Final, NoReturn

__all__ = ["DIVISION", "NOT_AVAILABLE", "NUMBER", "REFERENCE", "VALUE", "ErrorValue", "FormulaFailure", "fail"]


class ErrorValue:
    """`#VALUE!` and its like; as the result of a whole expression it is raised."""

    __slots__ = ("code",)

    def __init__(self, code: str) -> None:
        self.code = code

    def __str__(self) -> str:
        return self.code


DIVISION: Final = ErrorValue("#DIV/0!")
NOT_AVAILABLE: Final = ErrorValue("#N/A")
NUMBER: Final = ErrorValue("#NUM!")
REFERENCE: Final = ErrorValue("#REF!")
VALUE: Final = ErrorValue("#VALUE!")


class FormulaFailure(Exception):
    """Carries an error value out of a spreadsheet function."""

    def __init__(self, error: ErrorValue) -> None:
        super().__init__(error.code)
        self.error = error


def fail(error: ErrorValue) -> NoReturn:
    raise FormulaFailure(error)
