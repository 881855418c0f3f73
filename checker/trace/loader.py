"""How does an accepted model run as the plain Python it is?  For replay alone.

Rule of the module: only text that the front end has accepted is compiled, into private modules that
`sys.modules` never sees, with few builtins and no import machinery: the names a file imports are put
into its namespace from modules that were loaded before it.  Of a spec file only the definitions that
its properties use are run (functions without their decorators, constants, types), never a check.
"""

from __future__ import annotations

import builtins
import functools
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeAlias

import attrs

from interlock.checker.ir.claims import Spec
from interlock.checker.ir.nodes import Constant, ModelErrorKind, Module, Program
from interlock.checker.ir.types import (
    EnumT,
    MapT,
    OptionT,
    RecordT,
    ScalarT,
    SeqT,
    SetT,
    TupleT,
    Type,
    Value,
    members,
    show_value,
)
from interlock.checker.ir.vocabulary import BUILTINS, SETS
from interlock.checker.trace.texts import CONSTANT, OVERRIDDEN, Import, compiled
from interlock.model import lang

_GIVEN: Final = ("__build_class__", *BUILTINS, *SETS)  # of Python's own names, those that the language has


@attrs.frozen
class Took:
    """The action was enabled and led here."""

    state: Value


@attrs.frozen
class Refused:
    """The action is disabled."""


@attrs.frozen
class Erred:
    """An error of the model was raised."""

    kind: ModelErrorKind
    message: str


Outcome: TypeAlias = Took | Refused | Erred


@attrs.frozen(eq=False)
class Loaded:
    """A model that runs: its private modules with those of the spec, and what the spec file defines."""

    program: Program
    modules: Mapping[str, types.ModuleType]
    spec: Mapping[str, Any]
    makers: dict[int, tuple[Type, Callable[[Any], Any]]] = attrs.field(factory=dict)  # by type; see `to_python`

    def run_action(
        self, module: str, name: str, state: Value, params: Iterable[Value], kinds: Iterable[Type]
    ) -> Outcome:
        """Take one step in plain Python, from a fresh copy of the state."""
        s = to_python(self, self.program.state, state)
        arguments = [to_python(self, t, v) for t, v in zip(kinds, params, strict=True)]
        outcome = guarded(lambda: self.function(module, name)(s, *arguments))
        if isinstance(outcome, (Refused, Erred)):
            return outcome
        return Took(from_python(self.program.state, s))

    def call(self, module: str, name: str, kinds: Iterable[Type], arguments: Iterable[Value]) -> object | Erred:
        """Call a property or a helper in plain Python."""
        return self.apply(module, name, [to_python(self, t, v) for t, v in zip(kinds, arguments, strict=True)])

    def apply(self, module: str, name: str, arguments: Iterable[Any]) -> object | Erred:
        """The same, with arguments that are Python objects already."""
        result = guarded(lambda: self.function(module, name)(*arguments))
        if result is None:
            return Erred(ModelErrorKind.MISSING, f"{name} returned no value")
        return result  # type: ignore[no-any-return]

    def function(self, module: str, name: str) -> Callable[..., object]:
        """A function by its module and name.  Raises KeyError when there is none."""
        found = vars(self.modules[module]).get(name) if module in self.modules else None
        return found if found is not None else self.spec[name]  # type: ignore[no-any-return]

    def default(self) -> Value | Erred:
        """The state that the defaults of the fields make."""
        module, name = self.program.state_class
        made = guarded(lambda: vars(self.modules[module])[name]())
        return made if isinstance(made, Erred) else from_python(self.program.state, made)

    def class_of(self, name: str) -> Any:
        """The Python class of a type of the program, or else of its spec."""
        if name in self.program.classes:
            module, cls = self.program.classes[name]
            return vars(self.modules[module])[cls]
        for namespace in (self.spec, *(vars(m) for m in self.modules.values())):
            found = namespace.get(name)
            if isinstance(found, type) and found.__module__ == namespace["__name__"]:
                return found
        raise KeyError(name)


