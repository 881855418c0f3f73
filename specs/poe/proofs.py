"""Who is paid for which proof, and what is settled: PS2, PS3, PS5, PS7, PS7b, PS8, PS9, PL1, PL7.

The design of the post is the default; V0 to V3 are the contracts that followed.  Three headlines, each with
its limits: a statement that binds roots only lets a proof stand for other batches (the post leaves the
statement open, so nothing is refuted); averaged rewards break the rule of the post that fees go
to whoever proved the batch (in all contracts from V1 on, and intended there); and without the payee in
the statement a proof is copied out of the mempool (in V0 only).
"""

from typing import Final

from interlock import Finding, FiniteSet, Holds, Violated, always, check, claim, reachable, recoverable, step
from interlock.model.poe import proofs
from interlock.model.poe.proofs import Aggregator, Binds, L2Fees, Op, Sequencer, State, pool, virtual

# Seed: the constants' defaults.  The later contracts bind the batches by the hash of their data.
V0: Final = {"RUN": 1, "PAYEE_BOUND": False}  # ProofOfEfficiency.sol v0.0.1 to v0.0.3, 2022
V1: Final = {"AVERAGES": True}  # PolygonZkEVM.sol, mainnet beta, 2023
V2: Final = {"AVERAGES": True}  # PolygonRollupManager.sol with Etrog rollups, 2024
V3: Final = {"AVERAGES": True, "AGGREGATORS": 1}  # the manager of agglayer-contracts: one trusted aggregator


@always
def settled_is_virtual(s: State) -> bool:
    """PS2: the settled root is what the first batches give, executed in the order of L1."""
    return s.root == virtual(s, s.verified)


@always
def proved_in_order(s: State) -> bool:
    """PS3: every verified batch was proved, as posted, after all those before it."""
    return s.in_order


@always
def proofs_agree(s: State, one: Aggregator, two: Aggregator) -> bool:
    """PS5: two proofs of the same batches from the same root have the same result."""
    p = s.sent[one]
    q = s.sent[two]
    if p is None or q is None:
        return True
    return (p.init, p.final, p.old) != (q.init, q.final, q.old) or p.new == q.new


@always
def fees_of_the_proved_batches(s: State, a: Aggregator) -> bool:
    """PS7: an aggregator is paid exactly the fees deposited for the batches it verified."""
    return s.paid[a] == s.owed[a]


@always
def no_more_than_deposited(s: State) -> bool:
    """PS7b, the weak form: the contract never pays more than it got."""
    return pool(s) >= 0


@always
def all_paid_in_the_end(s: State) -> bool:
    """PS7b: once every batch is verified nothing is left, but for rounding."""
    return s.verified < len(s.batch) or pool(s) < proofs.RUN


@always
def nothing_is_left(s: State) -> bool:
    """PS7b without rounding: once every batch is verified the contract holds nothing."""
    return s.verified < len(s.batch) or pool(s) == 0


@always
def paid_to_the_prover(s: State, a: Aggregator) -> bool:
    """PS8: an aggregator is paid for the proofs that it made, and for no others."""
    return s.paid[a] == s.earned[a]


@always
def l2_fees_to_the_sequencer(s: State, q: Sequencer) -> bool:
    """PS9: the L2 fees of a batch, two a batch here, go to its sequencer, and nothing else does."""
    return s.credited[q] == sum(2 for k in range(proofs.BATCHES) if k < s.verified and s.batch[k].by == q)


@step
def late_proofs_change_nothing(old: State, new: State) -> bool:
    """PL7: a transaction that verifies no new batch pays nothing, and leaves the root."""
    return new.verified > old.verified or (new.root == old.root and new.paid == old.paid)


@always
def only_work_is_paid(s: State) -> bool:
    """A cost, promised by no one: nobody is paid for a batch without effect."""
    return all(s.paid[a] == 0 for a in Aggregator) or s.batch[0].op != Op.NOOP


@reachable
def everything_is_verified(s: State) -> bool:
    """A full queue does get verified."""
    return s.verified == proofs.BATCHES


@reachable
def two_no_ops_are_verified(s: State) -> bool:
    """Two batches without effect can be verified, in a run that ends in a change."""
    return s.verified == proofs.BATCHES and s.batch[0].op == Op.NOOP and s.batch[1].op == Op.NOOP


