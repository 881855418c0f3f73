"""How does a verdict compare with what was expected?

Rule of the module: a verdict other than the expected one differs, in both directions, and so does a
number that the author wrote and the run did not find.  Where one violation is expected, anything else
that is violated differs as well.  `Unknown` is undecided, never a failure of the model: unless it was
expected it ends in exit code 3.
"""

from __future__ import annotations

import attrs

from checker.engines.contract import Holds, NoneSampled, NoneWithin, Proved, Trouble, Unknown, Verdict, Violated
from checker.ir import claims
from checker.ir.claims import Check
from checker.overrides import Overrides


@attrs.frozen
class Judgement:
    """Whether a verdict is the expected one, or why not; `undecided`: the model is not said to be at fault."""

    as_expected: bool
    undecided: bool
    message: str


def compared(check: Check, verdict: Verdict, o: Overrides, *, broken_initially: bool = False) -> Judgement:
    """Compare a verdict with the check's expectation; `broken_initially`: no engine ran, and the notes say why."""
    wrong = _witnesses(check.expect, verdict)  # whatever the verdict: no longer run makes a shortest witness another
    message = wrong or _difference(check, verdict, o)
    open_end = "" if message else _open(check, verdict, o)
    undecided = (
        bool(open_end)
        or bool(message and not wrong)
        and (isinstance(verdict, Unknown) or (_bounded(verdict) and (o.foreign(check) or o.bounds)))
    )
    message = message or open_end
    differs = bool(message)
    if broken_initially or isinstance(verdict, Unknown):
        reason = verdict.reason if isinstance(verdict, Unknown) else "; ".join(verdict.coverage.notes)
        message = message if reason in message and message else "; ".join(x for x in (message, reason) if x)
    return Judgement(not differs, undecided, message)


def searched_on(check: Check, engine: str) -> bool:
    """Whether the search goes on after a violation: one is expected, and only the whole search shows no other."""
    expect = check.expect
    return isinstance(expect, claims.ExpectViolated) and not expect.first and engine == "explore"


def _witnesses(expect: claims.Expectation, verdict: Verdict) -> str:
    """Which shortest witnesses are longer or shorter than expected, as far as the run went; or are none within it."""
    found = verdict.coverage.witnessed
    wanted = (expect.steps if isinstance(expect, claims.ExpectHolds) else None) or {}
    if found is None:
        return ""
    told = {p: f"witnessed in {n} step{'' if n == 1 else 's'}" for p, n in found.items() if wanted.get(p, n) != n}
    if isinstance(verdict, NoneWithin):
        none = [p for p, n in wanted.items() if p not in found and n <= verdict.steps]
        told |= dict.fromkeys(none, f"not witnessed within {verdict.steps} step{'' if verdict.steps == 1 else 's'}")
    return ", ".join(f"{p} {said} (expected {wanted[p]})" for p, said in told.items())


def _difference(check: Check, verdict: Verdict, o: Overrides) -> str:
    """How the verdict differs from the expected one; empty when it does not."""
    expect = check.expect
    if o.foreign(check):
        return _foreign_difference(expect, verdict)
    numbers: list[tuple[str, int | None, int | None]] = []
    c = verdict.coverage
    match expect, verdict:
        case claims.ExpectHolds(), Holds():
            numbers = [("distinct", expect.distinct, c.states), ("depth", expect.depth, c.depth),
                       ("transitions", expect.transitions, c.transitions)]  # fmt: skip
        case claims.ExpectProved(), Proved():
            numbers = [("k", expect.k, verdict.k)]
        case claims.ExpectNoneWithin(), NoneWithin():
            numbers = [("steps", expect.steps, verdict.steps)]
        case claims.ExpectNoneSampled(), NoneSampled():
            numbers = [("walks", expect.walks, verdict.walks)]
        case claims.ExpectViolated(), Violated():
            wanted, others = _sorted_out(expect, verdict)
            if wanted is None or others:
                return _other_violations(expect, wanted, others)
            numbers = [("steps", expect.steps, length(wanted))]
            if not _open(check, verdict, o) and not (expect.first and o.every):  # else it saw fewer, or more
                numbers.append(("distinct", expect.distinct, c.states))
        case claims.ExpectUnknown(), Unknown():
            if verdict.reason == "interrupted":
                return "interrupted"
        case _:
            return f"expected {show_expected(expect)}, found {show_verdict(verdict)}"
    wrong = [f"{n}={found} (expected {wanted})" for n, wanted, found in numbers if wanted not in (None, found)]
    return ", ".join(wrong)


