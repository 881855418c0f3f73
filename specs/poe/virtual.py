"""What a posted batch fixes before any proof: PS1, PS10, PS12, PS19.

All four rest on L1: they hold as long as L1 keeps what the nodes took for final.  The post does not speak of
reorganisations, so the checks that need one show a condition that is not stated, and refute nothing.
"""

from typing import Final

from interlock import Finding, FiniteSet, Holds, Violated, always, check, claim, reachable, recoverable, step
from interlock.model.poe import virtual
from interlock.model.poe.virtual import Item, Node, State, odd, replays, transfers


@always
def equal_prefix_equal_state(s: State, one: Node, two: Node) -> bool:
    """PS1: nodes that have executed equally many entries of L1 have the same virtual state."""
    return len(s.seen[one]) != len(s.seen[two]) or (
        transfers(s, one) == transfers(s, two) and replays(s, one) == replays(s, two) and odd(s, one) == odd(s, two)
    )


@always
def executed_is_posted(s: State, n: Node) -> bool:
    """PS1: what a node has executed is the beginning of L1."""
    return len(s.seen[n]) <= len(s.posted) and all(s.seen[n][k] == s.posted[k] for k in range(len(s.seen[n])))


@always
def once_at_most(s: State, n: Node) -> bool:
    """PS10: a signed transaction takes effect once, on its own chain, in however many batches it is."""
    return transfers(s, n) <= 1 and replays(s, n) == 0


@always
def imported_roots_are_on_l1(s: State, k: virtual.Count) -> bool:
    """PS12: a posted batch imports an exit root that L1 has."""
    return k >= len(s.posted) or virtual.known(s, s.posted[k])


@step
def final_batches_stay(old: State, new: State, k: virtual.Count) -> bool:
    """PS19: no one changes a batch that L1 has made final."""
    return k >= old.final or (k < len(new.posted) and new.posted[k] == old.posted[k])


@always
def posted_as_shown(s: State) -> bool:
    """PS19 asked too early, which no one promised: a block that users saw is the one that is posted."""
    return not s.broken_word


@reachable
def both_have_executed_all(s: State) -> bool:
    """Both nodes get to the end of L1."""
    return len(s.seen[Node.NODE]) == virtual.LENGTH and len(s.seen[Node.PROVER]) == virtual.LENGTH


@reachable
def posted_twice(s: State) -> bool:
    """A transaction does get into two batches, and a node has executed both."""
    return len([k for k in range(len(s.seen[Node.NODE])) if s.seen[Node.NODE][k] == Item.TRANSFER]) == 2


@reachable
def an_exit_root_is_imported(s: State) -> bool:
    """A batch with an exit root is posted."""
    return Item.USE_LEFT in s.posted


@recoverable
def the_shown_block_can_be_settled(s: State) -> bool:
    """PL1: the sequencer can post what it has shown, or rebuild it."""
    return s.shown is None


ROOTS: Final = {"ITEMS": FiniteSet({Item.USE_LEFT, Item.USE_RIGHT, Item.ROOT_LEFT, Item.ROOT_RIGHT})}
SIGNED: Final = {"ITEMS": FiniteSet({Item.TRANSFER, Item.FOREIGN})}
TRUSTED: Final = {"SOFT_BLOCKS": True}  # V1 to V3: one trusted sequencer, which shows L2 blocks first

