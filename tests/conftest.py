"""What holds for all tests."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def no_history(monkeypatch: pytest.MonkeyPatch) -> None:
    """No search has its size from an earlier run of the tests, or begins as it began again there; those that are about
    that say so."""
    monkeypatch.setattr("checker.native.history.LEAST", 1 << 62)
    monkeypatch.setattr("checker.native.history.begins_again", lambda *_: None)


@pytest.fixture
def unconfirmed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What compiled code says is told as it is: for tests that plant a fault, and say how else it would be noticed."""
    monkeypatch.setattr("checker.engines.confirming.searched", lambda *_: 0)
