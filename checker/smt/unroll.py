"""What is a run of a number of steps, as constraints?  And which run does a model of them describe?

Rule of the module: frame i has a constant for each leaf of state i; step i, from frame i to i + 1, one
selector an action and constants of its own for the action's parameters.  Exactly one selector is
true; parameters are values of their types.  Frame 0 of a run that begins is what some initial action makes of
constants for its parameters.  Every run that is read back from a model is run again by
`scalar.evaluate`, so an encoding that lies is found out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs
import z3

from interlock.checker.ir.scalar import Leaf, Node, ScalarAction, ScalarSystem, and_, evaluate, or_
from interlock.checker.ir.types import Value
from interlock.checker.semantics.leaves import from_leaves
from interlock.checker.smt.canonical import canonical
from interlock.checker.smt.claims import At, Claim
from interlock.checker.smt.encode import Binding, Encoding, Term

_LOOK = 256  # constants that are made between two looks at the clock

Move = tuple[int, tuple[Value, ...]]  # an action's position, its parameters


@attrs.frozen
class Run:
    """A run read back from a model; `tried` is an action tried in the last state (an error of it), `start` the initial
    action that leads to the first, of a run that begins."""

    states: tuple[tuple[int, ...], ...]
    moves: tuple[Move, ...]
    claim: Claim | None = None
    tried: Move | None = None
    start: Move | None = None


class Unrolling:
    """A system unrolled to a growing number of frames, in one encoding."""

    def __init__(self, system: ScalarSystem, encoding: Encoding, look: Callable[[], object] = lambda: None) -> None:
        """`look` is called now and then while terms are made, and may raise."""
        self.system, self.encoding, self.look = system, encoding, look
        self._own = [self._leaves(f"p{i}.", a.param_leaves) for i, a in enumerate(system.actions)]
        self._first = [self._leaves(f"b{i}.", a.param_leaves) for i, a in enumerate(system.initials)]
        self._given = [
            {("p", k): pair for k, pair in enumerate(zip(own, a.param_leaves, strict=True))}
            for own, a in zip(self._first, system.initials, strict=True)
        ]
        self._given_memos: list[dict[int, Term]] = [{} for _ in system.initials]
        self._s, self._t = self._leaves("s", system.leaves), self._leaves("t", system.leaves)
        self._frames: list[list[Term]] = []
        self._params: list[list[list[Term]]] = []
        self._memos: dict[int | None, dict[int, Term]] = {}
        self._renamings: dict[int, _Renaming] = {}  # by frame
        self._bindings: dict[int | None, Binding] = {}
        self._step = z3.And(self._step_template())
        self._state_bounds = [b for c, leaf in zip(self._s, system.leaves, strict=True) for b in self._bounds(c, leaf)]

    def _leaves(self, prefix: str, leaves: Sequence[Leaf], suffix: str = "") -> list[Term]:
        found = []
        for i, leaf in enumerate(leaves):
            if not i % _LOOK:
                self.look()
            found.append(self.encoding.constant(f"{prefix}{i}{suffix}", leaf))
        return found

    def _bounds(self, term: Term, leaf: Leaf) -> list[Term]:
        return self.encoding.bounds(term, leaf)

    # --- templates ---------------------------------------------------------------------------------

    def _binding(self, action: int | None) -> Binding:
        """What the variables of a template are, of an action or (None) of states alone."""
        if action not in self._bindings:
            self._bindings[action] = self._bound(action)
        return self._bindings[action]

    def _bound(self, action: int | None) -> Binding:
        leaves = self.system.leaves
        found = {("s", i): (c, leaf) for i, (c, leaf) in enumerate(zip(self._s, leaves, strict=True))}
        found |= {("t", i): (c, leaf) for i, (c, leaf) in enumerate(zip(self._t, leaves, strict=True))}
        if action is not None:
            own = zip(self._own[action], self.system.actions[action].param_leaves, strict=True)
            found |= {("p", i): pair for i, pair in enumerate(own)}
        return found

    def _template(self, node: Node, action: int | None = None) -> Term:
        return self._encoded(node, self._binding(action), self._memos.setdefault(action, {}))

    def _step_template(self) -> list[Term]:
        actions = self.system.actions
        chosen = [self._selector(i) for i in range(len(actions))]
        found = [z3.Or(chosen)]
        found += [z3.Not(z3.And(c, d)) for i, c in enumerate(chosen) for d in chosen[:i]]
        for i in range(len(actions)):
            found += [z3.Implies(chosen[i], c) for c in self._action_template(i)]
        for i, (s, t) in enumerate(zip(self._s, self._t, strict=True)):
            changed = [c for c, a in zip(chosen, actions, strict=True) if i in a.updates]
            found.append(z3.Or(*changed, s == t))
        return found

    def _action_template(self, i: int) -> list[Term]:
        a = self.system.actions[i]
        found = [self._template(g, i) for g in a.guards] + self._valid_params(i)
        for leaf, node in a.updates.items():
            stored = self.encoding.store(node, self._template(node, i), self.system.leaves[leaf])
            found.append(self._t[leaf] == stored)
        return found

    def _valid_params(self, i: int) -> list[Term]:
        memo = self._memos.setdefault(i, {})
        return self._valid(self.system.actions[i], self._own[i], self._binding(i), memo)

    def _valid(self, a: ScalarAction, own: Sequence[Term], binding: Binding, memo: dict[int, Term]) -> list[Term]:
        """That the parameters of an action are values of their types."""
        found = [b for c, leaf in zip(own, a.param_leaves, strict=True) for b in self._bounds(c, leaf)]
        node = canonical([t for _, t in a.params], "p", a.param_leaves)
        return [*found, self._encoded(node, binding, memo)]

    def _encoded(self, node: Node, binding: Binding, memo: dict[int, Term]) -> Term:
        return self.encoding.encode([node], binding, memo, self.look)[0]

    def _selector(self, action: int, frame: int | None = None) -> Term:
        return z3.Bool(f"do{action}" if frame is None else f"do{action}@{frame}")

    # --- frames ------------------------------------------------------------------------------------

    def frame(self, i: int) -> list[Term]:
        """The constants of state i (made when first asked for)."""
        while len(self._frames) <= i:
            n = len(self._frames)
            self._frames.append(self._leaves("s", self.system.leaves, f"@{n}"))
            self._params.append(
                [self._leaves(f"p{j}.", a.param_leaves, f"@{n}") for j, a in enumerate(self.system.actions)]
            )
        return self._frames[i]

    def _at(self, template: Term, i: int) -> Term:
        """A template about state s, next state t, selectors and parameters, at frame i."""
        self.look()
        if i not in self._renamings:
            self._renamings[i] = _renaming(self._renamed(i))
        # `z3.substitute` looks at the sorts of all pairs each time, which takes longer than all else.
        _, *arrays = self._renamings[i]
        return z3.BoolRef(z3.Z3_substitute(template.ctx_ref(), template.as_ast(), *arrays), template.ctx)

    def _renamed(self, i: int) -> list[tuple[Term, Term]]:
        """The constants of templates, and those of frame i."""
        self.frame(i + 1)
        pairs = list(zip(self._s, self._frames[i], strict=True))
        pairs += zip(self._t, self._frames[i + 1], strict=True)
        for j, own in enumerate(self._own):
            pairs.append((self._selector(j), self._selector(j, i)))
            pairs += zip(own, self._params[i][j], strict=True)
        return pairs

    def initial(self) -> Term:
        """That frame 0 is an initial state."""
        chosen = [_begins(i) for i in range(len(self.system.initials))]
        made = [z3.Implies(c, term) for i, c in enumerate(chosen) for term in self._begun(i)]
        return z3.And(z3.Or(chosen), *made)

    def _begun(self, i: int) -> list[Term]:
        """What makes frame 0 a state that an initial action leads to."""
        a, frame = self.system.initials[i], self.frame(0)
        found = [self._initially(i, guard) for guard in a.guards] + self._valid_initially(i)
        for leaf, node in a.updates.items():
            stored = self.encoding.store(node, self._initially(i, node), self.system.leaves[leaf])
            found.append(frame[leaf] == stored)
        return found

    def _initially(self, i: int, node: Node) -> Term:
        """An expression over the parameters of an initial action."""
        return self._encoded(node, self._given[i], self._given_memos[i])

    def _valid_initially(self, i: int) -> list[Term]:
        a = self.system.initials[i]
        return self._valid(a, self._first[i], self._given[i], self._given_memos[i])

    def broken(self, i: int) -> Term:
        """That an initial action is an error of the model."""
        wrong = self._initially(i, or_(e.condition for e in self.system.initials[i].errors))
        return z3.And(wrong, *self._valid_initially(i))

    def bounded(self, i: int) -> Term:
        """That the leaves of state i are in their bounds."""
        return self._at(z3.And(self._state_bounds), i)

    def canonical(self, i: int) -> Term:
        """That state i is a value of the state's type."""
        if self.system.state is None:
            return self.bounded(i)
        node = canonical([self.system.state], "s", self.system.leaves)
        return z3.And(self.bounded(i), self.condition(node, i))

    def step(self, i: int) -> Term:
        """That some action leads from state i to state i + 1."""
        return z3.And(self._at(self._step, i), self.bounded(i + 1))

    def differ(self, i: int, j: int) -> Term:
        """That states i and j are not the same."""
        return z3.Or([a != b for a, b in zip(self.frame(i), self.frame(j), strict=True)])

    def condition(self, node: Node, i: int, action: int | None = None) -> Term:
        """A condition over "s" = state i, "t" = state i + 1, and "p" = an action's parameters in step i."""
        return self._at(self._template(node, action), i)

    def violates(self, claim: Claim, i: int) -> Term:
        """That state i, or the step that leads to it, or an action tried in it, is what a claim forbids."""
        if claim.at is At.STEP:
            return self.condition(claim.bad, i - 1)
        if claim.action is None:
            return self.condition(claim.bad, i)
        valid = self._at(z3.And(self._valid_params(claim.action)), i)
        return z3.And(self.condition(claim.bad, i, claim.action), valid)

    # --- reading a model ---------------------------------------------------------------------------

    def read(self, model: Any, last: int, claims: Sequence[Claim] = ()) -> Run:
        """The run of a model up to a frame, with the first of the claims that it violates there."""
        states = tuple(self._state(model, i) for i in range(last + 1))
        moves = tuple(self._move(model, i, self._selected(model, i)) for i in range(last))
        for i, (action, _) in enumerate(moves):
            self._confirm(action, states[i], states[i + 1], self._flat(model, i, action))
        for claim in claims:
            if self._violated(model, claim, states):
                tried = None if claim.action is None else self._move(model, last, claim.action)
                return Run(states, moves, claim, tried)
        if claims:
            raise AssertionError("Z3 found a violation that the scalar form does not have")
        return Run(states, moves)

    def refuted(self, model: Any, last: int, claims: Sequence[Claim]) -> list[Claim]:
        """The claims that the run of a model violates at its end, which are some."""
        states = tuple(self._state(model, i) for i in range(last + 1))
        found = [c for c in claims if self._violated(model, c, states)]
        if not found:
            raise AssertionError("Z3 found a violation that the scalar form does not have")
        return found

    def begun(self, model: Any, run: Run) -> Run:
        """A run that begins, with the initial action that leads to its first state."""
        for i, a in enumerate(self.system.initials):
            if z3.is_true(model.eval(_begins(i), model_completion=True)):
                flat, move = self._start(model, i)
                env = _env(p=flat)
                made = evaluate([a.updates[k] for k in range(len(self.system.leaves))], env)
                if not evaluate([and_(a.guards)], env)[0] or tuple(made) != run.states[0]:
                    raise AssertionError(f"Z3 began with {a.name}, which the scalar form does not")
                return attrs.evolve(run, start=move)
        raise AssertionError("no initial action is selected")

    def wrong_start(self, model: Any, i: int) -> Move:
        """The instance of an initial action that is an error of the model."""
        flat, move = self._start(model, i)
        if not any(evaluate([e.condition for e in self.system.initials[i].errors], _env(p=flat))):
            raise AssertionError("Z3 found an error that the scalar form does not have")
        return move

    def _start(self, model: Any, i: int) -> tuple[tuple[int, ...], Move]:
        a = self.system.initials[i]
        rows = zip(self._first[i], a.param_leaves, strict=True)
        flat = tuple(self._number(model, c, leaf) for c, leaf in rows)
        return flat, (i, _values(a, flat))

    def _number(self, model: Any, term: Term, leaf: Leaf) -> int:
        return self.encoding.value(model.eval(term, model_completion=True), leaf)

    def _state(self, model: Any, i: int) -> tuple[int, ...]:
        rows = zip(self.frame(i), self.system.leaves, strict=True)
        return tuple(self._number(model, c, leaf) for c, leaf in rows)

    def _flat(self, model: Any, i: int, action: int) -> tuple[int, ...]:
        rows = zip(self._params[i][action], self.system.actions[action].param_leaves, strict=True)
        return tuple(self._number(model, c, leaf) for c, leaf in rows)

    def _selected(self, model: Any, i: int) -> int:
        for j in range(len(self.system.actions)):
            if z3.is_true(model.eval(self._selector(j, i), model_completion=True)):
                return j
        raise AssertionError("no action is selected in a step")

    def _move(self, model: Any, i: int, action: int) -> Move:
        return action, _values(self.system.actions[action], self._flat(model, i, action))

    def _confirm(self, action: int, s: tuple[int, ...], t: tuple[int, ...], p: tuple[int, ...]) -> None:
        a = self.system.actions[action]
        env = _env(s=s, p=p)
        expected = list(s)
        for leaf, value in zip(a.updates, evaluate(a.updates.values(), env), strict=True):
            expected[leaf] = value
        if not evaluate([and_(a.guards)], env)[0] or tuple(expected) != t:
            raise AssertionError(f"Z3 took a step of {a.name} that the scalar form does not have")

    def _violated(self, model: Any, claim: Claim, states: tuple[tuple[int, ...], ...]) -> bool:
        if claim.at is At.STEP:
            if len(states) == 1:
                return False
            env = _env(s=states[-2], t=states[-1])
        elif claim.action is not None:
            env = _env(s=states[-1], p=self._flat(model, len(states) - 1, claim.action))
            valid = [t for _, t in self.system.actions[claim.action].params]
            leaves = self.system.actions[claim.action].param_leaves
            if not _is_value(valid, leaves, env):
                return False
        else:
            env = _env(s=states[-1])
        return bool(evaluate([claim.bad], env)[0])


