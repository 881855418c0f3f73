"""Random models: source text that the front end accepts, of every construct of the language.

The grammar asks a `Choices` for numbers and nothing else, so one grammar serves three uses: a seeded
run (`random_model`), a Hypothesis strategy (`models`), and the reduction of a failing model
(`shrink`).  Choice 0 is always the simplest one.  Numbers may leave their ranges, keys their maps and
divisors may be zero: errors of the model are part of what engines must agree on.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
from hypothesis import strategies as st

from interlock.checker.ir import types as ty
from interlock.checker.ir.types import BOOL, INT, Type


class Stuck(Exception):
    """No expression of this type can be written here."""


@attrs.define
class Choices:
    """Numbers below a bound, from anywhere; `taken` has those that were asked for."""

    ask: Callable[[int], int]
    taken: list[int] = attrs.field(factory=list)

    def __call__(self, bound: int) -> int:
        number = self.ask(bound) if bound > 1 else 0
        self.taken.append(number)
        return number


@attrs.frozen
class Source:
    """The text of a model, of a spec about it, and the choices that make them."""

    model: str
    spec: str
    choices: tuple[int, ...] = attrs.field(default=(), eq=False, repr=False)

    def __str__(self) -> str:
        return f"# --- gen.py\n{self.model}\n# --- gen_spec.py\n{self.spec}"


COLOUR = ty.EnumT("Colour", ("RED", "GREEN", "BLUE"), ordered=True)
MODE = ty.EnumT("Mode", ("ON", "OFF"))
WHO = ty.ScalarT("Who", 2)
LOW = ty.IntT(0, 2)
SIGNED = ty.IntT(-2, 1)
BIT = ty.IntT(0, 1)
PAIR = ty.RecordT("Pair", (("size", LOW), ("up", BOOL)))
CLAIM = ty.RecordT("Claim", (("who", WHO), ("level", SIGNED)))

FIELDS: tuple[Type, ...] = (
    BOOL, LOW, SIGNED, COLOUR, MODE, PAIR,
    ty.OptionT(WHO), ty.OptionT(SIGNED), ty.OptionT(PAIR), ty.OptionT(CLAIM), ty.OptionT(ty.TupleT((WHO, BOOL))),
    ty.TupleT((BOOL, LOW)), ty.TupleT((LOW, SIGNED)),
    ty.SetT(WHO), ty.SetT(LOW), ty.SetT(COLOUR), ty.SetT(ty.TupleT((WHO, BOOL))), ty.SetT(ty.OptionT(WHO)),
    ty.SetT(PAIR), ty.SetT(ty.TupleT((BOOL, BIT))),
    ty.SeqT(LOW, 2), ty.SeqT(WHO, 2), ty.SeqT(PAIR, 1), ty.SeqT(ty.OptionT(BOOL), 2), ty.SeqT(CLAIM, 1),
    ty.MapT(WHO, BOOL), ty.MapT(WHO, LOW), ty.MapT(COLOUR, SIGNED), ty.MapT(ty.IntT(-1, 1), BOOL), ty.MapT(BOOL, LOW),
    ty.MapT(WHO, ty.OptionT(WHO)), ty.MapT(WHO, ty.SetT(COLOUR)), ty.MapT(WHO, ty.SeqT(BIT, 1)), ty.MapT(WHO, PAIR),
    ty.MapT(ty.TupleT((WHO, BOOL)), BIT), ty.MapT(ty.TupleT((BOOL, BIT)), BOOL), ty.MapT(ty.OptionT(WHO), BOOL),
    ty.MapT(WHO, ty.MapT(BIT, LOW)), ty.MapT(BIT, ty.MapT(WHO, MODE)), ty.MapT(WHO, ty.TupleT((BOOL, BIT))),
)  # fmt: skip
PARAMETERS: tuple[Type, ...] = (
    WHO, BOOL, BIT, COLOUR, MODE, SIGNED, ty.OptionT(WHO), ty.TupleT((BOOL, BIT)), PAIR, CLAIM, ty.SetT(WHO), ty.SeqT(BIT, 1),
)  # fmt: skip
AMOUNT = ty.IntT(0, 2**256 - 1)
DEBT = ty.IntT(-(2**255), 2**255 - 1)
WIDE: tuple[Type, ...] = (
    AMOUNT, DEBT, ty.OptionT(AMOUNT), ty.MapT(WHO, AMOUNT), ty.MapT(BIT, DEBT), ty.SeqT(AMOUNT, 2), ty.TupleT((BOOL, AMOUNT)),
    ty.MapT(WHO, ty.OptionT(DEBT)),
)  # fmt: skip
LARGE = ("0", "1", "2**255", "2**256 - 1", "10**18", "-(2**255)", "3 * 2**200", "-1", "2**64")
HELPED: tuple[Type, ...] = (INT, BOOL, COLOUR, WHO, PAIR, ty.OptionT(WHO))
RESULTS: tuple[Type, ...] = (BOOL, INT, COLOUR, ty.OptionT(WHO), PAIR)
LEAVES = {"fields": 12}


def annotation(t: Type) -> str:
    """The type as a model writes it."""
    match t:
        case ty.IntT(lo, hi):
            return f"Annotated[int, Range({lo}, {hi})]"
        case ty.TupleT():
            return f"tuple[{', '.join(map(annotation, t.items))}]"
        case ty.OptionT():
            return f"{annotation(t.item)} | None"
        case ty.MapT():
            return f"Map[{annotation(t.key)}, {annotation(t.value)}]"
        case ty.SetT():
            return f"FiniteSet[{annotation(t.item)}]"
        case ty.SeqT():
            return f"Annotated[Seq[{annotation(t.item)}], Bound({t.bound})]"
    return ty.show(t)


def _is_int(t: Type) -> bool:
    return isinstance(t, (ty.IntT, ty.AnyIntT))


def _leaves(t: Type) -> int:
    match t:
        case ty.RecordT():
            return sum(_leaves(f) for _, f in t.fields)
        case ty.TupleT():
            return sum(map(_leaves, t.items))
        case ty.OptionT():
            return 1 + _leaves(t.item)
        case ty.MapT():
            return ty.cardinality(t.key) * _leaves(t.value)
        case ty.SetT():
            return ty.cardinality(t.item)
        case ty.SeqT():
            return 1 + t.bound * _leaves(t.item)
    return 1


@attrs.frozen
class _Place:
    """Text with holes for keys: a place that can be read."""

    parts: tuple[str | Type, ...]
    type: Type


class Grammar:
    """One random model in the making.

    `lopsided`: many statements depend on the order in which the members of the scalarset come.
    `wide`: there are numbers of 256 bits.
    """

    def __init__(self, choices: Choices, members: int = 2, *, lopsided: bool = False, wide: bool = False) -> None:
        self.choose, self.members, self.lopsided, self.wide = choices, members, lopsided, wide
        self.variables: list[tuple[str, Type]] = []
        self.constants: list[tuple[str, Type]] = []
        self.known: set[str] = set()  # places that are not None
        self.helpers: list[tuple[str, tuple[Type, ...], Type]] = []
        self.states: list[str] = []
        self.acts = False
        self.result: Type | None = None
        self.names = 0
        self.ended = False  # the end of the block that was written last is never reached
        self.fields: list[tuple[str, Type]] = []
        self.tame = not self.chance(3)  # most stores stay in range, so that searches go deep

    # --- choices ---

    def pick(self, options: Sequence[Any]) -> Any:
        return options[self.choose(len(options))]

    def chance(self, one_in: int) -> bool:
        return self.choose(one_in) == one_in - 1

    def fresh(self, prefix: str) -> str:
        self.names += 1
        return f"{prefix}{self.names}"

    def either(self, options: Sequence[Callable[[], str]]) -> str:
        """One of the options; where it is stuck, the next that is not."""
        first = self.choose(len(options))
        for i in range(len(options)):
            try:
                return options[(first + i) % len(options)]()
            except Stuck:
                continue
        raise Stuck

    @contextmanager
    def scope(self, *, known: Sequence[str] = ()) -> Iterator[None]:
        variables, facts = list(self.variables), set(self.known)
        self.known |= set(known)
        try:
            yield
        finally:
            self.variables, self.known = variables, facts & self.known | (facts if known else set())

    # --- places ---

    def places(self) -> Iterator[_Place]:
        """Everything that can be read here."""
        for state in self.states:
            for name, t in self.fields:
                yield from self._inside(_Place((f"{state}.{name}",), t), 3)
        for name, t in (*self.variables, *self.constants):
            yield from self._inside(_Place((name,), t), 2)

    def _inside(self, place: _Place, depth: int) -> Iterator[_Place]:
        t = place.type
        if isinstance(t, ty.OptionT) and "".join(map(str, place.parts)) in self.known:
            t = t.item
            place = _Place(place.parts, t)
        yield place
        if not depth:
            return
        steps: list[_Place] = []
        match t:
            case ty.RecordT():
                steps = [_Place((*place.parts, f".{n}"), f) for n, f in t.fields]
            case ty.TupleT():
                steps = [_Place((*place.parts, f"[{i}]"), f) for i, f in enumerate(t.items)]
            case ty.MapT():
                steps = [_Place((*place.parts, "[", t.key, "]"), t.value)]
            case ty.SeqT():
                steps = [_Place((*place.parts, "[", BIT, "]"), t.item)]
        for step in steps:
            yield from self._inside(step, depth - 1)

    def write(self, place: _Place, depth: int) -> str:
        return "".join(p if isinstance(p, str) else self.key(p, depth) for p in place.parts)

    def key(self, t: Type, depth: int) -> str:
        """What a map or a sequence is indexed by; a negative literal is refused there."""
        text = self.expr(t, depth)
        return text.replace("-", "") if re.fullmatch(r"[(]*-[(]*\d+[)]*", text) else text

    def read(self, t: Type, depth: int, *, stored: bool = False) -> str:
        """A place that holds such a value; `stored`: one whose type is finite."""

        def fits(p: _Place) -> bool:
            if _is_int(t):
                return isinstance(p.type, ty.IntT) or (p.type == INT and not stored)
            return p.type == t

        found = [p for p in self.places() if fits(p)]
        if not found:
            raise Stuck
        return self.write(self.pick(found), max(depth - 1, 0))

    def some_place(self, accept: Callable[[Type], bool]) -> _Place:
        found = [p for p in self.places() if accept(p.type)]
        if not found:
            raise Stuck
        return self.pick(found)  # type: ignore[no-any-return]

    # --- expressions ---

    def literal(self, t: Type) -> str:
        match t:
            case ty.BoolT():
                return self.pick(("False", "True"))
            case ty.AnyIntT():
                return self.pick(LARGE if self.wide else ("0", "1", "2", "-1", "3"))
            case ty.IntT(lo, hi) if hi - lo > 2**64:
                return self.pick([x for x in LARGE if lo <= eval(x) <= hi])
            case ty.IntT(lo, hi):
                inside = [str(v) for v in range(lo, hi + 1)]
                return self.pick(inside)
            case ty.EnumT():
                return f"{t.name}.{self.pick(t.members)}"
            case ty.RecordT():
                return f"{t.name}({', '.join(f'{n}={self.literal(f)}' for n, f in t.fields)})"
            case ty.TupleT():
                return f"({', '.join(map(self.literal, t.items))})"
            case ty.OptionT():
                return "None"
            case ty.MapT():
                return f"filled({self.literal(t.value)})"
            case ty.SetT():
                return "FiniteSet()"
            case ty.SeqT():
                return "Seq()"
        raise Stuck

    def default(self, t: Type) -> str:
        """A first value: a literal, at times with an item."""
        if isinstance(t, ty.SetT) and not isinstance(t.item, ty.OptionT) and self.chance(3):
            try:
                return f"FiniteSet({{{self.literal(t.item)}}})"
            except Stuck:
                pass
        if isinstance(t, ty.SeqT) and self.chance(3):
            try:
                return f"Seq(({self.literal(t.item)},))"
            except Stuck:
                pass
        if isinstance(t, ty.OptionT) and self.chance(3):
            try:
                return self.literal(t.item)
            except Stuck:
                pass
        return self.literal(t)

    def member(self, t: Type, depth: int) -> str:
        """A value of a finite type, as sets and keys of sets want it."""
        match t:
            case ty.IntT():
                return self.either(
                    (lambda: self.literal(t), lambda: self.read(t, depth, stored=True), lambda: self.pick(("3", "-1")))
                )
            case ty.TupleT():
                return f"({', '.join(self.member(i, depth) for i in t.items)})"
            case ty.OptionT():
                return self.either((lambda: self.read(t, depth), lambda: self.member(t.item, depth)))
        return self.expr(t, depth)

    def expr(self, t: Type, depth: int, *, place: bool = False) -> str:
        """An expression that fits the type; `place`: it is stored, so `filled` knows its map."""
        if depth <= 0:
            options = [lambda: self.read(t, 0), lambda: self.plain(t, place)]
            return self.either(options)
        options = [lambda: self.read(t, depth), lambda: self.read(t, depth), lambda: self.plain(t, place)]
        options += self.forms(t, depth - 1, place)
        options.append(lambda: self.conditional(t, depth - 1))
        options += [lambda h=h: self.call(h, depth - 1) for h in self.helpers if h[2] == t]
        if self.acts:
            options.append(lambda: self.required(t, depth - 1))
        return self.either(options)

    def plain(self, t: Type, place: bool) -> str:
        if isinstance(t, ty.MapT) and not place:
            return self.built(t, 0)
        return self.literal(t)

    def required(self, t: Type, depth: int) -> str:
        chosen = self.some_place(
            lambda p: isinstance(p, ty.OptionT) and (p.item == t or _is_int(t) and _is_int(p.item))
        )
        return f"require_some({self.write(chosen, depth)})"

    def conditional(self, t: Type, depth: int) -> str:
        if self.chance(2):
            name, _ = self.optional()
            with self.scope(known=[name]):
                then = self.expr(t, depth)
            return f"({then} if {name} is not None else {self.expr(t, depth)})"
        return f"({self.expr(t, depth)} if {self.expr(BOOL, depth)} else {self.expr(t, depth)})"

    def optional(self) -> tuple[str, Type]:
        """A place that may be None and whose narrowing is remembered: a name or a chain of fields."""
        found = [
            p
            for p in self.places()
            if isinstance(p.type, ty.OptionT) and len(p.parts) <= 2 and all(isinstance(x, str) and "[" not in x for x in p.parts)
            and p.parts[0] not in dict(self.constants)
        ]  # fmt: skip
        if not found:
            raise Stuck
        chosen = self.pick(found)
        return "".join(chosen.parts), chosen.type

    def call(self, helper: tuple[str, tuple[Type, ...], Type], depth: int) -> str:
        name, params, _ = helper
        return f"{name}({', '.join([self.pick(self.states), *(self.expr(p, depth) for p in params)])})"

    def forms(self, t: Type, d: int, place: bool) -> list[Callable[[], str]]:
        """The ways to make a value of the type from others."""
        match t:
            case ty.BoolT():
                return self.conditions(d)
            case ty.IntT() | ty.AnyIntT():
                return self.numbers(d)
            case ty.RecordT():
                return [
                    lambda: f"{t.name}({', '.join(f'{n}={self.expr(f, d, place=True)}' for n, f in t.fields)})",
                    lambda: self.evolved(t, d),
                ]
            case ty.TupleT():
                return [lambda: f"({', '.join(self.expr(i, d) for i in t.items)})"]
            case ty.OptionT():
                return [lambda: self.expr(t.item, d)] * 2
            case ty.MapT():
                forms = [
                    lambda: self.built(t, d),
                    lambda: f"{self.read(t, d)}.set({self.expr(t.key, d)}, {self.expr(t.value, d, place=True)})",
                ]
                return forms + [lambda: f"filled({self.expr(t.value, d, place=True)})"] * place
            case ty.SetT():
                return self.sets(t, d)
            case ty.SeqT():
                return [
                    lambda: f"Seq(({self.expr(t.item, d)},))",
                    lambda: f"{self.read(t, d)}.push({self.expr(t.item, d)})",
                    lambda: f"{self.read(t, d)}.rest()",
                    lambda: f"{self.read(t, d)}.rest().push({self.expr(t.item, d)})",
                ]
        return []

    def evolved(self, t: ty.RecordT, d: int) -> str:
        chosen = list(t.fields) if self.chance(3) else [self.pick(t.fields)]
        if len(chosen) > 1 and self.chance(2):
            chosen.reverse()
        return f"evolve({self.expr(t, d)}, {', '.join(f'{n}={self.expr(f, d, place=True)}' for n, f in chosen)})"

    def built(self, t: ty.MapT, d: int) -> str:
        match t.key:
            case ty.EnumT() | ty.ScalarT():
                over = t.key.name
            case ty.IntT(lo, hi):
                over = f"range({lo}, {hi + 1})"
            case _:
                raise Stuck
        name = self.fresh("k")
        with self.scope():
            self.variables.append((name, t.key))
            return f"Map({{{name}: {self.expr(t.value, d)} for {name} in {over}}})"

    def sets(self, t: ty.SetT, d: int) -> list[Callable[[], str]]:
        def collected() -> str:
            clause, names = self.clause(d)
            with self.scope():
                self.variables += names
                test = f" if {self.expr(BOOL, d)}" if self.chance(2) else ""
                return f"FiniteSet({self.member(t.item, d)} for {clause}{test})"

        return [
            lambda: f"FiniteSet({{{self.member(t.item, d)}}})",
            lambda: f"({self.read(t, d)} {self.pick(('|', '&', '-'))} {{{self.member(t.item, d)}}})",
            lambda: f"({self.expr(t, d)} {self.pick(('|', '&', '-'))} {self.expr(t, d)})",
            lambda: f"FiniteSet({{{self.member(t.item, d)}, {self.member(t.item, d)}}})",
            collected,
        ]

    def end(self, d: int) -> str:
        """Where a range starts or ends; of large numbers, something small."""
        text = self.expr(INT, d)
        return f"({text}) % 4" if self.wide else text

    def clause(self, d: int) -> tuple[str, list[tuple[str, Type]]]:
        """`x in ...` of a loop or a comprehension, and what it binds."""
        name = self.fresh("x")
        kind = self.choose(8)
        if kind == 0:
            t = self.pick((WHO, COLOUR, MODE))
            return f"{name} in {t.name}", [(name, t)]
        if kind == 1:
            return f"{name} in range({self.pick((2, 3))})", [(name, LOW)]
        if kind == 2:
            return f"{name} in range({self.end(d)})", [(name, INT)]
        if kind == 3:
            return f"{name} in range({self.end(d)}, {self.end(d)})", [(name, INT)]
        if kind == 4:
            return f"{name} in members(Pair)", [(name, PAIR)]
        if kind == 5:
            return f"{name} in Seq(({self.literal(LOW)}, {self.expr(INT, d)}))", [(name, INT)]
        try:
            chosen = self.some_place(lambda t: isinstance(t, (ty.SetT, ty.SeqT)) or t == ty.TupleT((LOW, SIGNED)))
        except Stuck:
            return f"{name} in Colour", [(name, COLOUR)]
        text, t = self.write(chosen, d), chosen.type
        if isinstance(t, ty.TupleT):
            return f"{name} in {text}", [(name, ty.IntT(-2, 2))]
        if isinstance(t.item, ty.TupleT) and self.chance(2):
            names = [self.fresh("y") for _ in t.item.items]
            return f"{', '.join(names)} in {text}", list(zip(names, t.item.items, strict=True))
        return f"{name} in {text}", [(name, t.item)]

    def folded(self, head: str, body: Type, d: int, tail: str = "") -> str:
        """`head(body for ... if ...)`, at times with two `for`s."""
        with self.scope():
            parts = []
            for _ in range(2 if self.chance(5) else 1):
                clause, names = self.clause(d)
                self.variables += names
                test = f" if {self.expr(BOOL, d)}" if self.chance(3) else ""
                parts.append(f"for {clause}{test}")
            value = self.pick(names)[0] if head == "len" and len(names) == 1 else self.expr(body, d)
            inner = f"{value} {' '.join(parts)}"
        return f"len([{inner}])" if head == "len" else f"{head}({inner})" if not tail else f"{head}(({inner}), {tail})"

    def conditions(self, d: int) -> list[Callable[[], str]]:
        def compared() -> str:
            ops = ("==", "<", "<=", ">", ">=", "!=")
            text = f"{self.expr(INT, d)} {self.pick(ops)} {self.expr(INT, d)}"
            return f"({text} {self.pick(ops)} {self.expr(INT, d)})" if self.chance(4) else f"({text})"

        def equal() -> str:
            place = self.some_place(lambda t: True)
            return f"({self.write(place, d)} {self.pick(('==', '!='))} {self.expr(place.type, d)})"

        def ordered() -> str:
            return f"({self.expr(COLOUR, d)} {self.pick(('<', '<=', '>', '>='))} {self.expr(COLOUR, d)})"

        def contained() -> str:
            place = self.some_place(lambda t: isinstance(t, (ty.SetT, ty.SeqT)))
            return f"({self.expr(place.type.item, d)} {self.pick(('in', 'not in'))} {self.write(place, d)})"

        def among() -> str:
            t = self.pick((COLOUR, MODE, LOW))
            left, right = ("(", ")") if self.chance(2) else ("{", "}")
            items = f"{self.literal(t)}, {self.expr(t, d) if left == '(' else self.literal(t)}"
            return f"({self.expr(t, d)} {self.pick(('in', 'not in'))} {left}{items}{right})"

        def included() -> str:
            place = self.some_place(lambda t: isinstance(t, ty.SetT))
            return f"({self.write(place, d)} {self.pick(('<=', '<', '>=', '>'))} {self.expr(place.type, d)})"

        def none() -> str:
            place = self.some_place(lambda t: isinstance(t, ty.OptionT))
            return f"({self.write(place, d)} is{self.pick(('', ' not'))} None)"

        def narrowed() -> str:
            name, _ = self.optional()
            with self.scope(known=[name]):
                inner = self.expr(BOOL, d)
            return f"({name} is None or {inner})" if self.chance(2) else f"({name} is not None and {inner})"

        return [
            compared, equal, lambda: f"(not {self.expr(BOOL, d)})", ordered, contained, among, included, none, narrowed,
            lambda: f"({self.expr(BOOL, d)} and {self.expr(BOOL, d)})",
            lambda: f"({self.expr(BOOL, d)} or {self.expr(BOOL, d)})",
            lambda: self.folded(self.pick(("all", "any")), BOOL, d),
            lambda: self.folded(self.pick(("all", "any")), BOOL, d),
            lambda: f"(({self.expr(SIGNED, d)} {self.pick(('//', '%'))} {self.pick(('2', '-2'))}) < {self.literal(LOW)})",
        ]  # fmt: skip

    def numbers(self, d: int) -> list[Callable[[], str]]:
        def arithmetic() -> str:
            return f"({self.expr(INT, d)} {self.pick(('+', '-', '*', '//', '%'))} {self.expr(INT, d)})"

        def length() -> str:
            place = self.some_place(lambda t: isinstance(t, (ty.SetT, ty.SeqT)))
            return f"len({self.write(place, d)})"

        def extreme() -> str:
            head = self.pick(("min", "max"))
            return self.folded(head, INT, d, f"default={self.expr(INT, d)}" if self.chance(2) else "")

        return [
            arithmetic, arithmetic, lambda: f"(-{self.expr(INT, d)})", length, extreme,
            lambda: f"{self.pick(('min', 'max'))}({self.expr(INT, d)}, {self.expr(INT, d)})",
            lambda: self.folded("sum", INT, d), lambda: self.folded("len", BOOL, d),
        ]  # fmt: skip

    # --- statements ---

    def statements(self, count: int, depth: int, indent: str) -> list[str]:
        """Some statements; none after one that always returns."""
        lines: list[str] = []
        self.ended = False
        for _ in range(count):
            try:
                lines += self.statement(depth, indent)
            except Stuck:
                self.ended = False
            if self.ended:
                break
        return lines

    def block(self, count: int, depth: int, indent: str) -> list[str]:
        with self.scope():
            return self.statements(count, depth, indent) or [f"{indent}pass"]

    def statement(self, depth: int, indent: str) -> list[str]:
        forms: list[Callable[[], list[str]]] = [lambda: self.local(indent)]
        if self.acts:
            forms = [lambda: self.stored(indent)] * 4 + forms + [lambda: self.required_line(indent)] * 2
            forms.append(lambda: self.augmented(indent))
            forms.append(lambda: self.narrowing(indent))
            forms.append(lambda: self.pushed(indent))
            forms.append(lambda: self.in_order(indent))
        forms.append(lambda: self.unpacked(indent))
        if depth:
            forms += [lambda: self.branch(depth, indent)] * 2 + [lambda: self.loop(depth, indent)]
        if self.lopsided and self.acts and self.chance(3):
            return self.one_by_one(indent)
        return self.pick(forms)()  # type: ignore[no-any-return]

    def stored(self, indent: str) -> list[str]:
        text, t = self.target()
        value = self.expr(t, 3, place=True)
        if self.tame and isinstance(t, ty.IntT):
            value = f"{value} % {t.hi - t.lo + 1} + {t.lo}"
        return self.forget([f"{indent}{text} = {value}"])

    def forget(self, lines: list[str]) -> list[str]:
        """After a change of the state nothing is known about its places."""
        self.known = {k for k in self.known if not k.startswith("s.")}
        return lines

    def target(self) -> tuple[str, Type]:
        """A place of the state, and what it holds."""
        name, t = self.pick(self.fields)
        text = f"s.{name}"
        while isinstance(t, (ty.MapT, ty.SeqT)) and not self.chance(3):
            key = t.key if isinstance(t, ty.MapT) else BIT
            text, t = f"{text}[{self.key(key, 1)}]", t.value if isinstance(t, ty.MapT) else t.item
        return text, t

    def augmented(self, indent: str) -> list[str]:
        text, t = self.target()
        if _is_int(t) and not self.tame:
            return self.forget([f"{indent}{text} {self.pick(('+=', '-=', '*=', '//=', '%='))} {self.expr(INT, 1)}"])
        if isinstance(t, ty.SetT):
            return self.forget([f"{indent}{text} {self.pick(('|=', '&=', '-='))} {{{self.member(t.item, 1)}}}"])
        raise Stuck

    def pushed(self, indent: str) -> list[str]:
        found = [(n, t) for n, t in self.fields if isinstance(t, ty.SeqT)]
        if not found:
            raise Stuck
        name, t = self.pick(found)
        room = [f"{indent}require(len(s.{name}) < {t.bound})"] if self.tame and self.chance(2) else []
        return self.forget([*room, f"{indent}s.{name} = s.{name}.push({self.expr(t.item, 1)})"])

    def required_line(self, indent: str) -> list[str]:
        return [f"{indent}require({self.expr(BOOL, 2)})"]

    def narrowing(self, indent: str) -> list[str]:
        if self.chance(2):
            place = self.some_place(lambda t: isinstance(t, ty.OptionT))
            name = self.fresh("v")
            line = f"{indent}{name} = require_some({self.write(place, 1)})"
            self.variables.append((name, place.type.item))
            return [line]
        name, _ = self.optional()
        self.known.add(name)
        return [f"{indent}require({name} is not None)"]

    def local(self, indent: str) -> list[str]:
        own = [(n, t) for n, t in self.variables if n.startswith("v") and t in (INT, BOOL, COLOUR)]
        if own and self.chance(2):
            name, t = self.pick(own)
            if t == INT and self.chance(2):
                return [f"{indent}{name} {self.pick(('+=', '-=', '*='))} {self.expr(INT, 1)}"]
            return [f"{indent}{name} = {self.expr(t, 2)}"]
        kind = self.choose(4)
        name = self.fresh("v")
        if kind == 0:
            t = self.pick((INT, BOOL, COLOUR))
            line = f"{indent}{name}: {annotation(t)} = {self.expr(t, 2)}"
        elif kind == 1:
            t = self.pick((ty.OptionT(WHO), ty.SetT(WHO), ty.SetT(COLOUR), PAIR))
            line = f"{indent}{name}: {annotation(t)} = {self.expr(t, 2)}"
        else:
            place = self.some_place(lambda t: True)
            t = place.type
            line = f"{indent}{name} = {self.write(place, 1)}"
            if isinstance(t, ty.IntT):
                t = INT
        self.variables.append((name, t))
        return [line]

    def unpacked(self, indent: str) -> list[str]:
        place = self.some_place(lambda t: isinstance(t, ty.TupleT))
        text = self.write(place, 1)
        names = [self.fresh("u") for _ in place.type.items]
        self.variables += zip(names, place.type.items, strict=True)
        return [f"{indent}{', '.join(names)} = {text}"]

    def branch(self, depth: int, indent: str) -> list[str]:
        inner = indent + "    "
        known: list[str] = []
        if self.chance(3):
            name, _ = self.optional()
            known, test = [name], f"{name} is not None"
        else:
            test = self.expr(BOOL, 2)
        lines = [f"{indent}if {test}:"]
        with self.scope(known=known):
            lines += self.arm(depth, inner)
        ended = [self.ended]
        if self.chance(3):
            lines += [f"{indent}elif {self.expr(BOOL, 2)}:", *self.arm(depth, inner)]
            ended.append(self.ended)
        if self.chance(2):
            lines += [f"{indent}else:", *self.arm(depth, inner)]
            ended.append(self.ended)
        else:
            ended.append(False)
        self.ended = all(ended)
        return self.forget(lines)

    def arm(self, depth: int, indent: str) -> list[str]:
        lines = self.block(1 + self.choose(2), depth - 1, indent)
        if self.ended or not self.chance(6 if self.result is None else 2):
            return lines
        lines.append(f"{indent}return" if self.result is None else f"{indent}return {self.expr(self.result, 2)}")
        self.ended = True
        return lines

    def loop(self, depth: int, indent: str) -> list[str]:
        self.forget([])
        clause, names = self.clause(1)
        with self.scope():
            self.variables += names
            inner = indent + "    "
            body = self.block(1 + self.choose(2), depth - 1, inner)
            if self.result is not None and not self.ended and self.chance(2):
                body += [f"{inner}if {self.expr(BOOL, 1)}:", f"{inner}    return {self.expr(self.result, 1)}"]
        self.ended = False
        return self.forget([f"{indent}for {clause}:", *body])

    def in_order(self, indent: str) -> list[str]:
        """A loop whose result depends on the order of its items: the last one wins, or all are folded in turn."""
        place = self.some_place(lambda t: isinstance(t, (ty.SetT, ty.SeqT)))
        item, x = place.type.item, self.fresh("x")
        head = f"{indent}for {x} in {self.write(place, 1)}:"
        wants = [(n, t) for n, t in self.fields if t in (item, ty.OptionT(item)) or _is_int(t) and _is_int(item)]
        if wants and (not _is_int(item) or self.chance(2)):
            name, _ = self.pick(wants)
            return self.forget([head, f"{indent}    s.{name} = {x}"])
        if not _is_int(item):
            raise Stuck
        name = self.fresh("v")
        self.variables.append((name, INT))
        return [f"{indent}{name}: int = {self.pick(('0', '1'))}", head, f"{indent}    {name} = 2 * {name} + {x}"]

    def one_by_one(self, indent: str) -> list[str]:
        """A loop over the members of the scalarset in which one is not like the others: the last, or the first."""
        wants = [(n, t) for n, t in self.fields if t in (WHO, ty.OptionT(WHO), ty.SeqT(WHO, 2), ty.MapT(WHO, LOW))]
        if not wants:
            raise Stuck
        (name, t), x = self.pick(wants), self.fresh("x")
        with self.scope():
            self.variables.append((x, WHO))
            test = f"{indent}    if {self.expr(BOOL, 1)}:"
        lines = {
            ty.SeqT(WHO, 2): [f"{indent}    if len(s.{name}) < 2:", f"{indent}        s.{name} = s.{name}.push({x})"],
            ty.MapT(WHO, LOW): [test, f"{indent}        s.{name}[{x}] = (sum(s.{name}[y] for y in Who) + 1) % 3"],
        }.get(t, [test, f"{indent}        s.{name} = {x}"])
        return self.forget([f"{indent}for {x} in Who:", *lines])

    # --- functions and files ---

    def function(
        self, states: Sequence[str], params: Sequence[tuple[str, Type]], *, acts: bool, result: Type | None
    ) -> None:
        self.states, self.variables, self.known = list(states), list(params), set()
        self.acts, self.result = acts, result

    def helper(self) -> str:
        name = self.fresh("helper")
        params = [(self.fresh("a"), self.pick(HELPED)) for _ in range(self.choose(3))]
        result = self.pick(RESULTS)
        self.function(["s"], params, acts=False, result=result)
        listed = "".join(f", {n}: {annotation(t)}" for n, t in params)
        lines = [f"def {name}(s: State{listed}) -> {annotation(result)}:"]
        with self.scope():
            lines += self.statements(self.choose(3), 1, "    ")
            if not self.ended:
                lines.append(f"    return {self.expr(result, 2)}")
        self.helpers.append((name, tuple(t for _, t in params), result))
        return "\n".join(lines)

    def parameters(self, most: int) -> list[tuple[str, Type]]:
        found, size = [], 1
        for _ in range(self.choose(most + 1)):
            t = self.pick(PARAMETERS)
            if size * ty.cardinality(t) <= 8:
                size *= ty.cardinality(t)
                found.append((self.fresh("p"), t))
        return found

    def action(self, decorator: str, most: int = 2) -> str:
        params = self.parameters(most)
        self.function(["s"], params, acts=True, result=None)
        name = self.fresh("act")
        lines = [decorator, f"def {name}(s: State{''.join(f', {n}: {annotation(t)}' for n, t in params)}) -> None:"]
        lines += self.block(1 + self.choose(4), 2, "    ")
        return "\n".join(lines)

    def stirred(self) -> list[str]:
        """Actions that set a field to any value, so that a search has somewhere to go."""
        found = []
        for field, t in self.fields:
            if ty.cardinality(t) <= 8:
                self.function(["s"], [("value", t)], acts=True, result=None)
                guard = [f"    require({self.expr(BOOL, 2)})"] if self.chance(4) else []
                head = f"def {self.fresh('stir')}(s: State, value: {annotation(t)}) -> None:"
                found.append("\n".join(["@action", head, *guard, f"    s.{field} = value"]))
        return found

    def beginnings(self) -> list[str]:
        """Initial actions with parameters: fields get any values that a guard allows, or what an action makes of them."""
        found = []
        for _ in range(1 + self.choose(2)):
            name, params, lines = self.fresh("begin"), [(self.fresh("p"), self.pick(PARAMETERS))], list[str]()
            for field, t in self.fields:
                size = math.prod(ty.cardinality(p) for _, p in params)
                if ty.cardinality(t) * size <= 32 and self.chance(2):
                    params.append((self.fresh("p"), t))
                    lines.append(f"    s.{field} = {params[-1][0]}")
            self.function(["s"], params, acts=True, result=None)
            if self.chance(2):
                lines.insert(0, f"    require({self.expr(BOOL, 2)})")
            if not lines or self.chance(4):
                lines += self.block(1, 1, "    ")
            given = "".join(f", {n}: {annotation(t)}" for n, t in params)
            found.append("\n".join(["@initial", f"def {name}(s: State{given}) -> None:", *lines]))
        return found

    def property(self, kind: str) -> str:
        states = ["old", "new"] if kind == "step" else ["s"]
        params = self.parameters(1)
        self.function(states, params, acts=False, result=BOOL)
        name = self.fresh("prop")
        given = [f"{s}: State" for s in states] + [f"{n}: {annotation(t)}" for n, t in params]
        lines = [f"@{kind}", f"def {name}({', '.join(given)}) -> bool:"]
        with self.scope():
            lines += self.statements(self.choose(3) // 2, 1, "    ")
            if not self.ended:
                lines.append(f"    return {self.expr(BOOL, 3)}")
        return "\n".join(lines)

    def source(self) -> Source:
        room = LEAVES["fields"]
        for _ in range(1 + self.choose(4)):
            t = self.pick(WIDE if self.wide and len(self.fields) < 2 else FIELDS)
            if _leaves(t) <= room:
                room -= _leaves(t)
                self.fields.append((f"f{len(self.fields)}", t))
        defaults = [self.default(t) for _, t in self.fields]
        limit, flag = self.pick((2, 1, 3)), self.pick(("True", "False"))
        self.constants = [("LIMIT", ty.IntT(limit, limit)), ("FLAG", BOOL)]
        helpers = [self.helper() for _ in range(self.choose(3))]
        initials = [self.action("@initial", 1) for _ in range(self.choose(2))]
        parametric = any("(s: State)" not in text for text in initials)
        actions = [self.action("@action") for _ in range(1 + self.choose(3))]
        actions += self.stirred() if self.tame else []
        faults = [self.action('@action(fault="bad")') for _ in range(self.choose(2))]
        properties = [self.property(k) for k in ("always", "step", "reachable", "always") if not self.chance(4)]
        initials += self.beginnings() if not parametric else []
        named = [h[0] for h in self.helpers]
        first = re.search(r"def (\w+)", actions[0])
        assert first is not None
        claimed = [*re.findall(r"def (prop\w+)", "\n".join(properties)), f"fires({first[1]})"]
        spec = _SPEC.format(
            helpers="".join(f", {h}" for h in (*named, first[1])), properties="\n\n\n".join(properties),
            faults='faults={"bad"}, ' if faults else "", claimed=", ".join(claimed),
        )  # fmt: skip
        model = _MODEL.format(
            limit=limit, flag=flag, members=self.members,
            fields="\n".join(f"    {n}: {annotation(t)} = {d}" for (n, t), d in zip(self.fields, defaults, strict=True)),
            functions="\n\n\n".join([*helpers, *initials, *actions, *faults]),
        )  # fmt: skip
        return Source(model, spec, tuple(self.choose.taken))


_MODEL = '''from typing import Annotated, Final

from interlock import (
    Bound, Enum, FiniteSet, Map, OrderedEnum, Range, Scalarset, Seq, action, auto, evolve, filled, initial, members,
    record, require, require_some, state,
)

LIMIT: Final = {limit}
FLAG: Final[bool] = {flag}


class Colour(OrderedEnum):
    RED = auto()
    GREEN = auto()
    BLUE = auto()


class Mode(Enum):
    ON = auto()
    OFF = auto()


class Who(Scalarset, size={members}):
    """Interchangeable, as far as the type goes."""


@record
class Pair:
    size: Annotated[int, Range(0, 2)]
    up: bool


@record
class Claim:
    who: Who
    level: Annotated[int, Range(-2, 1)]


@state
class State:
{fields}


{functions}
'''

_SPEC = """from typing import Annotated

