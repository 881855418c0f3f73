"""Every numbered property and every known mutation of a protocol is decided by a check, or listed with a reason."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROPERTIES = {
    "pos": [*(f"S{i}" for i in range(1, 20)), *(f"L{i}" for i in range(1, 7))],
    "poe": [*(f"PS{i}" for i in range(1, 20)), *(f"PL{i}" for i in range(1, 8))],
    "agglayer": [
        *(f"AS{i}" for i in range(1, 10)), *(f"AP{i}" for i in range(1, 13)), *(f"AL{i}" for i in range(1, 10))
    ],
}  # fmt: skip
MUTATIONS = {
    "pos": [f"M{i}" for i in range(1, 24)],
    "poe": [f"M{i}" for i in range(1, 25)],
    "agglayer": [f"AM{i}" for i in range(1, 28)],
}


def calls(protocol: str, name: str) -> Iterator[ast.Call]:
    """The `check(...)` or `claim(...)` calls of a protocol's specs."""
    for path in sorted((ROOT / "specs" / protocol).glob("*.py")):
        for statement in ast.parse(path.read_text()).body:
            call = statement.value if isinstance(statement, ast.Expr) else None
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == name:
                yield call


def words(texts: Iterator[str]) -> set[str]:
    """The row numbers that the texts name."""
    return {w for text in texts for w in re.findall(r"\b[A-Z]+\d+\b", text)}


def first_arguments(protocol: str, name: str) -> Iterator[str]:
    for call in calls(protocol, name):
        yield str(ast.literal_eval(call.args[0]))


def not_modelled(protocol: str) -> set[str]:
    """The rows that the README of the models lists under "Not modelled"."""
    text = (ROOT / "model" / protocol / "README.md").read_text()
    parts = re.split(r"^#+ ", text, flags=re.MULTILINE)
    return words(part for part in parts if part.startswith("Not modelled"))


@pytest.mark.parametrize("protocol", PROPERTIES)
def test_every_property_has_a_claim_or_a_reason(protocol: str) -> None:
    decided = words(first_arguments(protocol, "claim"))

    assert [p for p in PROPERTIES[protocol] if p not in decided | not_modelled(protocol)] == []


@pytest.mark.parametrize("protocol", MUTATIONS)
def test_every_mutation_has_a_check_that_says_why_or_a_reason(protocol: str) -> None:
    told = (c for c in calls(protocol, "check") if any(k.arg == "about" for k in c.keywords))
    decided = words(str(ast.literal_eval(c.args[0])) for c in told)

    assert [m for m in MUTATIONS[protocol] if m not in decided | not_modelled(protocol)] == []
