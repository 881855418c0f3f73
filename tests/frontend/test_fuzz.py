"""Whatever a file holds, reading it ends in a program or in InputError, and with little effort."""

from __future__ import annotations

import random
import re
import shutil
from pathlib import Path

import pytest

from interlock.checker.diagnostics import InputError, render_all
from interlock.checker.frontend import load_model, load_spec
from interlock.checker.frontend.codes import MODEL_HEAD, SPEC_HEAD, TOY
from tests.clock import effort

REPOSITORY = Path(__file__).parent.parent.parent
MUTANTS = 2400
EFFORT = 10_000_000  # for one file: an endless computation is what is looked for; the largest here takes a quarter
TOKEN = re.compile(r"\w+|[^\w\s]+|\s+")
IDENTIFIERS = (
    "s",
    "State",
    "len",
    "all",
    "None",
    "True",
    "self",
    "__class__",
    "_",
    "ﬁ",
    "action",
    "check",
    "claim",
    "SAFETY",
    "MORE",
    "filled",
    "Map",
)
OPERATORS = (
    "+",
    "-",
    "*",
    "//",
    "%",
    "|",
    "&",
    "==",
    "<",
    "**",
    "@",
    ":=",
    "=",
    ".",
    ",",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ":",
    "~",
    "->",
)
NUMBERS = ("0", "-1", "1", "99999999999999999999999", "1e400", "1j", "0x" + "F" * 5000, "True", "4096", "70000")

CALLS = """SAFETY: Final = (small,)
ALL: Final = (*SAFETY, small)
FLIPS: Final = {"flip"}
BOTH: Final = FLIPS | {*FLIPS, "flip"}
THREE: Final = {"N": 3}
MORE: Final = {**THREE, "N": 2}

check("toy", toy, MORE, faults=BOTH, properties=ALL, terminal=small, expect=Violated(deadlock, steps=1))
check(
    "bounded", toy, {**THREE, "N": 3}, faults={*FLIPS}, properties=(*SAFETY,), engine="bmc", steps=3, slow=True,
    about="two pieces " "of text", expect=Holds(distinct=4),
)
claim(
    "C1", source="a toy", says="n is small", finding=Finding.UNSTATED_CONDITION, decided_by=("toy", "bounded"),
    because="by search",
)
"""


def read(path: Path) -> bool:
    """Whether the file is accepted; anything but InputError fails the test."""
    accepted, found = False, []
    for load in (load_spec, load_model):
        try:
            load(path)
            accepted = True
        except InputError as problem:
            found += problem.diagnostics
            render_all(problem.diagnostics).encode()
    assert accepted or found
    assert all(d.help.strip() and d.code and d.message for d in found)
    return accepted


def corpus() -> list[str]:
    """The models and specs of the repository that are small enough to be read thousands of times."""
    files = sorted([*REPOSITORY.glob("model/**/*.py"), *REPOSITORY.glob("specs/**/*.py")])
    texts = [p.read_text() for p in files if p.name not in {"__init__.py", "lang.py"} and p.stat().st_size < 8000]
    return [*texts, TOY, SPEC_HEAD + CALLS, SPEC_HEAD + CALLS]  # twice: most texts are models


def mutate(rng: random.Random, texts: list[str]) -> bytes:
    """One mutant of one of the texts."""
    text = rng.choice(texts)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        text = rng.choice(MUTATIONS)(rng, text, texts)
    data = text.encode("utf-8", "replace")
    if rng.random() < 0.05 and data:
        i = rng.randrange(len(data))
        data = data[:i] + bytes(rng.randrange(256) for _ in range(3)) + data[i + 1 :]
    return data


def _lines(rng: random.Random, text: str, texts: list[str]) -> str:
    lines = text.split("\n")
    i, j = rng.randrange(len(lines)), rng.randrange(len(lines))
    match rng.randrange(4):
        case 0:
            del lines[i]
        case 1:
            lines.insert(j, lines[i])
        case 2:
            lines[i], lines[j] = lines[j], lines[i]
        case _:
            lines[i] = "    " + lines[i]
    return "\n".join(lines)


