"""How do the leaves of a state lie in memory?  As bits of words.

Rule of the module: equal states have equal words, and no leaf lies across two of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

import attrs

from interlock.checker.diagnostics import mistake
from interlock.checker.ir.scalar import Leaf

WORD: Final = 64  # bits of a word of a packed state, and of native code

Division = tuple[int, ...]  # the word of each leaf


@attrs.frozen
class Field:
    """Bits shift .. shift + width - 1 of a word."""

    word: int
    shift: int
    width: int

    def of(self, words: Sequence[int]) -> int:
        """What they hold."""
        return words[self.word] >> self.shift & ((1 << self.width) - 1)


@attrs.frozen
class Place(Field):
    """Where a leaf lies: the field holds value - lo."""

    lo: int


@attrs.frozen
class Packing:
    """Leaves in 64-bit words; no leaf lies across two words.  `bits` is the sum of the widths."""

    places: tuple[Place, ...]
    words: int
    bits: int

    @classmethod
    def of(
        cls,
        leaves: Sequence[Leaf],
        same: Mapping[int, int] = MappingProxyType({}),
        division: Division | None = None,
    ) -> Packing:
        """Each leaf in its word of a division, low bits first, into as many words as it takes.

        Without one: in the first word that has room for it, and the words about equally full.  A leaf of one value
        takes no bits, and one that is the `same` as an earlier one lies where that does: the states to be packed must
        be so.  Raises ValueError for a division that is none of these leaves, or has more in a word than it holds.
        """
        widths = [0 if i in same else _width(leaf) for i, leaf in enumerate(leaves)]
        fewest = 1 + max((word for word, _ in _filled(widths, WORD)), default=0)
        if division is None:
            share = -(-sum(widths) // fewest)
            rooms = (_filled(widths, room) for room in range(share, WORD + 1))
            spots = next(found for found in rooms if all(word < fewest for word, _ in found))
        else:
            spots = _divided(widths, division, fewest)
        places: list[Place] = []
        for i, (leaf, width, spot) in enumerate(zip(leaves, widths, spots, strict=True)):
            places.append(places[same[i]] if i in same else Place(*spot, width, leaf.lo))
        return cls(tuple(places), fewest, sum(widths))

    def pack(self, leaves: Sequence[int]) -> tuple[int, ...]:
        """The words that hold these leaves."""
        words = [0] * self.words
        for place, value in zip(self.places, leaves, strict=True):
            words[place.word] |= (value - place.lo) << place.shift
        return tuple(words)

    def unpack(self, words: Sequence[int]) -> tuple[int, ...]:
        """The leaves that these words hold."""
        return tuple(p.lo + p.of(words) for p in self.places)

    def order(self) -> list[Field]:
        """By which states are compared: their leaves from the last to the first, however they lie.  Neighbours are
        compared at once."""
        found: list[Field] = []
        for p in reversed(self.places):
            if not p.width:
                continue
            if found and (p.word, p.shift + p.width) == (found[-1].word, found[-1].shift):
                found[-1] = Field(p.word, p.shift, p.width + found[-1].width)
            else:
                found.append(Field(p.word, p.shift, p.width))
        return found


def _width(leaf: Leaf) -> int:
    """The bits of a leaf.  Raises InputError E001 where they are more than a word has."""
    width = max(leaf.hi - leaf.lo, 0).bit_length()
    if width > WORD or leaf.lo < -(1 << 63) or leaf.hi >= 1 << 63:
        text = f"{leaf.name} has values that do not fit in 64 bits: {leaf.lo}..{leaf.hi}"
        raise mistake("E001", text, "use a smaller Range")
    return width


def _filled(widths: Sequence[int], room: int) -> list[tuple[int, int]]:
    """The word and the first bit of each of some parts: in the first word that has room for it, or else a new one."""
    used: list[int] = []
    spots = []
    for width in widths:
        if not width:
            spots.append((0, 0))
            continue
        word = next((k for k, u in enumerate(used) if u + width <= room), len(used))
        if word == len(used):
            used.append(0)
        spots.append((word, used[word]))
        used[word] += width
    return spots


def _divided(widths: Sequence[int], division: Division, words: int) -> list[tuple[int, int]]:
    """The word and the first bit of each of some parts whose words are given."""
    used = [0] * words
    spots = []
    for width, word in zip(widths, division, strict=True):
        if not 0 <= word < words or used[word] + width > WORD:
            raise ValueError("not a division of these leaves")
        spots.append((word, used[word]) if width else (0, 0))
        used[word] += width
    return spots
