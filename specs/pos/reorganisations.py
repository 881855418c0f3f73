"""What if Ethereum takes its newest checkpoint back, and Heimdall has acknowledged it (S16, L1)?"""

from typing import Final

from interlock import Finding, Holds, Violated, check, claim, reachable
from interlock.model.pos import checkpoints
from interlock.model.pos.agreement import all_is_acknowledged, checkpoints_go_on, heimdall_has_a_prefix
from interlock.model.pos.checkpoints import State


@reachable
def it_may_still_be_taken_back(s: State) -> bool:
    """A checkpoint that Ethereum may take back continues one that Heimdall has acknowledged."""
    return s.young and len(s.ethereum) == 2 and len(s.heimdall) == 1


REORG: Final = {"BLOCKS": 2, "REORGANISES": True}
AT_ONCE: Final = {**REORG, "ACK_AWAITS_FINALITY": False}

check(
    "acknowledged when final",
    checkpoints,
    REORG,
    faults={"reorg"},
    properties=(heimdall_has_a_prefix, checkpoints_go_on, all_is_acknowledged, it_may_still_be_taken_back),
    expect=Holds(distinct=10383, depth=26),
)
check(
    "acknowledged when final, 1 faulty of four",
    checkpoints,
    {"REORGANISES": True, "FAULTY_WEIGHT": 1},
    faults={"reorg", "false_root", "silence"},
    properties=(heimdall_has_a_prefix, checkpoints_go_on, all_is_acknowledged),
    expect=Holds(distinct=992, depth=11),
)
check(
    "acknowledged at once",
    checkpoints,
    AT_ONCE,
    faults={"reorg"},
    properties=(heimdall_has_a_prefix,),
    expect=Violated(heimdall_has_a_prefix, steps=8, distinct=20213),
)
check(
    "acknowledged at once, and another range lands instead",
    checkpoints,
    AT_ONCE,
    faults={"reorg"},
    properties=(checkpoints_go_on,),
    expect=Violated(checkpoints_go_on, steps=16, distinct=20213),
    about="Two ranges with one start have been accepted, the first one's buffer having expired. One lands, is "
    "acknowledged, and taken back; the other lands. Now each side waits for a range that the other refuses. No one is "
    "faulty. Our finding: nothing of the kind is known to have happened.",
)
check(
    "acknowledged at once, Ethereum takes nothing back",
    checkpoints,
    AT_ONCE,
    properties=(heimdall_has_a_prefix, checkpoints_go_on, all_is_acknowledged),
    expect=Holds(distinct=14223, depth=25),
)

claim(
    "S16 reorganisation",
    source="Heimdall x/checkpoint, the vote on MsgCpAck; its bridge, the listener of RootChain's events",
    says="A vote on an acknowledgement compares it with the contract; the bridge sends one for finalised blocks only.",
    finding=Finding.UNSTATED_CONDITION,
    decided_by=(
        "acknowledged when final",
        "acknowledged when final, 1 faulty of four",
        "acknowledged at once",
        "acknowledged at once, and another range lands instead",
        "acknowledged at once, Ethereum takes nothing back",
    ),
    because="Heimdall's copy stays right if no acknowledgement is taken before its checkpoint is final. The bridge "
    "waits, but the vote reads the contract at its newest block (GetHeaderInfo), and the message may come from anyone. "
    "So it takes an eager sender and a reorganisation of Ethereum; to stop both sides it also takes a second range "
    "with enough signatures. The owner could reset Ethereum's side. Only code was read, nothing was tried on a node. "
    "Ethereum takes back its newest checkpoint at most; two blocks, four validators.",
)
