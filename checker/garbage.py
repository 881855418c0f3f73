"""When is garbage looked for?  Python looks for cycles after every few hundred objects, which is too often here.

What a check makes by the hundred thousand, nodes of expressions and of text, holds no cycles and goes when it is no
longer used; looking for cycles in it took a quarter of a run of many checks.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator
from typing import Final

# A model that is loaded as Python is a cycle, of some thousand objects: what waits takes some 50 MiB at most.
_SELDOM: Final = (300_000, 20, 100)


def seldom() -> None:
    """Look for cycles hundreds of times as seldom as Python does unasked: for a process that is Interlock's alone."""
    gc.set_threshold(*_SELDOM)


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
