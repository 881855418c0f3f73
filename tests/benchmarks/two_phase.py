"""Two-phase commit as a yardstick: the one property that every contender checks, at sizes that take a while.

interlock check tests/benchmarks/two_phase.py --only 7
"""

from interlock import Holds, always, check
from interlock.model import two_phase_commit
from interlock.model.two_phase_commit import Manager, State, Vote


@always
def consistent(s: State) -> bool:
    """No manager has committed while another has aborted."""
    return not (any(s.vote[m] == Vote.COMMITTED for m in Manager) and any(s.vote[m] == Vote.ABORTED for m in Manager))


check("7", two_phase_commit, {"MANAGERS": 7}, expect=Holds(distinct=296448, depth=22, transitions=2744705))
check(
    "8",
    two_phase_commit,
    {"MANAGERS": 8},
    expect=Holds(distinct=1745408, depth=25, transitions=18507777),
    slow=True,
)
