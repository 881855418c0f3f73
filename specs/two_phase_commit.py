"""What two-phase commit promises: nobody commits while somebody aborts.

The counts are those published with the TLA+ model: 288 states for 3 managers, 8 832 for 5, 50 816 for
6, 296 448 for 7.
"""

from interlock import Holds, Violated, always, check, reachable
from interlock.model import two_phase_commit
from interlock.model.two_phase_commit import Decision, Manager, State, Vote


@always
def consistent(s: State, one: Manager, other: Manager) -> bool:
    """No manager has committed while another has aborted."""
    return not (s.vote[one] == Vote.COMMITTED and s.vote[other] == Vote.ABORTED)


@always
def commit_is_agreed(s: State, who: Manager) -> bool:
    """Once the transaction manager has committed, every manager has promised to."""
    return s.decision != Decision.COMMITTED or s.vote[who] in (Vote.PREPARED, Vote.COMMITTED)


@reachable
def everyone_commits(s: State) -> bool:
    """A transaction can commit everywhere: the invariants are not vacuous."""
    return all(s.vote[who] == Vote.COMMITTED for who in Manager)


@reachable
def everyone_aborts(s: State) -> bool:
    """A transaction can abort everywhere."""
    return all(s.vote[who] == Vote.ABORTED for who in Manager)


check("3 managers", two_phase_commit, expect=Holds(distinct=288, depth=10, transitions=1145))
check("5 managers", two_phase_commit, {"MANAGERS": 5}, expect=Holds(distinct=8832, depth=16, transitions=58145))
check("6 managers", two_phase_commit, {"MANAGERS": 6}, expect=Holds(distinct=50816, depth=19, transitions=402305))
check("7 managers", two_phase_commit, {"MANAGERS": 7}, expect=Holds(distinct=296448, depth=22), slow=True)

# Known to be bad: the transaction manager decides before everyone has promised, and somebody gives up.
check(
    "commits too early",
    two_phase_commit,
    {"WAIT_FOR_ALL": False},
    properties=(consistent, everyone_commits),
    expect=Violated(consistent, steps=3, distinct=623),
)
