"""What holds for all tests."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def no_history(monkeypatch: pytest.MonkeyPatch) -> None:
    """No search has its size from an earlier run of the tests; those that are about that say so."""
    monkeypatch.setattr("checker.native.history.LEAST", 1 << 62)


@pytest.fixture(autouse=True)
def no_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Text is as wide as for a file, whatever the terminal that the tests run in."""
    monkeypatch.delenv("COLUMNS", raising=False)
