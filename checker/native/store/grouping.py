"""Which leaves of wide states should lie in a word together?  Those that have few values together.

Rule of the module: what is said is never worse than what there is, on the states it is shown; and the same whenever
it is shown the same.  A state is kept as a tree (`kernel/tree.py`), whose parts are different words and different pairs
of parts; how many there are depends on which leaves share a word, and which should only states that were found can say:
leaves that are written by the same actions were grouped better so on some models, and worse on others.

Different values are counted by linear counting (Whang, Vander-Zanden and Taylor, "A linear-time probabilistic counting
algorithm for database applications", 1990).  They are taken to grow with a power of the number of states, as the words
of a text do (Heaps' law); which power, a quarter of the states shows.  Groups of leaves are merged from the bottom up,
first those that have the fewest values together; then a leaf, or leaves that were merged, move to another word while
that makes the parts fewer.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any, Final

import attrs
import numpy as np

from interlock.checker.semantics.layout import WORD, Division

_FEW: Final = 1 << 11  # states that are enough to merge by: each pair of leaves is counted, thousands of times
_MERGED: Final = 128  # leaves that are merged, at most: each is compared with each, 8128 counts
_EFFORT: Final = 1500  # times that values are counted while leaves move: of 16384 states 37 us each, 0.06 s in all
_FLAT: Final = 2  # words that have no pair above them but the key
_GAIN: Final = 1e-4  # of all parts: a move that saves less is none
_MULTIPLIER: Final = np.uint64(0xD6E8FEB86659FD93)

Array = Any  # of numpy


@attrs.frozen(eq=False)
class Leaves:
    """The leaves of a sample of the states that were found: how wide each is, and by leaf and state a hash of its
    value.  Where hashes are added up, the sum is one of the values together."""

    widths: tuple[int, ...]
    hashes: Array
    found: int  # how many states the sample is of

    @classmethod
    def of(cls, widths: Sequence[int], values: Sequence[Array], found: int) -> Leaves:
        """The leaves that have these values."""
        hashes = np.empty((len(widths), len(values[0])), np.uint64)
        for i, column in enumerate(values):
            hashes[i] = _mixed(column + _mixed(np.full(1, i + 1, np.uint64)))  # no two leaves are hashed alike
        return cls(tuple(widths), hashes, found)

    def parts(self, division: Division, words: int) -> float:
        """How many parts the states that were found have in so many words, or more exactly: are likely to have."""
        n = self.hashes.shape[1]

        def expected(sums: Array) -> float:
            return _grown(len(np.unique(sums)), len(np.unique(sums[: n // 4])), n, self.found)

        return sum(map(expected, _Tree(self, division, words).sums.values()))


def grouped(leaves: Leaves, now: Division, words: int) -> Division:
    """A better division of leaves into so many words than the one there is, or that one."""
    groups, units = _merged(leaves, words)
    found = [now]
    for start in [now] if groups is None else [now, groups]:
        moved = _moved(leaves, _seated(leaves, start, words), words, units)
        found.append(_seated(leaves, moved, words))
    return min(found, key=lambda division: leaves.parts(division, words))


# --- groups that are merged ------------------------------------------------------------------------


@attrs.frozen(eq=False)
class _Group:
    leaves: tuple[int, ...]
    sums: Array
    width: int

    def with_(self, other: _Group) -> _Group:
        """Both together."""
        return _Group(self.leaves + other.leaves, self.sums + other.sums, self.width + other.width)


def _merged(leaves: Leaves, words: int) -> tuple[Division | None, list[tuple[int, ...]]]:
    """A division made from the bottom up, if that comes to so many words; and each leaf, and each group on the way."""
    few = leaves.hashes[:, :_FEW]
    counter = _Counter(few.shape[1])
    groups = {i: _Group((i,), few[i], width) for i, width in enumerate(leaves.widths)}
    units = [g.leaves for g in groups.values()]
    if len(groups) > _MERGED:
        return None, units

    def together(a: int, b: int) -> float:
        fits = groups[a].width + groups[b].width <= WORD
        return counter.of(groups[a].sums + groups[b].sums) if fits else math.inf

    values = {pair: together(*pair) for pair in itertools.combinations(groups, 2)}
    for new in itertools.count(len(groups)):
        if len(groups) <= words:
            break
        least = min(values, key=lambda pair: (values[pair], pair))
        if values[least] == math.inf:
            return None, units
        a, b = (groups.pop(k) for k in least)
        values = {pair: count for pair, count in values.items() if not {*least} & {*pair}}
        groups[new] = a.with_(b)
        units.append(groups[new].leaves)
        values |= {(k, new): together(k, new) for k in groups if k != new}
    place = {i: k for k, g in enumerate(groups.values()) for i in g.leaves}
    return tuple(place[i] for i in range(len(place))), units


# --- words that change places ----------------------------------------------------------------------


def _seated(leaves: Leaves, division: Division, words: int) -> Division:
    """The division with its words where the pairs above them are few."""
    if words <= _FLAT:
        return division
    expected, counted = _Expected(leaves), dict[frozenset[int], float]()
    sums = [
        leaves.hashes[[i for i, w in enumerate(division) if w == k]].sum(axis=0, dtype=np.uint64) for k in range(words)
    ]
    under = [sorted(_under(x, words)) for x in range(2, words)]  # of the pairs; words are as many wherever they are

    def pairs(order: Sequence[int]) -> float:
        total = 0.0
        for places in under:
            group = frozenset(order[k] for k in places)
            if group not in counted:
                counted[group] = expected.of(sum((sums[k] for k in sorted(group)), np.zeros_like(sums[0])))
            total += counted[group]
        return total

    order, least = list(range(words)), pairs(range(words))
    for a, b in itertools.combinations(range(words), 2):
        order[a], order[b] = order[b], order[a]
        now = pairs(order)
        if now < least:
            least = now
        else:
            order[a], order[b] = order[b], order[a]
    return tuple(order.index(word) for word in division)


# --- leaves that move ------------------------------------------------------------------------------


class _Tree:
    """For each part of the tree of a state, but its key: the words beneath it, and the sums of their leaves."""

    def __init__(self, leaves: Leaves, division: Division, words: int) -> None:
        self.division, self.room = list(division), [WORD] * words
        self.under = {x: _under(x, words) for x in range(2, 2 * words)}
        self.sums = {x: np.zeros(leaves.hashes.shape[1], np.uint64) for x in self.under}
        for i, word in enumerate(division):
            self.room[word] -= leaves.widths[i]
            for x in self.above(word):
                self.sums[x] += leaves.hashes[i]

    def above(self, word: int) -> list[int]:
        """The parts that have a word beneath them."""
        return [x for x, under in self.under.items() if word in under]


def _under(part: int, words: int) -> set[int]:
    """The words beneath a part of a tree."""
    return {part - words} if part >= words else _under(2 * part, words) | _under(2 * part + 1, words)


def _moved(leaves: Leaves, start: Division, words: int, units: Sequence[tuple[int, ...]]) -> Division:
    """The division after every move that pays, or after as many as there is time for."""
    tree, expected = _Tree(leaves, start, words), _Expected(leaves)
    parts = {x: expected.of(sums) for x, sums in tree.sums.items()}
    quiet = 0
    for unit in itertools.cycle(units):
        if quiet == len(units) or expected.counted > _EFFORT:
            break
        quiet += 1
        tried: dict[tuple[int, bool], tuple[Array, float]] = {}
        least, best = _GAIN * sum(parts.values()), None
        for word in range(words):
            moving = [i for i in unit if tree.division[i] != word]
            if not moving or sum(leaves.widths[i] for i in moving) > tree.room[word]:
                continue
            changed = {}
            for x, under in tree.under.items():
                into = word in under
                others = [i for i in moving if (tree.division[i] in under) != into]
                if others and (x, into) not in tried:
                    more = leaves.hashes[others].sum(axis=0, dtype=np.uint64)
                    sums = tree.sums[x] + more if into else tree.sums[x] - more
                    tried[x, into] = sums, expected.of(sums)
                if others:
                    changed[x] = tried[x, into]
            saved = sum(parts[x] - count for x, (_, count) in changed.items())
            if saved > least:
                least, best = saved, (word, moving, changed)
        if best is None:
            continue
        word, moving, changed = best
        for i in moving:
            tree.room[tree.division[i]] += leaves.widths[i]
            tree.room[word] -= leaves.widths[i]
            tree.division[i] = word
        for x, (sums, count) in changed.items():
            tree.sums[x], parts[x] = sums, count
        quiet = 0
    return tuple(tree.division)


# --- counting --------------------------------------------------------------------------------------


class _Counter:
    """Counts the different hashes among so many, nearly: by how many places have one."""

    def __init__(self, most: int) -> None:
        self._marks = np.zeros(1 << max(6, (4 * most).bit_length()), bool)
        self._shift = np.uint64(WORD + 1 - len(self._marks).bit_length())

    def of(self, hashes: Array) -> float:
        """How many there are."""
        self._marks[:] = False
        self._marks[(hashes >> self._shift).view(np.int64)] = True
        size = len(self._marks)
        return -size * math.log1p(-int(np.count_nonzero(self._marks)) / size)


class _Expected:
    """How many different sums all states have, as those in a sample let expect."""

    def __init__(self, leaves: Leaves) -> None:
        self._states, self._found = leaves.hashes.shape[1], leaves.found
        self._whole, self._quarter = _Counter(self._states), _Counter(self._states // 4)
        self.counted = 0

    def of(self, sums: Array) -> float:
        """How many there are likely to be."""
        self.counted += 1
        before = self._quarter.of(sums[: self._states // 4])
        return _grown(self._whole.of(sums), before, self._states, self._found)


def _grown(values: float, before: float, states: int, found: int) -> float:
    """How many values all states have, of which these have so many, and a quarter of these had so many before."""
    if values <= before or before <= 0:
        return values
    power = math.log(values / before) / math.log(states / (states // 4))
    return min(float(found), values * math.pow(found / states, power))


def _mixed(values: Array) -> Array:
    """Hashes of which every bit counts, the high ones too."""
    half = np.uint64(WORD // 2)
    mixed = values * _MULTIPLIER
    mixed = (mixed ^ mixed >> half) * _MULTIPLIER
    return mixed ^ mixed >> half
