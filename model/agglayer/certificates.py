"""The service between a network and Ethereum: is what it has on record what the contract accepted, and does it settle?

One network.  For each height it has signed two certificates, and at first sends either.  The service proves what it
stores, starts a settlement job, and the job sends a transaction; what became of that, the job records later
(agglayer: agglayer-rpc, agglayer-certificate-orchestrator; PolygonRollupManager.verifyPessimisticTrustedAggregator).
Whoever retries a job sends the same transaction.  What certificates say is `networks.py` and `pessimistic.py`.
"""

from typing import Annotated, Final

from interlock import Enum, FiniteSet, Map, Range, action, auto, filled, record, require, require_some, state


class Replacement(Enum):
    """When a certificate in error may be replaced by another of its height."""

    NO_JOB_OR_REVERTED = auto()  # it never had a job, or the job recorded a revert
    NO_LIVE_JOB = auto()  # the job has recorded whatever result (known to be unsafe)
    WHENEVER_IN_ERROR = auto()  # known to be unsafe


HEIGHTS: Final = 1
CONFIRMATIONS: Final = 2  # how many blocks a job wants on top of its transaction before it records the result
REORG_DEPTH: Final = 2  # how many blocks a reorganisation takes back at most
DEEP: Final = 2  # ages of blocks are counted up to here
REPLACEMENT: Final[Replacement] = Replacement.NO_JOB_OR_REVERTED
REVERTS_CONFIRMED: Final[bool] = True  # False: a job records a revert at once (known to be unsafe)
OVERWRITES: Final[bool] = False  # True: a certificate replaces what is stored, in error or not (known to be unsafe)
ADVANCES_AT_ONCE: Final[bool] = False  # True: the local view advances before Ethereum settles (known to be unsafe)
L1_COMPARES_STATE: Final[bool] = True  # False: the contract takes what does not extend its state (known to be unsafe)
LATE_SUCCESS_COUNTS: Final[bool] = True  # False: no one reconciles what was given up and lands
CLOCK_SURVIVES_REORG: Final[bool] = True  # False: a reorganisation stops the clock that opens epochs
RELOADS: Final[bool] = True  # False: a certificate that the service has lost stays lost
ADMIN_RELENTS: Final[bool] = False  # True: the admin enables networks again, and adds routes
DIRECT_PATH: Final[bool] = False  # True: a network may settle without the aggregator, as the post offers in mode 1

Height = Annotated[int, Range(1, HEIGHTS)]
Age = Annotated[int, Range(0, DEEP)]


class Version(Enum):
    """Two certificates of one height."""

    FIRST = auto()
    SECOND = auto()


class Status(Enum):
    """How far the service has taken a certificate."""

    PENDING = auto()
    PROVEN = auto()
    CANDIDATE = auto()  # a settlement job was started
    SETTLED = auto()
    IN_ERROR = auto()


class Job(Enum):
    """What a settlement job has on record."""

    LIVE = auto()
    OK = auto()
    REVERTED = auto()


class Fate(Enum):
    """What became of a transaction on Ethereum."""

    WAITING = auto()
    OK = auto()
    REVERTED = auto()


class Trouble(Enum):
    """What can stand in the way of a valid certificate."""

    DISABLED = auto()  # the admin has disabled the network
    FROZEN = auto()  # the route to the verifier
    NO_AGGREGATOR = auto()  # who has the role on Ethereum sends nothing
    NO_CLOCK = auto()  # no epoch opens
    NO_SENDER = auto()  # the network sends no further certificate
    EMERGENCY = auto()  # of the rollup manager and the bridge


@record
class Entry:
    """What the service has stored at a height."""

    version: Version
    status: Status


@record
class Transaction:
    """A transaction, and how many blocks are on top of it once it is in one."""

    fate: Fate
    age: Age


@state
class State:
    """The service, and what Ethereum makes of its transactions."""

    stored: Map[Height, Entry | None] = filled(None)
    job: Map[Height, Map[Version, Job | None]] = filled(filled(None))
    local: Map[Height, Version | None] = filled(None)  # the service's view of the network's state
    tx: Map[Height, Map[Version, Transaction | None]] = filled(filled(None))
    epoch_open: bool = True
    lost: FiniteSet[Height] = FiniteSet()  # stored, and no task works on it
    trouble: FiniteSet[Trouble] = FiniteSet()


@action
def send(s: State, h: Height, v: Version) -> None:
    """The network sends a certificate for the next height, or another for one that is in error."""
    require(Trouble.DISABLED not in s.trouble and Trouble.NO_SENDER not in s.trouble)
    require(h == 1 or s.local[h - 1] is not None)
    require(s.stored[h] is None or may_replace(s, h, v))
    s.stored[h] = Entry(v, Status.PENDING)


