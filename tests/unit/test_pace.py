"""Which kinds of statements are short, by what they took."""

from __future__ import annotations

from api.pace import Pace

_SHORT = 0.0003
_LONG = 0.01


def test_an_unknown_kind_is_short() -> None:
    assert Pace(0.001).is_short("create", 0)


def test_a_kind_that_takes_long_is_tried_again_after_a_while() -> None:
    pace = Pace(0.001)
    for _ in range(30):
        pace.took("create", _LONG, 100)
    assert not pace.is_short("create", 100)
    assert not pace.is_short("create", 105)
    assert pace.is_short("create", 111)
    for _ in range(20):
        pace.took("create", _LONG, 111)
    assert not pace.is_short("create", 111)
    for _ in range(100):
        pace.took("create", _SHORT, 122)
    assert pace.is_short("create", 122)


def test_kinds_know_nothing_of_each_other() -> None:
    pace = Pace(0.001)
    for _ in range(50):
        pace.took("import", _LONG, 100)
        pace.took("create", _SHORT, 100)
    assert pace.is_short("create", 100)
    assert not pace.is_short("import", 100)


def test_a_hiccup_says_nothing_and_being_stopped_again_does() -> None:
    pace = Pace(0.001)
    for _ in range(200):
        pace.took("create", _SHORT, 100)
    pace.took("create", 3.0, 100)
    assert pace.is_short("create", 100)
    pace.overran("create", 100)
    assert pace.is_short("create", 100)
    pace.overran("create", 100)
    assert not pace.is_short("create", 100)


def test_no_more_kinds_are_remembered_than_make_sense() -> None:
    pace = Pace(0.001)
    for number in range(5000):
        pace.took(f"short {number}", _SHORT, 100)
        pace.overran(f"long {number}", 100)
        pace.overran(f"long {number}", 100)
        pace.overran(f"long {number}", 100)
    assert not pace.is_short("long 4999", 100)
    assert sum(map(len, (pace._average, pace._away))) <= 2000
