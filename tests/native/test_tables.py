"""Tables in compiled code: the compiler may assume nothing of them, since what it made of what it knew was wrong."""

from __future__ import annotations

import re

import pytest

from interlock.checker.native.code.text import Code
from tests.native.planted import OURS, SMALLEST, called, has_bmi2


@pytest.mark.parametrize("effort", range(4))
@pytest.mark.parametrize("features", ["", "+bmi2"])
def test_the_smallest_table_is_read_as_it_is(effort: int, features: str) -> None:
    """As we write it, at every level of code generation, where a constant table is read as all ones."""
    if features and not has_bmi2():
        pytest.skip("this processor has no BMI2, so nothing that is compiled for it runs here")
    text = SMALLEST.format(kind=OURS)

    assert [called(text, effort, features, i, 10) for i in (0, 1)] == [10, 11]


def test_no_table_is_one_that_the_compiler_may_look_into() -> None:
    """Whatever its cells are: a table is data that somebody else may have changed before it is read."""
    code = Code("define i64 @f()")
    code.table([0, 1, 3, 7])
    code.table([5, 6], "i8")
    tables = re.findall(r"^@f\.\d+ = internal (.*) \[\d", code.finish("0"), re.MULTILINE)

    assert tables == [OURS, OURS]


def test_nothing_else_makes_constants() -> None:
    """The kernel's code has no tables of its own."""
    from interlock.checker.native import kernel

    shapes = [kernel.Shape(bits, words, 1, True, True) for bits, words in ((20, 1), (64, 1), (200, 4))]
    texts = [text for s in shapes for text in (kernel.text(s, 3, 4), kernel.walks_text(s, 3, 1))]

    assert not any(" constant " in text or re.search(r"^@", text, re.MULTILINE) for text in texts)
