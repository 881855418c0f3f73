"""State sync in, the timing: do all nodes deliver the same records in the same Bor block?

Every node runs the system call itself when it executes a block, on the records that its own Heimdall gives it:
those with the next ids whose time lies in a window (Bor's CommitStates).  Nodes execute a block at different times,
may have another fork in their database than the block's, and a Heimdall may be behind.  If the block and its chain
alone fix the window, and it closes early enough, none of that matters.
Left out: what the records say, and whether they are true, which is `state_sync.py`; which fork wins.
"""

from typing import Annotated, Final

from interlock import Enum, FiniteSet, Map, Range, Scalarset, action, auto, filled, initial, require, state

NODES: Final = 2
FORKS: Final = 2  # forks of Bor, from one genesis
BLOCKS: Final = 2  # blocks of a fork, each the first of a sprint
IDS: Final = 1  # records
TIMES: Final = 3
DELAY: Final = 2  # a record is due in a block that is later by so much
LAG: Final = 2  # how far a Heimdall may be behind the others
END_BY_BLOCK: Final[bool] = True  # False: the window ends with a header in the node's database (known to be unsafe)
START_BY_CHAIN: Final[bool] = True  # False: it begins after the last id in the node's database (known to be unsafe)
WAITS_FOR_ANSWER: Final[bool] = True  # False: no answer from Heimdall counts as no records (known to be unsafe)
ONE_LIMIT: Final[bool] = True  # False: some nodes run with a smaller limit of a record's size (known to be unsafe)

Id = Annotated[int, Range(1, IDS)]
Number = Annotated[int, Range(1, BLOCKS)]
Time = Annotated[int, Range(0, TIMES)]
Count = Annotated[int, Range(0, IDS)]


class Node(Scalarset, size=NODES):
    """An honest node: Bor, and the Heimdall that it asks."""


class Fork(Scalarset, size=FORKS):
    """A chain of Bor blocks."""


class Content(Enum):
    """What a node's Heimdall holds under an id."""

    NONE = auto()
    FULL = auto()
    EMPTIED = auto()


@state
class State:
    """The records with their times, the blocks with theirs, and how far each node has got."""

    now: Time = 0
    recorded: Map[Id, Time | None] = filled(None)  # when Heimdall approved the record
    small: FiniteSet[Node] = FiniteSet()  # the nodes with the smaller limit
    content: Map[Node, Map[Id, Content]] = filled(filled(Content.NONE))
    produced: Map[Fork, Map[Number, Time | None]] = filled(filled(None))
    home: Map[Node, Fork | None] = filled(None)  # the fork in the node's database
    last: Map[Node, Map[Fork, Map[Number, Count | None]]] = filled(filled(filled(None)))  # lastStateId after a block


@initial
def settle_nodes(s: State, home: Map[Node, Fork], small: FiniteSet[Node]) -> None:
    """Each node is on a fork; its limit is a matter of the version that it runs."""
    require(not ONE_LIMIT or len(small) == 0)
    for n in Node:
        s.home[n] = home[n]
    s.small = small


@action
def tick(s: State) -> None:
    """Time passes."""
    require(s.now < TIMES)
    s.now += 1


@action
def approve(s: State, i: Id, large: bool) -> None:
    """Heimdall approves a record; ids may come out of order.  Each node keeps it as its own limit allows."""
    require(s.recorded[i] is None)
    s.recorded[i] = s.now
    for n in Node:
        s.content[n][i] = Content.EMPTIED if large and n in s.small else Content.FULL


@action
def produce(s: State, f: Fork, b: Number) -> None:
    """A producer puts out the next block of a fork, with the present time in its header."""
    require(s.produced[f][b] is None and (b == 1 or s.produced[f][b - 1] is not None))
    require(s.now > (0 if b == 1 else time_of(s, f, b - 1)))
    s.produced[f][b] = s.now


@action
def execute(s: State, n: Node, f: Fork, b: Number) -> None:
    """A node executes the next block of a fork; its Heimdall is up to date."""
    require(may_execute(s, n, f, b))
    s.last[n][f][b] = due(s, n, f, b, 0)


@action(fault="lag")
def execute_behind(s: State, n: Node, f: Fork, b: Number) -> None:
    """A node executes the next block, and its Heimdall is as far behind as it may be; less would show no other list."""
    require(may_execute(s, n, f, b))
    s.last[n][f][b] = due(s, n, f, b, LAG)


@action(fault="no_answer")
def execute_unanswered(s: State, n: Node, f: Fork, b: Number) -> None:
    """A node executes the next block although its Heimdall does not answer."""
    require(may_execute(s, n, f, b) and not WAITS_FOR_ANSWER)
    s.last[n][f][b] = before(s, n, f, b)


def may_execute(s: State, n: Node, f: Fork, b: Number) -> bool:
    """The block is there and is the next of its fork for this node, whose database has what its rule reads there."""
    if s.produced[f][b] is None or s.last[n][f][b] is not None or (b > 1 and s.last[n][f][b - 1] is None):
        return False
    return (
        (END_BY_BLOCK and START_BY_CHAIN)
        or b == 1
        or all(s.home[n] != h or s.last[n][h][b - 1] is not None for h in Fork)
    )


def before(s: State, n: Node, f: Fork, b: Number) -> int:
    """lastStateId before a block, on a fork."""
    if b == 1:
        return 0
    last = s.last[n][f][b - 1]
    return 0 if last is None else last


def due(s: State, n: Node, f: Fork, b: Number, lag: int) -> int:
    """lastStateId after a block: the records that follow one another, lie in the window, and have reached the node."""
    done = before(s, n, f, b)
    if not START_BY_CHAIN and any(s.home[n] == h and before(s, n, h, b) != done for h in Fork):
        return done  # the list begins with another id than the contract wants next
    for i in range(1, IDS + 1):
        recorded = s.recorded[i]
        if i == done + 1 and recorded is not None and recorded <= min(end(s, n, f, b), s.now - lag):
            done = i
    return done


def end(s: State, n: Node, f: Fork, b: Number) -> int:
    """The time at which the window closes."""
    if END_BY_BLOCK:
        return time_of(s, f, b) - DELAY
    return 0 if b == 1 else max(time_of(s, h, b - 1) if s.home[n] == h else 0 for h in Fork)


def time_of(s: State, f: Fork, b: int) -> int:
    """The time in the header of a block."""
    produced = s.produced[f][b]
    return 0 if produced is None else produced
