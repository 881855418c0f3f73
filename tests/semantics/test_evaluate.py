"""The toy AggLayer, built by hand, does what its text says."""

from __future__ import annotations

import pytest

from interlock.checker.diagnostics import Span
from interlock.checker.ir import nodes as n
from interlock.checker.ir import types as ty
from interlock.checker.ir.nodes import ArithOp, CompareOp, ModelErrorKind, QuantOp
from interlock.checker.passes.scalarize import scalarize
from interlock.checker.semantics import evaluate as ev
from interlock.checker.semantics.leaves import from_leaves, to_leaves
from interlock.checker.semantics.values import ModelError
from interlock.checker.trace import parts
from tests import initials
from tests.native.systems import initial_states

NET, ROOT = ty.ScalarT("Network", 2), ty.ScalarT("ExitRoot", 2)
IMPORT = ty.TupleT((NET, ROOT))
CERT = ty.RecordT("Certificate", (("root", ROOT), ("imported", ty.OptionT(IMPORT))))
SLOTS = ty.MapT(NET, ty.OptionT(CERT))
STATE = ty.RecordT("State", (("pending", SLOTS), ("settled", SLOTS)))
S, ME, PEER, NEW = n.Local(STATE, "s"), n.Local(NET, "me"), n.Local(NET, "peer"), n.Local(ROOT, "root")
NOTHING = n.Const(ty.NONE, None)


def slot(name: str, key: n.Expr) -> n.Index:
    return n.Index(ty.OptionT(CERT), n.Field(SLOTS, S, name), key)


def put(name: str, value: n.Expr) -> n.Assign:
    place = ty.OptionT(CERT)
    return n.Assign("s", place, (n.AtField(name), n.AtKey(ME)), n.Fit(place, value))


def root(e: n.Expr) -> n.Field:
    return n.Field(ROOT, e, "root")


def cert(root: n.Expr, imported: n.Expr) -> n.Record:
    return n.Record(CERT, (root, n.Fit(ty.OptionT(IMPORT), imported)))


def param(*names: str) -> tuple[n.Param, ...]:
    return tuple(n.Param(x, ROOT if x == "root" else NET) for x in names)


def some(t: ty.Type, e: n.Expr) -> n.RequireSome:
    return n.RequireSome(t, e)


def action(name: str, params: tuple[n.Param, ...], *body: n.Stmt) -> n.Action:
    return n.Action(name, "toy", "s", params, body, None, "")


def is_none(e: n.Expr) -> n.IsNone:
    return n.IsNone(ty.BOOL, e)


def model(match_root: bool) -> n.Program:
    free = n.Require(
        n.And(ty.BOOL, (is_none(slot("pending", ME)), is_none(slot("settled", ME)))), span=Span("t", 7, 0, 7, 9)
    )
    seen, got, done = n.Local(CERT, "seen"), n.Local(CERT, "cert"), n.Local(CERT, "done")
    imported = n.Field(ty.OptionT(IMPORT), got, "imported")
    same = n.Compare(ty.BOOL, CompareOp.EQ, root(done), n.Local(ROOT, "r"))
    settle = action("settle", param("me"),
        n.Assign("cert", CERT, (), some(CERT, slot("pending", ME))),
        n.Branch(n.Not(ty.BOOL, is_none(imported)), (
            n.Unpack(("peer", "r"), (NET, ROOT), n.Unwrap(IMPORT, imported)),
            n.Assign("done", CERT, (), some(CERT, slot("settled", PEER))),
            n.Require(n.Or(ty.BOOL, (same, n.Const(ty.BOOL, not match_root)))),
        ), ()),
        put("pending", NOTHING), put("settled", got))  # fmt: skip
    actions = (
        action("submit", param("me", "root"), free, put("pending", cert(NEW, NOTHING))),
        action("submit_import", param("me", "root", "peer"), free,
            n.Assign("seen", CERT, (), some(CERT, slot("pending", PEER))),
            put("pending", cert(NEW, n.Tuple(IMPORT, (PEER, root(seen)))))),
        action("reorg", param("me"), n.Require(n.Not(ty.BOOL, is_none(slot("pending", ME)))), put("pending", NOTHING)),
        settle,
    )  # fmt: skip
    empty = ((None, None), (None, None))
    return n.Program("toy", STATE, ("toy", "State"), empty, (), actions, {}, (), (), {})


def reachable(program: n.Program) -> dict[ty.Value, int]:
    depth = dict.fromkeys(initials.initial_states(program), 0)
    queue = list(depth)
    for state in queue:
        for _, _, outcome in ev.successors(program, program.actions, state):
            assert isinstance(outcome, ev.Enabled)
            if outcome.state not in depth:
                depth[outcome.state] = depth[state] + 1
                queue.append(outcome.state)
    return depth