@action
def prove(s: State, h: Height) -> None:
    """The service proves a certificate over its local view."""
    require(at(s, h, Status.PENDING) and h not in s.lost)
    s.stored[h] = Entry(require_some(s.stored[h]).version, Status.PROVEN)


@action(fault="proof_fails")
def fail(s: State, h: Height) -> None:
    """The proof does not come about."""
    require(at(s, h, Status.PENDING) and h not in s.lost)
    s.stored[h] = Entry(require_some(s.stored[h]).version, Status.IN_ERROR)


@action
def settle(s: State, h: Height) -> None:
    """An epoch is open: the service starts the job, and the aggregator sends the transaction."""
    require(at(s, h, Status.PROVEN) and s.epoch_open)
    require(Trouble.NO_AGGREGATOR not in s.trouble or DIRECT_PATH)
    v = require_some(s.stored[h]).version
    s.stored[h] = Entry(v, Status.CANDIDATE)
    s.job[h][v] = Job.LIVE
    s.epoch_open = False
    if not landed(s, h, v):
        s.tx[h][v] = Transaction(Fate.WAITING, 0)
    if ADVANCES_AT_ONCE:
        s.local[h] = v


@action(fault="keeps_proof")
def settle_unsent(s: State, h: Height) -> None:
    """The service starts a job that sends nothing."""
    require(at(s, h, Status.PROVEN) and s.epoch_open)
    v = require_some(s.stored[h]).version
    s.stored[h] = Entry(v, Status.CANDIDATE)
    s.job[h][v] = Job.LIVE
    s.epoch_open = False


@action
def open_epoch(s: State) -> None:
    """The clock opens the next epoch."""
    require(not s.epoch_open and Trouble.NO_CLOCK not in s.trouble)
    s.epoch_open = True


@action
def land(s: State, h: Height, v: Version) -> None:
    """Ethereum takes the transaction: the proof is over the state that the contract has stored."""
    require(waits(s, h, v) and fits(s, h) and Trouble.FROZEN not in s.trouble)
    s.tx[h][v] = Transaction(Fate.OK, 0)


@action
def revert(s: State, h: Height, v: Version) -> None:
    """Ethereum takes the transaction, which reverts."""
    require(waits(s, h, v) and (not fits(s, h) or Trouble.FROZEN in s.trouble))
    s.tx[h][v] = Transaction(Fate.REVERTED, 0)


@action(fault="reverts")
def revert_for_now(s: State, h: Height, v: Version) -> None:
    """It reverts although it fits: out of gas, or in a block in which its snapshot is not known yet."""
    require(waits(s, h, v) and fits(s, h) and Trouble.FROZEN not in s.trouble)
    s.tx[h][v] = Transaction(Fate.REVERTED, 0)


@action
def mine(s: State) -> None:
    """One more block on Ethereum."""
    for h in range(1, HEIGHTS + 1):
        for v in Version:
            tx = s.tx[h][v]
            if tx is not None and tx.fate != Fate.WAITING:
                s.tx[h][v] = Transaction(tx.fate, min(tx.age + 1, DEEP))


@action(fault="reorg")
def reorg(s: State, depth: Annotated[int, Range(1, REORG_DEPTH)]) -> None:
    """Ethereum takes back its newest blocks; their transactions wait again, and may fare otherwise."""
    for h in range(1, HEIGHTS + 1):
        for v in Version:
            tx = s.tx[h][v]
            if tx is not None and tx.fate != Fate.WAITING and tx.age < depth:
                s.tx[h][v] = Transaction(Fate.WAITING, 0)
    if not CLOCK_SURVIVES_REORG:
        s.trouble |= {Trouble.NO_CLOCK}


@action
def record_success(s: State, h: Height, v: Version) -> None:
    """A job finds its transaction landed, and deep enough."""
    tx = require_some(s.tx[h][v])
    require(s.job[h][v] == Job.LIVE and tx.fate == Fate.OK and tx.age >= CONFIRMATIONS)
    s.job[h][v] = Job.OK


@action
def record_revert(s: State, h: Height, v: Version) -> None:
    """A job finds its transaction reverted, and deep enough."""
    tx = require_some(s.tx[h][v])
    require(s.job[h][v] == Job.LIVE and tx.fate == Fate.REVERTED)
    require(tx.age >= CONFIRMATIONS or not REVERTS_CONFIRMED)
    s.job[h][v] = Job.REVERTED


