"""What finality is to mean when Bor, Heimdall and Ethereum are looked at together (S4, S5, S6, S11, S12, S19).

Properties beside the model, since several spec files ask them.
"""

from interlock import always, reachable, recoverable, step
from interlock.model.pos.nodes import HONEST, RANGES, Fork, State, Validator


@always
def one_history(s: State, v: Validator) -> bool:
    """S4: no checkpoint on Ethereum is of another fork than a milestone that an honest node holds."""
    return s.milestone[v] is None or all(fork == s.milestone[v] for fork in s.l1)


@always
def milestones_agree(s: State, one: Validator, two: Validator) -> bool:
    """S5: no two honest nodes hold milestones of different forks."""
    return s.milestone[one] is None or s.milestone[two] is None or s.milestone[one] == s.milestone[two]


@always
def a_quorum_reported(s: State, v: Validator, fork: Fork) -> bool:
    """S5, what a milestone says: a quorum has reported this fork as its own chain."""
    return s.milestone[v] != fork or fork in s.tallied


@step
def no_head_leaves_its_pin(old: State, new: State, v: Validator) -> bool:
    """S6: no reorganisation passes a milestone or a checkpoint that the node was told of."""
    return old.pin[v] is None or old.head[v] != old.pin[v] or new.head[v] == old.head[v]


@always
def heads_follow_milestones(s: State, v: Validator) -> bool:
    """S6: a node that holds a milestone is on its fork."""
    return s.milestone[v] is None or s.head[v] == s.milestone[v]


@always
def ranges_link(s: State) -> bool:
    """S19: the parent of the first block of a range is the last block of the range before it."""
    return all(one == two for one in s.l1 for two in s.l1)


@always
def one_exit_per_burn(s: State, fork: Fork) -> bool:
    """S11: a burn is paid out at most once."""
    return s.paid[fork] <= 1


@always
def backing(s: State) -> bool:
    """S12: what is locked on Ethereum covers the coin that nobody has burnt."""
    return s.locked >= 1


@recoverable
def heads_meet(s: State) -> bool:
    """S6, what it may cost: all honest nodes can be on one fork again."""
    return all(s.head[v] == s.head[1] for v in range(1, HONEST + 1))


@reachable
def everything_is_final(s: State, fork: Fork) -> bool:
    """All ranges of a fork are on Ethereum, and every node holds its milestone."""
    return len(s.l1) == RANGES and s.l1[0] == fork and all(s.milestone[v] == fork for v in range(1, HONEST + 1))


@reachable
def the_coin_is_paid(s: State, fork: Fork) -> bool:
    """The owner of the coin gets it on Ethereum."""
    return s.paid[fork] == 1 and s.locked == 1


@reachable
def a_node_is_brought_back(s: State, v: Validator) -> bool:
    """A node holds a milestone of the fork it was not on at first, and is on it."""
    return s.milestone[v] == Fork.B and s.head[v] == Fork.B
