"""One model, every engine: the first step or property on which two of them do not say the same.

CPython running the model's own text is the reference.  The evaluator, the scalar form, the native code
and Z3 in both of its encodings are held against it: enabled, disabled or which error; the next state;
the values of the properties; and, for whole searches, the numbers of states and transitions.
"""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import attrs
import z3

from interlock.checker.contract import Budget, Holds, NoneWithin, Step, Task, Trouble, Verdict, Violated
from interlock.checker.diagnostics import InputError
from interlock.checker.engines.bmc import Bmc
from interlock.checker.engines.explore import Explore
from interlock.checker.engines.simulate import Simulate
from interlock.checker.frontend import load_spec
from interlock.checker.ir.claims import Check, Spec
from interlock.checker.ir.nodes import Action, ModelErrorKind, Param, Program, Property, PropertyKind
from interlock.checker.ir.scalar import ErrorSite, Node, ScalarAction, ScalarProperty, ScalarSystem
from interlock.checker.ir.scalar import evaluate as evaluate_scalar
from interlock.checker.ir.types import Value
from interlock.checker.native.code import limits
from interlock.checker.passes.scalarize import scalarize
from interlock.checker.semantics import evaluate as ev
from interlock.checker.semantics.leaves import to_leaves
from interlock.checker.semantics.values import ModelError
from interlock.checker.smt.encode import BitVectors, Encoding, Integers, fitting
from interlock.checker.smt.unroll import Unrolling
from interlock.checker.trace.loader import Erred, Loaded, Refused, Took, load
from tests.initials import InitialError, initial_states
from tests.native.systems import shared, shortened, told
from tests.strategies import Source

WISHES = (PropertyKind.REACHABLE, PropertyKind.FIRES)  # what some state is to have
Said = tuple[Any, ...]  # ("to", leaves) | ("off",) | ("error", kind) | ("is", bool)


class Disagreement(AssertionError):
    """Two engines do not say the same about one step or property."""


@attrs.frozen(eq=False)
class Subject:
    """An accepted model, ready for every engine.

    Where no run begins (an initial action is an error, or all are disabled), `check` and `system` begin in the default
    state all the same, so that the rest is compared too; `begins` is the system as it is.
    """

    spec: Spec
    check: Check
    actions: tuple[Action, ...]
    loaded: Loaded
    system: ScalarSystem
    initials: tuple[Action, ...]
    begins: ScalarSystem

    @property
    def program(self) -> Program:
        return self.check.program


@attrs.frozen
class Effort:
    """How much of a model is compared."""

    states: int = 20
    steps: int = 150  # steps compared, at most
    native: bool = True
    z3_steps: int = 0
    depth: int = 200  # steps of a whole search; what goes deeper is compared up to there


