"""The whole vocabulary a model or spec author may import.

A model is ordinary Python: this module is what makes it run as it is, and that run is the reference
meaning every engine of the checker must match.  Two rules carry it:

- Values are values.  Maps, sequences, sets and records never change; `s.m[k] = v` replaces the map in
  the state `s`, and a map read into a local before keeps what it had.
- Nothing wraps or is cut off.  Storing a number outside its `Range`, using a key outside a map, an
  index outside a sequence or too many items raises `ModelError`: a mistake of the model, reported
  with its trace like a violation.

`model/README.md` is the reference, with an example for every name here.
"""

from __future__ import annotations

import enum
import functools
import itertools
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Final, Generic, NoReturn, TypeAlias, TypeVar, dataclass_transform, overload

import attrs

__all__ = [
    "Bound", "Enum", "Finding", "FiniteSet", "Holds", "Map", "NoneSampled", "NoneWithin", "OrderedEnum", "Proved",
    "Range", "Scalarset", "Seq", "Unknown", "Violated", "action", "always", "auto", "check", "claim", "deadlock",
    "evolve", "filled", "fires", "initial", "members", "model_error", "reachable", "record", "recoverable", "require",
    "require_some", "state", "step",
]  # fmt: skip

T = TypeVar("T")
K = TypeVar("K")
V = TypeVar("V")
F = TypeVar("F", bound=Callable[..., object])
C = TypeVar("C", bound=type)

auto = enum.auto


class ModelError(Exception):
    """A step is an error of the model; `kind` is one of RANGE, INDEX, KEY, OVERFILL, DIVIDE, EMPTY."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Disabled(Exception):  # not an error: the guard said no
    """A guard is false: the action is disabled in this state and has no effect."""


# --- types -----------------------------------------------------------------------------------------


@attrs.frozen
class Range:
    """`Annotated[int, Range(lo, hi)]`: the integers lo..hi, both included."""

    lo: int
    hi: int

    def __repr__(self) -> str:
        return f"Range({self.lo}, {self.hi})"


@attrs.frozen
class Bound:
    """`Annotated[Seq[T], Bound(n)]`: a sequence of at most n items."""

    length: int

    def __repr__(self) -> str:
        return f"Bound({self.length})"


class Enum(enum.Enum):
    """A finite type with named members, compared by equality."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}.{self.name}"  # as one writes it, in what is told of a model


class OrderedEnum(Enum):
    """An enumeration whose members are ordered as they are declared."""

    def _place(self) -> int:
        return list(type(self)).index(self)

    def __lt__(self, other: object) -> bool:
        return self._place() < other._place() if isinstance(other, type(self)) else NotImplemented

    def __le__(self, other: object) -> bool:
        return self._place() <= other._place() if isinstance(other, type(self)) else NotImplemented

    def __gt__(self, other: object) -> bool:
        return self._place() > other._place() if isinstance(other, type(self)) else NotImplemented

    def __ge__(self, other: object) -> bool:
        return self._place() >= other._place() if isinstance(other, type(self)) else NotImplemented


class _ScalarsetMeta(type):
    def __iter__(cls: type[T]) -> Iterator[T]:
        return (cls(i) for i in range(cls.size))  # type: ignore[call-arg, attr-defined]


class Scalarset(metaclass=_ScalarsetMeta):
    """`class Network(Scalarset, size=3)`: interchangeable members; only equality means anything.

    A model never names one member; traces print them as `Network(0)`.
    """

    size: typing.ClassVar[int]

    def __init_subclass__(cls, *, size: int) -> None:
        cls.size = size

    def __init__(self, index: int) -> None:
        if not 0 <= index < self.size:
            msg = f"{type(self).__name__} has members 0..{self.size - 1}, not {index}"
            raise ModelError("RANGE", msg)
        self._index: Final = index

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._index == getattr(other, "_index", None)

    def __hash__(self) -> int:
        return hash((type(self).__name__, self._index))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._index})"


_Rebind = Callable[[Any], None]


class _Subscripted:
    """`Map[K, V]` in a model that runs without import machinery, as replay runs it.

    From 3.12 on CPython imports `typing` to subscript a `Generic`, by the `__import__` of the frame that does so:
    here that is a frame of this module, and the model's own need have none.
    """

    __slots__ = ()

    def __class_getitem__(cls, arguments: Any) -> Any:
        return super().__class_getitem__(arguments)  # type: ignore[misc] # of Generic, which stands behind