def guarded(run: Callable[[], object]) -> Any:
    """What the model's own text gives, or `Refused` or `Erred` for what it raises."""
    try:
        return run()
    except lang.Disabled:
        return Refused()
    except lang.ModelError as e:
        return Erred(ModelErrorKind[e.kind], str(e))
    except ZeroDivisionError:  # what Python says of it and of `min` is not the same in all its versions
        return Erred(ModelErrorKind.DIVIDE, "")
    except IndexError as e:
        return Erred(ModelErrorKind.INDEX, str(e))
    except ValueError:  # min() or max() of nothing; the subset has no other
        return Erred(ModelErrorKind.EMPTY, "")


# --- loading ---------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=16)  # the checks of a spec are of few programs
def load(program: Program, spec: Spec | None = None) -> Loaded:
    """Run the accepted modules of a program and of its spec, constants in place, and define what the spec does."""
    modules: dict[str, types.ModuleType] = {}
    defined: dict[str, Any] = {}
    loaded = Loaded(program, modules, defined)
    for module in (*program.modules, *(() if spec is None else spec.modules)):
        if module.name not in modules:
            _run_module(loaded, modules, module)
    if spec is not None:
        _define_spec(loaded, defined, spec.module)
    return loaded


def _run_module(loaded: Loaded, modules: dict[str, types.ModuleType], module: Module) -> None:
    overridden = {c.name: c for c in loaded.program.constants if c.overridden}  # by name, wherever it stands
    text = compiled(module, definitions=False)
    private = types.ModuleType(module.name)
    modules[module.name] = private  # before it runs: a constant's value may need its own classes
    namespace = vars(private)
    namespace["__builtins__"] = _builtins(loaded, overridden)
    namespace.update(_imported(modules, module, text.imports))
    exec(text.code, namespace)


def _define_spec(loaded: Loaded, namespace: dict[str, Any], module: Module) -> None:
    text = compiled(module, definitions=True)
    namespace["__name__"] = module.name
    namespace["__builtins__"] = _builtins(loaded, {})
    namespace.update(_imported(loaded.modules, module, text.imports))
    exec(text.code, namespace)


def _builtins(loaded: Loaded, overridden: Mapping[str, Constant]) -> dict[str, Any]:
    names = {n: getattr(builtins, n) for n in _GIVEN}
    names[OVERRIDDEN] = overridden.__contains__
    names[CONSTANT] = lambda name: to_python(loaded, overridden[name].type, overridden[name].value)
    return names


def _imported(modules: Mapping[str, types.ModuleType], module: Module, imports: Iterable[Import]) -> dict[str, Any]:
    names: dict[str, Any] = {}
    for s in imports:
        if s.of is None:
            for name, called in s.names:
                _bind_import(names, modules, name, called)
        elif s.of != "__future__":
            source = _absolute(module, s)
            for name, called in s.names:
                found = _attribute(modules, source, name)
                if found is _ABSENT:
                    msg = f"{source}.{name} is not among the accepted modules"
                    raise KeyError(msg)
                names[called or name] = found
    return names


_ABSENT: Final = object()


def _bind_import(names: dict[str, Any], modules: Mapping[str, types.ModuleType], name: str, called: str | None) -> None:
    target = _module(modules, name)
    if target is _ABSENT:
        raise KeyError(name)
    if called is not None or "." not in name:
        names[called or name] = target
    else:
        first, *rest, last = name.split(".")
        place = names.setdefault(first, types.SimpleNamespace())
        for part in rest:
            place = vars(place).setdefault(part, types.SimpleNamespace())
        setattr(place, last, target)


def _absolute(module: Module, imported: Import) -> str:
    if not imported.level:
        return imported.of or ""
    parts = module.name.split(".")
    drop = imported.level - (1 if module.path.endswith("__init__.py") else 0)
    base = parts[: len(parts) - drop] if drop else parts
    return ".".join([*base, *([imported.of] if imported.of else [])])


