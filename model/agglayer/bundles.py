"""Atomic bundles: one leg a chain, in order, each with the result of the leg before passed to it.

Bundle 1 runs over the chains upwards, bundle 2 downwards.  A relay passes results on; what counts is
what the chain's header commits to.  How chains coordinate, the post leaves to them; ours do three things, which
the checks take away one by one: a chain that has begun a bundle waits until that is decided (`seal`), it learns when
another has closed its header without the bundle (`called_off`), and it begins others meanwhile (`may_execute`).
One header a chain; what proves and confirms it is in `chains.py` and `aggregation.py`, and left out here.
"""

from typing import Annotated, Final

from interlock import Enum, FiniteSet, Map, Range, action, auto, filled, record, require, state

LEGS: Final = 2  # chains, and legs of each bundle
BUNDLES: Final = 1
CIRCUIT_CHECKS_BUNDLES: Final[bool] = True  # False: known to be unsafe
CIRCUIT_COMPARES_RESULTS: Final[bool] = True  # False: known to be unsafe
LEGS_MAY_FOLLOW: Final[bool] = False  # True: a leg may be finalized before the legs after it
INCLUDE_EARLY: Final[bool] = False  # True: a header may include a bundle before every leg has reported success
CLOSING_IS_TOLD: Final[bool] = True  # False: a chain that waits never learns that another has closed its header
ONE_AT_A_TIME: Final[bool] = False  # True: a chain that has begun a bundle begins no other until that is decided
SAME_ORDER: Final[bool] = False  # True: both bundles run upwards

Chain = Annotated[int, Range(1, LEGS)]
Bundle = Annotated[int, Range(1, BUNDLES)]


class Result(Enum):
    """What a leg returned."""

    NONE = auto()  # it did not run
    LEFT = auto()  # two results that both mean success
    RIGHT = auto()
    FAILED = auto()


class Batch(Enum):
    """Where a chain's header is."""

    OPEN = auto()
    SEALED = auto()
    FINAL = auto()


@record
class Leg:
    """One leg, as its chain ran it."""

    took: Result  # the result of the leg before, as the relay passed it on
    result: Result  # what the header commits to
    told: Result  # what the relay was told


@state
class State:
    """What ran, what was included, and what is final."""

    leg: Map[Bundle, Map[Chain, Leg]] = filled(filled(Leg(Result.NONE, Result.NONE, Result.NONE)))
    includes: Map[Chain, FiniteSet[Bundle]] = filled(FiniteSet())
    batch: Map[Chain, Batch] = filled(Batch.OPEN)


@action
def execute(s: State, b: Bundle, c: Chain, result: Result) -> None:
    """A chain runs its leg on the result that the relay passed on, and tells the relay what came out."""
    require(may_execute(s, b, c) and result in (Result.LEFT, Result.RIGHT))
    took = passed_to(s, b, c)
    s.leg[b][c] = Leg(took, result, result)


@action(fault="leg_fails")
def fail(s: State, b: Bundle, c: Chain) -> None:
    """A user has made the bundle so that this leg fails."""
    require(may_execute(s, b, c))
    took = passed_to(s, b, c)
    s.leg[b][c] = Leg(took, Result.FAILED, Result.FAILED)


@action(fault="false_result")
def misreport(s: State, b: Bundle, c: Chain, result: Result, told: Result) -> None:
    """A chain tells the relay something else than its header commits to."""
    require(may_execute(s, b, c) and result != Result.NONE and told in (Result.LEFT, Result.RIGHT) and told != result)
    took = passed_to(s, b, c)
    s.leg[b][c] = Leg(took, result, told)


@action
def include(s: State, b: Bundle, c: Chain) -> None:
    """A chain puts its leg into its header."""
    require(s.batch[c] == Batch.OPEN and b not in s.includes[c] and s.leg[b][c].result != Result.NONE)
    require(INCLUDE_EARLY or reported(s, b))
    s.includes[c] |= {b}