class Map(_Subscripted, Generic[K, V]):
    """A total map over a finite key type: `m[k]`, `m.set(k, v)`, and `s.m[k] = v` in an action."""

    __slots__ = ("_items", "_rebind")

    def __init__(self, items: Mapping[K, V], _rebind: _Rebind | None = None) -> None:
        self._items = dict(items)
        self._rebind = _rebind

    def __getitem__(self, key: K) -> V:
        _check_key(self._items, key)
        value = self._items[key]
        if self._rebind is None:
            return value
        return _bind(value, functools.partial(self.__setitem__, key))

    def __setitem__(self, key: K, value: V) -> None:
        if self._rebind is None:
            msg = "a map read into a local is a value: assign through the state, `s.field[key] = value`"
            raise TypeError(msg)
        self._rebind(self.set(key, value))

    def set(self, key: K, value: V) -> Map[K, V]:
        """A copy with another value at one key.  Raises ModelError KEY for a key outside."""
        _check_key(self._items, key)
        return Map({**self._items, key: value})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Map) and self._items == other._items

    def __hash__(self) -> int:
        return hash(frozenset(self._items.items()))

    def __repr__(self) -> str:
        return f"Map({self._items!r})"


def _check_key(items: Mapping[Any, object], key: object) -> None:
    if key not in items:
        msg = f"key {key!r} is outside the map"
        raise ModelError("KEY", msg)


class Seq(_Subscripted, Generic[T]):
    """A sequence: `q[i]` from 0, `len(q)`, `x in q`, `for x in q`, `q.push(x)`, `q.rest()`."""

    __slots__ = ("_items", "_rebind")

    def __init__(self, items: Iterable[T] = (), _rebind: _Rebind | None = None) -> None:
        self._items = tuple(items)
        self._rebind = _rebind

    def _check(self, index: int) -> None:
        if not 0 <= index < len(self._items):
            msg = f"index {index} is outside a sequence of {len(self._items)}"
            raise ModelError("INDEX", msg)

    def __getitem__(self, index: int) -> T:
        self._check(index)
        value = self._items[index]
        if self._rebind is None:
            return value
        return _bind(value, functools.partial(self.__setitem__, index))

    def __setitem__(self, index: int, value: T) -> None:
        if self._rebind is None:
            msg = "a sequence read into a local is a value: assign through the state, `s.field[i] = value`"
            raise TypeError(msg)
        self._check(index)
        self._rebind(Seq((*self._items[:index], value, *self._items[index + 1 :])))

    def push(self, item: T) -> Seq[T]:
        """The sequence with one more item at its end (too long for its place: OVERFILL when stored)."""
        return Seq((*self._items, item))

    def rest(self) -> Seq[T]:
        """The sequence without its first item.  Raises ModelError INDEX when it is empty."""
        if not self._items:
            msg = "rest() of an empty sequence"
            raise ModelError("INDEX", msg)
        return Seq(self._items[1:])

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[T]:
        return iter(self._items)

    def __contains__(self, item: object) -> bool:
        return item in self._items

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Seq) and self._items == other._items

    def __hash__(self) -> int:
        return hash(self._items)

    def __repr__(self) -> str:
        return f"Seq({self._items!r})"


class FiniteSet(frozenset[T]):
    """An immutable set: `x in a`, `a | b`, `a & b`, `a - b`, `a <= b`, `len(a)`, `for x in a`.

    Iteration follows the order of the item type, so every run is the same.
    """

    __slots__ = ()

    def __iter__(self) -> Iterator[T]:
        return iter(sorted(frozenset.__iter__(self), key=_order))

    def __or__(self, other: AbstractSet[Any]) -> FiniteSet[Any]:
        return FiniteSet(frozenset(self) | frozenset(other))

    def __ror__(self, other: AbstractSet[Any]) -> FiniteSet[Any]:
        return self | other

    def __and__(self, other: AbstractSet[Any]) -> FiniteSet[T]:
        return FiniteSet(frozenset(self) & frozenset(other))

    def __rand__(self, other: AbstractSet[Any]) -> FiniteSet[T]:
        return self & other

    def __sub__(self, other: AbstractSet[Any]) -> FiniteSet[T]:
        return FiniteSet(frozenset(self) - frozenset(other))

    def __rsub__(self, other: AbstractSet[Any]) -> FiniteSet[Any]:
        return FiniteSet(other) - self

    def __repr__(self) -> str:
        items = ", ".join(repr(x) for x in self)
        return f"FiniteSet({{{items}}})" if items else "FiniteSet()"