def _tokens(rng: random.Random, text: str, texts: list[str]) -> str:
    tokens = TOKEN.findall(text) or [""]
    i, j = rng.randrange(len(tokens)), rng.randrange(len(tokens))
    match rng.randrange(3):
        case 0:
            del tokens[i]
        case 1:
            tokens.insert(i, tokens[i])
        case _:
            tokens[i], tokens[j] = tokens[j], tokens[i]
    return "".join(tokens)


def _replace(rng: random.Random, text: str, texts: list[str]) -> str:
    tokens = TOKEN.findall(text)
    kinds = ((r"[A-Za-z_]\w*", IDENTIFIERS), (r"[^\w\s]+", OPERATORS), (r"\d+", NUMBERS))
    pattern, choices = rng.choice(kinds)
    places = [i for i, t in enumerate(tokens) if re.fullmatch(pattern, t)]
    if not places:
        return text
    own = [t for t in tokens if re.fullmatch(pattern, t)]
    tokens[rng.choice(places)] = rng.choice((rng.choice(choices), rng.choice(own)))
    return "".join(tokens)


def _splice(rng: random.Random, text: str, texts: list[str]) -> str:
    other = rng.choice(texts).split("\n")
    lines = text.split("\n")
    i, j = rng.randrange(len(lines)), rng.randrange(len(other))
    return "\n".join(lines[:i] + other[j : j + rng.randrange(1, 12)] + lines[i:])


def _truncate(rng: random.Random, text: str, texts: list[str]) -> str:
    return text[: rng.randrange(len(text) + 1)]


MUTATIONS = (_lines, _lines, _tokens, _tokens, _replace, _replace, _replace, _splice, _truncate)


