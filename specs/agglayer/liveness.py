"""When a chain is delayed (AL1 to AL4), and how it recovers (AL6); what mutual dependencies do (AS7).

Delayed: a header of an honest chain can no longer become final.  The properties ask it of all headers at once;
what is final stays final, so this is the same as asking it of each.  An AggLayer that is slow, or has stopped
and may resume, delays no one in this sense: that is stalled, and a path to finality remains.  The post
takes a live AggLayer for granted.  Rebuilding is off, but for the checks of AL6.

Mode 2, "delayed only if the AggLayer equivocates", holds under two conditions the post does not state:
no registered chain settles directly, and headers once confirmed survive an ejection.  Drop either, and
the shortest trace is the check's.  The post offers direct settlement to chains that opt out, so this
shows an unstated condition and refutes nothing.  With soft ejection a third: an ejected chain does not settle
directly as one that opted out.  Where a cause comes with "if" (modes 3 and 4), the post does
not say that the causes it lists are all; the checks show that they are not.
"""

from typing import Final

from model.agglayer import layer_s
from model.agglayer.chains import Direct, Ejection, Lists
from model.agglayer.headers import (
    Chain,
    Header,
    Mode,
    Sibling,
    State,
    built,
    confirmed,
    misbehaved,
    needed_below,
    needs,
    other,
)
from model.lang import FiniteSet, Holds, Violated, always, check, members, reachable, recoverable, step


@recoverable
def never_delayed(s: State) -> bool:
    """AL1, AL2: the header of a chain that behaves, and has it proven, can become final."""
    return all(settled_or_own_fault(s, h) for h in members(Header))


@recoverable
def delayed_as_mode_3_lists(s: State) -> bool:
    """AL3 read as exhaustive: else a header it relies on directly has no proof."""
    return all(settled_or_own_fault(s, h) or any(not s.proof[d] for d in needs(s, h)) for h in members(Header))


@recoverable
def delayed_as_mode_4_lists(s: State) -> bool:
    """AL4 read as exhaustive: else a header it relies on directly has no proof, or has a sibling."""
    return all(
        settled_or_own_fault(s, h) or any(not s.proof[d] or built(s, other(d)) for d in needs(s, h))
        for h in members(Header)
    )


@recoverable
def delayed_as_listed_or_below(s: State) -> bool:
    """AL4 with the dependencies of the dependencies counted in."""
    return all(
        settled_or_own_fault(s, h) or any(not s.proof[d] or built(s, other(d)) for d in needed_below(s, h))
        for h in members(Header)
    )


@recoverable
def an_honest_chain_recovers(s: State) -> bool:
    """AL6: a chain that behaves can have a final header, by building it again where it must."""
    return all(misbehaved(s, c) or Header(c, 1, Sibling.FIRST) in s.final for c in Chain)


@recoverable
def mutual_headers_confirm(s: State) -> bool:
    """AS7: a header that was built can be confirmed."""
    return all(not built(s, h) or confirmed(s, h) for h in members(Header))


@step
def nothing_shown_is_undone(old: State, new: State, h: Header) -> bool:
    """AS9, for outside users: a mint that they saw in a header of any stage is not taken back."""
    return not (built(old, h) and len(old.deps[h]) > 0) or built(new, h)


@always
def few_build_on_one(s: State, d: Header) -> bool:
    """The cost of AL6: a bad header costs no more than one other chain its header."""
    return len(FiniteSet(h for h in members(Header) if d in needed_below(s, h))) <= 1


@always
def few_named(s: State, h: Header) -> bool:
    """The limit itself: a header and what it relies on belong to at most two chains."""
    return len(FiniteSet(d.chain for d in s.deps[h])) <= 1


@step
def lists_are_kept(old: State, new: State, h: Header) -> bool:
    """A chain makes no header rely on a peer that it denies."""
    return all(d.chain not in old.denied[h.chain] for d in new.deps[h] - old.deps[h])


@reachable
def a_mint_is_final(s: State, h: Header) -> bool:
    """A header that relies on another chain becomes final."""
    return h in s.final and len(s.deps[h]) > 0


def settled_or_own_fault(s: State, h: Header) -> bool:
    """Final, not there, or its own chain is to blame."""
    return h in s.final or not built(s, h) or misbehaved(s, h.chain)


MODE_1: Final = {"MODES": FiniteSet({Mode.FINAL})}
MODE_3: Final = {"MODES": FiniteSet({Mode.PRECONFIRMED})}
MODE_4: Final = {"MODES": FiniteSet({Mode.SHARED})}