def test_the_toy_has_the_published_number_of_states() -> None:
    """85 distinct states, 5 steps deep, with two networks (as recorded for the plain Python model)."""
    depth = reachable(model(True))
    assert (len(depth), max(depth.values())) == (85, 5)


def test_the_scalar_form_of_the_toy_reaches_the_same_states() -> None:
    """Searching by the evaluator and by `scalar.evaluate` finds the same set, whatever the constant."""
    from interlock.checker.ir import scalar as sc

    for match_root in (True, False):
        program = model(match_root)
        system = scalarize(program, program.actions, [], None, {})
        seen, queue = set(initial_states(system)), list(initial_states(system))
        for before in queue:
            for a in system.actions:
                for params in system.expand_params(a):
                    leaves = [x for (_, t), v in zip(a.params, params) for x in to_leaves(t, v)]
                    env = {("s", i): v for i, v in enumerate(before)} | {("p", i): v for i, v in enumerate(leaves)}
                    if all(sc.evaluate(a.guards, env)):
                        new = dict(zip(a.updates, sc.evaluate(a.updates.values(), env)))
                        after = tuple(new.get(i, v) for i, v in enumerate(before))
                        if after not in seen:
                            seen.add(after)
                            queue.append(after)
        assert {from_leaves(STATE, s) for s in seen} == set(reachable(program))


def test_a_disabled_action_names_its_guard() -> None:
    """The first guard that fails is the one in the text."""
    program = model(True)
    state = (((0, None), None), (None, None))

    assert ev.run_action(program, program.actions[0], state, (0, 1)) == ev.Disabled()
    guard = ev.explain_guard(program, program.actions[0], state, (0, 1))
    assert guard is not None
    assert guard.span.line == 7
    assert ev.explain_guard(program, program.actions[0], state, (1, 1)) is None


def value(e: n.Expr) -> ty.Value | ModelErrorKind:
    f = n.Function("f", "m", (), e.type, (n.Return(e),), "")
    try:
        return ev.call({}, f, ())
    except ModelError as err:
        return err.kind


def num(v: int) -> n.Const:
    return n.Const(ty.INT, v)


def arith(op: ArithOp, a: int, b: int) -> n.Arith:
    return n.Arith(ty.INT, op, num(a), num(b))


def test_division_rounds_down_as_in_python() -> None:
    """// and % round towards minus infinity; by zero they are an error."""
    assert value(arith(ArithOp.DIV, -7, 2)) == -4
    assert value(arith(ArithOp.MOD, -7, 2)) == 1
    assert value(arith(ArithOp.MOD, 7, 0)) is ModelErrorKind.DIVIDE


def test_what_does_not_fit_is_an_error_of_its_kind() -> None:
    """A number out of range, a sequence too long, at any depth."""
    pair = n.SeqDisplay(ty.SeqT(ty.INT, 2), (num(1), num(5)))
    assert value(n.Fit(ty.SeqT(ty.IntT(0, 4), 2), pair)) is ModelErrorKind.RANGE
    assert value(n.Fit(ty.SeqT(ty.IntT(0, 4), 1), pair)) is ModelErrorKind.OVERFILL
    assert value(n.Index(ty.INT, pair, num(-1))) is ModelErrorKind.INDEX


def test_evaluation_stops_early() -> None:
    """What is not reached cannot fail."""
    bad = n.Compare(ty.BOOL, CompareOp.EQ, arith(ArithOp.DIV, 1, 0), num(0))
    assert value(n.And(ty.BOOL, (n.Const(ty.BOOL, False), bad))) is False
    assert value(n.Or(ty.BOOL, (n.Const(ty.BOOL, True), bad))) is True


def test_the_default_of_min_is_evaluated_even_when_it_is_not_needed() -> None:
    """It is an argument, and Python evaluates arguments."""
    some = n.Clause(("x",), (ty.INT,), n.RangeIter(num(0), num(2)), ())
    quant = n.Quant(ty.INT, QuantOp.MIN, n.Local(ty.INT, "x"), (some,), arith(ArithOp.DIV, 1, 0))
    assert value(quant) is ModelErrorKind.DIVIDE


def test_the_false_conjunct_is_named() -> None:
    """`a and b` is false because of b alone."""
    b = n.Compare(ty.BOOL, CompareOp.EQ, num(1), num(2), span=Span("t", 3, 0, 3, 4))
    f = n.Function("f", "m", (), ty.BOOL, (n.Return(n.And(ty.BOOL, (n.Const(ty.BOOL, True), b))),), "")
    (part,) = parts.of_function({}, ty.NONE, f, ())
    assert (part.expr.span.line, part.truth) == (3, False)


def test_a_function_that_returns_nothing_is_an_error() -> None:
    """MISSING, where CPython would hand back None."""
    f = n.Function("f", "m", (), ty.BOOL, (), "")
    with pytest.raises(ModelError) as e:
        ev.call({}, f, ())
    assert e.value.kind is ModelErrorKind.MISSING
