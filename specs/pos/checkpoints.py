"""Do checkpoints join and stay (S1), does Heimdall's copy follow (S16), and did Heimdall approve them all (S17)?"""

from typing import Final

from interlock import Finding, Holds, Violated, always, check, claim, reachable, step
from interlock.model.pos import checkpoints
from interlock.model.pos.agreement import all_is_acknowledged, heimdall_has_a_prefix
from interlock.model.pos.checkpoints import State


@always
def ranges_join(s: State) -> bool:
    """S1: each checkpoint on Ethereum starts where the one before ends."""
    return all(
        s.ethereum[i].start == (1 if i == 0 else s.ethereum[i - 1].end + 1) and s.ethereum[i].start <= s.ethereum[i].end
        for i in range(len(s.ethereum))
    )


@step
def written_once(old: State, new: State) -> bool:
    """S1: what Ethereum has it keeps."""
    return len(old.ethereum) <= len(new.ethereum) and all(
        old.ethereum[i] == new.ethereum[i] for i in range(len(old.ethereum))
    )


@always
def the_buffered_is_signed(s: State) -> bool:
    """S16: the signatures that Heimdall keeps are over the checkpoint that it buffers."""
    return s.buffer is None or s.buffer.signed is None or s.buffer.signed == s.buffer.checkpoint


@always
def landed_was_approved(s: State) -> bool:
    """S17: whatever Ethereum has, Heimdall has accepted, or is still voting on."""
    return all(c in s.approved or c in s.proposed for c in s.ethereum)


@reachable
def ethereum_wins(s: State) -> bool:
    """Ethereum has a range that ends elsewhere than the one that Heimdall waits for."""
    waits = s.buffer
    return (
        waits is not None
        and len(s.heimdall) < len(s.ethereum)
        and s.ethereum[len(s.heimdall)].start == waits.checkpoint.start
        and s.ethereum[len(s.heimdall)].end != waits.checkpoint.end
    )


SAFETY: Final = (ranges_join, written_once, heimdall_has_a_prefix, the_buffered_is_signed)
ADVERSARY: Final = {"false_root", "false_ack", "silence"}
TWO_BLOCKS: Final = {"BLOCKS": 2}

check(
    "none faulty",
    checkpoints,
    TWO_BLOCKS,
    faults=ADVERSARY,
    properties=(*SAFETY, landed_was_approved, ethereum_wins, all_is_acknowledged),
    expect=Holds(distinct=7723, depth=24),
)
check(
    "1 faulty of four",
    checkpoints,
    {**TWO_BLOCKS, "FAULTY_WEIGHT": 1},
    faults=ADVERSARY,
    properties=(*SAFETY, ethereum_wins, all_is_acknowledged),
    expect=Holds(distinct=57832, depth=23),
)
check(
    "2 faulty of four",
    checkpoints,
    {**TWO_BLOCKS, "FAULTY_WEIGHT": 2},
    faults=ADVERSARY,
    properties=(*SAFETY, ethereum_wins, all_is_acknowledged),
    expect=Holds(distinct=37860, depth=20),
)
check(
    "2 faulty of six",
    checkpoints,
    {"VALIDATORS": 6, "FAULTY_WEIGHT": 2},
    faults=ADVERSARY,
    properties=(*SAFETY, all_is_acknowledged),
    expect=Holds(distinct=4140, depth=11),
)
check(
    "3 faulty of six",
    checkpoints,
    {"VALIDATORS": 6, "FAULTY_WEIGHT": 3},
    faults=ADVERSARY,
    properties=(*SAFETY, all_is_acknowledged),
    expect=Holds(distinct=3840, depth=10),
)
check(
    "4 faulty of six",
    checkpoints,
    {"VALIDATORS": 6, "FAULTY_WEIGHT": 4},
    faults=ADVERSARY,
    properties=(*SAFETY, all_is_acknowledged),
    expect=Holds(distinct=1980, depth=9),
)
check(
    "one heavy of four, 4 faulty",
    checkpoints,
    {"LAST_WEIGHT": 3, "FAULTY_WEIGHT": 4},
    faults=ADVERSARY,
    properties=(*SAFETY, all_is_acknowledged),
    expect=Holds(distinct=396, depth=9),
)
check(
    "3 faulty of four, S1 holds all the same",
    checkpoints,
    {**TWO_BLOCKS, "FAULTY_WEIGHT": 3},
    properties=(ranges_join, written_once, all_is_acknowledged),
    expect=Holds(distinct=22896, depth=16),
)
check(
    "3 faulty of four acknowledge what is not there",
    checkpoints,
    {"FAULTY_WEIGHT": 3},
    faults=ADVERSARY,
    properties=(heimdall_has_a_prefix,),
    expect=Violated(heimdall_has_a_prefix, steps=3, distinct=2016),
)
check(
    "3 faulty of four sign another than they accept",
    checkpoints,
    {"FAULTY_WEIGHT": 3},
    faults=ADVERSARY,
    properties=(the_buffered_is_signed,),
    expect=Violated(the_buffered_is_signed, steps=2, distinct=2016),
)

# Signatures outlive the vote: one that a faulty validator withholds in Heimdall, it can add on Ethereum.
check(
    "1 faulty of four, a rejected checkpoint lands",
    checkpoints,
    {"FAULTY_WEIGHT": 1},
    properties=(landed_was_approved,),
    expect=Violated(landed_was_approved, steps=5, distinct=272),
)

