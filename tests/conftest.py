"""What holds for all tests."""

from __future__ import annotations

import math

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import engine

# How long something takes is no reason to fail, nor to shrink an example less far: machines are slow, and busy.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")
engine.MAX_SHRINKING_SECONDS = math.inf


@pytest.fixture(autouse=True)
def no_history(monkeypatch: pytest.MonkeyPatch) -> None:
    """No search has its size from an earlier run of the tests; those that are about that say so."""
    monkeypatch.setattr("checker.native.history.LEAST", 1 << 62)
