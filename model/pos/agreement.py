"""What Ethereum's checkpoints and Heimdall's copy of them owe each other (S16, L1).

Properties beside the model, since several spec files ask them.
"""

from interlock import always, reachable, recoverable
from interlock.model.pos.checkpoints import BLOCKS, State, next_start


@always
def heimdall_has_a_prefix(s: State) -> bool:
    """S16: what Heimdall has acknowledged is the first part of what Ethereum has."""
    return len(s.heimdall) <= len(s.ethereum) and all(s.heimdall[i] == s.ethereum[i] for i in range(len(s.heimdall)))


@recoverable
def checkpoints_go_on(s: State) -> bool:
    """L1: from every state the last block can still be committed, on Ethereum and in Heimdall."""
    return next_start(s.ethereum) > BLOCKS and next_start(s.heimdall) > BLOCKS


@reachable
def a_checkpoint_is_acknowledged(s: State) -> bool:
    """A checkpoint goes all the way."""
    return len(s.heimdall) > 0


@reachable
def all_is_acknowledged(s: State) -> bool:
    """Every block is committed, one by one, and each checkpoint goes all the way."""
    return len(s.heimdall) == BLOCKS
