"""The typed IR: what a model and a spec say, after names and types are settled.

Rule of the module: nodes are frozen and compared by content, `span` apart.  Expressions have no
effects; the one place that changes is a local (the state is the local `s` of an action), and values
are values: changing `s.m[k]` never changes a value read from `s.m` before.  Evaluation runs left to
right and stops early where Python does (`and`, `or`, `if`, `all`, `any`), and that matters: an
expression may be an error of the model (`ModelErrorKind`), or disable the action (`RequireSome`).

The meaning of every node is `interlock.checker.semantics.evaluate`; the scalar form that engines compile is
made from it by `interlock.checker.passes.scalarize`.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import TypeAlias

import attrs

from interlock.checker.diagnostics import NOWHERE, Span
from interlock.checker.ir.types import Type, Value

_span = attrs.field(default=NOWHERE, eq=False, repr=False, kw_only=True)


class ModelErrorKind(enum.Enum):
    """Why a step is an error of the model (never a wrong or a silently changed value)."""

    RANGE = "value outside its range"
    INDEX = "index outside the sequence"
    KEY = "key outside the map"
    OVERFILL = "sequence longer than its bound"
    DIVIDE = "division by zero"
    EMPTY = "min or max of nothing"
    MISSING = "no return value"


# --- expressions -----------------------------------------------------------------------------------


@attrs.frozen(slots=False)
class Const:
    """A value known when the file is read, constants of the model included."""

    type: Type
    value: Value
    span: Span = _span


@attrs.frozen(slots=False)
class Local:
    """A parameter, a local variable, a loop or comprehension variable, or the state, by its name.

    Names are unique in a function: inner variables that reuse a name are renamed `x#2`.
    """

    type: Type
    name: str
    span: Span = _span


@attrs.frozen(slots=False)
class Field:
    """`record.name`; the state is a record."""

    type: Type
    record: Expr
    name: str
    span: Span = _span


@attrs.frozen(slots=False)
class Item:
    """`pair[0]`: a position of a tuple, fixed in the text."""

    type: Type
    tuple: Expr
    index: int
    span: Span = _span


@attrs.frozen(slots=False)
class Index:
    """`m[k]` of a map, or `q[i]` of a sequence or of a tuple whose items are of one type.

    Errors: KEY when the key is outside the map's key type; INDEX when i is not in 0..len-1.
    """

    type: Type
    base: Expr
    key: Expr
    span: Span = _span


@attrs.frozen(slots=False)
class Record:
    """A record built from all its fields, in declaration order; each value was made to `Fit`."""

    type: Type
    fields: tuple[Expr, ...]
    span: Span = _span


@attrs.frozen(slots=False)
class Evolve:
    """`evolve(record, name=value, ...)`: a copy with some fields changed."""

    type: Type
    record: Expr
    changes: tuple[tuple[str, Expr], ...]
    span: Span = _span


@attrs.frozen(slots=False)
class Tuple:
    """`(a, b)`."""

    type: Type
    items: tuple[Expr, ...]
    span: Span = _span


@attrs.frozen(slots=False)
class Fit:
    """The value as a member of `type`, into whose values it is converted; the only narrowing there is.

    Widens (an item to an option, an int range to a larger one) and checks: a number outside its range
    is RANGE, a longer sequence OVERFILL, at any depth.
    """

    type: Type
    value: Expr
    span: Span = _span


@attrs.frozen(slots=False)
class Unwrap:
    """An optional value where the front end has proved that it is not None."""

    type: Type
    value: Expr
    span: Span = _span


@attrs.frozen(slots=False)
class RequireSome:
    """`require_some(x)`: the value, or the action is disabled when it is None (actions only)."""

    type: Type
    value: Expr
    span: Span = _span


@attrs.frozen(slots=False)
class IsNone:
    """`x is None`."""

    type: Type
    value: Expr
    span: Span = _span


@attrs.frozen(slots=False)
class Not:
    """`not x`."""

    type: Type
    value: Expr
    span: Span = _span


@attrs.frozen(slots=False)
class And:
    """`a and b and c`, from the left, stopping at the first that is false."""

    type: Type
    items: tuple[Expr, ...]
    span: Span = _span


@attrs.frozen(slots=False)
class Or:
    """`a or b or c`, from the left, stopping at the first that is true."""

    type: Type
    items: tuple[Expr, ...]
    span: Span = _span


@attrs.frozen(slots=False)
class If:
    """`a if test else b`; only the chosen side is evaluated."""

    type: Type
    test: Expr
    then: Expr
    otherwise: Expr
    span: Span = _span


class CompareOp(enum.Enum):
    """Comparisons.  EQ and NE compare any two values of joinable types; the others compare ints,
    members of an ordered enum (by position), or sets (by inclusion)."""

    EQ = "=="
    NE = "!="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="


@attrs.frozen(slots=False)
class Compare:
    """`a < b`.  A chain `a < b < c` becomes an And of two of them, the middle evaluated twice (pure)."""

    type: Type
    op: CompareOp
    left: Expr
    right: Expr
    span: Span = _span


class ArithOp(enum.Enum):
    """Exact integer arithmetic; // and % round towards minus infinity, as in Python."""

    ADD = "+"
    SUB = "-"
    MUL = "*"
    DIV = "//"
    MOD = "%"
    MIN = "min"
    MAX = "max"