def _order(value: object) -> tuple[Any, ...]:
    """A key that sorts values of one type in the order the checker ranks them."""
    match value:
        case None:
            return (0,)
        case enum.Enum():
            return (1, list(type(value)).index(value))
        case Scalarset():
            return (1, value._index)
        case tuple():
            return (1, tuple(_order(x) for x in value))
        case Seq():
            return (1, len(value), tuple(_order(x) for x in value))
        case frozenset():
            return (1, tuple(sorted((_order(x) for x in frozenset.__iter__(value)), reverse=True)))
        case Map():
            keys = sorted(value._items, key=_order)
            return (1, tuple(_order(value._items[k]) for k in keys))
        case _ if attrs.has(type(value)):
            return (1, tuple(_order(getattr(value, name)) for name in _hints(type(value))))
        case _:
            return (1, value)


def _bind(value: T, rebind: _Rebind) -> T:
    """A map or sequence that remembers the place it was read from, so that `s.m[a][b] = v` works."""
    bound: Any = value
    if isinstance(value, Map):
        bound = Map(value._items, rebind)
    elif isinstance(value, Seq):
        bound = Seq(value._items, rebind)
    return bound  # type: ignore[no-any-return]


class _Filled:
    def __init__(self, value: object) -> None:
        self.value = value


def filled(value: Any) -> Any:
    """A map with the same value at every key, where the place it is stored in says which keys."""
    return _Filled(value)


# --- classes ---------------------------------------------------------------------------------------


@dataclass_transform(frozen_default=True)
def record(cls: C) -> C:
    """A frozen record: its fields are checked against their types when one is made."""
    cls.__attrs_post_init__ = _fit_all  # type: ignore[attr-defined]
    return attrs.frozen(cls, slots=False)


def _fit_all(self: Any) -> None:
    for name, fitter in _fitters(type(self)).items():
        object.__setattr__(self, name, fitter(getattr(self, name)))


@dataclass_transform()
def state(cls: C) -> C:
    """The one mutable class of a model: the state of the transition system, every field with a default."""
    cls.__attrs_post_init__ = _fit_all  # type: ignore[attr-defined]
    made: Any = attrs.define(cls, slots=False, on_setattr=[], eq=True)

    def setattr_(self: Any, name: str, value: object) -> None:
        fitter = _fitters(type(self)).get(name)
        if fitter is None:
            msg = f"the state has no field {name!r}"
            raise AttributeError(msg)
        object.__setattr__(self, name, fitter(value))

    def getattribute(self: Any, name: str) -> Any:
        value = object.__getattribute__(self, name)
        if isinstance(value, (Map, Seq)):
            return _bind(value, functools.partial(setattr, self, name))
        return value

    made.__setattr__ = setattr_
    made.__getattribute__ = getattribute
    made.__hash__ = lambda self: hash(tuple(getattr(self, n) for n in _hints(type(self))))
    return made  # type: ignore[no-any-return]


def evolve(original: T, **changes: Any) -> T:
    """A copy of a record with some fields changed."""
    return attrs.evolve(original, **changes)  # type: ignore[misc]


def _hints(cls: Any) -> dict[str, Any]:
    return _cached_hints(cls)


@functools.cache
def _cached_hints(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls, include_extras=True)


_Fitter: TypeAlias = Callable[[Any], Any]


def fit(hint: Any, value: Any) -> Any:
    """The value as a member of an annotated type.  Raises ModelError when it is not one."""
    return _fitter(hint)(value)


def _fitters(cls: Any) -> dict[str, _Fitter]:
    """What fits a value into each field of a record or state; worked out once a class."""
    found: dict[str, _Fitter] | None = cls.__dict__.get("__interlock_fitters__")
    if found is None:
        found = {name: _fitter(hint) for name, hint in _hints(cls).items()}
        cls.__interlock_fitters__ = found
    return found


