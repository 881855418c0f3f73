"""Which codes are there, and what does each one refuse?

Rule of the module: one entry a code of the front end; every example is a test.  Examples of kind
`model` follow `MODEL_HEAD`, those of kind `spec` stand beside `toy.py` and follow `SPEC_HEAD`; those of
kind `file` are whole files, and an empty wrong one means that the file itself is at fault.
"""

from __future__ import annotations

from typing import Final

import attrs

MODEL_HEAD: Final = '''from typing import Annotated, Final, TypeAlias

from interlock import (
    Bound, Enum, FiniteSet, Map, OrderedEnum, Range, Scalarset, Seq, action, always, auto, evolve, filled, initial,
    members, record, require, require_some, state, step,
)

N: Final = 2


class Color(Enum):
    RED = auto()
    GREEN = auto()


class Node(Scalarset, size=N):
    """Interchangeable."""


@record
class Car:
    color: Color
    fast: bool = False


@state
class State:
    n: Annotated[int, Range(0, 3)] = 0
    on: bool = False
    last: Color | None = None
    car: Car = Car(Color.RED)
    cars: Map[Node, Color] = filled(Color.RED)
    seen: FiniteSet[Color] = FiniteSet()
    queue: Annotated[Seq[Color], Bound(2)] = Seq()


@action
def reset(s: State) -> None:
    s.n = 0


'''

SPEC_HEAD: Final = """from typing import Final

import toy
from interlock import (
    Enum, Finding, Holds, Violated, always, auto, check, claim, deadlock, fires, model_error, reachable,
)
from toy import Car, Color, Node, State, reset


@always
def small(s: State) -> bool:
    return s.n < 4


"""

TOY: Final = MODEL_HEAD + '@action(fault="flip")\ndef flip(s: State) -> None:\n    s.on = True\n'


@attrs.frozen
class Code:
    """What a code means: a title, a text that is refused with it alone, and one that is accepted."""

    title: str
    wrong: str
    right: str
    kind: str = "model"


def _body(text: str) -> str:
    """An action with this body."""
    return "@action\ndef act(s: State) -> None:\n    " + text.replace("\n", "\n    ") + "\n"


def _in_action(title: str, wrong: str, right: str) -> Code:
    return Code(title, _body(wrong), _body(right))


def _spec(title: str, wrong: str, right: str) -> Code:
    return Code(title, wrong, right, "spec")


_WHOLE: Final = MODEL_HEAD
_CHECK: Final = 'check("toy", toy, expect=Holds())\n'


def _claim(**changed: str) -> str:
    """A check, and a claim with some arguments changed; none of them where they are empty."""
    given = {
        "source": '"a toy"', "says": '"n is small"', "finding": "Finding.CONFIRMED", "decided_by": '("toy",)',
        "because": '"by search"',
    } | changed  # fmt: skip
    lines = "".join(f"    {name}={text},\n" for name, text in given.items() if text)
    return f'{_CHECK}claim(\n    "C1",\n{lines})\n'


_CLAIM: Final = _claim()


def _twice(body: str) -> str:
    """Eighteen helpers, each of which calls the one before."""
    names = ["h", *(f"h{i}" for i in range(1, 19))]
    return "".join(
        f"\n\ndef {b}(x: int) -> int:\n    return ({body.replace('h', a)}) % 8\n"
        for a, b in zip(names, names[1:], strict=False)
    )