@attrs.frozen(slots=False)
class Arith:
    """`a + b`, and `min(a, b)`, `max(a, b)`.  DIV and MOD by zero are the error DIVIDE.  `-a` is `0 - a`."""

    type: Type
    op: ArithOp
    left: Expr
    right: Expr
    span: Span = _span


@attrs.frozen(slots=False)
class Contains:
    """`item in set`, or in a sequence; an item outside the item type is simply not in it."""

    type: Type
    item: Expr
    collection: Expr
    span: Span = _span


class SetOp(enum.Enum):
    """Operations on two sets of joinable item types."""

    UNION = "|"
    INTERSECT = "&"
    MINUS = "-"


@attrs.frozen(slots=False)
class SetBinary:
    """`a | b`, `a & b`, `a - b` on sets."""

    type: Type
    op: SetOp
    left: Expr
    right: Expr
    span: Span = _span


@attrs.frozen(slots=False)
class SetDisplay:
    """`FiniteSet({a, b})`, and `FiniteSet()` (type SetT(NEVER))."""

    type: Type
    items: tuple[Expr, ...]
    span: Span = _span


@attrs.frozen(slots=False)
class SeqDisplay:
    """`Seq((a, b))`; its type's bound is the number of items."""

    type: Type
    items: tuple[Expr, ...]
    span: Span = _span


@attrs.frozen(slots=False)
class SeqPush:
    """`q.push(x)`: q with x at the end; its type's bound is one more than q's."""

    type: Type
    seq: Expr
    item: Expr
    span: Span = _span


@attrs.frozen(slots=False)
class SeqRest:
    """`q.rest()`: q without its first item; INDEX when q is empty."""

    type: Type
    seq: Expr
    span: Span = _span


@attrs.frozen(slots=False)
class Len:
    """`len(x)` of a set or a sequence."""

    type: Type
    value: Expr
    span: Span = _span


@attrs.frozen(slots=False)
class MapFill:
    """`filled(v)`: the map (of this type) with one value at every key; v was made to `Fit`."""

    type: Type
    value: Expr
    span: Span = _span


@attrs.frozen(slots=False)
class MapSet:
    """`m.set(k, v)`: a copy of m with v at k; KEY when k is outside.  m and v were joined to one value type."""

    type: Type
    map: Expr
    key: Expr
    value: Expr
    span: Span = _span


@attrs.frozen(slots=False)
class MapBuild:
    """`Map({k: value for k in K})`: the map given by an expression in the key."""

    type: Type
    variable: str
    value: Expr
    span: Span = _span