@reachable
def two_aggregators_are_paid(s: State, one: Aggregator, two: Aggregator) -> bool:
    """No aggregator needs to be the only one."""
    return one != two and s.paid[one] > 0 and s.paid[two] > 0


@reachable
def a_copy_comes_first(s: State, maker: Aggregator, a: Aggregator) -> bool:
    """A copy waits in the mempool beside the proof that it was made of, and both still fit."""
    p = s.sent[maker]
    return a != maker and p is not None and p.maker == maker and p == s.sent[a] and p.init == s.verified


@reachable
def a_proof_comes_late(s: State, a: Aggregator) -> bool:
    """Two race, and one is late."""
    p = s.sent[a]
    return p is not None and p.final <= s.verified


@recoverable
def every_batch_can_be_verified(s: State) -> bool:
    """PL1: whatever was posted, all of it can still be verified."""
    return s.verified == len(s.batch)


SAFETY: Final = (settled_is_virtual, proved_in_order, proofs_agree, no_more_than_deposited, late_proofs_change_nothing)
RULES: Final = (*SAFETY, fees_of_the_proved_batches, all_paid_in_the_end, paid_to_the_prover, l2_fees_to_the_sequencer)
REPEATING: Final = {"OPS": FiniteSet({Op.UP, Op.DOWN, Op.NOOP}), "AGGREGATORS": 1}  # roots repeat
GROWING: Final = {"OPS": FiniteSet({Op.UP, Op.LEAP}), "ROOTS": 7, "AGGREGATORS": 1}  # no root repeats
RACE: Final = {"FEES": FiniteSet({1, 6})}
COPIED: Final = (paid_to_the_prover, a_copy_comes_first)

# The verdicts of the seed, and of the contracts.
check(
    "SEED",
    proofs,
    RACE,
    faults={"copy"},
    properties=(*RULES, everything_is_verified, two_aggregators_are_paid, a_proof_comes_late, a_copy_comes_first),
    expect=Holds(distinct=9789, depth=13),
)
check(
    "SEED roots repeat",
    proofs,
    REPEATING,
    faults={"false_start"},
    properties=(*RULES, everything_is_verified),
    expect=Holds(distinct=2650, depth=8),
)
check(
    "SEED two sequencers",
    proofs,
    {"SEQUENCERS": 2},
    properties=(*RULES, everything_is_verified),
    expect=Holds(distinct=3289, depth=9),
)
check("V0", proofs, {**RACE, **V0}, properties=(*RULES, everything_is_verified), expect=Holds(distinct=1795, depth=11))
check(
    "V0 PS8 a proof is copied",
    proofs,
    {**RACE, **V0},
    faults={"copy"},
    properties=(paid_to_the_prover,),
    expect=Violated(paid_to_the_prover, steps=4, distinct=16403),
    about=(
        "ProofOfEfficiency.sol v0.0.1 to v0.0.3 (2022): the statement has no address, so whoever's transaction "
        "comes first is paid for a proof that another made."
    ),
)
check(
    "V1",
    proofs,
    {**RACE, **V1},
    faults={"copy"},
    properties=(*SAFETY, *COPIED, all_paid_in_the_end, everything_is_verified),
    expect=Holds(distinct=26417, depth=13),
)
check(
    "V1 PS7 a batch pays the average",
    proofs,
    {**RACE, **V1},
    properties=(fees_of_the_proved_batches,),
    expect=Violated(fees_of_the_proved_batches, steps=4, distinct=10461),
    about=(
        "PolygonZkEVM.calculateRewardPerBatch: the pool divided by the batches that await. Fees 1 and 6: the "
        "first batch pays 3."
    ),
)
check(
    "V2",
    proofs,
    {**RACE, **V2},
    faults={"copy"},
    properties=(*SAFETY, *COPIED, all_paid_in_the_end, everything_is_verified),
    expect=Holds(distinct=26417, depth=13),
)
check(
    "V2 PS7 a batch pays the average",
    proofs,
    {**RACE, **V2},
    properties=(fees_of_the_proved_batches,),
    expect=Violated(fees_of_the_proved_batches, steps=4, distinct=10461),
    about=(
        "PolygonRollupManager.calculateRewardPerBatch: the same, over all rollups; the Sigma Prime audit names it "
        "(LXLY-02), the team keeps it."
    ),
)
check(
    "V3",
    proofs,
    {**RACE, **V3},
    properties=(*SAFETY, all_paid_in_the_end, everything_is_verified),
    expect=Holds(distinct=451, depth=8),
)
check(
    "V3 PS7 a batch pays the average",
    proofs,
    {**RACE, **V3},
    properties=(fees_of_the_proved_batches,),
    expect=Violated(fees_of_the_proved_batches, steps=4, distinct=451),
    about="Unchanged in agglayer-contracts, where the trusted aggregator says who is paid.",
)

