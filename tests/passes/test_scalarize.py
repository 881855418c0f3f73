"""The scalar form says the same as the evaluator, in every state and for all parameters."""

from __future__ import annotations

import itertools
import random

import attrs
import pytest

from interlock.checker.diagnostics import InputError, Span
from interlock.checker.ir import nodes as n
from interlock.checker.ir import scalar as sc
from interlock.checker.ir import types as ty
from interlock.checker.ir.nodes import ArithOp, CompareOp, ModelErrorKind, QuantOp, SetOp
from interlock.checker.passes.scalarize import scalarize
from interlock.checker.semantics import evaluate as ev
from interlock.checker.semantics.leaves import from_leaves, to_leaves
from interlock.checker.semantics.values import ModelError
from interlock.checker.watch import Watch, watching
from tests import initials
from tests.clock import effort
from tests.native.systems import initial_states

COIN = ty.ScalarT("Coin", 2)
COLOUR = ty.EnumT("Colour", ("RED", "GREEN", "BLUE"), ordered=True)
SMALL = ty.IntT(-1, 3)
PAIR = ty.RecordT("Pair", (("coin", COIN), ("level", SMALL)))
QUEUE = ty.SeqT(PAIR, 2)
STATE = ty.RecordT(
    "State",
    (
        ("flag", ty.BOOL),
        ("n", SMALL),
        ("seen", ty.SetT(COIN)),
        ("queue", QUEUE),
        ("best", ty.MapT(COIN, ty.OptionT(PAIR))),
        ("colour", COLOUR),
        ("numbers", ty.SetT(ty.IntT(0, 2))),
        ("grid", ty.MapT(COIN, ty.MapT(ty.IntT(0, 1), SMALL))),
    ),
)
S = n.Local(STATE, "s")
_lines = itertools.count(1)


def span() -> Span:
    """A fresh place in the text, so that error sites can be told apart."""
    line = next(_lines)
    return Span("super.py", line, 0, line, 1)


def num(v: int) -> n.Const:
    return n.Const(ty.INT, v)


def get(name: str, record: n.Expr = S) -> n.Field:
    assert isinstance(record.type, ty.RecordT)
    return n.Field(record.type.fields[record.type.index(name)][1], record, name)


def fit(t: ty.Type, e: n.Expr) -> n.Fit:
    return n.Fit(t, e, span=span())


def put(name: str, value: n.Expr, *keys: n.Expr) -> n.Assign:
    t = get(name).type
    for _ in keys:
        t = t.value if isinstance(t, ty.MapT) else t.item  # type: ignore[union-attr]
    path = (n.AtField(name), *(n.AtKey(k) for k in keys))
    return n.Assign("s", t, path, fit(t, value), span=span())


def arith(op: ArithOp, a: n.Expr, b: n.Expr) -> n.Arith:
    return n.Arith(ty.INT, op, a, b, span=span())


def cmp(op: CompareOp, a: n.Expr, b: n.Expr) -> n.Compare:
    return n.Compare(ty.BOOL, op, a, b)


def at(base: n.Expr, key: n.Expr) -> n.Index:
    t = base.type
    assert isinstance(t, (ty.MapT, ty.SeqT))
    return n.Index(t.value if isinstance(t, ty.MapT) else t.item, base, key, span=span())


def some(e: n.Expr) -> n.RequireSome:
    assert isinstance(e.type, ty.OptionT)
    return n.RequireSome(e.type.item, e, span=span())


def local(t: ty.Type, name: str) -> n.Local:
    return n.Local(t, name)


def let(name: str, value: n.Expr, t: ty.Type | None = None) -> n.Assign:
    return n.Assign(name, t or value.type, (), value, span=span())


def action(name: str, params: dict[str, ty.Type], *body: n.Stmt) -> n.Action:
    return n.Action(name, "m", "s", tuple(n.Param(k, v) for k, v in params.items()), body, None, "", span=span())


def prop(kind: n.PropertyKind, name: str, params: dict[str, ty.Type], *body: n.Stmt) -> n.Property:
    states = {"old": STATE, "s": STATE} if kind is n.PropertyKind.STEP else {"s": STATE}
    ps = tuple(n.Param(k, v) for k, v in (states | params).items())
    return n.Property(kind, n.Function(name, "m", ps, ty.BOOL, body, "", span=span()))


