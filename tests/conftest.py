"""What holds for all tests."""

from __future__ import annotations

import math
import time

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import engine

# How long something takes is no reason to fail, nor to shrink an example less far: machines are slow, and busy.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")
engine.MAX_SHRINKING_SECONDS = math.inf


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--clock 100` is a machine on which everything takes a hundred times as long; it takes no longer to run."""
    parser.addoption("--clock", type=float, default=1.0, help="how fast time goes by for what is tested")


def pytest_configure(config: pytest.Config) -> None:
    """Set the clock, before anything that reads it is imported."""
    rate = config.getoption("--clock")
    if rate == 1.0:
        return
    for name in ("monotonic", "perf_counter"):
        real = getattr(time, name)
        setattr(time, name, lambda real=real: rate * real())


@pytest.fixture(autouse=True)
def no_history(monkeypatch: pytest.MonkeyPatch) -> None:
    """No search has its size from an earlier run of the tests, or begins as it began again there; those that are about
    that say so."""
    monkeypatch.setattr("interlock.checker.native.store.history.LEAST", 1 << 62)
    monkeypatch.setattr("interlock.checker.native.store.history.begins_again", lambda *_: None)


@pytest.fixture
def unconfirmed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What compiled code says is told as it is: for tests that plant a fault, and say how else it would be noticed."""
    monkeypatch.setattr("interlock.checker.engines.confirming.searched", lambda *_: 0)


@pytest.fixture(autouse=True)
def no_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Text is as wide as for a file, whatever the terminal that the tests run in."""
    monkeypatch.delenv("COLUMNS", raising=False)