def _fitter(hint: Any) -> _Fitter:
    """What makes a value a member of an annotated type, or raises ModelError."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if hasattr(hint, "__metadata__"):
        return _fitter_within(args[0], hint.__metadata__[0])
    if origin in (typing.Union, types.UnionType):
        inner = _fitter(next(a for a in args if a is not type(None)))
        return lambda value: None if value is None else inner(value)
    if origin is tuple:
        return functools.partial(_fit_tuple, hint, [_fitter(a) for a in args])
    if origin is Map:
        return functools.partial(_fit_map, hint, tuple(domain(args[0])), _fitter(args[1]))
    if origin is FiniteSet:
        return functools.partial(_fit_set, hint, _fitter(args[0]))
    if isinstance(hint, type):
        return lambda value: value if isinstance(value, hint) else _misfit("RANGE", hint, value)
    return functools.partial(_misfit, "RANGE", hint)


def _fit_tuple(hint: Any, parts: list[_Fitter], value: Any) -> Any:
    if not isinstance(value, tuple) or len(value) != len(parts):
        _misfit("RANGE", hint, value)
    return tuple([part(v) for part, v in zip(parts, value, strict=True)])


def _fit_map(hint: Any, keys: tuple[Any, ...], item: _Fitter, value: Any) -> Any:
    if isinstance(value, _Filled):
        return Map({k: item(value.value) for k in keys})
    if not isinstance(value, Map):
        _misfit("RANGE", hint, value)
    items = value._items
    if len(items) != len(keys) or not all(k in items for k in keys):
        _misfit("KEY", hint, value)
    return Map({k: item(items[k]) for k in keys})


def _fit_set(hint: Any, item: _Fitter, value: Any) -> Any:
    if not isinstance(value, (frozenset, set)):
        _misfit("RANGE", hint, value)
    return FiniteSet([item(v) for v in value])


def _fitter_within(base: Any, bound: object) -> _Fitter:
    if isinstance(bound, Range):
        return functools.partial(_fit_range, bound, bound.lo, bound.hi)
    if isinstance(bound, Bound):
        (item,) = typing.get_args(base)
        return functools.partial(_fit_seq, bound, _fitter(item))
    return functools.partial(_misfit, "RANGE", bound)


def _fit_range(bound: Range, lo: int, hi: int, value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool) and lo <= value <= hi:
        return value
    _misfit("RANGE", bound, value)


def _fit_seq(bound: Bound, item: _Fitter, value: Any) -> Any:
    if not isinstance(value, Seq):
        _misfit("RANGE", bound, value)
    if len(value) > bound.length:
        _misfit("OVERFILL", bound, value)
    return Seq([item(v) for v in value])


def _misfit(kind: str, hint: object, value: object) -> NoReturn:
    msg = f"{value!r} does not fit {getattr(hint, '__name__', hint)}"
    raise ModelError(kind, msg)


def domain(hint: Any) -> Iterator[Any]:
    """Every value of an annotated type, in the order the checker ranks them."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if hasattr(hint, "__metadata__"):
        bound = hint.__metadata__[0]
        if isinstance(bound, Range):
            yield from range(bound.lo, bound.hi + 1)
        else:
            (item,) = typing.get_args(args[0])
            for n in range(bound.length + 1):
                yield from map(Seq, itertools.product(tuple(domain(item)), repeat=n))
    elif origin in (typing.Union, types.UnionType):
        yield None
        yield from domain(next(a for a in args if a is not type(None)))
    elif origin is tuple:
        yield from itertools.product(*(tuple(domain(a)) for a in args))
    elif origin is FiniteSet:
        items = tuple(domain(args[0]))
        for mask in range(1 << len(items)):
            yield FiniteSet(v for i, v in enumerate(items) if mask >> i & 1)
    elif origin is Map:
        keys, values = tuple(domain(args[0])), tuple(domain(args[1]))
        for chosen in itertools.product(values, repeat=len(keys)):
            yield Map(dict(zip(keys, chosen, strict=True)))
    elif hint is bool:
        yield from (False, True)
    elif attrs.has(hint):
        hints = _hints(hint)
        for chosen in itertools.product(*(tuple(domain(h)) for h in hints.values())):
            yield hint(**dict(zip(hints, chosen, strict=True)))
    else:
        yield from hint


def members(kind: type[T]) -> Iterator[T]:
    """Every value of a record class, an enumeration or a scalarset, in the type's order."""
    return domain(kind)


# --- actions ---------------------------------------------------------------------------------------


def require(condition: bool, /) -> None:
    """A guard: the action is disabled, without effect, where the condition is false."""
    if not condition:
        raise Disabled


def require_some(value: T | None, /) -> T:
    """A guard that also narrows: the value, or the action is disabled where it is None."""
    if value is None:
        raise Disabled
    return value


@overload
def action(function: F, /) -> F: ...
@overload
def action(*, fault: str) -> Callable[[F], F]: ...
def action(function: F | None = None, /, *, fault: str | None = None) -> F | Callable[[F], F]:
    """A step of the system: parameters are its nondeterminism, `require` its guards.

    `fault="name"` marks a step of the adversary or the environment: only checks that name it allow it.
    """
    return function if function is not None else lambda f: f


def initial(function: F) -> F:
    """Makes an initial state from the default one, for each value of its parameters."""
    return function


# --- claims ----------------------------------------------------------------------------------------