check(
    "SEED four batches",
    proofs,
    {**RACE, "BATCHES": 4},
    faults={"copy"},
    properties=(*RULES, everything_is_verified, two_aggregators_are_paid),
    expect=Holds(distinct=64093, depth=16),
    slow=True,
)
check(
    "SEED four batches, roots repeat, runs of three",
    proofs,
    {**REPEATING, "BATCHES": 4, "RUN": 3},
    faults={"false_start"},
    properties=(*RULES, everything_is_verified),
    expect=Holds(distinct=18067, depth=9),
)
check(
    "V1 four batches",
    proofs,
    {**RACE, **V1, "BATCHES": 4},
    faults={"copy"},
    properties=(*SAFETY, *COPIED, all_paid_in_the_end, everything_is_verified),
    expect=Holds(distinct=303791, depth=16),
    slow=True,
)
check(
    "V1 five batches",
    proofs,
    {**RACE, **V1, "BATCHES": 5},
    faults={"copy"},
    properties=SAFETY,
    expect=Holds(distinct=2509557, depth=19),
    slow=True,
)

# PS2, PS3: what the statement has to bind.  Steps: two batches, one proof, one verification.
check(
    "PS2 roots only, one batch is taken for two",
    proofs,
    {**REPEATING, "BINDS": Binds.ROOTS},
    properties=(settled_is_virtual,),
    expect=Violated(settled_is_virtual, steps=4, distinct=1715),
    about=(
        "The post leaves the statement of a proof open. If it has the two roots and nothing else, the caller says "
        "how many batches it stands for."
    ),
)
check(
    "PS2 roots only, though no root repeats",
    proofs,
    {**GROWING, "BINDS": Binds.ROOTS},
    properties=(settled_is_virtual,),
    expect=Violated(settled_is_virtual, steps=4, distinct=521),
    about="Roots that never repeat do not help: it is the number of batches that is not bound.",
)
check(
    "PS2 with the count, a root that repeats lets one batch stand for another",
    proofs,
    {**REPEATING, "BINDS": Binds.COUNT},
    properties=(settled_is_virtual,),
    expect=Violated(settled_is_virtual, steps=4, distinct=1243),
    about=(
        "A first batch without effect leaves the root as it was, so a proof of the second batch starts where the "
        "first does."
    ),
)
check(
    "PS2 with the count, if no root repeats",
    proofs,
    {**GROWING, "BINDS": Binds.COUNT},
    properties=(settled_is_virtual, proved_in_order, everything_is_verified),
    expect=Holds(distinct=249, depth=8),
    about=(
        "A counter or a time in the state makes every root new; then the count is enough, as long as only posted "
        "batches can be proven."
    ),
)
check(
    "PS2 with the count, but the prover may make up a batch",
    proofs,
    {**GROWING, "BINDS": Binds.COUNT, "PROVES_POSTED_ONLY": False},
    faults={"made_up_batch"},
    properties=(settled_is_virtual,),
    expect=Violated(settled_is_virtual, steps=3, distinct=979),
    about=(
        "The post takes for granted that a proof exists only if the posted batches were processed. A statement "
        "that does not bind their data cannot carry that."
    ),
)
check(
    "PS2 batches bound, made-up batches are refused",
    proofs,
    {**REPEATING, "PROVES_POSTED_ONLY": False},
    faults={"made_up_batch", "false_start"},
    properties=(settled_is_virtual, proved_in_order, everything_is_verified),
    expect=Holds(distinct=2995, depth=8),
    about=(
        "All contracts bind the batches: by their data or number in the first, by the accumulated input hash from "
        "PolygonZkEVM on."
    ),
)
check(
    "PS3 roots only, a batch is skipped",
    proofs,
    {**GROWING, "BINDS": Binds.ROOTS},
    properties=(proved_in_order,),
    expect=Violated(proved_in_order, steps=4, distinct=521),
    about="The same trace as for PS2: a batch counts as verified, and was never proved.",
)
check(
    "M24 the prover chooses the start, a batch is skipped",
    proofs,
    {"CHECKS_START": False, "AGGREGATORS": 1},
    properties=(proved_in_order,),
    expect=Violated(proved_in_order, steps=4, distinct=57),
    about="A start that is not compared with what is settled, as if taken from any pending entry.",
)
check(
    "M24 the prover chooses the start, the root is wrong",
    proofs,
    {"CHECKS_START": False, "AGGREGATORS": 1},
    faults={"false_start"},
    properties=(settled_is_virtual,),
    expect=Violated(settled_is_virtual, steps=3, distinct=471),
    about="A sound proof, applied to a root that was never settled.",
)
check(
    "M13 the proof system accepts a wrong root",
    proofs,
    {"AGGREGATORS": 1},
    faults={"unsound_prover"},
    properties=(settled_is_virtual,),
    expect=Violated(settled_is_virtual, steps=3, distinct=416),
    about=(
        "Constraints that were missing, and were added before launch: forged inclusion in storage (Hexens 2), "
        "a free jump condition (Hexens 4)."
    ),
)
check(
    "M13 two proofs disagree",
    proofs,
    faults={"unsound_prover"},
    properties=(proofs_agree,),
    expect=Violated(proofs_agree, steps=3, distinct=20092),
    about="The same missing constraints: what was right stays provable, and the wrong root becomes so.",
)
check(
    "M13 the sequencer is credited too much",
    proofs,
    {"AGGREGATORS": 1},
    faults={"unsound_credit"},
    properties=(l2_fees_to_the_sequencer,),
    expect=Violated(l2_fees_to_the_sequencer, steps=3, distinct=162),
    about=(
        "A context error in the prover's program credited additional ether to the sequencer (Hexens 3), fixed "
        "before launch."
    ),
)
check(
    "PS9 the other reading, the aggregator takes a part",
    proofs,
    {"L2_FEES": L2Fees.SHARED, "AGGREGATORS": 1},
    properties=(l2_fees_to_the_sequencer,),
    expect=Violated(l2_fees_to_the_sequencer, steps=3, distinct=41),
    about=(
        "The post has the aggregator collect a part of the transaction fees in one place, and gives all of them "
        "to the sequencer in another."
    ),
)