CODES: Final[dict[str, Code]] = {
    "L001": Code("There is no such file", "", _WHOLE, "file"),
    "L002": Code("A folder where a file is needed", "", _WHOLE, "file"),
    "L003": Code("Not UTF-8 text", "", _WHOLE, "file"),
    "L004": Code("The file is too large", "", _WHOLE, "file"),
    "L005": Code("Not Python", "def f(:\n", _WHOLE, "file"),
    "L006": Code("Nested too deeply", "x = " + "-" * 100 + "1\n", _WHOLE, "file"),
    "L007": Code("The file cannot be read", "", _WHOLE, "file"),
    "M001": _in_action("A statement outside the language", "while s.on:\n    s.n = 1", "for i in range(2):\n    s.n = i"),
    "M002": _in_action("An expression outside the language", "s.n = 3 if (on := s.on) else 0", "s.n = 3 if s.on else 0"),
    "M003": Code("A top-level statement outside the language", "limit = 3\n", "LIMIT: Final = 3\n"),
    "M004": Code("An import that models do not have", "import os\n", "from typing import Final as Const\n"),
    "M005": Code("A star import", "from interlock import *\n", "from interlock import reachable\n"),
    "M006": Code("A class outside the language", "class Box:\n    pass\n", "@record\nclass Box:\n    full: bool\n"),
    "M007": Code(
        "A decorator outside the language",
        "@record\ndef act(s: State) -> None:\n    s.n = 1\n",
        "@action\ndef act(s: State) -> None:\n    s.n = 1\n",
    ),
    "M008": Code(
        "A signature outside the language",
        "def twice(x: int = 1) -> int:\n    return 2 * x\n",
        "def twice(x: int) -> int:\n    return 2 * x\n",
    ),
    "M009": Code(
        "An annotation that is no type of the language", "@record\nclass Box:\n    items: list[bool]\n",
        "@record\nclass Box:\n    items: FiniteSet[Color]\n",
    ),
    "M010": _in_action("A call of what cannot be called", "s.seen = s.seen.copy()", "s.seen = s.seen | {Color.RED}"),
    "M011": _in_action("Star arguments", "s.n = min(*s.queue)", "s.n = min(s.n, 2)"),
    "M101": _in_action("An unknown name", "s.n = M", "s.n = N"),
    "M102": Code("A name that is taken", "N: Final = 3\n", "M: Final = 3\n"),
    "M103": Code("A module without this name", "from interlock import actoin\n", "from interlock import reachable\n"),
    "M104": Code("There is no such module", "import no_such_model\n", "from typing import Final as Const\n"),
    "M105": _in_action("There is no such field", "s.m = 1", "s.n = 1"),
    "M106": _in_action("There is no such member", "s.last = Color.BLUE", "s.last = Color.GREEN"),
    "M107": _in_action(
        "A local that may have no value", "if s.on:\n    x = 1\ns.n = x", "x = 0\nif s.on:\n    x = 1\ns.n = x"
    ),
    "M108": _in_action("One member of a scalarset by name", "s.cars[Node(0)] = Color.RED", "for i in Node:\n    s.cars[i] = Color.RED"),
    "M109": Code("Modules that import each other", "import wrong\n", _WHOLE, "file"),
    "M201": _in_action("A value of another type", "s.n = s.on", "s.on = s.n == 1"),
    "M202": _in_action("An operator on types it does not take", "s.n = s.n + s.on", "s.n = s.n + 1"),
    "M203": _in_action("A value that may be None", "s.cars = s.last.cars", "require(s.last is not None)\ns.car = Car(s.last)"),
    "M204": _in_action("Something that cannot be iterated", "for x in s.car:\n    s.n = 1", "for x in Color:\n    s.n = 1"),
    "M205": Code("A type without bounds", "@record\nclass Box:\n    n: int\n", "@record\nclass Box:\n    n: Annotated[int, Range(0, 3)]\n"),
    "M206": _in_action("A condition that is no bool", "require(s.n)", "require(s.n > 0)"),
    "M207": _in_action("Wrong arguments", "s.n = len(s.queue, s.queue)", "s.n = len(s.queue)"),
    "M208": _in_action("A comparison that is always false", "require(s.n == Color.RED)", "require(s.last == Color.RED)"),
    "M209": _in_action("Types without an order", "require(s.last is not None and Color.RED < Color.GREEN)", "require(s.n < 3)"),
    "M210": Code("A bound that is none", "Empty: TypeAlias = Annotated[int, Range(3, 0)]\n", "Few: TypeAlias = Annotated[int, Range(0, 3)]\n"),
    "M211": Code("A result of the wrong type", "@always\ndef ok(s: State) -> Color:\n    return Color.RED\n", "@always\ndef ok(s: State) -> bool:\n    return s.n < 4\n"),
    "M212": Code(
        "A path without a value", "def flag(x: bool) -> bool:\n    if x:\n        return True\n", "def flag(x: bool) -> bool:\n    return x\n"
    ),
    "M213": _in_action("Taking apart what is no tuple", "a, b = s.n", "a, b = (s.n, s.on)\ns.n = a"),
    "M214": _in_action("A record built wrongly", "s.car = Car(fast=True)", "s.car = Car(Color.RED, fast=True)"),
    "M215": Code("A constant that is none", "def one() -> int:\n    return 1\n\n\nONE: Final = one()\n", "ONE: Final = 1\n"),
    "M301": _in_action("An assignment to what does not change", "s.car.fast = True", "s.car = evolve(s.car, fast=True)"),
    "M302": Code(
        "require outside an action", "def flag(x: bool) -> bool:\n    require(x)\n    return x\n", _body("require(s.on)")
    ),
    "M303": Code(
        "Only an action changes the state", "@always\ndef ok(s: State) -> bool:\n    s.n = 1\n    return True\n",
        "@always\ndef ok(s: State) -> bool:\n    return s.n < 4\n",
    ),
    "M304": Code("Recursion", "def f(x: int) -> int:\n    return f(x)\n", "def f(x: int) -> int:\n    return x\n"),
    "M305": Code("A model without a state or an action", '"""Nothing."""\n', _WHOLE, "file"),
    "M306": Code("The state is not the first parameter", "@action\ndef act(x: Color) -> None:\n    pass\n", "@action\ndef act(s: State, x: Color) -> None:\n    s.last = x\n"),
    "M307": _in_action("A loop variable that is taken", "x = 1\nfor x in range(2):\n    s.n = x", "x = 1\nfor y in range(2):\n    s.n = x"),
    "M308": Code("A field of the state without a first value", "", "", "file"),
    "M309": Code(
        "Too many calls", "def h(x: int) -> int:\n    return x\n" + _twice("h(x) + h(x)"), "def h(x: int) -> int:\n    return x\n" + _twice("2 * h(x)")
    ),
    "S001": _spec("A check with wrong arguments", 'check("toy", toy)\n', _CHECK),
    "S002": _spec("There is no such property", 'check("toy", toy, properties=(smal,), expect=Holds())\n', 'check("toy", toy, properties=(small,), expect=Holds())\n'),
    "S003": _spec("The model has no such constant", 'check("toy", toy, {"M": 3}, expect=Holds())\n', 'check("toy", toy, {"N": 3}, expect=Holds())\n'),
    "S004": _spec("A constant of another type", 'check("toy", toy, {"N": True}, expect=Holds())\n', 'check("toy", toy, {"N": 3}, expect=Holds())\n'),
    "S005": _spec("The model has no such fault", 'check("toy", toy, faults={"flop"}, expect=Holds())\n', 'check("toy", toy, faults={"flip"}, expect=Holds())\n'),
    "S006": _spec("There is no such engine", 'check("toy", toy, engine="guess", expect=Holds())\n', 'check("toy", toy, engine="bmc", expect=Holds())\n'),
    "S007": _spec("Not a verdict", 'check("toy", toy, expect=Violated())\n', 'check("toy", toy, expect=Violated(small))\n'),
    "S008": _spec("A spec without a check", "", _CHECK),
    "S009": _spec("Two checks of one name", _CHECK + _CHECK, _CHECK),
    "S010": _spec("Not a model", 'check("toy", small, expect=Holds())\n', _CHECK),
    "S011": _spec("A property of another state", "", _CHECK),
    "S012": _spec(
        "There is no such group", 'SAFETY: Final = (small,)\ncheck("toy", toy, properties=(*SAFTY, small), expect=Holds())\n',
        'SAFETY: Final = (small,)\ncheck("toy", toy, properties=(*SAFETY, small), expect=Holds())\n',
    ),
    "S013": _spec(
        "What the check does not look for", 'check("toy", toy, expect=Violated(deadlock))\n',
        'check("toy", toy, terminal=small, expect=Violated(deadlock))\n',
    ),
    "S014": _spec("A claim with wrong arguments", _claim(says=""), _CLAIM),
    "S015": _spec("A claim of a check that is not there", _claim(decided_by='("tou",)'), _CLAIM),
    "S016": _spec("Not a finding", _claim(finding="Finding.CONFIRMD"), _CLAIM),
    "S017": _spec("Two claims of one id", _CLAIM + _claim().removeprefix(_CHECK), _CLAIM),
    "S018": _spec(
        "A claim about what is no action", 'check("toy", toy, properties=(fires(small),), expect=Holds())\n',
        'check("toy", toy, properties=(fires(reset),), expect=Holds())\n',
    ),
}  # fmt: skip
CODES["M308"] = Code(
    "A field of the state without a first value", MODEL_HEAD.replace("on: bool = False", "on: bool"), _WHOLE, "file"
)