import gen
from gen import FLAG, LIMIT, Claim, Colour, Mode, Pair, State, Who{helpers}
from interlock import (
    Bound, FiniteSet, Holds, Map, Range, Seq, always, check, evolve, fires, members, reachable, step,
)


{properties}


check("all", gen, {faults}properties=({claimed},), expect=Holds())
"""


def make(ask: Callable[[int], int], members: int = 2, *, lopsided: bool = False, wide: bool = False) -> Source:
    """The model that these choices make; where the grammar is stuck, it starts again."""
    choices = Choices(ask)
    for _ in range(20):
        try:
            return Grammar(choices, members, lopsided=lopsided, wide=wide).source()
        except Stuck:
            continue
    return Grammar(Choices(lambda _: 0)).source()


def random_model(seed: int, members: int = 2, *, lopsided: bool = False, wide: bool = False) -> Source:
    """The model of a seed; its scalarset has so many members, with `lopsided` their order often matters, and with `wide`
    it has numbers of 256 bits."""
    return make(random.Random(seed).randrange, members, lopsided=lopsided, wide=wide)


DRAWN = sorted((Path(__file__).parent / "drawn").glob("*.txt"), key=lambda path: int(path.stem))


def drawn(path: Path) -> Source:
    """A model that was drawn once, and saved: it stays what it is, whatever is added to what models are made of."""
    model, spec = path.read_text(encoding="utf-8").removeprefix("# --- gen.py\n").split("\n# --- gen_spec.py\n")
    return Source(model, spec)


def replay(choices: Sequence[int]) -> Source:
    """The model of a list of choices; beyond its end every choice is the simplest."""
    rest = iter(choices)
    return make(lambda bound: next(rest, 0) % bound)


def shrink(source: Source, fails: Callable[[Source], bool], tries: int = 400) -> Source:
    """A smaller model that fails as well."""
    best, left = source, tries
    improved = True
    while improved and left > 0:
        improved = False
        size = max(len(best.choices) // 2, 1)
        while size and left > 0 and not improved:
            for start in range(0, len(best.choices), size):
                left -= 1
                here = best.choices
                for other in (here[:start] + here[start + size :], here[:start] + (0,) * size + here[start + size :]):
                    smaller = replay(other)
                    if len(str(smaller)) < len(str(best)) and fails(smaller):
                        best, improved = smaller, True
                        break
                if improved or left <= 0:
                    break
            size //= 2
    return best


@st.composite
def models(draw: st.DrawFn) -> Source:
    """Random models, for Hypothesis."""
    return make(lambda bound: draw(st.integers(0, bound - 1)))
