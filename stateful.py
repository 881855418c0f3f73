"""A check as a Hypothesis state machine, for pytest and unittest: `machine(SPEC, CHECK)`."""

from interlock.checker.stateful import NotJudged, machine

__all__ = ["NotJudged", "machine"]
