"""What does a spec file say, as an earlier run read it?

Rule of the module: what is recalled is what reading would give.  It is kept with all that reading depended on: the
text of every file, where each import was looked for and found, the folder that paths are shown from, and the text of
the checker itself; where any of that is not as it was, nothing is recalled.  Only specs without a mistake are kept.
What a check is about is unpacked when it is asked for, since a run may want one check of many.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import io
import pickle
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import attrs

from interlock.checker import cache, garbage
from interlock.checker.frontend import search
from interlock.checker.frontend.source import allow_recursion
from interlock.checker.ir.claims import Body, Check, Spec
from interlock.checker.ir.nodes import Action, Function, Module, Program
from interlock.checker.places import located

_ABOUT: Final = "spec 1"
_ALL: Final = -1  # all modules, where one has a position


@attrs.frozen
class Dependencies:
    """What reading a spec depended on: the digests of files by path, what was found for (name, importer) and which file
    a path leads to; and how deep Python may recurse to walk what was read."""

    files: Mapping[str, str]
    found: Mapping[tuple[str, ...], str | None]
    recursion: int

    def unchanged(self) -> bool:
        """Whether all of it is as it was."""
        return all(_digest(Path(path)) == digest for path, digest in self.files.items()) and all(
            _looked_for(key) == place for key, place in self.found.items()
        )

    def key(self) -> str:
        """A name for all of it."""
        of = (str(sorted(self.files.items())), str(sorted(self.found.items(), key=str)))
        return cache.key(_ABOUT, cache.checker(), str(Path.cwd()), *of).hex()


def recall(path: Path, models: Sequence[Path]) -> Spec | None:
    """The spec in a file, if an earlier run read it and nothing that it depends on has changed; `models`: the folders in
    which models are looked for first."""
    data = cache.usual().load(_place(path, models))
    if data is None:
        return None
    with garbage.undisturbed():
        dependencies, modules, packed = pickle.loads(data)
        if not dependencies.unchanged():
            return None
        allow_recursion(dependencies.recursion)
        spec: Spec = _unpacked(packed, modules)
    return spec


def was_read(path: Path) -> bool:
    """Whether an earlier run read the file as a spec, and nothing that this depended on has changed."""
    return recall(located(path), search.given()) is not None


def remember(
    path: Path, models: Sequence[Path], spec: Spec, files: Sequence[Path], found: Mapping[tuple[str, ...], Path | None]
) -> Spec:
    """The spec that was read, whose checks have keys now, kept for the next run; `files` are all that were read, `found`
    all that was looked for."""
    digests = {str(file): _digest(file) for file in files}
    if None in digests.values():  # it went away while it was read
        return spec
    places = {key: None if place is None else str(place) for key, place in found.items()}
    dependencies = Dependencies({f: d for f, d in digests.items() if d is not None}, places, sys.getrecursionlimit())
    named = attrs.evolve(spec, checks=tuple(_named(check, dependencies.key()) for check in spec.checks))
    store = cache.usual()
    if store.usable:
        modules = list({id(m): m for m in (*spec.modules, spec.module, *_modules_of(spec))}.values())
        with contextlib.suppress(RecursionError):  # a chain may be longer than pickle goes: it is read each time
            slim = attrs.evolve(named, checks=_packed_checks(named.checks, modules))
            store.store(_place(path, models), pickle.dumps((dependencies, modules, _packed(slim, modules))))
    return named


# --- packing ---------------------------------------------------------------------------------------


@attrs.frozen(eq=False)
class Later:
    """The bodies of checks that share a model under the same constants, packed but for as long as they are asked for."""

    data: bytes
    modules: Sequence[Module]

    def body(self, number: int) -> Body:
        """One of them: the same object as long as few others are asked for, as in the life of one check."""
        return _bodies(self)[number]


@functools.lru_cache(maxsize=16)  # of hundreds, each of some ten thousand objects
def _bodies(later: Later) -> list[Body]:
    with garbage.undisturbed():
        found: list[Body] = _unpacked(later.data, later.modules)
        return found


def _packed_checks(checks: Sequence[Check], modules: Sequence[Module]) -> tuple[Check, ...]:
    """The checks with their bodies packed, those of one program together."""
    groups: dict[int, list[Body]] = {}
    for check in checks:
        groups.setdefault(id(check.program), []).append(check.body)
    packed = {key: Later(_packed(bodies, modules), modules) for key, bodies in groups.items()}
    numbers = {id(body): (key, i) for key, bodies in groups.items() for i, body in enumerate(bodies)}
    return tuple(_with_later(check, packed, *numbers[id(check.body)]) for check in checks)


def _with_later(check: Check, packed: Mapping[int, Later], key: int, number: int) -> Check:
    return attrs.evolve(check, read=functools.partial(packed[key].body, number))


def _modules_of(spec: Spec) -> Iterator[Module]:
    return (m for check in spec.checks for m in check.program.modules)


class _Packer(pickle.Pickler):
    """Writes modules as their position in a list, since many programs are of the same files."""

    def __init__(self, file: io.BytesIO, modules: Sequence[Module]) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self._modules = modules
        self._positions = {(m.name, m.path, m.source): i for i, m in enumerate(modules)}

    def persistent_id(self, value: object) -> Any:
        """The position of a module; `_ALL` for the list itself; None for what is packed as it is."""
        if value is self._modules:
            return _ALL
        return self._positions[value.name, value.path, value.source] if isinstance(value, Module) else None


class _Unpacker(pickle.Unpickler):
    def __init__(self, data: bytes, modules: Sequence[Module]) -> None:
        super().__init__(io.BytesIO(data))
        self._modules = modules

    def persistent_load(self, position: Any) -> object:
        """The module at a position, or the list."""
        return self._modules if position == _ALL else self._modules[position]


def _packed(value: object, modules: Sequence[Module]) -> bytes:
    file = io.BytesIO()
    _Packer(file, modules).dump(value)
    return file.getvalue()


def _unpacked(data: bytes, modules: Sequence[Module]) -> Any:
    return _Unpacker(data, modules).load()


# --- names and digests -----------------------------------------------------------------------------


def _named(check: Check, read: str) -> Check:
    """A check with a key of its body: what was read, and what the call says of it.  A property is named by its place
    too, since a spec may import two of one name."""
    body = check.body
    constants, faults = str(sorted(check.constants.items())), str(sorted(check.faults))
    properties = [(p.kind.name, _of(p.function), "" if p.action is None else _of(p.action)) for p in body.properties]
    terminal = "" if body.terminal is None else _of(body.terminal)
    key = cache.key(read, _of_program(body.program), constants, faults, str(properties), terminal).hex()
    return attrs.evolve(check, key=key)


def _of(part: Function | Action) -> str:
    """Where a function or an action stands, and what it is called there."""
    return f"{part.module}.{part.name} at {part.span}"


def _of_program(program: Program) -> str:
    """Which files make up a program; the last is its own."""
    return str([(module.name, module.path) for module in program.modules])


def _place(path: Path, models: Sequence[Path]) -> bytes:
    """The key under which a spec is kept: its file, where models are looked for first, the folder that paths are shown
    from."""
    folders = str([str(folder) for folder in models])
    return cache.key(_ABOUT, cache.checker(), str(Path.cwd()), str(path), folders, sys.version)


def _digest(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None


def _looked_for(key: tuple[str, ...]) -> str | None:
    """What is found for (name, importer), or which file a (path,) leads to."""
    place = search.find(*key) if len(key) == 2 else search.real(Path(key[0]))
    return None if place is None else str(place)