_Renaming = tuple[list[tuple[Term, Term]], int, Any, Any]


def _renaming(pairs: list[tuple[Term, Term]]) -> _Renaming:
    """Pairs of constants as Z3's own functions take them; the terms live as long as the pairs."""
    kind = z3.Ast * len(pairs)
    old, new = kind(*(a.as_ast() for a, _ in pairs)), kind(*(b.as_ast() for _, b in pairs))
    return pairs, len(pairs), old, new


def _values(a: ScalarAction, flat: tuple[int, ...]) -> tuple[Value, ...]:
    """The values of the parameters whose leaves these are."""
    rows = zip(a.params, a.param_offsets, (*a.param_offsets[1:], len(flat)), strict=bool(a.params))
    return tuple(from_leaves(t, flat[start:end]) for (_, t), start, end in rows)


def _begins(i: int) -> Term:
    """The selector of an initial action."""
    return z3.Bool(f"begin{i}")


def _env(**spaces: tuple[int, ...]) -> dict[tuple[str, int], int]:
    return {(space, i): v for space, values in spaces.items() for i, v in enumerate(values)}


def _is_value(types: Sequence[Any], leaves: Sequence[Leaf], env: dict[tuple[str, int], int]) -> bool:
    inside = all(leaf.lo <= env[("p", i)] <= leaf.hi for i, leaf in enumerate(leaves))
    return inside and bool(evaluate([canonical(types, "p", leaves)], env)[0])
