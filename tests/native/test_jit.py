"""Both forms of a module do the same, and what was compiled once is taken from the cache."""

from __future__ import annotations

import itertools
import math
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from interlock.checker.cache import Cache
from interlock.checker.checks import run as run_module
from interlock.checker.command import cli
from interlock.checker.contract import Holds, Task
from interlock.checker.engines.explore import Explore
from interlock.checker.frontend import load_spec
from interlock.checker.native.code import jit
from interlock.checker.native.code.jit import FAST, QUICK, Form, Library
from interlock.checker.native.module.program import Program
from tests.native.systems import agg_core

DOUBLE = """
@table = internal constant [2 x i64] [i64 2, i64 3]
define internal i64 @pick(i64 %i) alwaysinline nounwind {
  %a = getelementptr i64, ptr @table, i64 %i
  %v = load i64, ptr %a
  ret i64 %v
}
define i64 @double(i64 %x) nounwind {
  %f = call i64 @pick(i64 0)
  %r = mul i64 %x, %f
  ret i64 %r
}
"""
TRIPLE = DOUBLE.replace("@pick(i64 0)", "@pick(i64 1)")
SPEC = "specs/two_phase_commit.py"


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[Form]:
    """The forms that were compiled, and not taken from a cache, since the test began; no call takes long enough for
    another form."""
    monkeypatch.setattr(jit, "_CHARACTERS", 1e-3)
    found: list[Form] = []
    compile_ = jit._compiled

    def noted(assembly: str, form: Form) -> bytes:
        found.append(form)
        return compile_(assembly, form)

    monkeypatch.setattr(jit, "_compiled", noted)
    return found


def run(kept: Cache, assembly: str = DOUBLE) -> int:
    """What a new library's function makes of 21."""
    return Library(assembly, kept).function("double", 1)(21)


def test_the_second_run_compiles_nothing(tmp_path: Path, compiled: list[Form]) -> None:
    """And computes the same."""
    first, second = run(Cache(tmp_path)), run(Cache(tmp_path))

    assert (first, second) == (42, 42)
    assert compiled == [QUICK]


def test_another_module_is_compiled_for_itself(tmp_path: Path, compiled: list[Form]) -> None:
    """One constant differs."""
    results = [run(Cache(tmp_path), text) for text in (DOUBLE, TRIPLE, DOUBLE)]

    assert results == [42, 63, 42]
    assert compiled == [QUICK, QUICK]


@pytest.mark.parametrize("part", range(6))
def test_code_of_another_compiler_or_machine_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compiled: list[Form], part: int
) -> None:
    """Interlock, llvmlite, LLVM, target, processor and its features, one at a time."""
    host = list(jit.host())
    run(Cache(tmp_path))
    with monkeypatch.context() as later:
        host[part] += "+"
        later.setattr(jit, "_key", lambda text, form: jit.cache.key(*host, form.text, text.digest))
        run(Cache(tmp_path))

    assert len(host) == 6
    assert compiled == [QUICK, QUICK]


def test_damaged_code_is_compiled_again(tmp_path: Path, compiled: list[Form]) -> None:
    """And the cache is whole afterwards."""
    run(Cache(tmp_path))
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    result = run(Cache(tmp_path))

    assert result == 42
    assert compiled == [QUICK, QUICK]
    assert file.read_bytes() == whole


def test_a_function_is_optimised_once_it_was_used_enough(tmp_path: Path, compiled: list[Form]) -> None:
    """The caller keeps the same function, and a later run starts with the fast form."""
    library = Library(DOUBLE, Cache(tmp_path))
    double = library.function("double", 1)
    before = double(21), library.form
    library.used(1e9)
    library.used(1e9)
    after = double(21), library.form
    later = Library(DOUBLE, Cache(tmp_path))

    assert (before, after) == ((42, QUICK), (42, FAST))
    assert later.form is FAST
    assert later.function("double", 1)(21) == 42
    assert compiled == [QUICK, FAST]