def always(function: F) -> F:
    """An invariant: true in every reachable state, for all values of its parameters."""
    return function


def step(function: F) -> F:
    """True of every step (old state, new state), for all values of its parameters."""
    return function


def reachable(function: F) -> F:
    """Some reachable state has it, for some values of its parameters: the claim is not vacuous."""
    return function


def recoverable(function: F) -> F:
    """From every reachable state some path leads to a state that has it (AG EF), for each value of its parameters."""
    return function


def fires(action: Callable[..., object]) -> Callable[..., object]:
    """In `properties=(...)`: some reachable step takes this action, with some values for its parameters."""
    return action


def deadlock() -> None:
    """Names, in `Violated(deadlock)`, a state with no enabled action that is not declared terminal."""


def model_error() -> None:
    """Names, in `Violated(model_error)`, a step that is an error of the model."""


@attrs.frozen
class Holds:
    """Expected: every reachable state was seen and every property holds.

    `steps`: how many steps the shortest witness of a `@reachable` property has, as in `{arrives: 4}`.
    """

    distinct: int | None = attrs.field(default=None, kw_only=True)
    depth: int | None = attrs.field(default=None, kw_only=True)
    transitions: int | None = attrs.field(default=None, kw_only=True)
    steps: Mapping[Callable[..., object], int] | None = attrs.field(default=None, kw_only=True)


@attrs.frozen
class Proved:
    """Expected: invariant at any depth, by k-induction."""

    k: int | None = attrs.field(default=None, kw_only=True)


@attrs.frozen
class NoneWithin:
    """Expected: no violation within so many steps."""

    steps: int


@attrs.frozen
class NoneSampled:
    """Expected: no violation on so many random walks."""

    walks: int


@attrs.frozen
class Violated:
    """Expected: this property is violated, by a counterexample of so many steps; there are so many states in all.

    `first=True` ends the search there: nothing else is looked for, and `distinct` are the states found by then.
    """

    property: Callable[..., object]
    steps: int | None = attrs.field(default=None, kw_only=True)
    distinct: int | None = attrs.field(default=None, kw_only=True)
    first: bool = attrs.field(default=False, kw_only=True)


@attrs.frozen
class Unknown:
    """Expected: undecided within the budget."""


def check(
    name: str,
    model: types.ModuleType,
    constants: Mapping[str, object] | None = None,
    *,
    faults: AbstractSet[str] = frozenset(),
    engine: str = "explore",
    properties: tuple[Callable[..., object], ...] | Callable[..., object] | None = None,
    terminal: Callable[..., bool] | None = None,
    expect: Holds | Proved | NoneWithin | NoneSampled | Violated | Unknown,
    slow: bool = False,
    strict: bool | None = None,
    about: str = "",
    seed: int = 0,
    walks: int | None = None,
    steps: int | None = None,
    depth: int | None = None,
    states: int | None = None,
) -> None:
    """One run of the checker, and its expected verdict.  Read by `interlock`, never executed.

    `properties` are those of the file when left out.  `terminal` claims that every state without an
    enabled action satisfies it; left out, deadlocks are counted but not judged.  `walks` and `steps`
    bound `engine="simulate"`; `steps` bounds `"bmc"` and `"induction"`; `depth` and `states` are
    budgets of `"explore"`.  `slow=True` leaves the check to `interlock check --slow`.  With
    `strict=True` a check that claims nothing, or in which an action or a fault never happens, fails; with
    `strict=False` that is meant, and `--strict` does not ask.  `about` says
    why the check is here: the incident it repeats, or the reason for its variant.
    """


class Finding(Enum):
    """What the checks of a spec show about the claim of a document.

    CONFIRMED: the claim holds, for the instances that were checked.
    UNSTATED_CONDITION: it holds only under a condition that the document does not state.
    GAP: the text leaves it open.
    DIFFERS: the deployed system does something else than the document says.
    REFUTED: it is false, and here is a run.
    """

    CONFIRMED = auto()
    UNSTATED_CONDITION = auto()
    GAP = auto()
    DIFFERS = auto()
    REFUTED = auto()


def claim(
    id: str,
    *,
    source: str,
    says: str,
    finding: Finding,
    decided_by: tuple[str, ...],
    because: str,
) -> None:
    """A claim of a document, and what the checks found of it.  Read by `interlock`, never executed.

    `source` is the document and its section, `says` a fair statement of what it claims, with its own
    caveats; `decided_by` names the checks of this file that decide it; `because` says why the finding
    is fair: what was assumed, and what the instances leave out.
    """