def read(source: Source) -> Spec:
    """The front end's reading.  Raises InputError."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "gen.py").write_text(source.model)
        (place / "gen_spec.py").write_text(source.spec)
        return load_spec(place / "gen_spec.py")


def prepare(spec: Spec) -> Subject:
    """The model for every engine."""
    check = spec.checks[0]
    loaded = load(check.program, spec)
    actions = check.program.allowed(check.faults)
    begins = system = scalarize(check.program, actions, check.properties, check.terminal, check.helpers)
    initials = check.program.initials
    if not _begins(check.program):
        check = check.of(attrs.evolve(check.body, program=attrs.evolve(check.program, initials=())))
        system = scalarize(check.program, actions, check.properties, check.terminal, check.helpers)
    return Subject(spec, check, actions, loaded, system, initials, begins)


def _begins(program: Program) -> bool:
    """Whether a run begins."""
    try:
        return bool(initial_states(program))
    except InitialError:
        return False


def expect(who: str, reference: Said, said: Said, where: str) -> None:
    """Raise Disagreement where an engine does not say what CPython says."""
    if reference != said:
        raise Disagreement(f"{where}\n  CPython: {reference}\n  {who}: {said}")


# --- one step, engine by engine --------------------------------------------------------------------


def in_python(loaded: Loaded, a: Action, state: Value, params: tuple[Value, ...]) -> Said:
    """What CPython does."""
    match loaded.run_action(a.module, a.name, state, params, [p.type for p in a.params]):
        case Took(after):
            return ("to", after)
        case Refused():
            return ("off",)
        case Erred(kind):
            return ("error", kind)
    raise TypeError("no outcome")


def in_evaluator(program: Program, a: Action, state: Value, params: tuple[Value, ...]) -> Said:
    """What the evaluator of the IR does."""
    match ev.run_action(program, a, state, params):
        case ev.Enabled(after):
            return ("to", after)
        case ev.Disabled():
            return ("off",)
        case ev.Failed(kind):
            return ("error", kind)
    raise TypeError("no outcome")


def environment(**spaces: Sequence[int]) -> dict[tuple[str, int], int]:
    """Leaves as the variables of scalar nodes."""
    return {(space, i): v for space, leaves in spaces.items() for i, v in enumerate(leaves)}


def flat(params: Sequence[Param], values: Sequence[Value]) -> tuple[int, ...]:
    """Parameter values as leaves."""
    return tuple(v for p, value in zip(params, values, strict=True) for v in to_leaves(p.type, value))


def in_scalar(system: ScalarSystem, a: ScalarAction, s: tuple[int, ...], p: tuple[int, ...]) -> Said:
    """What the scalar form does, with the promises its fields make."""
    values = evaluate_scalar([*a.guards, *(e.condition for e in a.errors), *a.updates.values()], environment(s=s, p=p))
    guards, rest = values[: len(a.guards)], values[len(a.guards) :]
    kinds = [e.kind for e, v in zip(a.errors, rest, strict=False) if v]
    if len(kinds) > 1 or kinds and all(guards):
        raise Disagreement(f"{a.name}: errors do not exclude each other and the guards: {kinds}")
    if kinds:
        return ("error", kinds[0])
    if not all(guards):
        return ("off",)
    after = list(s)
    for leaf, value in zip(a.updates, rest[len(a.errors) :], strict=True):
        after[leaf] = value
        if not system.leaves[leaf].lo <= value <= system.leaves[leaf].hi:
            raise Disagreement(f"{a.name}: the new value {value} is outside {system.leaves[leaf]}")
    return ("to", tuple(after))


# --- properties ------------------------------------------------------------------------------------


def property_in_python(loaded: Loaded, p: Property, states: Sequence[Value]) -> list[Said]:
    """The values of all instances of a property, in CPython; that an action fires has one: whether it does from here."""
    if p.action is not None:
        tried = (in_python(loaded, p.action, states[-1], params) for params in ev.instances(p.action.params))
        return [("is", any(said[0] == "to" for said in tried))]
    kinds = [q.type for q in p.function.params]
    found: list[Said] = []
    for params in ev.instances(p.params):
        said = loaded.call(p.function.module, p.name, kinds, (*states, *params))
        found.append(("error", said.kind) if isinstance(said, Erred) else ("is", said))
    return found


def property_in_evaluator(check: Check, p: Property, states: Sequence[Value]) -> list[Said]:
    """The same in the evaluator."""
    if p.action is not None:
        tried = (in_evaluator(check.program, p.action, states[-1], params) for params in ev.instances(p.action.params))
        return [("is", any(said[0] == "to" for said in tried))]
    found: list[Said] = []
    for params in ev.instances(p.params):
        try:
            found.append(("is", ev.call({**check.program.helpers, **check.helpers}, p.function, (*states, *params))))
        except ModelError as problem:
            found.append(("error", problem.kind))
    return found


def folded(p: Property, instances: Sequence[Said]) -> Said:
    """All instances as one: the kinds of error, else the value for all, or for some."""
    kinds = {said[1] for said in instances if said[0] == "error"}
    if kinds:
        return ("error", frozenset(kinds))
    values = [said[1] for said in instances]
    return ("is", any(values) if p.kind in WISHES else all(values))


def property_in_scalar(p: ScalarProperty, env: dict[tuple[str, int], int]) -> Said:
    """The same in the scalar form, where the instances are one condition."""
    value, *errors = evaluate_scalar([p.value, *(e.condition for e in p.errors)], env)
    kinds = frozenset(e.kind for e, v in zip(p.errors, errors, strict=True) if v)
    return ("error", kinds) if kinds else ("is", bool(value))


# --- all steps -------------------------------------------------------------------------------------


@attrs.define
class Seen:
    """What a comparison covered."""

    models: int = 0
    steps: Counter[str] = attrs.field(factory=Counter)
    values: Counter[str] = attrs.field(factory=Counter)
    begun: Counter[str] = attrs.field(factory=Counter)  # initial instances
    searches: Counter[str] = attrs.field(factory=Counter)
    z3: Counter[str] = attrs.field(factory=Counter)
    largest: int = 0  # states of a whole search


def compare(subject: Subject, effort: Effort, seen: Seen) -> None:
    """Raise Disagreement at the first step, value or search on which engines do not agree."""
    native = effort.native and compiles(subject.begins)
    encodings = (BitVectors(), Integers()) if compiles(subject.begins) else (fitting(subject.begins),)
    compare_beginnings(subject, native, encodings if effort.z3_steps else (), seen)
    steps = []
    for step in _steps(subject, effort, seen):
        steps.append(step)
    if native:
        compare_search(subject, effort.depth, seen)
    if effort.z3_steps and steps:
        chosen = random.Random(len(steps)).sample(steps, min(len(steps), effort.z3_steps))
        for encoding in encodings:
            in_z3(subject, encoding, chosen, seen)
    seen.models += 1


def compiles(system: ScalarSystem) -> bool:
    """Whether a system is one that compiled code takes on: its numbers have few bits."""
    try:
        limits.refuse(system)
    except InputError:
        return False
    return True


def _steps(subject: Subject, effort: Effort, seen: Seen) -> Iterator[tuple[int, Value, tuple[Value, ...], Said]]:
    program, loaded, system = subject.program, subject.loaded, subject.system
    default = loaded.default()
    expect("front end", ("to", default), ("to", program.default), "the default state")
    queue = list(initial_states(program))
    known, left = set(queue), effort.steps
    for state in queue:
        s = to_leaves(program.state, state)
        _properties(subject, (state,), environment(s=s), seen)
        for i, a in enumerate(subject.actions):
            for params in ev.instances(a.params):
                left -= 1
                where = f"{a.name}{params} in {dict(zip([f for f, _ in program.state.fields], state, strict=True))}"  # type: ignore[union-attr]
                said = in_python(loaded, a, state, params)
                expect("evaluator", said, in_evaluator(program, a, state, params), where)
                expect(
                    "scalar",
                    _leaves(program, said),
                    in_scalar(system, system.actions[i], s, flat(a.params, params)),
                    where,
                )
                seen.steps[said[0] if said[0] != "error" else said[1].name] += 1
                yield i, state, params, said
                if said[0] == "to":
                    _properties(subject, (state, said[1]), environment(s=s, t=to_leaves(program.state, said[1])), seen)
                    if said[1] not in known and len(known) < effort.states:
                        known.add(said[1])
                        queue.append(said[1])
            if left <= 0:
                return


def _leaves(program: Program, said: Said) -> Said:
    return ("to", to_leaves(program.state, said[1])) if said[0] == "to" else said


def _properties(subject: Subject, states: Sequence[Value], env: dict[tuple[str, int], int], seen: Seen) -> None:
    for p, scalar in zip(subject.check.properties, subject.system.properties, strict=True):
        if (p.kind is PropertyKind.STEP) != (len(states) == 2):
            continue
        said = property_in_python(subject.loaded, p, states)
        expect(
            "evaluator", tuple(said), tuple(property_in_evaluator(subject.check, p, states)), f"{p.name} of {states}"
        )
        one = folded(p, said)
        expect("scalar", one, property_in_scalar(scalar, env), f"{p.name} of {states}")
        seen.values[f"{p.kind.value} {one[1] if one[0] == 'is' else 'error'}"] += 1


# --- how a run begins ------------------------------------------------------------------------------

Beginning = tuple[Step, Said]
_SOME = 4  # initial instances that are asked of Z3


def compare_beginnings(subject: Subject, native: bool, encodings: Sequence[Encoding], seen: Seen) -> None:
    """Every instance of the initial actions, in every engine; and what engines say where no run begins."""
    program, system = subject.program, subject.begins
    found: list[Beginning] = []
    for i, (a, scalar) in enumerate(zip(subject.initials, system.initials, strict=bool(subject.initials))):
        for params in ev.instances(a.params):
            where = f"initial {a.name}{params}"
            said = in_python(subject.loaded, a, program.default, params)
            expect("evaluator", said, in_evaluator(program, a, program.default, params), where)
            nothing = (0,) * len(system.leaves)
            expect("scalar", _leaves(program, said), in_scalar(system, scalar, nothing, flat(a.params, params)), where)
            found.append((Step(i, params), _leaves(program, said)))
            seen.begun[said[0]] += bool(params)
    if not found:
        return
    if native:
        _native_beginnings(system, found)
    chosen = random.Random(len(found)).sample(found, min(len(found), _SOME))
    for encoding in encodings:
        _beginnings_in_z3(subject, encoding, chosen)
    if encodings:
        _solver_beginnings(system, found)


def _native_beginnings(system: ScalarSystem, found: Sequence[Beginning]) -> None:
    """A search of no steps finds the initial states; or search and walks tell why no run begins."""
    bare = attrs.evolve(system, actions=(), properties=(), terminal=None)
    verdict, walked = Explore().run(Task(bare)), Simulate().run(Task(bare, walks=3))
    wrong = next((step for step, said in found if said[0] == "error"), None)
    states = {said[1] for _, said in found if said[0] == "to"}
    if wrong is not None or not states:
        for v in (verdict, walked):
            expect("native", ("Violated", True, wrong), _why_not(v), f"no run begins: {v}")
        return
    expect("native", ("Holds", len(states)), (type(verdict).__name__, verdict.coverage.states), "initial states")
    expect("native", ("NoneSampled",), (type(walked).__name__,), "walks from initial states")


def _solver_beginnings(system: ScalarSystem, found: Sequence[Beginning]) -> None:
    """Bounded search tells that no run begins, and by which instance, as native engines do but for the instance."""
    verdict = Bmc().run(Task(attrs.evolve(system, actions=(), properties=(), terminal=None), steps=0))
    wrong = [step for step, said in found if said[0] == "error"]
    if not wrong and any(said[0] == "to" for _, said in found):
        expect("bmc", ("NoneWithin",), (type(verdict).__name__,), f"{verdict}")
        return
    kind, nowhere, step = _why_not(verdict)
    expect("bmc", ("Violated", True), (kind, nowhere), f"no run begins: {verdict}")
    expect("bmc", (True,), (step in wrong if wrong else step is None,), f"no run begins: {verdict}")


def _why_not(v: Verdict) -> Said:
    violated = isinstance(v, Violated)
    return (type(v).__name__, violated and v.begins_nowhere(), v.error_step if isinstance(v, Violated) else None)


def _beginnings_in_z3(subject: Subject, encoding: Encoding, found: Sequence[Beginning]) -> None:
    """Each instance asked of Z3: is it possible, is there another end, is it an error?"""
    system = subject.begins
    unrolling = Unrolling(system, encoding)
    solver, initial = encoding.solver(), unrolling.initial()
    for step, said in found:
        a, action = system.initials[step.action], subject.initials[step.action]
        where = f"{encoding.name}: initial {action.name}{step.params}"
        rows = zip(unrolling._first[step.action], a.param_leaves, flat(action.params, step.params), strict=True)
        solver.push()
        solver.add(z3.Bool(f"begin{step.action}"), *(encoding.equals(c, leaf, v) for c, leaf, v in rows))
        expect(encoding.name, (said[0] == "error",), (_possible(solver, unrolling.broken(step.action)),), where)
        solver.add(initial)
        expect(encoding.name, (said[0] == "to",), (_possible(solver),), where)
        if said[0] == "to":
            there = _in(unrolling, 0, said[1])
            expect(encoding.name, (True, False), (_possible(solver, there), _possible(solver, z3.Not(there))), where)
        solver.pop()


# --- whole searches --------------------------------------------------------------------------------

SPACE = 200  # states of a whole search


def compare_search(subject: Subject, most: int, seen: Seen) -> None:
    """The native search against a search by the evaluator, as deep as this one can go."""
    if _search(subject, subject.check, subject.system, most, seen):  # again without invariants, to go on
        keep = [p.kind in WISHES for p in subject.check.properties]
        check, system = subject.check, subject.system
        wishes = tuple(p for p, k in zip(check.properties, keep, strict=True) if k)
        check = check.of(attrs.evolve(check.body, properties=wishes))
        system = attrs.evolve(system, properties=tuple(p for p, k in zip(system.properties, keep, strict=True) if k))
        _search(subject, check, system, most, seen)


def _search(subject: Subject, check: Check, system: ScalarSystem, most: int, seen: Seen) -> bool:
    """Whether an invariant is violated, by both."""
    program = subject.program
    states = dict.fromkeys(initial_states(program), 0)
    level, depth, transitions = list(states), 0, 0
    trouble = any(_bad(check, p, (s,)) for s in level for p in check.properties if p.kind is not PropertyKind.STEP)
    complete = False
    while not trouble and not complete and len(states) < SPACE and depth < most:
        new: list[Value] = []
        for state in level:
            for _, _, outcome in ev.successors(program, subject.actions, state):
                transitions += 1
                if isinstance(outcome, ev.Failed):
                    trouble = True
                    continue
                steps = [p for p in check.properties if p.kind is PropertyKind.STEP]
                trouble |= any(_bad(check, p, (state, outcome.state)) for p in steps)
                if outcome.state not in states:
                    states[outcome.state] = depth + 1
                    new.append(outcome.state)
        trouble |= any(_bad(check, p, (s,)) for s in new for p in check.properties if p.kind is not PropertyKind.STEP)
        depth, level, complete = depth + bool(new), new, not new
    steps_seen = max(states.values(), default=0)
    verdict = _explored(system, None if complete or trouble else steps_seen)
    counted = verdict.coverage
    kind = type(verdict).__name__
    where = f"search: {verdict}"
    if trouble:
        expect("native", ("Violated",), (kind,), where)
        assert isinstance(verdict, Violated)
        _check_violation(subject, verdict)
        seen.searches["violated"] += 1
        return verdict.trouble is Trouble.PROPERTY
    if complete:
        missing = [
            p.name for p in check.properties if p.kind in WISHES and not any(_holds(check, p, s) for s in states)
        ]
        expect(
            "native",
            ("Violated", missing[0]) if missing else ("Holds",),
            (kind, verdict.property) if isinstance(verdict, Violated) else (kind,),
            where,
        )
        expect(
            "native",
            (len(states), transitions, steps_seen),
            (counted.states, counted.transitions, counted.depth),
            where,
        )
        seen.searches["complete"] += 1
        if isinstance(verdict, Holds):
            for name, path in verdict.witnesses.items():
                p = next(p for p in check.properties if p.name == name)
                first = min(d for s, d in states.items() if _holds(check, p, s))
                expect("native", (first,), (len(path.steps),), f"witness of {name}")
        seen.largest = max(seen.largest, len(states))
        return False
    if isinstance(verdict, NoneWithin):  # a violation one level further on is the engine's to find
        expect("native", (len(states), steps_seen), (counted.states, counted.depth), where)
        seen.searches["within"] += 1
    else:
        assert isinstance(verdict, Violated), where
        _check_violation(subject, verdict)
        seen.searches["violated"] += 1
    return False


def _explored(system: ScalarSystem, depth: int | None) -> Verdict:
    """What native code says, all in full on one thread, and leaving out what it can on two."""
    task = Task(system, Budget(depth=depth))
    plain = Explore().run(task)
    with shortened(), shared():
        short = Explore().run(attrs.evolve(task, workers=2))
    expect("on two threads", told(plain), told(short), "search")
    return plain


def _holds(check: Check, p: Property, state: Value) -> bool:
    return folded(p, property_in_evaluator(check, p, (state,))) == ("is", True)


def _bad(check: Check, p: Property, states: Sequence[Value]) -> bool:
    kind, value = folded(p, property_in_evaluator(check, p, states))
    return kind == "error" or (not value and p.kind not in WISHES)


def _check_violation(subject: Subject, verdict: Violated) -> None:
    """The path of a violation, step by step in CPython."""
    from interlock.checker.semantics.leaves import from_leaves

    program, check = subject.program, subject.check
    where = f"violation: {verdict}"
    assert verdict.path is not None, where
    state = from_leaves(program.state, verdict.path.initial)
    assert state in initial_states(program), where
    before = state
    for step in verdict.path.steps:
        before = state
        said = in_python(subject.loaded, subject.actions[step.action], state, step.params)
        expect("native", (said[0],), ("to",), where)
        state = said[1]
    if verdict.error_step is not None:
        a = subject.actions[verdict.error_step.action]
        expect("native", (in_python(subject.loaded, a, state, verdict.error_step.params)[0],), ("error",), where)
        return
    p = next(p for p in check.properties if p.name == verdict.property)
    states = (before, state) if p.kind is PropertyKind.STEP else (state,)
    kind, value = folded(p, property_in_python(subject.loaded, p, states))
    expect("native", (kind,), ("error",) if verdict.trouble is Trouble.MODEL_ERROR else ("is",), where)
    if kind == "is":
        expect("native", (value,), (False,), where)


# --- Z3 --------------------------------------------------------------------------------------------


def in_z3(
    subject: Subject, encoding: Encoding, steps: Sequence[tuple[int, Value, tuple[Value, ...], Said]], seen: Seen
) -> None:
    """Each step asked of Z3: is it possible, is there another end, which error is there."""
    system, program = subject.system, subject.program
    unrolling = Unrolling(system, encoding)
    solver = encoding.solver()
    step = unrolling.step(0)
    for i, state, params, said in steps:
        a, action = system.actions[i], subject.actions[i]
        where = f"{encoding.name}: {action.name}{params} in {state}"
        fixed = [_in(unrolling, 0, to_leaves(program.state, state)), unrolling._selector(i, 0)]
        rows = zip(unrolling._params[0][i], a.param_leaves, flat(action.params, params), strict=True)
        fixed += [encoding.equals(c, leaf, v) for c, leaf, v in rows]
        solver.push()
        solver.add(*fixed)
        kinds = frozenset(e.kind for e in a.errors if _possible(solver, unrolling.condition(e.condition, 0, i)))
        expect(
            encoding.name,
            ("error", frozenset({said[1]})) if said[0] == "error" else ("error", frozenset()),
            ("error", kinds),
            where,
        )
        solver.add(step)
        expect(encoding.name, (said[0] == "to",), (_possible(solver),), where)
        if said[0] == "to":
            there = _in(unrolling, 1, to_leaves(program.state, said[1]))
            expect(encoding.name, (True, False), (_possible(solver, there), _possible(solver, z3.Not(there))), where)
            for p, scalar in zip(subject.check.properties, system.properties, strict=True):
                states = (state, said[1]) if p.kind is PropertyKind.STEP else (state,)
                kind, value = folded(p, property_in_python(subject.loaded, p, states))
                failing = any(_possible(solver, unrolling.condition(e.condition, 0)) for e in scalar.errors)
                expect(encoding.name, (kind == "error",), (failing,), f"{where}: {p.name}")
                if kind == "is":
                    expect(
                        encoding.name,
                        (value,),
                        (_possible(solver, unrolling.condition(scalar.value, 0)),),
                        f"{where}: {p.name}",
                    )
        solver.pop()
        seen.z3[said[0]] += 1


def _in(unrolling: Unrolling, frame: int, leaves: Sequence[int]) -> Any:
    """That a frame is in a state."""
    rows = zip(unrolling.frame(frame), unrolling.system.leaves, leaves, strict=True)
    return z3.And([unrolling.encoding.equals(c, leaf, v) for c, leaf, v in rows])


def _possible(solver: Any, *more: Any) -> bool:
    solver.push()
    solver.add(*more)  # as assumptions, older versions of Z3 take names alone
    answer = solver.check()
    solver.pop()
    assert answer != z3.unknown, "Z3 gave up"
    return bool(answer == z3.sat)


__all__ = [
    "Disagreement", "Effort", "ErrorSite", "InputError", "ModelErrorKind", "Node", "Seen", "Subject", "compare",
    "prepare", "read",
]  # fmt: skip
