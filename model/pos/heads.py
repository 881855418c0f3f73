"""When an honest node changes its fork, and what keeps it from doing so.

A node follows the longer chain, whichever its peers show it, until it is told of a milestone or a checkpoint:
that it pins, rewinding to it if it is on the other fork and not too deep in it.
bor, eth/downloader/whitelist and eth/bor_checkpoint_verifier.go; milestones: PIP-11.
"""

from typing import Final

from interlock import action, require
from interlock.model.pos.nodes import HONEST, RANGES, Checkpoint, Fork, State, Validator, can_rewind, is_deep, other

PINS: Final[bool] = True  # False: Bor follows the longer chain whatever is final (known to be unsafe)
SIGNING_LOCKS: Final[bool] = False  # True: who has signed a checkpoint does not leave its fork by itself


@action
def switch(s: State, v: Validator) -> None:
    """A node adopts the other fork, which has become the longer one: a reorganisation of the whole fork."""
    require(s.settled is None and not (PINS and s.pin[v] is not None))
    require(not (SIGNING_LOCKS and has_signed(s, v)))
    s.head[v] = other(s.head[v])


@action
def settle(s: State, fork: Fork) -> None:
    """Everyone has met on one fork while it was shallow, and it grows on: the other one is dead."""
    require(not is_deep() and s.settled is None and all(s.head[v] == fork for v in range(1, HONEST + 1)))
    s.settled = fork


def has_signed(s: State, v: Validator) -> bool:
    """The node has signed a checkpoint of the fork that it is on."""
    return any(v in s.signed[Checkpoint(n, s.head[v])] for n in range(1, RANGES + 1))


def pin_told(s: State, v: Validator, final: Fork) -> Fork:
    """What a node has pinned once it is told that a fork is final: the first such fork stays."""
    pinned = s.pin[v]
    return final if pinned is None else pinned


def head_told(s: State, v: Validator, final: Fork) -> Fork:
    """Where a node is once it is told that a fork is final: on what it pins, unless that lies too deep."""
    return pin_told(s, v, final) if PINS and can_rewind() else s.head[v]
