"""The yardstick of the benchmarks: what is true of agg-core, and how many states it has.

interlock check tests/benchmarks/agg_core.py --only 3x1
interlock check tests/benchmarks/agg_core.py --slow
"""

import agg_core_model
from agg_core_model import Block, State, Status

from interlock import Holds, always, check


@always
def safe(s: State, b: Block) -> bool:
    """What a final block depends on is final, and its sibling is not."""
    if s.status[b] != Status.FINAL:
        return True
    d = s.dependency[b]
    sibling = Block(b.chain, b.height, not b.second)
    return (d is None or s.status[d] == Status.FINAL) and s.status[sibling] != Status.FINAL


check(
    "3x1",
    agg_core_model,
    {"CHAINS": 3, "HEIGHTS": 1},
    expect=Holds(distinct=580376, depth=15, transitions=2351394),
)
check(
    "2x2",
    agg_core_model,
    {"CHAINS": 2, "HEIGHTS": 2},
    expect=Holds(distinct=29145325, depth=20, transitions=150472644),
    slow=True,
)