@action
def seal(s: State, c: Chain) -> None:
    """A chain closes its header once no bundle that it has begun is open: each is included, or called off."""
    require(s.batch[c] == Batch.OPEN and all(done_with(s, b, c) for b in range(1, BUNDLES + 1)))
    s.batch[c] = Batch.SEALED


@action(fault="leaves_out")
def seal_without(s: State, c: Chain) -> None:
    """A chain closes its header and does not wait for a bundle that it has begun."""
    require(s.batch[c] == Batch.OPEN and not all(done_with(s, b, c) for b in range(1, BUNDLES + 1)))
    s.batch[c] = Batch.SEALED


@action
def finalize(s: State, batch: FiniteSet[Chain]) -> None:
    """One aggregated proof makes the headers of a set of chains final, in one step on Ethereum."""
    require(len(batch) > 0 and all(s.batch[c] == Batch.SEALED for c in batch))
    require(not CIRCUIT_CHECKS_BUNDLES or all(whole(s, batch, b) for b in range(1, BUNDLES + 1)))
    for c in batch:
        s.batch[c] = Batch.FINAL


def may_execute(s: State, b: Bundle, c: Chain) -> bool:
    """The leg has not run, its header is open and the chain free, and the leg before has told of a success."""
    new = s.batch[c] == Batch.OPEN and s.leg[b][c].result == Result.NONE
    free = not ONE_AT_A_TIME or all(done_with(s, x, c) for x in range(1, BUNDLES + 1))
    return new and free and (is_first(b, c) or succeeded(passed_to(s, b, c)))


def upwards(b: Bundle) -> bool:
    """The bundle starts on chain 1, not on the last."""
    return b == 1 or SAME_ORDER


def is_first(b: Bundle, c: Chain) -> bool:
    """The bundle starts on this chain."""
    return c == (1 if upwards(b) else LEGS)


def before(b: Bundle, c: Chain) -> int:
    """The chain of the leg before this one."""
    return c - 1 if upwards(b) else c + 1


def passed_to(s: State, b: Bundle, c: Chain) -> Result:
    """What the relay has of the leg before this one; nothing, for the first leg."""
    return Result.NONE if is_first(b, c) else s.leg[b][before(b, c)].told


def succeeded(r: Result) -> bool:
    """The leg ran, and did not fail."""
    return r in (Result.LEFT, Result.RIGHT)


def reported(s: State, b: Bundle) -> bool:
    """Every leg has told the relay that it succeeded."""
    return all(succeeded(s.leg[b][c].told) for c in range(1, LEGS + 1))


def done_with(s: State, b: Bundle, c: Chain) -> bool:
    """The chain has not begun the bundle, has included it, or it can no longer succeed."""
    return s.leg[b][c].result == Result.NONE or b in s.includes[c] or called_off(s, b)


def called_off(s: State, b: Bundle) -> bool:
    """A leg has told of its failure, or its chain has closed the header without running it."""
    return any(
        s.leg[b][c].told == Result.FAILED
        or (CLOSING_IS_TOLD and s.batch[c] != Batch.OPEN and s.leg[b][c].result == Result.NONE)
        for c in range(1, LEGS + 1)
    )


def agrees(s: State, b: Bundle, c: Chain) -> bool:
    """The leg took exactly what the header of the leg before commits to."""
    return is_first(b, c) or s.leg[b][c].took == s.leg[b][before(b, c)].result


def leg_is_final(s: State, b: Bundle, c: Chain) -> bool:
    """The chain's header is final, and includes the leg."""
    return s.batch[c] == Batch.FINAL and b in s.includes[c]


def whole(s: State, batch: FiniteSet[Chain], b: Bundle) -> bool:
    """If the batch has a leg of the bundle, it completes the bundle: all legs there, successful and agreeing."""
    return not any(b in s.includes[c] for c in batch) or all(
        (LEGS_MAY_FOLLOW or ((c in batch or s.batch[c] == Batch.FINAL) and b in s.includes[c]))
        and (succeeded(s.leg[b][c].result) and agrees(s, b, c) or not CIRCUIT_COMPARES_RESULTS)
        for c in range(1, LEGS + 1)
    )
