"""Spec files as tests of pytest: `pytest -p interlock.pytest_plugin specs/`."""

from interlock.checker.pytest_plugin import pytest_collect_file

__all__ = ["pytest_collect_file"]