# PS7, PS8: the rules for rewards, one guard at a time.
check(
    "M2 averaged rewards",
    proofs,
    {**RACE, "AVERAGES": True},
    properties=(fees_of_the_proved_batches,),
    expect=Violated(fees_of_the_proved_batches, steps=4, distinct=10461),
    about=(
        "LXLY-02 (Sigma Prime), accepted: the reward is an average of the queue and not the fee of the proved "
        "batches. A forced batch costs a hundred times as much, so the difference can be large."
    ),
)
check(
    "M2 the weak rule survives it",
    proofs,
    {**RACE, "AVERAGES": True},
    properties=(no_more_than_deposited, all_paid_in_the_end, everything_is_verified),
    expect=Holds(distinct=10461, depth=11),
)
check(
    "M2 averages are rounded",
    proofs,
    {**RACE, "AVERAGES": True},
    properties=(nothing_is_left,),
    expect=Violated(nothing_is_left, steps=4, distinct=10461),
    about="Fees 1 and 6, both verified at once: 6 are paid, and 1 stays.",
)
check(
    "M1 the statement does not name the payee",
    proofs,
    {"PAYEE_BOUND": False},
    faults={"copy"},
    properties=(paid_to_the_prover,),
    expect=Violated(paid_to_the_prover, steps=4, distinct=3319),
    about="The contract of early 2022; closed with msg.sender in the hash that the proof is about.",
)
check(
    "a late proof is paid too",
    proofs,
    {"CHECKS_NEW": False},
    properties=(late_proofs_change_nothing,),
    expect=Violated(late_proofs_change_nothing, steps=5, distinct=1893),
    about="Why the post has late proofs revert.",
)
check(
    "a late proof takes the fees of other batches",
    proofs,
    {"CHECKS_NEW": False},
    properties=(no_more_than_deposited,),
    expect=Violated(no_more_than_deposited, steps=5, distinct=1893),
    about="Why the post has late proofs revert: else the pool is overdrawn.",
)
check(
    "a batch without effect is paid like any other",
    proofs,
    REPEATING,
    properties=(only_work_is_paid,),
    expect=Violated(only_work_is_paid, steps=3, distinct=769),
    about="A cost, not a fault: invalid and duplicate transactions are posted, paid for and proved without effect.",
)

