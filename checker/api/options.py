"""Which options has a run?  The one table of them, for the command line and for whoever calls from Python.

The rows themselves stand where checks are run: `checks/overrides.py`.
"""

from interlock.checker.checks.overrides import CHECK, OPTIONS, REPORT, SIMULATE, Option, Overrides, Takes, engine_named

__all__ = ["CHECK", "OPTIONS", "REPORT", "SIMULATE", "Option", "Overrides", "Takes", "engine_named"]