@action
def mark_settled(s: State, h: Height) -> None:
    """The job of the stored certificate has succeeded; the local view advances."""
    v = require_some(s.stored[h]).version
    require(s.job[h][v] == Job.OK)
    require(at(s, h, Status.CANDIDATE) or (at(s, h, Status.IN_ERROR) and LATE_SUCCESS_COUNTS))
    s.stored[h] = Entry(v, Status.SETTLED)
    s.local[h] = v


@action
def mark_reverted(s: State, h: Height) -> None:
    """The job of the stored certificate has recorded a revert."""
    v = require_some(s.stored[h]).version
    require(at(s, h, Status.CANDIDATE) and s.job[h][v] == Job.REVERTED)
    s.stored[h] = Entry(v, Status.IN_ERROR)


@action(fault="gives_up")
def give_up(s: State, h: Height) -> None:
    """The retries are over while the transaction may still land."""
    v = require_some(s.stored[h]).version
    require(at(s, h, Status.CANDIDATE) and s.job[h][v] == Job.LIVE)
    s.stored[h] = Entry(v, Status.IN_ERROR)


@action(fault="rogue_aggregator")
def send_aside(s: State, h: Height, v: Version) -> None:
    """Who has the role on Ethereum proves a signed certificate and sends it, past the service."""
    require(s.tx[h][v] is None)
    s.tx[h][v] = Transaction(Fate.WAITING, 0)


@action(fault="loses")
def lose(s: State, h: Height) -> None:
    """A full channel drops the news of a certificate: it is stored, and no task works on it."""
    require(at(s, h, Status.PENDING) and h not in s.lost)
    s.lost |= {h}


@action
def reload(s: State, h: Height) -> None:
    """The service reads what it has stored again."""
    require(RELOADS and h in s.lost)
    s.lost -= {h}


@action(fault="disables")
def disable(s: State) -> None:
    """The admin disables the network."""
    require(Trouble.DISABLED not in s.trouble)
    s.trouble |= {Trouble.DISABLED}


@action(fault="freezes")
def freeze(s: State) -> None:
    """freezePessimisticVKeyRoute: a frozen route stays frozen, and another can be added."""
    require(Trouble.FROZEN not in s.trouble)
    s.trouble |= {Trouble.FROZEN}


@action
def relent(s: State, trouble: Trouble) -> None:
    """The admin enables the network again, or adds a route."""
    require(ADMIN_RELENTS and trouble in (Trouble.DISABLED, Trouble.FROZEN) and trouble in s.trouble)
    s.trouble -= {trouble}


@action(fault="aggregator_stops")
def stop(s: State) -> None:
    """The aggregator sends no more transactions."""
    require(Trouble.NO_AGGREGATOR not in s.trouble)
    s.trouble |= {Trouble.NO_AGGREGATOR}


@action(fault="sender_stops")
def fall_silent(s: State) -> None:
    """The network sends no further certificate, not even for one that is in error."""
    require(s.stored[1] is not None and Trouble.NO_SENDER not in s.trouble)
    s.trouble |= {Trouble.NO_SENDER}


@action(fault="emergency")
def declare_emergency(s: State) -> None:
    """activateEmergencyState: it stops bridging and claims; no guard of a settlement looks at it."""
    require(Trouble.EMERGENCY not in s.trouble)
    s.trouble |= {Trouble.EMERGENCY}


def at(s: State, h: Height, status: Status) -> bool:
    """The stored certificate has this status."""
    entry = s.stored[h]
    return entry is not None and entry.status == status


def may_replace(s: State, h: Height, v: Version) -> bool:
    """The service lets a certificate take the place of the stored one."""
    entry = s.stored[h]
    if entry is None:
        return False
    if OVERWRITES:
        return entry.version != v
    job = s.job[h][entry.version]
    if entry.status != Status.IN_ERROR:
        return False
    if REPLACEMENT == Replacement.WHENEVER_IN_ERROR:
        return True
    if REPLACEMENT == Replacement.NO_LIVE_JOB:
        return job != Job.LIVE
    return job is None or job == Job.REVERTED


def waits(s: State, h: Height, v: Version) -> bool:
    """The transaction of a certificate is in no block."""
    tx = s.tx[h][v]
    return tx is not None and tx.fate == Fate.WAITING


def landed(s: State, h: int, v: Version) -> bool:
    """Ethereum has accepted the certificate."""
    tx = s.tx[h][v]
    return tx is not None and tx.fate == Fate.OK


def fits(s: State, h: Height) -> bool:
    """The contract's stored state is that of the height below."""
    if not L1_COMPARES_STATE:
        return True
    taken = any(landed(s, h, v) for v in Version)
    return not taken and (h == 1 or any(landed(s, h - 1, v) for v in Version))
