"""The model of the AggLayer, run as the plain Python it is."""

import pytest

from interlock import FiniteSet, Map
from interlock.model.agglayer import bundles
from interlock.model.agglayer.aggregation import confirm, eject, finalize, preconfirm
from interlock.model.agglayer.bundles import Result
from interlock.model.agglayer.chains import build, choose_modes, equivocate, prove, settle_directly
from interlock.model.agglayer.headers import Chain, Header, Mode, Sibling, Stage, State
from interlock.model.lang import Disabled

A = Header(Chain(0), 1, Sibling.FIRST)
A2 = Header(Chain(0), 1, Sibling.SECOND)
B = Header(Chain(1), 1, Sibling.FIRST)


def in_mode(mode: Mode) -> State:
    """The initial state with every chain in the mode (`choose_modes` allows those of `MODES` only)."""
    s = State()
    s.mode = Map(dict.fromkeys(Chain, mode))
    return s


def confirm_first(s: State) -> None:
    """Take chain 0's header as far as the AggLayer alone can."""
    build(s, A, Sibling.FIRST, None)
    preconfirm(s, A)
    prove(s, A)
    confirm(s, A)


def test_a_dependent_is_finalized_with_what_it_depends_on() -> None:
    """One aggregated proof takes both headers; the dependent alone is refused."""
    s = State()
    choose_modes(s, Map(dict.fromkeys(Chain, Mode.CONFIRMED)))
    confirm_first(s)
    build(s, B, Sibling.FIRST, A)
    preconfirm(s, B)
    prove(s, B)
    confirm(s, B)
    with pytest.raises(Disabled):
        finalize(s, FiniteSet({B}))
    finalize(s, FiniteSet({A, B}))

    assert s.final == FiniteSet({A, B})


@pytest.mark.parametrize(
    ("mode", "stage"),
    [(Mode.CONFIRMED, Stage.CONFIRMED), (Mode.PRECONFIRMED, Stage.PRECONFIRMED), (Mode.SHARED, Stage.NONE)],
)
def test_a_mode_says_how_far_a_dependency_must_be(mode: Mode, stage: Stage) -> None:
    """A chain builds on a header as soon as its mode allows, and not before."""
    s = in_mode(mode)
    build(s, A, Sibling.FIRST, None)
    for reached, advance in ((Stage.NONE, preconfirm), (Stage.PRECONFIRMED, prove), (Stage.PRECONFIRMED, confirm)):
        if reached >= stage:
            break
        with pytest.raises(Disabled):
            build(s, B, Sibling.FIRST, A)
        advance(s, A)
    build(s, B, Sibling.FIRST, A)

    assert s.deps[B] == FiniteSet({A})


def test_a_chain_that_opted_out_settles_alone_and_once() -> None:
    """In mode 1 a proof of its own is enough; Ethereum refuses the sibling afterwards."""
    s = in_mode(Mode.FINAL)
    build(s, A, Sibling.FIRST, None)
    equivocate(s, A2, Sibling.FIRST, None)
    prove(s, A)
    prove(s, A2)
    settle_directly(s, A)
    with pytest.raises(Disabled):
        settle_directly(s, A2)

    assert s.final == FiniteSet({A})


def test_soft_ejection_leaves_confirmed_headers_alone() -> None:
    """An ejected chain's confirmed header can still be finalized."""
    s = in_mode(Mode.CONFIRMED)
    confirm_first(s)
    equivocate(s, A2, Sibling.FIRST, None)
    eject(s, A.chain)
    finalize(s, FiniteSet({A}))

    assert s.final == FiniteSet({A})


def test_a_bundle_is_finalized_whole() -> None:
    """The second leg takes the result of the first, and neither is finalized alone."""
    s = bundles.State()
    bundles.execute(s, 1, 1, Result.LEFT)
    bundles.execute(s, 1, 2, Result.RIGHT)
    for c in (1, 2):
        bundles.include(s, 1, c)
        bundles.seal(s, c)
    with pytest.raises(Disabled):
        bundles.finalize(s, FiniteSet({1}))
    bundles.finalize(s, FiniteSet({1, 2}))

    assert s.leg[1][2].took == Result.LEFT