# --- iteration -------------------------------------------------------------------------------------


@attrs.frozen(slots=False)
class DomainIter:
    """All values of a storable type, in its order: `for c in Chain`."""

    type: Type


@attrs.frozen(slots=False)
class RangeIter:
    """`range(start, stop)`: start included, stop not; ints that may depend on the state."""

    start: Expr
    stop: Expr


@attrs.frozen(slots=False)
class ValueIter:
    """The items of a set (in the order of the item type), or of a sequence (in its order), or of a
    tuple whose items are of one type."""

    value: Expr


Iterable: TypeAlias = DomainIter | RangeIter | ValueIter


@attrs.frozen(slots=False)
class Clause:
    """`for variable in iterable if c1 if c2` of a comprehension.

    `variables` has one name, or several when the items are tuples that are taken apart.
    """

    variables: tuple[str, ...]
    types: tuple[Type, ...]
    iterable: Iterable
    conditions: tuple[Expr, ...]


class QuantOp(enum.Enum):
    """What a comprehension is folded with."""

    ALL = "all"
    ANY = "any"
    SUM = "sum"
    MIN = "min"
    MAX = "max"
    SET = "FiniteSet"


@attrs.frozen(slots=False)
class Quant:
    """`all(body for ...)` and its kin.  ALL and ANY stop early; SUM adds ints; MIN and MAX of nothing
    are `default`, or the error EMPTY; SET collects the values of a storable body type.
    `len([x for ...])` is a SUM of ones."""

    type: Type
    op: QuantOp
    body: Expr
    clauses: tuple[Clause, ...]
    default: Expr | None = None
    span: Span = _span


@attrs.frozen(slots=False)
class Call:
    """A call of a pure helper; every argument is of the parameter's type."""

    type: Type
    function: str  # the key of Program.helpers
    arguments: tuple[Expr, ...]
    span: Span = _span


Expr: TypeAlias = (
    Const
    | Local
    | Field
    | Item
    | Index
    | Record
    | Evolve
    | Tuple
    | Fit
    | Unwrap
    | RequireSome
    | IsNone
    | Not
    | And
    | Or
    | If
    | Compare
    | Arith
    | Contains
    | SetBinary
    | SetDisplay
    | SeqDisplay
    | SeqPush
    | SeqRest
    | Len
    | MapFill
    | MapSet
    | MapBuild
    | Quant
    | Call
)

# --- statements ------------------------------------------------------------------------------------


@attrs.frozen(slots=False)
class AtField:
    """One step of a place: `.name` (of the state only: records are frozen)."""

    name: str


@attrs.frozen(slots=False)
class AtKey:
    """One step of a place: `[k]` of a map (error KEY), or `[i]` of a sequence (error INDEX)."""

    key: Expr


@attrs.frozen(slots=False)
class Assign:
    """`local = value`, or `s.field[k] = value` with a path.

    Order, as in Python: the value first, then the keys of the path from the left, then the change.
    `value` was made to `Fit` the place (for a plain local: the local's type).
    """

    local: str
    type: Type  # of the place that is assigned
    path: tuple[AtField | AtKey, ...]
    value: Expr
    span: Span = _span


@attrs.frozen(slots=False)
class Unpack:
    """`a, b = pair`: locals from the items of a tuple."""

    locals: tuple[str, ...]
    types: tuple[Type, ...]
    value: Expr
    span: Span = _span


@attrs.frozen(slots=False)
class Branch:
    """`if test: ... else: ...` (elif nests)."""

    test: Expr
    then: tuple[Stmt, ...]
    otherwise: tuple[Stmt, ...]
    span: Span = _span


@attrs.frozen(slots=False)
class Loop:
    """`for variables in iterable: body`; the iterable is evaluated once, before."""

    variables: tuple[str, ...]
    types: tuple[Type, ...]
    iterable: Iterable
    body: tuple[Stmt, ...]
    span: Span = _span