# The known-bad variants.
check(
    "M13 signatures by plurality",
    checkpoints,
    {**TWO_BLOCKS, "FAULTY_WEIGHT": 2, "SIGNATURES_NEED_QUORUM": False},
    properties=(the_buffered_is_signed,),
    expect=Violated(the_buffered_is_signed, steps=3, distinct=31794),
    about="Heimdall took the checkpoint signatures that most votes agreed on, not more than two thirds; fixed in the "
    "Phuket upgrade.",
)
check(
    "M13 signatures by plurality, 1 faulty of four",
    checkpoints,
    {**TWO_BLOCKS, "FAULTY_WEIGHT": 1, "SIGNATURES_NEED_QUORUM": False},
    properties=(the_buffered_is_signed, all_is_acknowledged),
    expect=Holds(distinct=22224, depth=21),
    about="The same, below the bound: honest signers outnumber the faulty ones in every vote that passes.",
)
check(
    "M14 two proposals in a block",
    checkpoints,
    {**TWO_BLOCKS, "ONE_A_BLOCK": False},
    properties=(the_buffered_is_signed,),
    expect=Violated(the_buffered_is_signed, steps=6, distinct=35527),
    about="Audit of heimdall-v2, finding 017 (high): of two checkpoint messages in one block the first was stored and "
    "the last was signed.",
)
check(
    "M15 any acknowledgement",
    checkpoints,
    {**TWO_BLOCKS, "ACK_IS_COMPARED": False},
    faults={"false_ack"},
    properties=(heimdall_has_a_prefix,),
    expect=Violated(heimdall_has_a_prefix, steps=6, distinct=38353),
    about="Audit of heimdall-v2, finding 019 (high): an acknowledgement with any number, from any sender, was taken.",
)
check(
    "M22 the owner deletes checkpoints",
    checkpoints,
    TWO_BLOCKS,
    faults={"governance"},
    properties=(written_once,),
    expect=Violated(written_once, steps=6, distinct=13163),
    about="RootChain.setNextHeaderBlock, for the owner alone: deletes every checkpoint after a number. No incident; "
    "short of an upgrade of the contract, it is the one way to rewrite what Ethereum has.",
)
check(
    "M22 ranges join all the same",
    checkpoints,
    TWO_BLOCKS,
    faults={"governance"},
    properties=(ranges_join, all_is_acknowledged),
    expect=Holds(distinct=13163, depth=25),
    about="The same step: whatever is left and what follows still join.",
)
check(
    "M22 Heimdall is ahead of Ethereum",
    checkpoints,
    TWO_BLOCKS,
    faults={"governance"},
    properties=(heimdall_has_a_prefix,),
    expect=Violated(heimdall_has_a_prefix, steps=8, distinct=13163),
    about="The same step: Heimdall is not told, and its copy has what Ethereum has deleted.",
)

claim(
    "S1",
    source="RootChain.submitCheckpoint and setNextHeaderBlock",
    says="A checkpoint starts where the last one ends, and is not changed; the owner can reset the next header block.",
    finding=Finding.CONFIRMED,
    decided_by=(
        "none faulty",
        "1 faulty of four",
        "2 faulty of four",
        "2 faulty of six",
        "3 faulty of six",
        "4 faulty of six",
        "one heavy of four, 4 faulty",
        "3 faulty of four, S1 holds all the same",
        "M22 the owner deletes checkpoints",
        "M22 ranges join all the same",
    ),
    because="The contract compares the start alone, so no weight of faulty validators breaks it; only the owner does, "
    "as the code says. Numbers join: whether blocks do is S19. Two blocks with four validators, one with six.",
)
claim(
    "S16",
    source="Heimdall x/checkpoint, MsgCheckpoint and MsgCpAck",
    says="Heimdall buffers one checkpoint, its signatures are over that one, and it records what Ethereum has.",
    finding=Finding.CONFIRMED,
    decided_by=(
        "none faulty",
        "1 faulty of four",
        "2 faulty of four",
        "2 faulty of six",
        "3 faulty of six",
        "4 faulty of six",
        "one heavy of four, 4 faulty",
        "3 faulty of four acknowledge what is not there",
        "3 faulty of four sign another than they accept",
        "M13 signatures by plurality",
        "M14 two proposals in a block",
        "M15 any acknowledgement",
        "M22 Heimdall is ahead of Ethereum",
    ),
    because="Holds for the rules as they are now, below Q(T) of faulty weight, and fails for each of three rules as "
    "they were. Where Ethereum's range ends elsewhere than the buffered one, Ethereum wins, and that is no violation. "
    "A reset by the owner leaves Heimdall ahead. Plurality needs faulty signers to outnumber honest ones in a vote "
    "that passes: two of four, not one.",
)
claim(
    "S17 withheld signature",
    source="Polygon PoS architecture page, Heimdall, checkpoints",
    says="Validators vote in Heimdall on a checkpoint, and the proposer publishes it on Ethereum once it has a quorum. "
    "We read it as: what lands was accepted, or is being voted on.",
    finding=Finding.UNSTATED_CONDITION,
    decided_by=("none faulty", "1 faulty of four, a rejected checkpoint lands"),
    because="With equal weights on both sides, what lands was approved if no one is faulty. One faulty validator of "
    "four can stay silent in a vote that fails for lack of it, and add its signature on Ethereum, where anyone may "
    "submit: it needs honest validators that are late, and lands a true root (S3). Nothing is lost by it. That the "
    "honest signatures of a failed vote are public is our reading of the vote extensions.",
)