# PL1: what can keep a batch from being verified for ever.
check(
    "PL1 SEED",
    proofs,
    REPEATING,
    properties=(every_batch_can_be_verified,),
    expect=Holds(distinct=769, depth=8),
)
check(
    "PL1 fees below the cost, a boot aggregator",
    proofs,
    {"COST": 3},
    properties=(every_batch_can_be_verified,),
    expect=Holds(distinct=469, depth=9),
    about="The post's boot aggregator proves at a set frequency, whatever it pays.",
)
check(
    "PL1 fees below the cost, no boot aggregator",
    proofs,
    {"COST": 3, "BOOT": False},
    properties=(every_batch_can_be_verified,),
    expect=Violated(every_batch_can_be_verified, steps=1, distinct=4),
    about=(
        "No run that a proof may cover pays what it costs, and nobody proves regardless. The fee is adjusted "
        "for future batches; those already posted keep theirs."
    ),
)
check(
    "PL1 no new state reverts, two no-ops block proofs of two batches",
    proofs,
    {**REPEATING, "NO_CHANGE_REVERTS": True},
    properties=(every_batch_can_be_verified,),
    expect=Violated(every_batch_can_be_verified, steps=2, distinct=637),
    about=(
        "The rule for late proofs, taken to the letter and for all proofs, with a limit on the length of a run: "
        "as many batches without effect as a proof can cover block the rest. Contracts compare batch numbers and "
        "are not affected."
    ),
)
check(
    "PL1 no new state reverts, a longer run passes",
    proofs,
    {**REPEATING, "NO_CHANGE_REVERTS": True, "RUN": 3},
    properties=(settled_is_virtual, two_no_ops_are_verified),
    expect=Holds(distinct=768, depth=8),
    about="The post sets no limit: a run that ends in a change passes.",
)
check(
    "PL1 a batch that the prover cannot handle",
    proofs,
    {"OPS": FiniteSet({Op.UP, Op.POISON}), "AGGREGATORS": 1},
    properties=(every_batch_can_be_verified,),
    expect=Violated(every_batch_can_be_verified, steps=1, distinct=80),
    about=(
        "The nodes execute it and the prover cannot: Hexens 7 was a difference between node and prover of this kind."
    ),
)