check(
    "SEED, L1 may reorganise",
    virtual,
    faults={"reorg"},
    properties=(equal_prefix_equal_state, executed_is_posted, final_batches_stay, both_have_executed_all),
    expect=Holds(distinct=307, depth=12),
)
check(
    "V1 to V3, L1 may reorganise",
    virtual,
    TRUSTED,
    faults={"reorg", "breaks_word"},
    properties=(equal_prefix_equal_state, executed_is_posted, final_batches_stay, both_have_executed_all),
    expect=Holds(distinct=882, depth=15),
)
check(
    "PS1 nodes that do not wait execute what L1 drops",
    virtual,
    {"READS_FINAL_ONLY": False},
    faults={"reorg"},
    properties=(executed_is_posted,),
    expect=Violated(executed_is_posted, steps=3, distinct=11025),
    about="The post does not speak of reorganisations of L1; a node has to wait for finality, or to start again.",
)
check(
    "PS1 so two nodes differ",
    virtual,
    {"READS_FINAL_ONLY": False},
    faults={"reorg"},
    properties=(equal_prefix_equal_state,),
    expect=Violated(equal_prefix_equal_state, steps=5, distinct=11025),
    about="Two nodes that have executed one entry each, on two forks of L1.",
)
check(
    "PS1 L1 drops what was taken for final",
    virtual,
    faults={"deep_reorg"},
    properties=(executed_is_posted,),
    expect=Violated(executed_is_posted, steps=4, distinct=11025),
)
check(
    "M14 node and prover decode a transaction differently",
    virtual,
    {"DECODES_ALIKE": False},
    properties=(equal_prefix_equal_state,),
    expect=Violated(equal_prefix_equal_state, steps=4, distinct=307),
    about=("Hexens 7: users who trust the node would see a double spend once the prover's result is settled."),
)
check(
    "PS10",
    virtual,
    SIGNED,
    faults={"reorg"},
    properties=(once_at_most, posted_twice),
    expect=Holds(distinct=307, depth=12),
)
check(
    "PS10 no nonce",
    virtual,
    {**SIGNED, "NONCE_CHECKED": False},
    properties=(once_at_most,),
    expect=Violated(once_at_most, steps=6, distinct=307),
    about="Known to be unsafe: why duplicates in several batches do no harm.",
)
check(
    "PS10 no chain id",
    virtual,
    {**SIGNED, "CHAIN_ID_CHECKED": False},
    properties=(once_at_most,),
    expect=Violated(once_at_most, steps=3, distinct=307),
    about="The first contract gave every registered sequencer a chain id of its own.",
)
check(
    "PS12",
    virtual,
    {**ROOTS, **TRUSTED},
    faults={"reorg", "deep_reorg", "breaks_word"},
    properties=(imported_roots_are_on_l1, an_exit_root_is_imported),
    expect=Holds(distinct=15750, depth=38),
)
check(
    "PS12 no block is shown first",
    virtual,
    ROOTS,
    faults={"reorg", "deep_reorg"},
    properties=(imported_roots_are_on_l1, an_exit_root_is_imported),
    expect=Holds(distinct=4275, depth=31),
)
check(
    "M15 the contract does not compare the exit root after a reorganisation",
    virtual,
    {**ROOTS, **TRUSTED, "ROOT_CHECKED": False},
    faults={"reorg"},
    properties=(imported_roots_are_on_l1,),
    expect=Violated(imported_roots_are_on_l1, steps=4, distinct=999),
    about="What the map check of known exit roots prevents.",
)
check(
    "M15 a sequencer that keeps a block after a reorganisation is stuck",
    virtual,
    {**ROOTS, **TRUSTED, "REBUILDS": False},
    faults={"reorg"},
    properties=(the_shown_block_can_be_settled,),
    expect=Violated(the_shown_block_can_be_settled, steps=5, distinct=149),
    about=(
        "The outage of 22 to 25 March 2024: about 14 hours, around 4000 transactions may have been affected. A "
        "reorganisation of L1 went unnoticed, and the sequencer put an exit root into a block that L1 no longer had; "
        "the way out was an emergency and a new verifier. There no proof fitted; here the contract refuses the block."
    ),
)
check(
    "M15 one that rebuilds goes on",
    virtual,
    {**ROOTS, **TRUSTED},
    faults={"reorg"},
    properties=(the_shown_block_can_be_settled, an_exit_root_is_imported),
    expect=Holds(distinct=149, depth=14),
)
check(
    "PS19 L1 drops what was taken for final",
    virtual,
    faults={"deep_reorg"},
    properties=(final_batches_stay,),
    expect=Violated(final_batches_stay, steps=3, distinct=11025),
)
check(
    "PS19 before L1 a trusted sequencer can change its mind",
    virtual,
    TRUSTED,
    faults={"breaks_word"},
    properties=(posted_as_shown,),
    expect=Violated(posted_as_shown, steps=2, distinct=879),
    about="Blocks that a trusted sequencer has shown but not posted are soft; no one promised more.",
)

claim(
    "PS1",
    source="Proof of Efficiency post, ethresear.ch, February 2022: sequencers",
    says="The order of batches on L1 gives a deterministic new state, which every node can compute.",
    finding=Finding.UNSTATED_CONDITION,
    decided_by=(
        "SEED, L1 may reorganise",
        "V1 to V3, L1 may reorganise",
        "PS1 nodes that do not wait execute what L1 drops",
        "PS1 L1 drops what was taken for final",
        "M14 node and prover decode a transaction differently",
    ),
    because="Two conditions that the post does not state: nodes act on what L1 no longer drops, and all of them, "
    "provers too, execute alike. For equal prefixes of L1 and equal nodes it holds as said. Three entries of "
    "L1.",
)
claim(
    "PS10",
    source="Proof of Efficiency post and thread, ethresear.ch, February 2022",
    says="A transaction may be in the batches of several sequencers; bad ones are proved inside their batch.",
    finding=Finding.CONFIRMED,
    decided_by=("PS10", "PS10 no nonce", "PS10 no chain id"),
    because="That a duplicate has no effect is our reading, by nonce and chain id; the thread confirms only that a "
    "bad transaction is proved in its batch. That duplicates cost fees is no violation.",
)
claim(
    "PS12",
    source="PolygonZkEVM.sequenceBatches",
    says="A batch imports a global exit root only if the contract knows it.",
    finding=Finding.CONFIRMED,
    decided_by=(
        "PS12",
        "PS12 no block is shown first",
        "M15 the contract does not compare the exit root after a reorganisation",
        "M15 a sequencer that keeps a block after a reorganisation is stuck",
        "M15 one that rebuilds goes on",
    ),
    because="L1 drops an exit root only with the batches after it, however deep it reorganises. What fails is "
    "progress: a sequencer that keeps its block cannot have it settled. The comparison is PolygonZkEVM's, on "
    "sequencing. Three entries of L1, one exit root on each of two forks.",
)
claim(
    "PS19",
    source="Proof of Efficiency post, ethresear.ch, February 2022: virtual state",
    says="Once a batch is on L1 its place and content are fixed.",
    finding=Finding.UNSTATED_CONDITION,
    decided_by=(
        "SEED, L1 may reorganise",
        "PS19 L1 drops what was taken for final",
        "PS19 before L1 a trusted sequencer can change its mind",
    ),
    because="As fixed as L1: the post does not speak of reorganisations, and any design on L1 has this condition. "
    "Blocks that a trusted sequencer shows before they are posted are no part of the claim.",
)
