"""What holds for all tests."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def no_history(monkeypatch: pytest.MonkeyPatch) -> None:
    """No search has its size from an earlier run of the tests; those that are about that say so."""
    monkeypatch.setattr("checker.native.history.LEAST", 1 << 62)