def clause(var: str, t: ty.Type, it: n.Iterable, *conditions: n.Expr) -> n.Clause:
    return n.Clause((var,), (t,), it, conditions)


def quant(op: QuantOp, t: ty.Type, body: n.Expr, *clauses: n.Clause, default: n.Expr | None = None) -> n.Quant:
    return n.Quant(t, op, body, clauses, default, span=span())


C, K, P = local(COIN, "c"), local(ty.IntT(-2, 3), "k"), local(PAIR, "p")
X, Y, AT = local(ty.INT, "x"), local(ty.INT, "y"), local(ty.INT, "i")
Q = local(PAIR, "q")

DIV_HELPER = n.Function(
    "share", "m", (n.Param("a", ty.INT), n.Param("b", ty.INT)), ty.INT,
    (
        n.Branch(cmp(CompareOp.GT, local(ty.INT, "b"), num(1)), (
            n.Return(arith(ArithOp.DIV, local(ty.INT, "a"), local(ty.INT, "b"))),), ()),
        n.Branch(cmp(CompareOp.LT, local(ty.INT, "b"), num(1)), (
            n.Return(arith(ArithOp.MOD, local(ty.INT, "a"), local(ty.INT, "b"))),), ()),
    ),
    "", span=span(),
)  # fmt: skip
HELPERS = {"share": DIV_HELPER}


def share(a: n.Expr, b: n.Expr) -> n.Call:
    return n.Call(ty.INT, "share", (a, b), span=span())


ACTIONS = (
    action("add", {"k": ty.IntT(-2, 3)}, put("n", arith(ArithOp.ADD, get("n"), K))),
    action("push", {"p": PAIR},
        n.Require(n.Not(ty.BOOL, n.Contains(ty.BOOL, P, get("queue"))), span=span()),
        put("queue", n.SeqPush(ty.SeqT(PAIR, 3), get("queue"), P))),
    action("pop", {},
        let("q", at(get("queue"), num(0))),
        put("queue", n.SeqRest(QUEUE, get("queue"), span=span())),
        put("best", Q, get("coin", Q)),
        put("seen", n.SetBinary(ty.SetT(COIN), SetOp.UNION, get("seen"), n.SetDisplay(ty.SetT(COIN), (get("coin", Q),))))),
    action("poke", {"k": ty.IntT(-2, 3), "p": PAIR}, put("queue", P, K)),
    action("level", {"c": COIN},
        let("q", some(at(get("best"), C))),
        n.Require(cmp(CompareOp.GE, get("level", Q), num(0)), span=span()),
        put("best", n.Evolve(PAIR, Q, (("level", fit(SMALL, arith(ArithOp.ADD, get("level", Q), num(1)))),)), C),
        put("flag", n.And(ty.BOOL, (get("flag"), cmp(CompareOp.EQ, arith(ArithOp.MOD, get("n"), get("level", Q)), num(0)))))),
    action("loop", {"c": COIN},
        let("x", num(0)),
        n.Loop(("i",), (ty.INT,), n.RangeIter(num(0), get("n")), (
            n.Branch(n.And(ty.BOOL, (get("flag"), cmp(CompareOp.EQ, AT, num(1)))), (n.Return(None),), ()),
            let("x", arith(ArithOp.ADD, X, arith(ArithOp.MUL, AT, num(2)))),
            put("grid", arith(ArithOp.SUB, num(2), X), C, AT),
        ), span=span()),
        put("n", X)),
    action("fold", {"c": COIN},
        put("n", quant(QuantOp.MAX, ty.INT, get("level", Q), clause("q", PAIR, n.ValueIter(get("queue")),
            n.Contains(ty.BOOL, get("coin", Q), get("seen"))), default=arith(ArithOp.DIV, num(3), get("n")))),
        put("numbers", quant(QuantOp.SET, ty.SetT(ty.INT), arith(ArithOp.SUB, X, Y),
            clause("x", ty.INT, n.RangeIter(num(0), num(4))),
            clause("y", ty.INT, n.ValueIter(get("numbers")), cmp(CompareOp.LE, Y, X))))),
    action("minimum", {}, put("n", quant(QuantOp.MIN, ty.INT, X, clause("x", ty.INT, n.ValueIter(get("numbers"))))),
        put("colour", n.If(COLOUR, cmp(CompareOp.LT, get("colour"), n.Const(COLOUR, 2)), n.Const(COLOUR, 2), get("colour")))),
    action("helper", {"k": ty.IntT(-2, 3)},
        n.Branch(cmp(CompareOp.NE, get("colour"), n.Const(COLOUR, 0)),
            (put("n", share(get("n"), K)), put("flag", cmp(CompareOp.EQ, at(at(get("grid"), n.Const(COIN, 0)), get("n")), num(0)))),
            (n.Require(get("flag"), span=span()), put("n", num(0)))),
        put("best", n.Const(ty.NONE, None), n.Const(COIN, 1))),
    action("maps", {"c": COIN, "k": ty.IntT(-2, 3)},
        put("grid", n.MapSet(get("grid").type, get("grid"), C, n.Fit(ty.MapT(ty.IntT(0, 1), SMALL),
            n.MapBuild(ty.MapT(ty.IntT(0, 1), ty.INT), "i", arith(ArithOp.MUL, AT, K)), span=span()), span=span())),
        put("best", n.MapFill(get("best").type, n.Const(ty.NONE, None))),
        n.Branch(get("flag"), (n.Return(None),), (let("x", num(1)),)),
        put("n", arith(ArithOp.ADD, X, n.Len(ty.INT, get("seen")))),
        put("seen", n.SetDisplay(ty.SetT(ty.NEVER), ()))),
    action("unpacked", {"c": COIN},
        let("t", n.Tuple(ty.TupleT((COIN, ty.INT)), (C, n.Len(ty.INT, get("queue"))))),
        n.Unpack(("a", "x"), (COIN, ty.INT), local(ty.TupleT((COIN, ty.INT)), "t")),
        put("n", arith(ArithOp.MIN, X, arith(ArithOp.MAX, num(1), get("n")))),
        put("queue", n.SeqDisplay(ty.SeqT(PAIR, 1), (n.Record(PAIR, (local(COIN, "a"),
            fit(SMALL, arith(ArithOp.ADD, n.Item(ty.INT, local(ty.TupleT((COIN, ty.INT)), "t"), 1), num(2)))), span=span()),)))),
)  # fmt: skip

