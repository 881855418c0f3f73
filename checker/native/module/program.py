"""What does a system become when it is compiled?  One module: its own code and the kernel around it.

Rule of the module: the functions here say what the kernel calls (`@expand`, `@check`, `@check_step`,
`@check_terminal`, `@wanted`, `@note`, `@note_step`), and what their codes mean: those of `kernel.Judged`, and 0 is nothing found.
The place of a REACHABLE property itself is that of its witness.
"""

from __future__ import annotations

import functools
import itertools
import pickle
from collections.abc import Iterator, Mapping, Sequence
from typing import Self

import attrs

from interlock.checker import cache
from interlock.checker.contract import Step
from interlock.checker.ir.nodes import PropertyKind
from interlock.checker.ir.scalar import (
    FALSE,
    TRUE,
    Node,
    Op,
    ScalarAction,
    ScalarProperty,
    ScalarSystem,
    and_,
    conjuncts,
    not_,
    or_,
)
from interlock.checker.ir.types import cardinality, nths, rank
from interlock.checker.native import kernel
from interlock.checker.native.code.begins import initial_code
from interlock.checker.native.code.emit import Emitter, bits_of, load_words, width
from interlock.checker.native.code.jit import Assembly, Library
from interlock.checker.native.code.successors import action_code
from interlock.checker.native.code.symmetry import symmetry_code, uniform
from interlock.checker.native.code.text import INTRINSICS, ZERO, Address, Code, Number, Word
from interlock.checker.passes.correspondence import correspondence
from interlock.checker.passes.known import NOTHING, Known, narrowed
from interlock.checker.passes.quotient import Quotient
from interlock.checker.passes.ranges import ranges
from interlock.checker.semantics.layout import WORD, Division, Packing

_NARROW_MARK, _WIDE_MARK = 8, 64  # bits of what a state is marked with: a byte, or a word
_NARROW = WORD  # bits of states that are kept as they are written
_BRANCH = 10  # nodes of a property that are worth a branch around them: about what one predicted wrong costs


@attrs.frozen
class Found:
    """What a code says: which property, and whether evaluating it is an error."""

    property: ScalarProperty
    error: bool


@attrs.frozen
class Portion:
    """Some goals of a RECOVERABLE property, by its position, that one mark of a state has a bit for each; `numbers`:
    which values of its parameters they are of."""

    property: int
    numbers: tuple[int, ...]


