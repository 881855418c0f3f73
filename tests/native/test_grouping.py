"""Leaves are grouped so that states share their parts; never worse than before, and alike on every run."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.checker.native.store import grouping
from interlock.checker.native.store.grouping import Leaves, grouped
from interlock.checker.semantics.layout import WORD, Division

Values = Sequence[Sequence[int]]  # by leaf and state


def leaves(widths: Sequence[int], values: Values, found: int | None = None) -> Leaves:
    return Leaves.of(widths, [np.array(v, np.uint64) for v in values], len(values[0]) if found is None else found)


def parts(values: Values, division: Division, words: int) -> int:
    """How many parts the states have, counted as they would be made: from the words up."""
    states = list(zip(*values, strict=True))
    level: dict[int, list[object]] = {}
    for k in range(words):
        level[words + k] = [tuple(v for v, w in zip(s, division, strict=True) if w == k) for s in states]
    for i in range(words - 1, 1, -1):
        level[i] = list(zip(level[2 * i], level[2 * i + 1], strict=True))
    return sum(len(set(column)) for column in level.values())


def blocks(division: Division) -> set[frozenset[int]]:
    return {frozenset(i for i, w in enumerate(division) if w == k) for k in division}


PAIRS = [(x, y) for x in range(64) for y in range(64)]


def test_leaves_that_follow_one_another_come_together() -> None:
    """Of x, y, 3x and 5y in two words: x with 3x."""
    values = [[v for x, y in PAIRS for v in [f(x, y)]] for f in (lambda x, y: x, lambda x, y: y)]
    values += [[3 * v for v in values[0]], [5 * v for v in values[1]]]
    best = grouped(leaves([30] * 4, values), (0, 0, 1, 1), 2)

    assert blocks(best) == {frozenset({0, 2}), frozenset({1, 3})}
    assert parts(values, (0, 0, 1, 1), 2) == 2 * 4096
    assert parts(values, best, 2) == 2 * 64


def test_words_that_follow_one_another_are_paired() -> None:
    """Each leaf fills a word, so words alone can change places: x and 3x are to be the pair, beside y."""
    xs, ys = ([pair[k] for pair in PAIRS] for k in (0, 1))
    values = [xs, ys, [3 * x for x in xs]]
    best = grouped(leaves([60] * 3, values), (0, 1, 2), 3)

    assert best[1] == 0
    assert parts(values, best, 3) == 4 * 64


def test_leaves_that_are_wide_stay_apart() -> None:
    """They would be one word's worth of values together, and have no room in it."""
    x = list(range(50))
    best = grouped(leaves([40, 40, 20], [x, x, x]), (0, 1, 0), 2)

    assert best[0] != best[1]


@st.composite
def samples(draw: st.DrawFn) -> tuple[list[int], Values, Division, int]:
    """Leaves that depend on a few numbers, in some division."""
    words = draw(st.integers(2, 5))
    count = draw(st.integers(words, 12))
    division = [
        *range(words),
        *draw(st.lists(st.integers(0, words - 1), min_size=count - words, max_size=count - words)),
    ]
    sizes = [division.count(k) for k in range(words)]
    widths = [draw(st.integers(4, max(4, WORD // sizes[k]))) for k in division]
    widths = [w if sizes[k] * w <= WORD else 4 for w, k in zip(widths, division, strict=True)]
    roots = draw(st.lists(st.lists(st.integers(0, 15), min_size=3, max_size=3), min_size=1, max_size=60))
    uses = [draw(st.sampled_from([(0,), (1,), (2,), (0, 1), (1, 2)])) for _ in division]
    values = [[sum(r[k] for k in use) % 16 for r in roots] for use in uses]
    return widths, values, tuple(division), words


@settings(max_examples=150)
@given(samples())
def test_no_grouping_is_worse_or_too_large(sample: tuple[list[int], Values, Division, int]) -> None:
    """Counted exactly, on states that are all there are; and the second answer is the first."""
    widths, values, now, words = sample
    best = grouped(leaves(widths, values), now, words)

    assert parts(values, best, words) <= parts(values, now, words)
    assert len(best) == len(widths)
    assert all(sum(w for w, k in zip(widths, best, strict=True) if k == word) <= WORD for word in range(words))
    assert set(best) <= set(range(words))
    assert grouped(leaves(widths, values), now, words) == best


@settings(max_examples=60)
@given(samples())
def test_parts_are_those_of_a_tree(sample: tuple[list[int], Values, Division, int]) -> None:
    """What is estimated of all states, where all are there, is what is counted."""
    widths, values, now, words = sample

    assert round(leaves(widths, values).parts(now, words)) == parts(values, now, words)


def test_a_sample_tells_what_grows() -> None:
    """A word of which a thousand states have as many values has more in a million; one of twelve values has twelve."""
    rng = np.random.default_rng(3)
    values = [rng.integers(0, 1 << 30, 1000).tolist(), rng.integers(0, 12, 1000).tolist()]
    many = leaves([30, 30], values, 1_000_000).parts((0, 1), 2)

    assert 900_000 < many <= 1_000_012


def test_many_leaves_are_not_compared_in_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    """They move, and nothing more."""
    monkeypatch.setattr(grouping, "_MERGED", 3)
    xs, ys = ([pair[k] for pair in PAIRS] for k in (0, 1))
    values = [xs, ys, xs, ys]

    assert grouping._merged(leaves([9] * 4, values), 2) == (None, [(0,), (1,), (2,), (3,)])
    assert parts(values, grouped(leaves([9] * 4, values), (0, 0, 1, 1), 2), 2) <= 2 * 4096


def test_what_counting_nearly_gets_wrong_is_not_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves move by estimates; what is said was counted."""
    xs, ys = ([pair[k] for pair in PAIRS] for k in (0, 1))
    monkeypatch.setattr(grouping, "_moved", lambda *_: (0, 1, 1, 0))

    assert grouped(leaves([9] * 4, [xs, ys, xs, ys]), (0, 1, 0, 1), 2) == (0, 1, 0, 1)
