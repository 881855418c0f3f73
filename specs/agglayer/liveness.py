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

from interlock import Finding, FiniteSet, Holds, Violated, always, check, claim, members, reachable, recoverable, step
from interlock.model.agglayer import layer_s
from interlock.model.agglayer.chains import Direct, Ejection, Lists
from interlock.model.agglayer.headers import (
    Block,
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
    return all(misbehaved(s, c) or any(Header(c, 1, x) in s.final for x in Sibling) for c in Chain)


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


@reachable
def a_bad_block_has_a_dependent(s: State, h: Header, d: Header) -> bool:
    """A header relies on one that can never be proven, or by no one but a chain that has stopped."""
    return d in s.deps[h] and s.block[d] in (Block.INVALID, Block.WITHHELD)


@reachable
def an_ejected_chain_is_finalized(s: State, h: Header) -> bool:
    """A header of an ejected chain becomes final, and one that relies on it too."""
    return h in s.final and any(d.chain in s.ejected for d in s.deps[h])


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
    expect=Violated(never_delayed, steps=2, distinct=122),
)

# AL2: holds under the two conditions; each dropped in turn.
check(
    "AL2 mode 2, with both conditions",
    layer_s,
    faults={"equivocate", "invalid_block", "eject"},
    properties=(never_delayed, a_mint_is_final, an_ejected_chain_is_finalized),
    expect=Holds(distinct=2511, depth=13),
)
check(
    "AL2 with both conditions, provers stop and data is withheld",
    layer_s,
    faults={"equivocate", "invalid_block", "withhold_data", "stop_proving", "eject"},
    properties=(never_delayed, a_mint_is_final, an_ejected_chain_is_finalized),
    expect=Holds(distinct=14493, depth=14),
)
check(
    "AL2 three chains, two of them misbehave",
    layer_s,
    {"CHAINS": 3, "FAULTY_CHAINS": 2},
    faults={"equivocate"},
    properties=(never_delayed, a_mint_is_final),
    expect=Holds(distinct=404044, depth=19),
    slow=True,
)
check(
    "AL2 three chains, all of them misbehave",
    layer_s,
    {"CHAINS": 3, "FAULTY_CHAINS": 3},
    faults={"equivocate"},
    properties=(never_delayed, a_mint_is_final),
    expect=Holds(distinct=2793436, depth=21),
    slow=True,
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
    expect=Violated(never_delayed, steps=8, distinct=2187),
)
check(
    "AL2 second condition dropped, ejection takes confirmed headers",
    layer_s,
    {"EJECTION": Ejection.HARD},
    faults={"equivocate", "eject"},
    properties=(never_delayed,),
    expect=Violated(never_delayed, steps=7, distinct=1623),
)
check(
    "AL2 an ejected chain settles directly",
    layer_s,
    {"EJECTED_MAY_SETTLE": True},
    faults={"equivocate", "eject"},
    properties=(never_delayed,),
    expect=Violated(never_delayed, steps=9, distinct=2199),
)
check(
    "AL2 the cause that the post names, an AggLayer that equivocates",
    layer_s,
    {"VIEWS": 2},
    faults={"equivocate", "agglayer_equivocates"},
    properties=(never_delayed,),
    expect=Violated(never_delayed, steps=10, distinct=13387),
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
    expect=Violated(never_delayed, steps=10, distinct=1497),
    about="Mode 2 does need that an honest AggLayer takes one of two siblings, which the post does not say.",
)

# AL3, AL4: the plain cases are within the claim; the lists are not complete.
check(
    "AL3 the named cause, a dependency without a proof",
    layer_s,
    MODE_3,
    faults={"invalid_block"},
    properties=(never_delayed,),
    expect=Violated(never_delayed, steps=3, distinct=147),
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
    expect=Violated(delayed_as_mode_3_lists, steps=6, distinct=3598),
)
check(
    "AM7 in mode 3",
    layer_s,
    {**MODE_3, "KEEPS_ONE_SIBLING": False},
    faults={"equivocate"},
    properties=(delayed_as_mode_3_lists,),
    expect=Violated(delayed_as_mode_3_lists, steps=9, distinct=1993),
)
check(
    "AL4 the named cause",
    layer_s,
    MODE_4,
    faults={"invalid_block"},
    properties=(never_delayed,),
    expect=Violated(never_delayed, steps=2, distinct=171),
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
    expect=Violated(delayed_as_mode_4_lists, steps=4, distinct=5206),
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
    expect=Violated(never_delayed, steps=2, distinct=213),
)