@attrs.frozen(slots=False)
class Require:
    """`require(condition)`: the action is disabled, without effect, when the condition is false."""

    condition: Expr
    span: Span = _span


@attrs.frozen(slots=False)
class Return:
    """`return value`; `return` alone ends an action (it stays enabled, its effects so far count)."""

    value: Expr | None
    span: Span = _span


Stmt: TypeAlias = Assign | Unpack | Branch | Loop | Require | Return

# --- programs --------------------------------------------------------------------------------------


@attrs.frozen(slots=False)
class Param:
    """A parameter of an action or a property (storable type), or of a helper (any type)."""

    name: str
    type: Type


@attrs.frozen(slots=False)
class Function:
    """A pure helper, or the body of a property.  Every path returns a value of `result` (else MISSING)."""

    name: str
    module: str  # the dotted module it is written in
    params: tuple[Param, ...]
    result: Type
    body: tuple[Stmt, ...]
    doc: str
    span: Span = _span


@attrs.frozen(slots=False)
class Action:
    """A guarded step.  The state is the local named `state`; `params` leave it out."""

    name: str
    module: str
    state: str
    params: tuple[Param, ...]
    body: tuple[Stmt, ...]
    fault: str | None
    doc: str
    span: Span = _span


class PropertyKind(enum.Enum):
    """What a property claims.  Its function's first parameter is the state (STEP: old and new state);
    the others quantify: for some under REACHABLE, for all under the other kinds.
    FIRES is about an action, and has no text of its own: some reachable step takes it."""

    ALWAYS = "always"
    STEP = "step"
    REACHABLE = "reachable"
    RECOVERABLE = "recoverable"
    FIRES = "fires"


@attrs.frozen(slots=False)
class Property:
    """A claim about a model's behaviours.  FIRES: of `action`; its function has the state alone, and an empty body."""

    kind: PropertyKind
    function: Function
    action: Action | None = None

    @property
    def name(self) -> str:
        return self.function.name

    @property
    def params(self) -> tuple[Param, ...]:
        """The parameters that quantify, the state or states left out."""
        return self.function.params[2 if self.kind is PropertyKind.STEP else 1 :]


@attrs.frozen(slots=False)
class Constant:
    """A module-level `Final`, with the value it has in this program."""

    name: str
    module: str
    type: Type
    value: Value
    overridden: bool = False
    span: Span = _span


@attrs.frozen(slots=False)
class Module:
    """An accepted source file: what replay needs to run it as plain Python."""

    name: str  # dotted
    path: str
    source: str = attrs.field(repr=False)


@attrs.frozen(eq=False, slots=False)
class Program:
    """A model with its constants fixed: states, initial states, actions.

    `default` is the state built from the defaults of the fields; with no `initials` it is the one
    initial state, otherwise each of them, for each value of its parameters, makes one from `default`
    (an initial action may be disabled for some parameters; a state reached twice counts once).
    `actions` has all of them, faults included; a check selects.
    """

    name: str  # the dotted name of the model's module
    state: Type  # a RecordT
    state_class: tuple[str, str]  # module, class name
    default: Value
    initials: tuple[Action, ...]
    actions: tuple[Action, ...]
    helpers: Mapping[str, Function]
    constants: tuple[Constant, ...]
    modules: tuple[Module, ...]  # the import closure, dependencies first
    classes: Mapping[str, tuple[str, str]]  # type name -> module, class name
    doc: str = ""

    @property
    def faults(self) -> frozenset[str]:
        """The names of the faults that some action is marked with."""
        return frozenset(a.fault for a in self.actions if a.fault is not None)

    def allowed(self, faults: frozenset[str]) -> tuple[Action, ...]:
        """The actions of a check that allows these faults, in the program's order."""
        return tuple(a for a in self.actions if a.fault is None or a.fault in faults)
