"""Do all honest nodes deliver the same records in the same block (S9)?"""

from interlock import Finding, Holds, Violated, always, check, claim, reachable
from interlock.model.pos import state_windows
from interlock.model.pos.state_windows import BLOCKS, IDS, Fork, Id, Node, Number, State


@always
def same_last_id(s: State, one: Node, two: Node, f: Fork, b: Number) -> bool:
    """S9: lastStateId after a block is the same on every node that has executed it."""
    here = s.last[one][f][b]
    there = s.last[two][f][b]
    return here is None or there is None or here == there


@always
def same_records(s: State, one: Node, two: Node, i: Id) -> bool:
    """S9, for Heimdall: every node holds the same under an id."""
    return s.content[one][i] == s.content[two][i]


@reachable
def all_is_delivered(s: State, one: Node, two: Node, f: Fork) -> bool:
    """Both nodes deliver every record."""
    return one != two and s.last[one][f][BLOCKS] == IDS and s.last[two][f][BLOCKS] == IDS


check(
    "S9 two forks",
    state_windows,
    faults={"lag", "no_answer"},
    expect=Holds(distinct=37492, depth=16),
)
check(
    "S9 two records",
    state_windows,
    {"FORKS": 1, "IDS": 2},
    faults={"lag", "no_answer"},
    expect=Holds(distinct=1337, depth=11),
)
check(
    "S9 three nodes",
    state_windows,
    {"NODES": 3, "FORKS": 1, "BLOCKS": 1, "IDS": 2},
    faults={"lag", "no_answer"},
    expect=Holds(distinct=982, depth=9),
)
check(
    "S9 the delay is shorter than the lag",
    state_windows,
    {"DELAY": 1, "FORKS": 1},
    faults={"lag"},
    properties=(same_last_id,),
    expect=Violated(same_last_id, steps=5, distinct=411),
)
check(
    "S9 no delay",
    state_windows,
    {"DELAY": 0, "FORKS": 1},
    properties=(same_last_id,),
    expect=Violated(same_last_id, steps=5, distinct=411),
    about="Even with every Heimdall up to date: the record arrives between the executions of two nodes.",
)
check(
    "M6 the window ends with a header of the database",
    state_windows,
    {"END_BY_BLOCK": False},
    properties=(same_last_id,),
    expect=Violated(same_last_id, steps=11, distinct=31670),
    about="Bor before PIP-12, 2023: the end was the time of the header one sprint earlier, read by number, so from the "
    "node's own fork while it imported another. Bor still carries overrides for blocks where nodes had differed.",
)
check(
    "M6 the window starts after the last id of the database",
    state_windows,
    {"START_BY_CHAIN": False},
    properties=(same_last_id,),
    expect=Violated(same_last_id, steps=11, distinct=31304),
    about="The other half of PIP-12: lastStateId was read from the node's own state, not from the imported chain's.",
)
check(
    "M6 without a fork the old rules are harmless",
    state_windows,
    {"END_BY_BLOCK": False, "START_BY_CHAIN": False, "FORKS": 1},
    properties=(same_last_id, all_is_delivered),
    expect=Holds(distinct=289, depth=10),
)
check(
    "M6 no answer counts as no records",
    state_windows,
    {"WAITS_FOR_ANSWER": False, "FORKS": 1},
    faults={"no_answer"},
    properties=(same_last_id,),
    expect=Violated(same_last_id, steps=6, distinct=371),
    about="In Bor's CommitStates a failed fetch is logged and yields an empty list (discussed in bor, pull request "
    "2177, April 2026). Such a node computes another state than the rest: agreement is lost, not coins.",
)
check(
    "M10 two limits for one record",
    state_windows,
    {"ONE_LIMIT": False, "FORKS": 1, "BLOCKS": 1},
    properties=(same_records,),
    expect=Violated(same_records, steps=1, distinct=742),
    about="10 March 2022: v0.2.5 and v0.2.6 of Heimdall had different limits for a record's size, and a large record "
    "split their state; Heimdall halted, and Bor when its spans ran out, for about 11 hours.",
)

claim(
    "S9",
    source="PIP-12, Time Based StateSync Confirmations Delay, specification",
    says="If the window starts after the incoming chain's last id and ends 128 seconds before the current block's "
    "time, Heimdall returns the same records to every node, also in a reorganisation.",
    finding=Finding.UNSTATED_CONDITION,
    decided_by=(
        "S9 two forks",
        "S9 two records",
        "S9 three nodes",
        "S9 the delay is shorter than the lag",
        "M6 the window ends with a header of the database",
        "M6 the window starts after the last id of the database",
        "M6 no answer counts as no records",
    ),
    because="It holds, and both halves of the proposal are needed, while no Heimdall is further behind than the delay "
    "and an answer that does not come is not taken for an empty list. The text does not discuss Heimdalls that are "
    "behind or silent. Two nodes, two forks of two blocks and one record; two records and three nodes on one fork.",
)