# AL1: confirmed for a chain that opts out. With no direct path, as in what was deployed, it is a difference.
check(
    "AL1 mode 1 with direct settlement",
    layer_s,
    MODE_1,
    faults={"equivocate", "invalid_block", "eject", "stop_proving", "agglayer_stops"},
    properties=(never_delayed, a_mint_is_final),
    expect=Holds(distinct=3348, depth=12),
)
check(
    "AL1 even if the AggLayer stops for good",
    layer_s,
    {**MODE_1, "STOPS_FOR_GOOD": True},
    faults={"equivocate", "agglayer_stops"},
    properties=(never_delayed, a_mint_is_final),
    expect=Holds(distinct=396, depth=10),
)
check(
    "AL1 without a direct path",
    layer_s,
    {**MODE_1, "DIRECT": Direct.NOBODY, "STOPS_FOR_GOOD": True},
    faults={"agglayer_stops"},
    properties=(never_delayed,),
    expect=Violated(never_delayed, steps=2),
)

# AL2: holds under the two conditions; each dropped in turn.
check(
    "AL2 mode 2, with both conditions",
    layer_s,
    faults={"equivocate", "invalid_block", "eject"},
    properties=(never_delayed, a_mint_is_final),
    expect=Holds(distinct=2511, depth=13),
)
check(
    "AL2 three chains",
    layer_s,
    {"CHAINS": 3},
    faults={"equivocate"},
    properties=(never_delayed, a_mint_is_final),
    expect=Holds(distinct=28492, depth=16),
)
check(
    "AL2 an AggLayer that stops and resumes delays no one",
    layer_s,
    faults={"equivocate", "invalid_block", "agglayer_stops"},
    properties=(never_delayed, a_mint_is_final),
    expect=Holds(distinct=2582, depth=13),
)
check(
    "AL2 first condition dropped, a registered chain settles directly",
    layer_s,
    {"DIRECT": Direct.ANYONE},
    faults={"equivocate"},
    properties=(never_delayed,),
    expect=Violated(never_delayed, steps=8),
)
check(
    "AL2 second condition dropped, ejection takes confirmed headers",
    layer_s,
    {"EJECTION": Ejection.HARD},
    faults={"equivocate", "eject"},
    properties=(never_delayed,),
    expect=Violated(never_delayed, steps=7),
)
check(
    "AL2 an ejected chain settles directly",
    layer_s,
    {"EJECTED_MAY_SETTLE": True},
    faults={"equivocate", "eject"},
    properties=(never_delayed,),
    expect=Violated(never_delayed, steps=9),
)
check(
    "AL2 the cause that the post names, an AggLayer that equivocates",
    layer_s,
    {"VIEWS": 2},
    faults={"equivocate", "agglayer_equivocates"},
    properties=(never_delayed,),
    expect=Violated(never_delayed, steps=10),
)
check(
    "AL2 the AggLayer alone cannot",
    layer_s,
    {"VIEWS": 2},
    faults={"agglayer_equivocates"},
    properties=(never_delayed, a_mint_is_final),
    expect=Holds(distinct=647, depth=13),
)
check(
    "AM7 an honest AggLayer keeps both siblings",
    layer_s,
    {"KEEPS_ONE_SIBLING": False},
    faults={"equivocate"},
    properties=(never_delayed,),
    expect=Violated(never_delayed, steps=10),
)

# AL3, AL4: the plain cases are within the claim; the lists are not complete.
check(
    "AL3 the named cause, a dependency without a proof",
    layer_s,
    MODE_3,
    faults={"invalid_block"},
    properties=(never_delayed,),
    expect=Violated(never_delayed, steps=3),
)
check(
    "AL3 two chains, the list is complete",
    layer_s,
    MODE_3,
    faults={"equivocate", "invalid_block"},
    properties=(delayed_as_mode_3_lists, a_mint_is_final),
    expect=Holds(distinct=1619, depth=12),
)
check(
    "AL3 three chains, a cause further below",
    layer_s,
    {**MODE_3, "CHAINS": 3},
    faults={"invalid_block"},
    properties=(delayed_as_mode_3_lists,),
    expect=Violated(delayed_as_mode_3_lists, steps=6),
)
check(
    "AM7 in mode 3",
    layer_s,
    {**MODE_3, "KEEPS_ONE_SIBLING": False},
    faults={"equivocate"},
    properties=(delayed_as_mode_3_lists,),
    expect=Violated(delayed_as_mode_3_lists, steps=9),
)
check(
    "AL4 the named cause",
    layer_s,
    MODE_4,
    faults={"invalid_block"},
    properties=(never_delayed,),
    expect=Violated(never_delayed, steps=2),
)
check(
    "AL4 two chains, the list is complete",
    layer_s,
    MODE_4,
    faults={"equivocate", "invalid_block"},
    properties=(delayed_as_mode_4_lists, a_mint_is_final),
    expect=Holds(distinct=2267, depth=12),
)
check(
    "AL4 three chains, a cause further below",
    layer_s,
    {**MODE_4, "CHAINS": 3},
    faults={"invalid_block"},
    properties=(delayed_as_mode_4_lists,),
    expect=Violated(delayed_as_mode_4_lists, steps=4),
)
check(
    "AL4 three chains, causes below counted in",
    layer_s,
    {**MODE_4, "CHAINS": 3},
    faults={"invalid_block"},
    properties=(delayed_as_listed_or_below, a_mint_is_final),
    expect=Holds(distinct=5206, depth=13),
    slow=True,
)