AGREE = quant(QuantOp.ALL, ty.BOOL, n.Or(ty.BOOL, (
    n.IsNone(ty.BOOL, at(get("best"), C)),
    cmp(CompareOp.EQ, arith(ArithOp.DIV, num(6), get("level", n.Unwrap(PAIR, at(get("best"), C)))), get("n")),
)), clause("c", COIN, n.DomainIter(COIN)))  # fmt: skip

PROPERTIES = (
    prop(n.PropertyKind.ALWAYS, "agree", {}, n.Return(AGREE)),
    prop(n.PropertyKind.ALWAYS, "known", {"c": COIN, "k": ty.IntT(-1, 1)},
        n.Branch(n.Contains(ty.BOOL, C, get("seen")), (n.Return(cmp(CompareOp.LT, K, num(1))),), ()),
        n.Return(n.Not(ty.BOOL, cmp(CompareOp.EQ, at(get("best"), C), n.Const(ty.NONE, None))))),
    prop(n.PropertyKind.STEP, "grows", {},
        n.Return(n.And(ty.BOOL, (cmp(CompareOp.LE, get("seen", n.Local(STATE, "old")), get("seen")),
            cmp(CompareOp.EQ, get("queue", n.Local(STATE, "old")), get("queue")))))),
    prop(n.PropertyKind.REACHABLE, "twin", {"p": PAIR},
        n.Return(quant(QuantOp.ANY, ty.BOOL, cmp(CompareOp.EQ, at(get("best"), C), P), clause("c", COIN, n.DomainIter(COIN))))),
)  # fmt: skip


def random_value(t: ty.Type, r: random.Random) -> ty.Value:
    match t:
        case ty.RecordT():
            return tuple(random_value(f, r) for _, f in t.fields)
        case ty.MapT():
            return tuple(random_value(t.value, r) for _ in ty.members(t.key))
        case ty.OptionT():
            return None if r.random() < 0.3 else random_value(t.item, r)
        case ty.SetT():
            return frozenset(m for m in ty.members(t.item) if r.random() < 0.5)
        case ty.SeqT():
            return tuple(random_value(t.item, r) for _ in range(r.randint(0, t.bound)))
        case _:
            return r.choice(ty.members(t))


