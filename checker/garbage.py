"""When is garbage looked for?  Python looks for cycles after every few hundred objects, which is too often here.

What a check makes by the hundred thousand, nodes of expressions and of text, holds no cycles and goes when it is no
longer used; looking for cycles in it took a quarter of a run of many checks.  A model that is loaded as Python is one
cycle, of some thousand objects.
"""

from __future__ import annotations

import contextlib
import gc
import itertools
from collections.abc import Iterator
from typing import Final

_SELDOM: Final = (300_000, 20, 100)  # objects, and times; what waits takes some 50 MiB at most
_SETTLED: Final = 500  # checks, after which all is looked through: each leaves some 0.4 MiB

_own = False
_checks = itertools.count(1)


def seldom() -> None:
    """Look for cycles hundreds of times as seldom as Python does unasked: in a process that is Interlock's alone."""
    global _own
    _own = True
    gc.set_threshold(*_SELDOM)


def settle() -> None:
    """A check is over: what is there now is not looked through during the next ones.  Does nothing in a process that
    is not Interlock's alone."""
    if not _own:
        return
    if next(_checks) % _SETTLED == 0:
        gc.unfreeze()
        gc.collect()
    gc.freeze()


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Within: nobody looks for cycles of garbage, which would take longer than what is done there."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()
