"""What may be claimed to be recoverable in a random model, with parameters: written from the fields of its state."""

from __future__ import annotations

import re
from collections.abc import Sequence

import attrs

from tests.strategies import Source


def fields(source: Source) -> list[tuple[str, str]]:
    """The fields of the state, with their types as text."""
    return re.findall(r"^    (f\d+): (.+) = .+$", source.model.split("class State:")[1], re.MULTILINE)


def of_values(source: Source) -> list[str]:
    """That each field can take each of its values."""
    return [f"takes_{f}(s: State, value: {t}) -> bool:\n    return s.{f} == value" for f, t in fields(source)]


def of_members(source: Source) -> list[str]:
    """What each member of the scalarset can come to: to be unlike another, to be held or named, with another or not."""
    found = []
    for f, t in fields(source):
        if t.startswith("Map[Who, "):
            unlike = f"    return any(s.{f}[who] != s.{f}[other] for other in Who)"
            found.append(f"{f}_apart(s: State, who: Who) -> bool:\n{unlike}")
        elif t == "Who | None":
            found.append(f"{f}_is(s: State, who: Who | None) -> bool:\n    return s.{f} == who")
        elif t in ("FiniteSet[Who]", "Annotated[Seq[Who], Bound(2)]"):
            only = f"    return one == other or (one in s.{f} and other not in s.{f})"
            found.append(f"{f}_only(s: State, one: Who, other: Who) -> bool:\n{only}")
        if t == "FiniteSet[Who]":
            found.append(f"{f}_are(s: State, whose: FiniteSet[Who]) -> bool:\n    return s.{f} == whose")
    return found


def recovering(source: Source, claims: Sequence[str]) -> Source:
    """The model with what it claims to be invariant claimed to be recoverable, and some claims more."""
    head, tail = source.spec.split("\n\n\ncheck(")
    head = head.replace("@always", "@recoverable").replace("reachable, step", "reachable, recoverable, step")
    text = "".join(f"\n\n\n@recoverable\ndef {claim}" for claim in claims)
    return attrs.evolve(source, spec=f"{head}{text}\n\n\ncheck({tail}")