class Program:
    """A compiled system: its packing, the numbering of its instances, and its native functions.

    With `every`, a search notes each thing that is wrong with a state or a step, not only the first.
    With a `quotient`, a search keeps one state of each orbit.
    What is `known` of every state that is handed over need not be kept.
    A `division` says which leaves lie in a word together.
    """

    def __init__(
        self,
        system: ScalarSystem,
        *,
        every: bool = False,
        quotient: Quotient | None = None,
        known: Known = NOTHING,
        division: Division | None = None,
    ) -> None:
        self.system, self.every, self.quotient, self.known = system, every, quotient, known
        self.division, self.leaves = division, known.leaves(system.leaves)
        self.packing = Packing.of(self.leaves, known.same, division)
        self.words, self.fields = width(self.packing), self.packing.order()
        sizes = [a.instances for a in system.actions]
        self.bases = [0, *itertools.accumulate(sizes)]
        self.instances = self.bases[-1]
        self.starts = [0, *itertools.accumulate(a.instances for a in system.initials)]
        steps = any(p.kind is PropertyKind.STEP for p in system.properties)
        text, self.portions = self._kept()
        marks = _marks(max((len(p.numbers) for p in self.portions), default=0))
        reduced = quotient is not None
        self.shape = kernel.Shape(self.packing.bits, self.words, len(system.properties), steps, every, reduced, marks)
        self.library = Library(text or Assembly.of(self.assembly()))
        if text is None:
            self._keep_text()
        self.bind()

    @functools.cached_property
    def compiled(self) -> ScalarSystem:
        """The system as it is compiled: what is known of its states is neither read nor written."""
        return narrowed(self.system, self.known)

    def _kept(self) -> tuple[Assembly | None, tuple[Portion, ...]]:
        """Of a system that was compiled in this way before, its text, and its portions."""
        place = self._place()
        data = None if place is None else cache.usual().load(place)
        if data is None:
            return None, tuple(self._portions())
        digest, size, portions = pickle.loads(data)
        return Assembly(digest, size, self.assembly), tuple(Portion(*p) for p in portions)

    def _keep_text(self) -> None:
        place = self._place()
        if place is not None:
            of, portions = self.library.text, [(p.property, p.numbers) for p in self.portions]
            cache.usual().store(place, pickle.dumps((of.digest, of.size, portions)))

    def _place(self) -> bytes | None:
        """The key of what is kept of this way to compile the system; None where it has no name, or cannot have."""
        if self.system.key is None or self.quotient is not None or not cache.usual().usable:
            return None
        known = str((sorted(self.known.ranges.items()), sorted(self.known.same.items())))
        way = type(self).__name__, str(self.every), known, str(self.division)
        return cache.key("module 1", self.system.key, *way)

    @classmethod
    def beside(cls, searched: Program, system: ScalarSystem) -> Self:
        """A system with the leaves of one that is searched, which reads states as they are kept there."""
        return cls(system, quotient=searched.quotient, known=searched.known, division=searched.division)

    @property
    def asked_of(self) -> Mapping[str, int]:
        """The functions that compiled code is compared by (`native/agreement.py`), and how many arguments each has."""
        return {"expand": 7, "initial": 3, "wanted": 2, **self.judging}

    @property
    def judging(self) -> dict[str, int]:
        """Those of `judging_code`, and of what a search notes beside that."""
        found = {"check": 2, "check_terminal": 1}
        if self.shape.steps:
            found["check_step"] = 2
        if self.every:
            found |= {"note": 2, "note_step": 4}
        if self.shape.reduced:
            found["represent"] = 1
        return found

    def bind(self) -> None:
        """Find the functions of the module."""
        library = self.library
        self.begin, self.admit = library.function("begin", 2), library.function("admit", 1)
        self.origin = library.function("origin", 5)
        self.search = library.function("search", 2)
        self.grow = library.function("grow", 6)
        self.refill = library.function("refill", 2)
        self.histogram = library.function("histogram", 4)
        self.gather = library.function("gather", 7)
        self.predecessor = library.function("predecessor", 5)
        self.recover = {bits: library.function(f"recover{bits}", 7) for bits in self.shape.marks}
        self.lost = {bits: library.function(f"lost{bits}", 6) for bits in self.shape.marks}
        if self.shape.folded:
            self.reseat = library.function("reseat", 3)
        if self.shape.reduced:
            self.follow, self.weights = library.function("follow", 6), library.function("weights", 3)
            self.represent, self.weigh = library.function("represent", 1), library.function("weigh", 1)

    def assembly(self) -> str:
        """The module as LLVM assembly."""
        parts = [self.model_code(), self.judging_code(), self.wanted_code()]
        if self.every:
            parts += [self._note(), self._note_step()]
        return "\n".join([*parts, self.initial_code(), kernel.text(self.shape, self.starts[-1], self.instances)])

    def initial_code(self) -> str:
        """The initial states."""
        return initial_code(self.compiled, self.packing, self.known.same, self.starts)

    def model_code(self) -> str:
        """The successors of a state, and what represents it."""
        system, packing = self.compiled, self.packing
        parts = [INTRINSICS]
        parts += [action_code(system, packing, i, self.bases[i]) for i in range(len(system.actions))]
        parts.append(self._expand())
        if self.quotient is not None:
            parts.append(symmetry_code(system, packing, self.quotient))
        return "\n".join(parts)

    def judging_code(self) -> str:
        """What is wrong with a state, with one that has no steps, and with a step; and which of two states is told."""
        parts = [self._less(), self._check(), self._check_terminal()]
        return "\n".join([*parts, self._check_step()] if self.shape.steps else parts)

    def pack(self, leaves: Sequence[int]) -> tuple[int, ...]:
        """The words of a state."""
        return self.packing.pack(leaves) if self.packing.words else (0,)

    def unpack(self, words: Sequence[int]) -> tuple[int, ...]:
        """The leaves of a state."""
        return self.packing.unpack(words)

    def order(self, words: Sequence[int]) -> tuple[int, ...]:
        """What states are compared by, smallest first; it does not depend on how they are laid out."""
        return tuple(field.of(words) for field in self.fields)

    def step(self, number: int) -> Step:
        """The action and the parameters of an instance."""
        return _step(self.system.actions, self.bases, number)

    def start(self, number: int) -> Step:
        """The initial action and the parameters of an initial instance."""
        return _step(self.system.initials, self.starts, number)

    def number(self, step: Step) -> int:
        """The instance of an action with these parameters."""
        return _number(self.system.actions, self.bases, step)

    def start_number(self, step: Step) -> int:
        """The initial instance of an initial action with these parameters."""
        return _number(self.system.initials, self.starts, step)

    def owner(self, number: int) -> int:
        """The action of an instance."""
        return _owner(self.bases, number)

    def found(self, code: int) -> Found:
        """What a code of `@check` or `@check_step` says."""
        judged = kernel.Judged.at(code - 1)
        return Found(self.system.properties[judged.position], judged.error)

    # --- the model's own code ----------------------------------------------------------------------

    def _expand(self) -> str:
        """`@expand(state, out, ids, n, fired, err, weight) -> n`: append all successors; count them by action, for
        each of the `weight` states that this one stands for."""
        code = Code("define i64 @expand(ptr %s, ptr %out, ptr %ids, i64 %n, ptr %fired, ptr %err, i64 %w) nounwind")
        n = Word("%n")
        for i in range(len(self.compiled.actions)):
            after = code.word(f"call i64 @act{i}(ptr %s, ptr %out, ptr %ids, i64 {n}, ptr %err)")
            made = code.sub(after, n)
            made = code.mul(made, Word("%w")) if self.shape.reduced else made
            code.store(code.add(code.load(Address("%fired"), i), made), Address("%fired"), i)
            n = after
        return code.finish(n)

    def _less(self) -> str:
        """`@less(a, b) -> i1`: whether a state comes before another (`order`)."""
        code = Code("define internal i1 @less(ptr %a, ptr %b) nounwind")
        one, other = (load_words(code, pointer, self.words) for pointer in (Address("%a"), Address("%b")))
        a, b = ([bits_of(code, words, field) for field in self.fields] for words in (one, other))
        return code.finish_bit(code.before(a, b))

    def _emitter(self, code: Code, spaces: dict[str, Address]) -> Emitter:
        words = {space: load_words(code, pointer, self.words) for space, pointer in spaces.items()}
        return Emitter(code, self.leaves, self.packing, words)

    def _check(self) -> str:
        """`@check(state, notes) -> code`: properties of one state, in order; a witness is noted."""
        code = Code("define i64 @check(ptr %s, ptr %notes) nounwind")
        emit = self._emitter(code, {"s": Address("%s")})
        for i, p in enumerate(self.compiled.properties):
            if p.kind is PropertyKind.STEP:
                continue
            self._leave_on(emit, _errors(p), kernel.Judged(i, error=True).code)
            if p.kind is PropertyKind.ALWAYS:
                self._leave_unless(emit, p.value, kernel.Judged(i).code)
            elif p.kind is PropertyKind.REACHABLE and p.value is not FALSE:
                self._keep(emit, p.value, kernel.Judged(i), Address("%s"))
        return code.finish()

    def _leave_on(self, emit: Emitter, condition: Node, code: int) -> None:
        if condition is not FALSE:
            emit.code.leave(emit.bit(condition), code)

    def _leave_unless(self, emit: Emitter, condition: Node, code: int) -> None:
        """Leave where the condition does not hold.  What costs much to compute is asked for only where the rest does
        not decide: most of what properties say is of states that are not often met."""
        dear = [c for c in conjuncts([condition]) if self._split(emit, c) is not None]
        cheap = [c for c in conjuncts([condition]) if c not in dear]
        if cheap:
            good = emit.all(cheap)
            emit.code.leave(emit.code.opposite(good), code)
        for c in dear:
            split = self._split(emit, c)
            if split is None:  # cheap by now
                self._leave_unless(emit, c, code)
                continue
            first, rest = split
            with emit.code.unless(emit.bit(first)), emit.scope():
                self._leave_unless(emit, rest, code)

    def _split(self, emit: Emitter, condition: Node) -> tuple[Node, Node] | None:
        """A disjunction as its cheapest part and the others, where those are worth a branch."""
        if condition.op is not Op.OR:
            return None
        first, *rest = sorted(condition.src, key=lambda n: emit.price([n]))
        return (first, or_(rest)) if emit.price(rest) > _BRANCH else None

    def _check_step(self) -> str:
        """`@check_step(old, new) -> code`: properties of one step, in order."""
        code = Code("define i64 @check_step(ptr %s, ptr %t) nounwind")
        emit = self._emitter(code, {"s": Address("%s"), "t": Address("%t")})
        for i, p in enumerate(self.compiled.properties):
            if p.kind is PropertyKind.STEP:
                self._leave_on(emit, _errors(p), kernel.Judged(i, error=True).code)
                self._leave_unless(emit, p.value, kernel.Judged(i).code)
        return code.finish()

    def _note(self) -> str:
        """`@note(state, notes)`: everything that is wrong in a state, and what it witnesses."""
        code = Code("define i64 @note(ptr %s, ptr %notes) nounwind")
        emit = self._emitter(code, {"s": Address("%s")})
        for i, p in enumerate(self.compiled.properties):
            if p.kind is not PropertyKind.STEP:
                self._keep(emit, _errors(p), kernel.Judged(i, error=True), Address("%s"))
            if p.kind is PropertyKind.ALWAYS:
                self._keep(emit, and_((not_(p.value), not_(_errors(p)))), kernel.Judged(i), Address("%s"))
            elif p.kind is PropertyKind.REACHABLE:
                self._keep(emit, and_((p.value, not_(_errors(p)))), kernel.Judged(i), Address("%s"))
        return code.finish()

    def _note_step(self) -> str:
        """`@note_step(old, new, id, notes)`: everything that is wrong with a step."""
        code = Code("define i64 @note_step(ptr %s, ptr %t, i64 %id, ptr %notes) nounwind")
        emit = self._emitter(code, {"s": Address("%s"), "t": Address("%t")})
        for i, p in enumerate(self.compiled.properties):
            if p.kind is PropertyKind.STEP:
                self._keep(emit, _errors(p), kernel.Judged(i, error=True), Address("%s"), Word("%id"))
                self._keep(emit, and_((not_(p.value), not_(_errors(p)))), kernel.Judged(i), Address("%s"), Word("%id"))
        return code.finish()

    def _keep(self, emit: Emitter, condition: Node, judged: kernel.Judged, state: Address, ident: Number = 0) -> None:
        """Where the condition holds, and while its note is not closed, note the state (and the instance)."""
        if condition is FALSE:
            return
        code, test, notes = emit.code, emit.bit(condition), Address("%notes")
        status = code.load(notes, self.shape.note(judged.place))
        with code.when(code.all(test, code.cmp("ne", status, kernel.Note.CLOSED))):
            kernel.keep(code, notes, judged.place, state, ident)

    def _check_terminal(self) -> str:
        """`@check_terminal(state) -> code`: 1 when it must not be a state without steps, 2 on an error."""
        code = Code("define i64 @check_terminal(ptr %s) nounwind")
        terminal = self.compiled.terminal
        if terminal is not None:
            emit = self._emitter(code, {"s": Address("%s")})
            self._leave_on(emit, _errors(terminal), 2)
            self._leave_unless(emit, terminal.value, 1)
        return code.finish()

    def wanted_code(self) -> str:
        """`@wanted(state, portion) -> bits`: which goals of a portion are there in a state."""
        code = Code("define i64 @wanted(ptr %s, i64 %p) nounwind")
        emit = self._emitter(code, {"s": Address("%s")})
        for i, portion in enumerate(self.portions):
            goals = self.compiled.properties[portion.property].goals
            with code.when(code.cmp("eq", Word("%p"), i)), emit.scope():
                total = ZERO
                for bit, number in enumerate(portion.numbers):
                    there = code.number(emit.bit(goals[number]))
                    total = code.bor(total, code.shl(there, bit))
                code.stop(total)
        return code.finish()

    def _portions(self) -> Iterator[Portion]:
        """What is asked of a search that is over.  Values of parameters that want the same are asked about once, and
        what is there in every state not at all; of a reduced search, one of each orbit is."""
        for i in (i for i, p in enumerate(self.system.properties) if p.kind is PropertyKind.RECOVERABLE):
            p = self.compiled.properties[i]
            chosen = range(len(p.goals)) if self.quotient is None else self.quotient.goals[i]
            wanted = {p.goals[k].id: k for k in reversed(chosen) if p.goals[k] is not TRUE}
            numbers = sorted(wanted.values())
            yield from (Portion(i, tuple(numbers[k : k + _WIDE_MARK])) for k in range(0, len(numbers), _WIDE_MARK))


