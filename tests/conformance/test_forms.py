"""Compiled code means the same in every form, and what the evaluator means, on states that need not be reachable."""

from __future__ import annotations

import hashlib

import pytest

from tests.conformance.forms import FORMS, checks, compiled, differences, drawn, evaluated, in_all_forms


@pytest.mark.parametrize("spec", ["two_phase_commit.py", "agglayer/certificates.py", "pos/quorum.py", "poe/fees.py"])
def test_every_form_says_the_same_on_a_sample(spec: str) -> None:
    """One check of a few specs; `make slow` has all of them."""
    _, check = next(checks(f"specs/{spec}"))
    program, meaning = compiled(check)
    in_all_forms(program)

    assert len(program.library.forms) == len(FORMS)
    assert differences(program, drawn(program, 200)) == []
    assert evaluated(program, meaning, drawn(program, 25), 20) > 0


@pytest.mark.slow
def test_every_form_says_the_same_on_every_check() -> None:
    """A thousand random states each, but for checks that are the same code."""
    seen = set()
    for name, check in checks():
        program, meaning = compiled(check)
        digest = hashlib.sha256(program.library.assembly.encode()).digest()
        if digest in seen:
            continue
        seen.add(digest)
        in_all_forms(program)

        assert differences(program, drawn(program, 1000)) == [], name
        assert evaluated(program, meaning, drawn(program, 1000), 12) > 0