def _module(modules: Mapping[str, types.ModuleType], name: str) -> Any:
    real = {"interlock": lang, "typing": typing}
    return real[name] if name in real else modules.get(name, _ABSENT)


def _attribute(modules: Mapping[str, types.ModuleType], source: str, name: str) -> Any:
    holder = _module(modules, source)
    if holder is not _ABSENT and hasattr(holder, name):
        return getattr(holder, name)
    return _module(modules, f"{source}.{name}")


# --- values ----------------------------------------------------------------------------------------


def to_python(loaded: Loaded, t: Type, value: Any) -> Any:
    """A value of the IR as the Python object a model works with."""
    kept = loaded.makers.get(id(t))
    if kept is None:
        kept = loaded.makers[id(t)] = t, _maker(loaded, t)
    return kept[1](value)


def _maker(loaded: Loaded, t: Type) -> Callable[[Any], Any]:
    """What makes the Python objects of a type; worked out once, since a path has many values of few types."""

    def of(part: Type) -> Callable[[Any], Any]:
        return _maker(loaded, part)

    match t:
        case EnumT():
            return list(loaded.class_of(t.name)).__getitem__
        case ScalarT():
            return loaded.class_of(t.name)  # type: ignore[no-any-return]
        case RecordT():
            cls, names, makers = loaded.class_of(t.name), [n for n, _ in t.fields], [of(f) for _, f in t.fields]
            return lambda value: cls(**{n: m(v) for n, m, v in zip(names, makers, value, strict=True)})
        case TupleT():
            parts = [of(i) for i in t.items]
            return lambda value: tuple([m(v) for m, v in zip(parts, value, strict=True)])
        case OptionT():
            some = of(t.item)
            return lambda value: None if value is None else some(value)
        case MapT():
            keys, item = [*map(of(t.key), members(t.key))], of(t.value)
            return lambda value: lang.Map(dict(zip(keys, map(item, value), strict=True)))
        case SetT():
            member = of(t.item)
            return lambda value: lang.FiniteSet(map(member, value))
        case SeqT():
            each = of(t.item)
            return lambda value: lang.Seq(map(each, value))
        case _:
            return lambda value: value


def from_python(t: Type, value: Any) -> Value:
    """A Python object of a model as a value of the IR."""
    found: Value = _taker(t)(value)
    return found


@functools.lru_cache(maxsize=4096)  # types of the checks of a hundred specs
def _taker(t: Type) -> Callable[[Any], Any]:
    """What takes the values of a type from Python objects."""
    match t:
        case EnumT():
            numbers = {name: number for number, name in enumerate(t.members)}
            return lambda value: numbers[value.name]
        case ScalarT():
            return lambda value: int(value._index)
        case RecordT():
            fields = [(name, _taker(inner)) for name, inner in t.fields]
            return lambda value: tuple([take(getattr(value, name)) for name, take in fields])
        case TupleT():
            items = [_taker(i) for i in t.items]
            return lambda value: tuple([take(v) for take, v in zip(items, value, strict=True)])
        case OptionT():
            some = _taker(t.item)
            return lambda value: None if value is None else some(value)
        case MapT():
            return _map_taker(t)
        case SetT():
            member = _taker(t.item)
            return lambda value: frozenset(map(member, value))
        case SeqT():
            each = _taker(t.item)
            return lambda value: tuple(map(each, value))
        case _:
            return lambda value: value


def _map_taker(t: MapT) -> Callable[[Any], Any]:
    key, item, keys = _taker(t.key), _taker(t.value), members(t.key)

    def take(value: Any) -> tuple[Value, ...]:
        found = {key(k): item(v) for k, v in value._items.items()}
        return tuple([found[k] for k in keys])

    return take


def paste(t: Type, value: Any) -> str:
    """The value as text that Python reads back, given the names of the model and of `interlock`."""
    return show_value(t, value)