def _foreign_difference(expect: claims.Expectation, verdict: Verdict) -> str:
    """Under another engine only what both could say is compared: sound or violated, and by which property."""
    sound = (claims.ExpectHolds, claims.ExpectProved)
    same = type(expect).__name__ == f"Expect{type(verdict).__name__}"
    if isinstance(expect, claims.ExpectViolated) and isinstance(verdict, Violated):
        wanted, others = _sorted_out(expect, verdict)
        return _other_violations(expect, wanted, others) if wanted is None or others else ""
    if same or (isinstance(expect, sound) and isinstance(verdict, (Holds, Proved))):
        return ""
    return f"expected {show_expected(expect)}, found {show_verdict(verdict)}"


def _sorted_out(expect: claims.ExpectViolated, verdict: Violated) -> tuple[Violated | None, list[Violated]]:
    """The violation that is expected, if it was found, and those that are not."""
    name = expect.property.replace(" ", "_")
    every = (verdict,) if expect.first else (verdict, *verdict.others)
    return next((v for v in every if violated_name(v) == name), None), [v for v in every if violated_name(v) != name]


def _other_violations(expect: claims.ExpectViolated, wanted: Violated | None, others: list[Violated]) -> str:
    told = ", ".join(f"Violated({_told(v)})" for v in others)
    if wanted is None:
        return f"expected {show_expected(expect)}, found {told}"
    steps = length(wanted)
    more = [n for n in map(length, others) if n is not None]
    help_ = f"; `depth={steps}` leaves out what needs more steps" if steps and more and min(more) > steps else ""
    return f"expected {show_expected(expect)}, and found {told} beside it{help_}"


def _open(check: Check, verdict: Verdict, o: Overrides) -> str:
    """Why the expected verdict is not all that the check claims: the run did not judge a property of it, or something
    ended the search for any other violation, and not the spec's own bound."""
    left_out = verdict.coverage.not_judged
    if left_out and not _claims_no_more(check.expect):
        told = "; ".join(map(str, left_out))
        return f"as expected so far, but {told} (`properties=` leaves it to another check)"
    if isinstance(verdict, NoneSampled) and (o.depth, o.steps) != (None, None):
        return "as expected, but on walks of a length that the command line set"
    if not isinstance(verdict, Violated) or not searched_on(check, o.engine or check.engine):
        return ""
    reason = verdict.unjudged
    by_spec = reason.startswith("states budget") and o.states is None or reason.startswith("depth") and o.depth is None
    if not reason or by_spec:
        return ""
    return f"as expected so far, but whether anything else is violated is not known: {reason}"


def _claims_no_more(expect: claims.Expectation) -> bool:
    """Whether nothing is claimed of what the run did not judge."""
    return isinstance(expect, claims.ExpectUnknown) or isinstance(expect, claims.ExpectViolated) and expect.first


def _bounded(verdict: Verdict) -> bool:
    return isinstance(verdict, (NoneWithin, NoneSampled))


# --- in the words of a spec ------------------------------------------------------------------------


def show_verdict(verdict: Verdict) -> str:
    """The verdict in the words of `expect=`."""
    match verdict:
        case Holds():
            return "Holds"
        case Proved():
            return f"Proved(k={verdict.k})"
        case NoneWithin():
            return f"NoneWithin({verdict.steps})"
        case NoneSampled():
            return f"NoneSampled({verdict.walks})"
        case Violated():
            return f"Violated({_told(verdict)})"
        case Unknown():
            return f"Unknown({verdict.reason})"


def _told(verdict: Violated) -> str:
    steps = length(verdict)
    return violated_name(verdict) + ("" if steps is None else f", steps={steps}")


def length(verdict: Violated) -> int | None:
    """How many steps the path has; None where there is none."""
    return None if verdict.path is None else len(verdict.path.steps)


def violated_name(verdict: Violated) -> str:
    """What is violated: a property's name, or `deadlock`, or `model_error`."""
    if verdict.trouble is Trouble.PROPERTY:
        return verdict.property or "?"
    return "deadlock" if verdict.trouble is Trouble.DEADLOCK else "model_error"


def show_expected(expect: claims.Expectation) -> str:
    """The expectation as the author wrote it."""
    match expect:
        case claims.ExpectViolated():
            told = {"steps": expect.steps, "distinct": expect.distinct, "first": expect.first or None}
            numbers = "".join(f", {name}={n}" for name, n in told.items() if n is not None)
            return f"Violated({expect.property.replace(' ', '_')}{numbers})"
        case claims.ExpectNoneWithin(n) | claims.ExpectNoneSampled(n):
            return f"{type(expect).__name__.removeprefix('Expect')}({n})"
        case claims.ExpectUnknown():
            return "Unknown"
    fields = attrs.asdict(expect)
    if fields.get("steps") is not None:
        fields["steps"] = "{" + ", ".join(f"{name}: {n}" for name, n in fields["steps"].items()) + "}"
    said = ", ".join(f"{k}={v}" for k, v in fields.items() if v is not None)
    return type(expect).__name__.removeprefix("Expect") + (f"({said})" if said else "")