check(
    "AL8 backup provers without the data",
    layer_s,
    MODE_3,
    faults={"stop_proving", "withhold_data"},
    properties=(never_delayed,),
    expect=Violated(never_delayed, steps=4, distinct=789),
    about="A block whose data its chain keeps to itself: no full node can prove it in the chain's place.",
)

# AL6: rebuilding; and what it costs outside users (AS9) and other chains.
check(
    "AL6 an honest chain recovers",
    layer_s,
    {**MODE_3, "REBUILD": True},
    faults={"equivocate", "invalid_block"},
    properties=(an_honest_chain_recovers, a_mint_is_final, a_bad_block_has_a_dependent),
    expect=Holds(distinct=1619, depth=12),
)
check(
    "AL6 in mode 4, whatever a chain does",
    layer_s,
    {**MODE_4, "REBUILD": True},
    faults={"equivocate", "invalid_block", "withhold_data", "stop_proving", "eject"},
    properties=(an_honest_chain_recovers, a_mint_is_final, a_bad_block_has_a_dependent),
    expect=Holds(distinct=46911, depth=20),
    about="It is not enough to build again where a header is known to be bad: the AggLayer may have taken the sibling, "
    "or ejected the chain, and then a good header is passed over.",
)
check(
    "AL6 hard ejection",
    layer_s,
    {**MODE_4, "REBUILD": True, "EJECTION": Ejection.HARD},
    faults={"equivocate", "invalid_block", "eject"},
    properties=(an_honest_chain_recovers, a_mint_is_final),
    expect=Holds(distinct=9241, depth=19),
)
check(
    "AL6 the AggLayer equivocates",
    layer_s,
    {**MODE_4, "REBUILD": True, "VIEWS": 2},
    faults={"equivocate", "agglayer_equivocates"},
    properties=(an_honest_chain_recovers, a_mint_is_final),
    expect=Holds(distinct=38577, depth=23),
)
check(
    "AL6 without rebuilding it does not",
    layer_s,
    MODE_3,
    faults={"invalid_block"},
    properties=(an_honest_chain_recovers,),
    expect=Violated(an_honest_chain_recovers, steps=3, distinct=147),
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
    expect=Violated(nothing_shown_is_undone, steps=4, distinct=147),
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
    "a higher limit",
    layer_s,
    {**MODE_4, "CHAINS": 3, "CHAINS_PER_BATCH": 3},
    properties=(few_named,),
    expect=Violated(few_named, steps=4, distinct=3643),
)
check(
    "the limit does not bound how many build on one",
    layer_s,
    {**MODE_4, "CHAINS": 3},
    properties=(few_build_on_one,),
    expect=Violated(few_build_on_one, steps=3, distinct=2524),
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
    expect=Violated(mutual_headers_confirm, steps=1, distinct=87),
    about="The rule of the second phase, read as a least fixed point, on a case that the post does not speak of.",
)
check(
    "AS7 confirmed jointly",
    layer_s,
    {"MUTUAL": True, "JOINT_CONFIRMATION": True},
    properties=(mutual_headers_confirm, a_mint_is_final),
    expect=Holds(distinct=89, depth=9),
)

