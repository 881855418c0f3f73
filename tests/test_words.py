"""Numbers read as one says them."""

from __future__ import annotations

import pytest

from interlock.checker.words import counted, short, spaced


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 states"), (1, "1 state"), (2, "2 states"), (1234567, "1 234 567 states")]
)
def test_one_is_not_several(number: int, said: str) -> None:
    """`1 state`; and thousands stand apart."""
    assert counted(number, "state") == said


def test_a_noun_may_have_a_plural_of_its_own() -> None:
    """`1 leaf`, `2 leaves`."""
    assert [counted(n, "leaf", "leaves") for n in (1, 2)] == ["1 leaf", "2 leaves"]


def test_a_number_is_said_in_three_digits_or_so() -> None:
    """For what changes while one reads it."""
    assert [short(n) for n in (0.4, 999, 1_000, 12_345, 3_210_000, 4e9, 5e12)] == [
        "0", "999", "1.00 k", "12.3 k", "3.21 M", "4.00 G", "5.00 T",
    ]  # fmt: skip
    assert spaced(50816) == "50 816"