def test_a_search_may_change_over_between_any_two_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fast from the first call, from a later one, and never: agg-core 3x1, whose counts the benchmarks know."""
    monkeypatch.setenv("INTERLOCK_CACHE", "0")
    seen: set[tuple[object, ...]] = set()
    forms: list[Form] = []
    for change in (1, 2, 5, 9, 1 << 30):
        calls = itertools.count(1)

        def used(library: Library, _: float, change: int = change, calls: Iterator[int] = calls) -> None:
            if next(calls) == change:
                library.optimise()
            forms.append(library.form)

        monkeypatch.setattr(Library, "used", used)
        verdict = Explore().run(Task(agg_core(3, 1)))
        assert isinstance(verdict, Holds)
        c = verdict.coverage
        seen.add((c.states, c.transitions, c.depth, c.fired))

    assert len(seen) == 1
    assert next(iter(seen))[:2] == (580376, 2351394)
    assert QUICK in forms
    assert FAST in forms


def test_a_large_module_is_optimised(tmp_path: Path) -> None:
    """One on which a pass of LLVM ended the process; the search itself ends before it would be optimised."""
    given = load_spec(Path("specs/pos/bounds.py"))
    (check,) = (c for c in given.checks if c.name == "five")
    assembly = Program(run_module._system(check)[0]).assembly()
    library = Library(assembly, Cache(tmp_path))
    library.optimise()

    assert library.form is FAST


def test_a_system_becomes_the_same_text_in_every_process() -> None:
    """Else the cache would not know it again; sets of objects have another order in another process."""
    script = (
        "import hashlib\nfrom interlock.checker.native.module.program import Program\nfrom tests.native.systems import agg_core\n"
        "junk = [object() for _ in range({})]\n"
        "print(hashlib.sha256(Program(agg_core(2, 2)).assembly().encode()).hexdigest())"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", script.format(size)], capture_output=True, text=True, check=True,
            env={**os.environ, "PYTHONHASHSEED": str(size)},
        ).stdout
        for size in (1, 77777)
    }  # fmt: skip

    assert len(texts) == 1


def test_the_command_keeps_nothing_without_a_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compiled: list[Form]
) -> None:
    """`--no-cache`, and only for that run; nothing but code is worth keeping of a search that takes no time."""
    monkeypatch.setattr("interlock.checker.engines.pausing._LONG", math.inf)
    monkeypatch.setattr("interlock.checker.native.store.history._SHORT", math.inf)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("INTERLOCK_CACHE", raising=False)
    codes = [cli.main(["check", SPEC, "--only", "3 managers", *more]) for more in (["--no-cache"], [], [])]

    assert codes == [0, 0, 0]
    assert compiled == [QUICK, QUICK]
    assert len(list(tmp_path.rglob("*.object"))) == 5  # spec, system, form, code; on how many states it was compared


def test_verbose_says_why_a_cache_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The verdict is the same."""
    folder = tmp_path / "interlock"
    folder.mkdir()
    folder.chmod(0o777)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("INTERLOCK_CACHE", raising=False)
    code = cli.main(["check", SPEC, "--only", "3 managers", "-v"])

    assert code == 0
    assert f"others can write to {folder}" in caplog.text
    assert list(folder.iterdir()) == []


def test_what_will_run_for_long_is_optimised_at_once(tmp_path: Path, compiled: list[Form]) -> None:
    """Not what is only foreseen to take about as long as that; and once."""
    library = Library(DOUBLE, Cache(tmp_path))
    patience = len(DOUBLE) / jit._CHARACTERS
    library.promised(1.5 * patience)
    early = list(compiled)
    library.promised(3 * patience)
    library.promised(3 * patience)

    assert early == [QUICK]
    assert compiled == [QUICK, FAST]
    assert library.form is FAST
    assert library.function("double", 1)(21) == 42