# Backup provers help if they have the data.
check(
    "backup provers stand in",
    layer_s,
    faults={"stop_proving"},
    properties=(never_delayed, a_mint_is_final),
    expect=Holds(distinct=213, depth=10),
)
check(
    "no backup provers",
    layer_s,
    {"BACKUP_PROVERS": False},
    faults={"stop_proving"},
    properties=(never_delayed,),
    expect=Violated(never_delayed, steps=2),
)

# AL6: rebuilding; and what it costs outside users (AS9) and other chains.
check(
    "AL6 an honest chain recovers",
    layer_s,
    {**MODE_3, "REBUILD": True},
    faults={"equivocate", "invalid_block"},
    properties=(an_honest_chain_recovers, a_mint_is_final),
    expect=Holds(distinct=1619, depth=12),
)
check(
    "AL6 without rebuilding it does not",
    layer_s,
    MODE_3,
    faults={"invalid_block"},
    properties=(an_honest_chain_recovers,),
    expect=Violated(an_honest_chain_recovers, steps=3),
)
check(
    "AL6 three chains",
    layer_s,
    {**MODE_4, "REBUILD": True, "CHAINS": 3},
    faults={"invalid_block"},
    properties=(an_honest_chain_recovers, a_mint_is_final),
    expect=Holds(distinct=5206, depth=13),
    slow=True,
)
check(
    "AS9 in mode 1 nothing shown is undone",
    layer_s,
    {**MODE_1, "REBUILD": True},
    faults={"equivocate", "invalid_block"},
    properties=(nothing_shown_is_undone, a_mint_is_final),
    expect=Holds(distinct=290, depth=9),
)
check(
    "AS9 in mode 3 a mint that users saw is undone",
    layer_s,
    {**MODE_3, "REBUILD": True},
    faults={"invalid_block"},
    properties=(nothing_shown_is_undone,),
    expect=Violated(nothing_shown_is_undone, steps=4),
)
check(
    "the limit bounds what a header names",
    layer_s,
    {**MODE_4, "CHAINS": 3},
    properties=(few_named, a_mint_is_final),
    expect=Holds(distinct=2524, depth=13),
    slow=True,
)
check(
    "the limit does not bound how many build on one",
    layer_s,
    {**MODE_4, "CHAINS": 3},
    properties=(few_build_on_one,),
    expect=Violated(few_build_on_one, steps=3),
)
check(
    "deny lists",
    layer_s,
    {"LISTS": Lists.DENY},
    properties=(lists_are_kept, a_mint_is_final),
    expect=Holds(distinct=284, depth=11),
)
check(
    "allow lists",
    layer_s,
    {"LISTS": Lists.ALLOW},
    properties=(lists_are_kept, a_mint_is_final),
    expect=Holds(distinct=240, depth=11),
)

# AS7, a gap: the post says nothing on mutual dependencies, and shows none.  Headers that name each other are
# our encoding of a two-way bundle.  AM6: by the recursive rule they never confirm; confirmed jointly, they do.
check(
    "AM6 mutual dependencies by the recursive rule",
    layer_s,
    {"MUTUAL": True},
    properties=(mutual_headers_confirm,),
    expect=Violated(mutual_headers_confirm, steps=1),
)
check(
    "AS7 confirmed jointly",
    layer_s,
    {"MUTUAL": True, "JOINT_CONFIRMATION": True},
    properties=(mutual_headers_confirm, a_mint_is_final),
    expect=Holds(distinct=89, depth=9),
)