DEFAULT = from_leaves(STATE, [0, 0, *([0] * (len(to_leaves(STATE, random_value(STATE, random.Random(0)))) - 2))])
PROGRAM = n.Program("m", STATE, ("m", "State"), DEFAULT, (), ACTIONS, HELPERS, (), (), {})
SYSTEM = scalarize(PROGRAM, ACTIONS, PROPERTIES, None, {})


def environment(space: str, leaves: tuple[int, ...]) -> dict[tuple[str, int], int]:
    return {(space, i): v for i, v in enumerate(leaves)}


def scalar_outcome(action: sc.ScalarAction, before: tuple[int, ...], params: tuple[ty.Value, ...]) -> ev.Outcome:
    leaves = [x for (_, t), v in zip(action.params, params, strict=True) for x in to_leaves(t, v)]
    env = environment("s", before) | environment("p", tuple(leaves))
    failed = [e for e, v in zip(action.errors, sc.evaluate([e.condition for e in action.errors], env)) if v]
    enabled = all(sc.evaluate(action.guards, env))
    assert len(failed) + enabled <= 1, "guards and errors exclude each other"
    if failed:
        return ev.Failed(failed[0].kind, failed[0].span)
    if not enabled:
        return ev.Disabled()
    after = list(before)
    for i, v in zip(action.updates, sc.evaluate(action.updates.values(), env)):
        after[i] = v
    state = from_leaves(STATE, after)
    assert to_leaves(STATE, state) == tuple(after), "equal values have equal leaves"
    return ev.Enabled(state)


@pytest.mark.parametrize("i", range(len(ACTIONS)), ids=[a.name for a in ACTIONS])
def test_actions_do_what_the_evaluator_says(i: int) -> None:
    """Disabled, the same error at the same place, or the same successor with canonical leaves."""
    r = random.Random(i)
    kinds = set()
    all_params = list(ev.instances(ACTIONS[i].params))
    for _ in range(150):
        state = random_value(STATE, r)
        for params in r.sample(all_params, min(12, len(all_params))):
            expected = ev.run_action(PROGRAM, ACTIONS[i], state, params)
            kinds.add(type(expected))
            assert scalar_outcome(SYSTEM.actions[i], to_leaves(STATE, state), params) == expected, (state, params)
    assert ev.Enabled in kinds


def property_outcome(p: n.Property, states: list[ty.Value]) -> bool | set[ModelErrorKind]:
    some = p.kind is n.PropertyKind.REACHABLE
    results, errors = [], set()
    for params in ev.instances(p.params):
        try:
            results.append(ev.call(HELPERS, p.function, (*states, *params)))
        except ModelError as e:
            errors.add(e.kind)
    return errors or (any(results) if some else all(results))


@pytest.mark.parametrize("i", range(len(PROPERTIES)), ids=[p.name for p in PROPERTIES])
def test_properties_hold_where_the_evaluator_says(i: int) -> None:
    """The same truth in every state, over all parameters, or the same errors."""
    r = random.Random(i)
    p, q = PROPERTIES[i], SYSTEM.properties[i]
    for _ in range(300):
        states = [random_value(STATE, r) for _ in range(1 + (p.kind is n.PropertyKind.STEP))]
        if r.random() < 0.2:
            states[-1] = states[0]
        env: dict[tuple[str, int], int] = {}
        for space, s in zip("st", states):
            env |= environment(space, to_leaves(STATE, s))
        value, *failed = sc.evaluate([q.value, *(e.condition for e in q.errors)], env)
        errors = {e.kind for e, f in zip(q.errors, failed, strict=True) if f}
        assert (errors or bool(value)) == property_outcome(p, states)


def test_leaves_that_do_not_change_have_no_update() -> None:
    """`add` changes `n` alone."""
    assert list(SYSTEM.actions[0].updates) == [1]


def test_guards_are_a_flat_conjunction() -> None:
    """No guard is itself a conjunction."""
    assert all(g.op is not sc.Op.AND for a in SYSTEM.actions for g in a.guards)