claim(
    "AL1",
    source="AggLayer post, February 2024, option 1",
    says="A chain that opts out of fast interoperation submits to Ethereum itself, and its finality is never delayed.",
    finding=Finding.CONFIRMED,
    decided_by=(
        "AL1 mode 1 with direct settlement",
        "AL1 even if the AggLayer stops for good",
        "AL1 without a direct path",
    ),
    because="It holds with a prover for the chain and a live Ethereum, and rests on the direct path. That the deployed "
    "system has no such path is decided in `certificates.py`.",
)
claim(
    "AL2",
    source="AggLayer post, February 2024, option 2",
    says="A chain that accepts others' states once they are confirmed is delayed only if the AggLayer equivocates.",
    finding=Finding.UNSTATED_CONDITION,
    decided_by=(
        "AL2 mode 2, with both conditions",
        "AL2 with both conditions, provers stop and data is withheld",
        "AL2 three chains",
        "AL2 three chains, two of them misbehave",
        "AL2 three chains, all of them misbehave",
        "AL2 an AggLayer that stops and resumes delays no one",
        "AL2 first condition dropped, a registered chain settles directly",
        "AL2 second condition dropped, ejection takes confirmed headers",
        "AL2 an ejected chain settles directly",
        "AL2 the cause that the post names, an AggLayer that equivocates",
        "AL2 the AggLayer alone cannot",
        "AM7 an honest AggLayer keeps both siblings",
    ),
    because="Delayed means that a header can no longer become final; an AggLayer that stops only stalls. It holds if "
    "no registered chain settles directly and confirmed headers survive an ejection, also against a sibling that the "
    "ejected chain settles by itself. The post states neither, and offers direct settlement only to chains that opt "
    "out, so nothing is refuted. That an honest AggLayer takes one of two siblings is a completion of ours; that the "
    "AggLayer alone cannot delay anyone, without a chain that equivocates, is more than the post says.",
)
claim(
    "AL3",
    source="AggLayer post, February 2024, option 3",
    says="A chain that accepts pre-confirmed states is delayed if the AggLayer equivocates or the other chain fails to "
    "produce a proof.",
    finding=Finding.GAP,
    decided_by=(
        "AL3 the named cause, a dependency without a proof",
        "AL3 two chains, the list is complete",
        "AL3 three chains, a cause further below",
        "AM7 in mode 3",
    ),
    because="The causes that are listed do delay. They are not all: with three chains one further below can be the "
    "cause. The post says if, and not only if, and says itself that a chain's proof does not suffice without those of "
    "its dependencies; so this completes the list and contradicts nothing.",
)
claim(
    "AL4",
    source="AggLayer post, February 2024, option 4",
    says="A chain that accepts states peer to peer is delayed if the other chain equivocates or fails to produce a "
    "proof.",
    finding=Finding.GAP,
    decided_by=(
        "AL4 the named cause",
        "AL4 two chains, the list is complete",
        "AL4 three chains, a cause further below",
        "AL4 three chains, causes below counted in",
    ),
    because="As for option 3: the listed causes delay, those of chains further below do too, and with them counted in "
    "the list is complete for three chains. The post does not say that its list is.",
)
claim(
    "AL6",
    source="AggLayer post, February 2024, note 3",
    says="If what a chain has built on does not become final, the chain can rebuild without it.",
    finding=Finding.CONFIRMED,
    decided_by=(
        "AL6 an honest chain recovers",
        "AL6 in mode 4, whatever a chain does",
        "AL6 hard ejection",
        "AL6 the AggLayer equivocates",
        "AL6 without rebuilding it does not",
        "AL6 three chains",
        "the limit bounds what a header names",
        "a higher limit",
        "the limit does not bound how many build on one",
    ),
    because="An honest chain can always have a final header after all, if everything on top of a discarded header goes "
    "with it, and if it may also give up on a good header that the AggLayer has passed over. The post's limit on the "
    "chains of a batch bounds what one header relies on, and not how many chains have to rebuild for one bad header; "
    "the post does not say that it does.",
)
claim(
    "AL8",
    source="AggLayer post, February 2024, phase 2",
    says="The chain, or any full node of it, can produce the proof that confirms a batch.",
    finding=Finding.CONFIRMED,
    decided_by=(
        "backup provers stand in",
        "no backup provers",
        "AL8 backup provers without the data",
    ),
    because="A chain whose own prover stops delays no one while others have its data. A full node has it by "
    "definition; a chain that withholds the data of a pre-confirmed block has no full node that could help.",
)
claim(
    "AS7",
    source="AggLayer post, February 2024, phase 2",
    says="A batch is confirmed when all that it depends on is confirmed; all examples are without cycles.",
    finding=Finding.GAP,
    decided_by=("AM6 mutual dependencies by the recursive rule", "AS7 confirmed jointly"),
    because="The rule says nothing of mutual dependencies: by its recursion none of them is ever confirmed, and a "
    "joint confirmation would do. Such a cycle arises only if a bundle is written as dependencies both ways, which is "
    "our encoding; the post commits to bundles apart from batches.",
)
claim(
    "AS9 before finality",
    source="AggLayer post, February 2024, note 3",
    says="Before finality a chain that relied on another may have to rebuild, so what it showed may be undone.",
    finding=Finding.CONFIRMED,
    decided_by=("AS9 in mode 1 nothing shown is undone", "AS9 in mode 3 a mint that users saw is undone"),
    because="The post admits the reversal; whoever credits users outside on such a state bears it. In mode 1 there is "
    "none.",
)