@pytest.mark.parametrize("seed", range(8))
def test_mutants(seed: int, tmp_path: Path) -> None:
    rng, texts = random.Random(seed), corpus()
    shutil.copytree(REPOSITORY / "model", tmp_path / "model")
    (tmp_path / "toy.py").write_text(TOY)
    path = tmp_path / "mutant.py"
    accepted = 0
    for i in range(MUTANTS // 8):
        data = mutate(rng, texts)
        path.write_bytes(data)
        try:
            accepted += read(path)
        except Exception as problem:  # whatever it is, it is the bug that is looked for
            raise AssertionError(f"mutant {i} of seed {seed}:\n{data.decode(errors='replace')}") from problem
    assert 0 < accepted < MUTANTS // 8


def _action(expression: str) -> str:
    return MODEL_HEAD + f"@action\ndef act(s: State) -> None:\n    require({expression})\n"


def _nested(word: str, levels: int) -> str:
    lines = [" " * (4 + i) + word for i in range(levels)]
    return MODEL_HEAD + "@action\ndef act(s: State) -> None:\n" + "\n".join([*lines, " " * (4 + levels) + "s.n = 1\n"])


ODD: dict[str, bytes | str] = {
    "empty": b"",
    "nul": b"\0",
    "nul inside": TOY.encode() + b"x = 1\0\n",
    "ten megabytes": b"#" * 10_000_000,
    "missing import": "import nothing_of_this_name\n",
    "missing from": "from nothing.of.this import name\n",
    "long module name": "import " + "a" * 5000 + "\n",
    "long dotted name": "import " + ".".join("a" * 300) + " as b\n",
    "itself": "import odd\n",
    "parentheses": _action("(" * 150 + "True" + ")" * 150),
    "many parentheses": _action("(" * 20_000 + "True" + ")" * 20_000),
    "not not": _action("not " * 20_000 + "True"),
    "minus minus": _action("-" * 20_000 + "1 == 1"),
    "attributes": _action("s" + ".a" * 20_000),
    "subscripts": _action("s" + "[0]" * 20_000),
    "calls": _action("s" + "()" * 20_000),
    "sum": _action("+".join(["1"] * 20_000) + " > 0"),
    "and": _action(" and ".join(["s.on"] * 20_000)),
    "comparison": _action("<".join(["s.n"] * 5_000)),
    "lists": _action("[" * 190 + "]" * 190),
    "ifs": _nested("if s.on:", 95),
    "few ifs": _nested("if s.on:", 15),
    "fors": _nested("for x in Color:", 15),
    "elifs": MODEL_HEAD
    + "@action\ndef act(s: State) -> None:\n    if s.on:\n        pass\n"
    + "    elif s.on:\n        pass\n" * 3000,
    "long line": MODEL_HEAD + "# " + "x" * 500_000 + "\n",
    "long string": MODEL_HEAD + 'X: Final = "' + "x" * 500_000 + '"\n',
    "long name": MODEL_HEAD + "x" * 500_000 + ": Final = 1\n",
    "unknown long name": _action("x" * 500_000),
    "many lines": MODEL_HEAD + "\n" * 500_000,
    "byte order mark": b"\xef\xbb\xbf" + TOY.encode(),
    "two byte order marks": b"\xef\xbb\xbf" * 2 + TOY.encode(),
    "crlf": TOY.replace("\n", "\r\n").encode(),
    "cr": TOY.replace("\n", "\r").encode(),
    "form feed": "\f" + TOY,
    "latin-1": TOY.encode() + "# é\n".encode("latin-1"),
    "another encoding": b"# -*- coding: utf-7 -*-\n" + TOY.encode(),
    "no encoding": b"# coding: nonsense\n" + TOY.encode(),
    "utf-16": TOY.encode("utf-16"),
    "surrogate": b"\xed\xa0\x80",
    "surrogate escape": '"""\\ud800"""\n' + TOY,
    "control characters": "\x1b[31m\x07 = 1\n",
    "wide digits": _action("１ == １"),
    "huge number": _action("s.n == " + "9" * 5000),
    "huge hexadecimal": _action("s.last + 0x" + "F" * 6000 + " == 1"),
    "growing constant": MODEL_HEAD + "X: Final = " + " * ".join(["4611686018427387903"] * 40) + "\n",
    "endless constant": MODEL_HEAD + "X: Final = sum(1 for a in range(10 ** 9))\n",
    "endless sum": MODEL_HEAD + "X: Final = sum(1 for a in range(999999999) for b in range(999999999))\n",
    "endless sets": MODEL_HEAD
    + "X: Final[FiniteSet[Color]] = FiniteSet(c for c in Color for a in range(99999) for b in range(99999))\n",
    "large map": MODEL_HEAD + "Y: Final = Map({k: 1 for k in range(999999999)})\n",
    "large power": MODEL_HEAD + "Y: Final = 9 ** 999999999\n",
    "large text": MODEL_HEAD + "Y: Final = 'x' * 999999999\n",
    "large key": MODEL_HEAD + "@record\nclass Q:\n    m: Map[FiniteSet[Annotated[int, Range(0, 99)]], bool]\n",
}


@pytest.mark.parametrize("name", ODD)
def test_odd_files(name: str, tmp_path: Path) -> None:
    path = tmp_path / "odd.py"
    content = ODD[name]
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    effort(lambda: read(path), most=EFFORT)


@pytest.mark.parametrize("name", ["crlf", "cr", "byte order mark", "form feed", "few ifs", "many lines"])
def test_odd_files_that_mean_the_same(name: str, tmp_path: Path) -> None:
    path = tmp_path / "odd.py"
    content = ODD[name]
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    load_model(path)


def test_paths_that_are_no_files(tmp_path: Path) -> None:
    loop = tmp_path / "loop.py"
    loop.symlink_to(loop)
    dangling = tmp_path / "dangling.py"
    dangling.symlink_to(tmp_path / "nothing.py")
    for path in (
        tmp_path,
        tmp_path / "absent.py",
        loop,
        dangling,
        Path("a" * 5000),
        Path("/dev/zero"),
        Path("a\0b"),
        Path(),
    ):
        assert not read(path)


def test_many_modules_in_a_row(tmp_path: Path) -> None:
    for i in range(300):
        (tmp_path / f"m{i}.py").write_text(f"import m{i + 1}\n")
    (tmp_path / "m300.py").write_text(TOY)
    assert not read(tmp_path / "m0.py")
