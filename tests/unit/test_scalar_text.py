"""Numbers as PostgreSQL reads them, however large they are."""

from __future__ import annotations

from decimal import Decimal

import pytest

from orchestrator.model.conditions import scalar_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (5, "5"),
        (5.0, "5"),
        (0.5, "0.5"),
        (Decimal("5.00"), "5"),
        (Decimal("0.50"), "0.50"),
        (Decimal("1e2"), "100"),
        (Decimal("-8.418343266539589e30"), "-8418343266539589000000000000000"),
        (Decimal("12345678901234567890123456789012345.5"), "12345678901234567890123456789012345.5"),
        (Decimal("1e999999999"), "1E+999999999"),
        (Decimal("1e-999999999"), "1E-999999999"),
        (Decimal("NaN"), "NaN"),
        (True, "true"),
    ],
)
def test_a_number_is_written_as_it_is_read(value: object, text: str) -> None:
    assert scalar_text(value) == text