def test_numbers_beyond_64_bits_are_noted() -> None:
    """With their place and what they may be: it is for an engine to say whether it takes them."""
    big = num(1 << 62)
    product = arith(ArithOp.MUL, arith(ArithOp.ADD, get("n"), num(9)), big)

    system = scalarize(PROGRAM, [action("big", {}, put("n", product))], [], None, {})

    assert system.wide == (sc.Wide(8 << 62, 12 << 62, product.span),)


def test_numbers_of_thousands_of_bits_are_refused() -> None:
    """Squares of squares are E002, before any engine sees them."""
    total: n.Expr = num(1 << 600)
    for _ in range(3):
        total = arith(ArithOp.MUL, total, total)
    with pytest.raises(InputError, match="E002"):
        scalarize(PROGRAM, [action("big", {}, put("n", total))], [], None, {})


def test_loops_too_long_to_unroll_are_refused() -> None:
    """A range of a million iterations is E002."""
    bad = action("long", {}, n.Loop(("i",), (ty.INT,), n.RangeIter(num(0), num(10**6)), (), span=span()))
    with pytest.raises(InputError, match="E002"):
        scalarize(PROGRAM, [bad], [], None, {})


def test_nested_loops_too_large_to_compile_are_refused() -> None:
    """Few enough iterations, but too much in each."""
    total: n.Expr = num(0)
    for _ in range(40):
        total = arith(ArithOp.MOD, arith(ArithOp.ADD, total, n.Local(ty.INT, "i", span=span())), num(7))
    body = (n.Assign("n", ty.INT, (), total, span=span()),)
    bad = action("long", {}, n.Loop(("i",), (ty.INT,), n.RangeIter(num(0), num(10_000)), body, span=span()))
    with pytest.raises(InputError, match="E002"):
        scalarize(PROGRAM, [bad], [], None, {})


def test_who_waits_is_asked_about_while_loops_are_unrolled() -> None:
    """Some hundred thousand expressions take seconds."""
    total = arith(ArithOp.MOD, arith(ArithOp.ADD, get("n"), n.Local(ty.INT, "i", span=span())), num(4))
    body = (n.Assign("s", STATE, (n.AtField("n"),), total, span=span()),)
    loop = n.Loop(("i",), (ty.INT,), n.RangeIter(num(0), num(5_000)), body, span=span())
    looks = []

    def wanted() -> bool:
        looks.append(0)
        if len(looks) == 20:
            raise InterruptedError
        return False

    with pytest.raises(InterruptedError), watching(Watch(None, wanted)):
        scalarize(PROGRAM, [action("long", {}, loop)], [], None, {})


def test_an_initial_action_reads_its_parameters_alone_and_gives_every_leaf() -> None:
    """It is taken in the default state, which is constant: what it does not assign is what that says."""
    bad = action("start", {"k": ty.IntT(0, 9)}, put("n", K))
    program = n.Program("m", STATE, ("m", "State"), DEFAULT, (bad,), ACTIONS, HELPERS, (), (), {})

    system = scalarize(program, [], [], None, {})

    (made,) = system.initials
    roots = [*made.guards, *(e.condition for e in made.errors), *made.updates.values()]
    assert {sc.var_of(v)[0] for v in sc.topological(roots) if v.op is sc.Op.VAR} == {"p"}
    assert sorted(made.updates) == list(range(len(system.leaves)))
    assert [e.kind for e in made.errors] == [ModelErrorKind.RANGE]
    wrong = [k for k in range(10) if sc.evaluate([e.condition for e in made.errors], {("p", 0): k}) == [1]]
    assert wrong == [4, 5, 6, 7, 8, 9]
    assert initial_states(system) == tuple(
        to_leaves(STATE, state) for state in initials.initial_states(attrs.evolve(program, initials=(few(program),)))
    )


def few(program: n.Program) -> n.Action:
    """The initial action for the parameters that are no error."""
    return action("start", {"k": ty.IntT(0, 3)}, put("n", K))


def test_without_initial_actions_a_run_begins_in_the_default_state() -> None:
    system = scalarize(PROGRAM, [], [], None, {})

    assert initial_states(system) == (to_leaves(STATE, DEFAULT),)


def test_a_model_with_fifteen_actions_is_quick() -> None:
    """Scalarizing runs at every start of a check: here it takes 22 000 calls, some hundredths of a second."""
    effort(lambda: scalarize(PROGRAM, (*ACTIONS, *ACTIONS[:4]), PROPERTIES, None, {}), most=100_000)
