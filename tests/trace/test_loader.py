"""What a spec defines, and what it imports, is there when its properties run in plain Python."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest

from interlock.checker.command import cli
from interlock.checker.diagnostics import InputError
from interlock.checker.frontend import load_spec
from interlock.checker.trace.loader import load

MODEL = """from typing import Annotated, Final

from interlock import Range, action, require, state

TOP: Final = 3


@state
class State:
    n: Annotated[int, Range(0, TOP)] = 0


@action
def up(s: State) -> None:
    require(s.n < TOP)
    s.n += 1
"""
OTHER = MODEL.replace("TOP", "LIMIT").replace("class State", "class Lift").replace("s: State", "s: Lift")
SHARED = """from typing import Final

from counter import TOP, State
from interlock import Enum, always, auto

LIMIT: Final = 2


class Size(Enum):
    SMALL = auto()
    BIG = auto()


@always
def low(s: State, size: Size) -> bool:
    return size == Size.SMALL or few(s)


def few(s: State) -> bool:
    return s.n < LIMIT and s.n <= TOP
"""
SPEC = """from typing import Annotated, Final, TypeAlias

import counter
import lift
from counter import State
from interlock import Enum, Range, Violated, always, auto, check, record
from shared import few, low

ONE: Final = 1
Few: TypeAlias = Annotated[int, Range(0, ONE)]
Same = Few


class Way(Enum):
    UP = auto()
    DOWN = auto()


@record
class Step:
    way: Way
    by: Same


@always
def own(s: State, step: Step) -> bool:
    return s.n <= ONE or step != Step(Way.UP, ONE)


@always
def helped(s: State) -> bool:
    return few(s)


BOTH: Final = (own, helped)
HIGH: Final = {"TOP": 5}

check("imported", counter, properties=(low,), expect=Violated(low, steps=2))
check("helper", counter, properties=(helped,), expect=Violated(helped, steps=2))
check("own", counter, properties=(own,), expect=Violated(own, steps=2))
check("larger", counter, {**HIGH}, properties=(own,), expect=Violated(own, steps=2))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = {"counter": MODEL, "lift": OTHER, "shared": SHARED, "counter_spec": SPEC}
    for name, text in files.items():
        (tmp_path / f"{name}.py").write_text(text)
    return tmp_path


@pytest.mark.parametrize("check", ["imported", "helper", "own", "larger"])
def test_a_property_from_anywhere_replays(folder: Path, check: str, capsys: pytest.CaptureFixture[str]) -> None:
    """From another file, by another file's helper, with constants, types and aliases of the spec itself."""
    traces = folder / "traces"

    assert cli.main(["check", str(folder / "counter_spec.py"), "--only", check, "--traces", str(traces)]) == cli.OK
    (file,) = traces.iterdir()
    assert cli.main(["replay", str(file)]) == cli.OK
    assert "is false" in capsys.readouterr().out


def test_constants_reach_all_modules(folder: Path) -> None:
    """A file beside the model imports the constant that the check set."""
    spec = load_spec(folder / "counter_spec.py")
    loaded = load(spec.checks[3].program, spec)

    assert loaded.modules["shared"].TOP == 5


def test_a_constant_of_another_file_is_not_the_models(folder: Path) -> None:
    """A check sets the constants of its model; those of a file beside it are refused, not half set."""
    (folder / "bad_spec.py").write_text(SPEC.replace('"TOP": 5', '"LIMIT": 5'))

    with pytest.raises(InputError, match="S003: the model has no constant `LIMIT`"):
        load_spec(folder / "bad_spec.py")


def test_a_spec_with_checks_is_not_imported(folder: Path) -> None:
    """The help says where shared properties go."""
    (folder / "second_spec.py").write_text(
        SPEC.replace("from shared import few, low", "from counter_spec import few, low")
    )

    with pytest.raises(InputError) as refused:
        load_spec(folder / "second_spec.py")
    helped = [d.help for d in refused.value.diagnostics if d.code == "M003"]

    assert len(helped) == 4
    assert all("move what both need into a file without any" in text for text in helped)


TYPES = """from typing import Annotated, Final, TypeAlias

from interlock import Bound, Enum, FiniteSet, Map, Range, Seq, action, auto, filled, record, state


class Way(Enum):
    UP = auto()
    DOWN = auto()


Few: TypeAlias = Annotated[int, Range(0, 1)]
Queue = Annotated[Seq[Map[Way, Few]], Bound(2)]
SOME: Final[FiniteSet[Way]] = FiniteSet({Way.UP})


@record
class Message:
    body: tuple[Way, Map[Way, bool] | None]
    queue: Queue | None


@state
class State:
    sent: Map[Way, Message | None] = filled(None)
    queue: Queue = Seq()


@action
def send(s: State, way: Way) -> None:
    s.sent[way] = Message((way, Map({w: w in SOME for w in Way})), s.queue)
"""
TYPES_SPEC = """import types_of_all_sorts
from interlock import Violated, always, check
from types_of_all_sorts import State, Way


@always
def silent(s: State) -> bool:
    return all(s.sent[way] is None for way in Way)


check("sent", types_of_all_sorts, expect=Violated(silent, steps=1))
"""


def test_types_are_subscripted_without_imports(tmp_path: Path) -> None:
    """Where a model runs there is no `__import__`, which CPython asks for when it subscripts a generic class."""
    (tmp_path / "types_of_all_sorts.py").write_text(TYPES)
    (tmp_path / "types_spec.py").write_text(TYPES_SPEC)

    assert cli.main(["check", str(tmp_path / "types_spec.py")]) == cli.OK


@pytest.mark.parametrize("module", ["os", "typing", "interlock"])
def test_text_that_was_refused_could_import_nothing(folder: Path, module: str) -> None:
    """A second wall: had the front end accepted an import in a function, it would fail."""
    program = load_spec(folder / "counter_spec.py").checks[0].program
    bad = f"\n\ndef bad() -> bool:\n    import {module}\n    return True\n"
    counter, *others = program.modules
    loaded = load(attrs.evolve(program, modules=(attrs.evolve(counter, source=counter.source + bad), *others)))

    with pytest.raises(ImportError, match="__import__ not found"):
        loaded.function("counter", "bad")()