claim(
    "PS2",
    source="Proof of Efficiency post, ethresear.ch, February 2022: aggregators",
    says="The contract accepts the first valid proof that brings a new valid state and covers one or more of the "
    "posted batches; a proof exists only if these were processed, all of them and in order.",
    finding=Finding.GAP,
    decided_by=(
        "SEED",
        "SEED roots repeat",
        "V0",
        "V1",
        "V2",
        "V3",
        "PS2 roots only, one batch is taken for two",
        "PS2 with the count, a root that repeats lets one batch stand for another",
        "PS2 with the count, if no root repeats",
        "PS2 with the count, but the prover may make up a batch",
    ),
    because="The text leaves room for it and is not refuted: it does not say what the statement of a proof binds, "
    "and the comparison of roots is given for late proofs. With the batches bound, as in all contracts, PS2 "
    "holds; with the two roots alone, or with the count where roots repeat, it fails. Two assumptions of these "
    "traces are ours: the caller says where a run ends, and a run has a greatest length. Sound prover, three batches, "
    "runs of two.",
)
claim(
    "PS3",
    source="Proof of Efficiency post, ethresear.ch, February 2022: aggregators",
    says="Every posted batch is processed, in the order of L1.",
    finding=Finding.GAP,
    decided_by=(
        "SEED",
        "PS3 roots only, a batch is skipped",
        "M24 the prover chooses the start, a batch is skipped",
    ),
    because="Left open as for PS2, and not refuted: it holds if the statement says which batches it is about, and "
    "the contract compares where they start. Three batches, runs of two.",
)
claim(
    "PS7",
    source="Proof of Efficiency post, ethresear.ch, February 2022: distribution of fees",
    says="The fees deposited for the batches that a proof covers go to the aggregator that proved them.",
    finding=Finding.DIFFERS,
    decided_by=(
        "SEED",
        "V0",
        "V1 PS7 a batch pays the average",
        "V2 PS7 a batch pays the average",
        "V3 PS7 a batch pays the average",
    ),
    because="It holds for the design of the post and for the first contracts. From PolygonZkEVM on a batch pays the "
    "average of those that await; the team calls that intended. So this is a difference in deployment, not a "
    "defect of the post. Three batches with fees of 1 and 6, two aggregators; in V3 the one that is trusted.",
)
claim(
    "PS7b",
    source="PolygonZkEVM.calculateRewardPerBatch and its successors",
    says="What is paid for proofs comes out of the fees that were deposited.",
    finding=Finding.CONFIRMED,
    decided_by=(
        "V1",
        "V2",
        "V3",
        "M2 the weak rule survives it",
        "M2 averages are rounded",
        "a late proof takes the fees of other batches",
    ),
    because="The weak form that averaging keeps: never more than was deposited, and all of it in the end, up to "
    "rounding. Late proofs have to revert for it. Rollbacks and several rollups are in fees.py.",
)
claim(
    "PS8",
    source="Proof of Efficiency post, ethresear.ch, February 2022: aggregators",
    says="The first aggregator to produce the proof earns the fees.",
    finding=Finding.GAP,
    decided_by=("SEED", "V1", "V2", "M1 the statement does not name the payee"),
    because="The post does not say whether the statement names whom to pay. If it does, as from v0.0.4 of the "
    "contract on, PS8 holds even with copiers; if not, a proof is copied from the mempool. A reply in the "
    "thread speaks of front-running between aggregators, not of copied proofs. Two aggregators, one transaction of "
    "each at a time.",
)
claim(
    "PS8-V0",
    source="Proof of Efficiency post, ethresear.ch, February 2022, as built in ProofOfEfficiency.sol v0.0.1 to v0.0.3",
    says="The first aggregator to produce the proof earns the fees.",
    finding=Finding.DIFFERS,
    decided_by=("V0", "V0 PS8 a proof is copied"),
    because="Fair for these versions only: in verifyBatch the input of the proof has no address, so the sender of a "
    "copy is paid. They never reached mainnet.",
)
claim(
    "PS9",
    source="Proof of Efficiency post, ethresear.ch, February 2022, and the reply by davidsrz",
    says="The fees that users pay on L2 go to the sequencer of the batch, which a valid proof enforces; elsewhere "
    "in the post the aggregator collects a part of them.",
    finding=Finding.GAP,
    decided_by=(
        "SEED two sequencers",
        "PS9 the other reading, the aggregator takes a part",
        "M13 the sequencer is credited too much",
    ),
    because="The post says both, and only one can be the rule. We encode that all of it goes to the sequencer: that "
    "holds for a sound prover, and is false of a design after the other reading. Two sequencers, two aggregators.",
)
claim(
    "PL1",
    source="Proof of Efficiency post, ethresear.ch, February 2022: aggregators, boot aggregator",
    says="Posted batches get verified: an aggregator will find it worth the fees, and in the early phase a boot "
    "aggregator proves at a set frequency.",
    finding=Finding.UNSTATED_CONDITION,
    decided_by=(
        "PL1 SEED",
        "PL1 fees below the cost, a boot aggregator",
        "PL1 fees below the cost, no boot aggregator",
        "PL1 a batch that the prover cannot handle",
    ),
    because="In the form that a batch can still be verified, not that it will be. It takes a prover that is willing, "
    "by its fees or as the boot aggregator, and that can handle whatever the nodes execute; the latter is "
    "not stated.",
)
claim(
    "PL1b",
    source="Proof of Efficiency post, ethresear.ch, February 2022: late proofs",
    says="A transaction whose proof brings no new state reverts.",
    finding=Finding.GAP,
    decided_by=(
        "PL1 no new state reverts, two no-ops block proofs of two batches",
        "PL1 no new state reverts, a longer run passes",
    ),
    because="The text leaves room for it, no more. Three assumptions are ours: a limit on the length of a run, the "
    "rule applied to all proofs and not to late ones only, and a root without a counter or a time. Contracts "
    "compare batch numbers.",
)
claim(
    "PL7",
    source="Proof of Efficiency post, ethresear.ch, February 2022: late proofs",
    says="A proof that comes late costs its aggregator the work and little gas, and changes nothing.",
    finding=Finding.CONFIRMED,
    decided_by=("SEED", "a late proof is paid too"),
    because="A late transaction reverts in the model too, so what is checked is that no payment or root depends on "
    "it, copies included. Gas is not modelled.",
)