def _owner(bases: Sequence[int], number: int) -> int:
    return next(i for i, end in enumerate(bases[1:]) if number < end)


def _step(actions: Sequence[ScalarAction], bases: Sequence[int], number: int) -> Step:
    action = _owner(bases, number)
    return Step(action, nths([t for _, t in actions[action].params], number - bases[action]))


def _number(actions: Sequence[ScalarAction], bases: Sequence[int], step: Step) -> int:
    place = 0
    for (_, t), value in zip(actions[step.action].params, step.params, strict=True):
        place = place * cardinality(t) + rank(t, value)
    return bases[step.action] + place


def known_leaves(system: ScalarSystem) -> Known:
    """What a search need not keep of the states it reaches; nothing is looked for where they are narrow anyway."""
    if Packing.of(system.leaves).bits < _NARROW:
        return NOTHING
    place = None if system.key is None else cache.key("known 1", system.key)
    data = None if place is None else cache.usual().load(place)
    if data is not None:
        return Known(*pickle.loads(data))
    equal = correspondence(system)
    known = Known({**equal.ranges, **ranges(narrowed(system, equal))}, equal.same)
    if place is not None:
        cache.usual().store(place, pickle.dumps((dict(known.ranges), dict(known.same))))
    return known


def permitted(known: Known, system: ScalarSystem, quotient: Quotient | None) -> Known:
    """What is known, or nothing where a reduction could not move bits between leaves that were kept so."""
    if quotient is None or known == NOTHING:
        return known
    return known if uniform(Packing.of(known.leaves(system.leaves), known.same), quotient) else NOTHING


def _marks(goals: int) -> tuple[int, ...]:
    """Of how many bits the marks of states may be: a byte, and where that is too few for all goals, a word."""
    return () if not goals else (_NARROW_MARK,) if goals <= _NARROW_MARK else (_NARROW_MARK, _WIDE_MARK)


def _errors(p: ScalarProperty) -> Node:
    return or_(e.condition for e in p.errors)
