"""A budget is told as a person would."""

from __future__ import annotations

import pytest

from interlock.checker.contract import Budget


@pytest.mark.parametrize(
    ("size", "text"),
    [(4 << 30, "4 GiB"), (500 << 20, "500 MiB"), (3 << 29, "1.5 GiB"), (1 << 10, "1 KiB"), (1000, "1 000 bytes"),
     (5_000_000, "4.8 MiB"), (1 << 40, "1 TiB"), (1025 << 20, "1025 MiB")],
)  # fmt: skip
def test_memory_is_told_in_the_unit_it_was_given_in(size: int, text: str) -> None:
    """In bytes only where there is no shorter way."""
    assert str(Budget(memory=size).memory_reached) == f"memory budget of {text} reached"
