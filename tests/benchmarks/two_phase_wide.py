"""Two-phase commit in wide states: the counts are those of the narrow model, which `two_phase.py` checks.

interlock check tests/benchmarks/two_phase_wide.py --only 7
"""

import two_phase_wide_model
from two_phase_wide_model import Manager, State, Vote

from interlock import Holds, always, check


@always
def consistent(s: State) -> bool:
    """No manager has committed while another has aborted."""
    return not (any(s.vote[m] == Vote.COMMITTED for m in Manager) and any(s.vote[m] == Vote.ABORTED for m in Manager))


check("3", two_phase_wide_model, {"MANAGERS": 3}, expect=Holds(distinct=288, depth=10, transitions=1145))
check("7", two_phase_wide_model, expect=Holds(distinct=296448, depth=22, transitions=2744705))
check(
    "8",
    two_phase_wide_model,
    {"MANAGERS": 8},
    expect=Holds(distinct=1745408, depth=25, transitions=18507777),
    slow=True,
)
