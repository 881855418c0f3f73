"""How does a verdict compare with what was expected?

Rule of the module: a verdict other than the expected one differs, in both directions, and so does a
number that the author wrote and the run did not find.  Where one violation is expected, anything else
that is violated differs as well.  What could not be compared passes nothing: a number that the run does not
count, a search for everything that ended early, and `Unknown` unless it was expected, are undecided, never a
failure of the model, and end in exit code 3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs

from interlock.checker.checks.overrides import Overrides
from interlock.checker.contract import (
    Cause,
    Ended,
    Holds,
    NoneSampled,
    NoneWithin,
    Proved,
    Trouble,
    Unknown,
    Verdict,
    Violated,
)
from interlock.checker.ir.claims import FORMS, Check, Expectation, Kind, Said

_SOUND = (Kind.HOLDS, Kind.PROVED)
_BOUNDED = (Kind.NONE_WITHIN, Kind.NONE_SAMPLED)


@attrs.frozen
class Judgement:
    """How a verdict compares.  `differs`: something is other than expected; `undecided`: something was left open."""

    differs: bool
    undecided: bool
    message: str


def compared(check: Check, verdict: Verdict, o: Overrides, *, broken_initially: bool = False) -> Judgement:
    """Compare a verdict with the check's expectation; `broken_initially`: no engine ran, and the notes say why."""
    unlike = _witnesses(check.expect, verdict)  # whatever the verdict: a longer run makes no shortest witness another
    wrong = unlike or _difference(check, verdict, o)
    weak = isinstance(verdict, Unknown) or (verdict.kind in _BOUNDED and (o.foreign(check) or o.bounds))
    differs = bool(unlike) or (bool(wrong) and not weak)
    left_open = _open(check, verdict, o) if differs or not wrong else ""
    if not wrong and not left_open:
        left_open = _not_compared(check, verdict, o)
    message = wrong or (f"as expected so far, but {left_open}" if left_open else "")
    if broken_initially or isinstance(verdict, Unknown):
        reason = verdict.reason if isinstance(verdict, Unknown) else "; ".join(verdict.coverage.notes)
        message = message if reason in message and message else "; ".join(x for x in (message, reason) if x)
    return Judgement(differs, bool(left_open) or (bool(wrong) and weak and not unlike), message)


def searched_on(check: Check, engine: str) -> bool:
    """Whether the search goes on after a violation: one is expected, and only the whole search shows no other."""
    expect = check.expect
    return expect.kind is Kind.VIOLATED and not expect.first and engine == "explore"


def _witnesses(expect: Expectation, verdict: Verdict) -> str:
    """Which shortest witnesses are longer or shorter than expected, as far as the run went; or are none within it."""
    found, wanted = verdict.coverage.witnessed, expect.witnesses
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
    if not _same_kind(check, verdict, o):
        return f"expected {show_expected(expect)}, found {show_verdict(verdict)}"
    if isinstance(verdict, Unknown):
        return verdict.reason if verdict.ended.cause is Cause.INTERRUPTED else ""
    if isinstance(verdict, Violated):
        wanted, others = _sorted_out(expect, verdict)
        if wanted is None or others:
            return _other_violations(expect, wanted, others)
    found = _comparable(check, verdict, o)
    wrong = [(n, found[n], wanted) for n, wanted in expect.numbers.items() if found.get(n) not in (None, wanted)]
    return ", ".join(f"{n}={number} (expected {wanted})" for n, number, wanted in wrong)


def _same_kind(check: Check, verdict: Verdict, o: Overrides) -> bool:
    """Whether it is the expected verdict but for its numbers; under another engine, one that is as sound."""
    expected = check.expect.kind
    return verdict.kind is expected or (o.foreign(check) and {verdict.kind, expected} <= set(_SOUND))


# --- numbers ---------------------------------------------------------------------------------------


def numbers(verdict: Verdict, wanted: Violated | None) -> Mapping[str, int | None]:
    """The numbers of a verdict by their names in a spec; None: the engine does not count it.

    `wanted`: the violation whose steps are meant, of several.
    """
    c = verdict.coverage
    match verdict:
        case Holds():
            return {"distinct": c.states, "depth": c.depth, "transitions": c.transitions}
        case Proved():
            return {"k": verdict.k}
        case NoneWithin():
            return {"steps": verdict.steps}
        case NoneSampled():
            return {"walks": verdict.walks}
        case Violated():
            return {"steps": None if wanted is None else length(wanted), "distinct": c.states}
        case Unknown():
            return {}


def _comparable(check: Check, verdict: Verdict, o: Overrides) -> Mapping[str, int | None]:
    """The numbers that the run found and that count what the author's do."""
    if verdict.kind is not check.expect.kind:
        return {}
    wanted = _sorted_out(check.expect, verdict)[0] if isinstance(verdict, Violated) else None
    found = dict(numbers(verdict, wanted))
    if isinstance(verdict, Violated) and not _seen_all(check, verdict, o):
        found["distinct"] = None  # fewer states than the author's search saw, or more
    if _other_lengths(check, verdict, o) and found["steps"] != check.expect.numbers.get("steps"):
        found["steps"] = None
    return found


def _seen_all(check: Check, verdict: Violated, o: Overrides) -> bool:
    """Whether a search that found a violation went just as far as the check wants it to go."""
    if check.expect.first:
        return not o.every and not o.foreign(check)
    return verdict.ended is None or (_bound_of_spec(verdict.ended, o) and searched_on(check, o.engine or check.engine))


def _other_lengths(check: Check, verdict: Verdict, o: Overrides) -> bool:
    """Whether the steps of a violation are those of a walk where the spec's are the fewest, or the other way round."""
    return verdict.kind is Kind.VIOLATED and o.foreign(check) and "simulate" in (check.engine, o.engine or check.engine)


def _not_compared(check: Check, verdict: Verdict, o: Overrides) -> str:
    """Which numbers of the author were not compared, and why; empty where all of them were."""
    found = _comparable(check, verdict, o)
    left = [n for n in check.expect.numbers if found.get(n) is None]
    if not left:
        return _unseen(check, verdict, o)
    engine = o.engine or check.engine
    why = f"the engine {engine} does not count {'that' if len(left) == 1 else 'those'}"
    if verdict.kind is not check.expect.kind:
        why = f"the engine {engine} found {show_verdict(verdict)}"
    elif check.expect.first and o.every and not o.foreign(check):
        why = "with --all the search goes on after the first violation"
    elif left[0] == "steps" and _other_lengths(check, verdict, o):
        why = "the steps of a random walk need not be the fewest"
    elif isinstance(verdict, Violated) and verdict.path is None and left[0] == "steps":
        why = "no run shows that nothing reaches it"
    told = " and ".join(f"{n}={check.expect.numbers[n]}" for n in left)
    return f"{told} {'was' if len(left) == 1 else 'were'} not compared: {why}"


def _unseen(check: Check, verdict: Verdict, o: Overrides) -> str:
    """Witnesses whose lengths were not compared, and why."""
    left = [p for p in check.expect.witnesses if p not in (verdict.coverage.witnessed or {})]
    if not left:
        return ""
    told = " and ".join(f"the steps of {p}" for p in left)
    return f"{told} were not compared: the engine {o.engine or check.engine} does not look for shortest witnesses"


# --- violations ------------------------------------------------------------------------------------


def _sorted_out(expect: Expectation, verdict: Violated) -> tuple[Violated | None, list[Violated]]:
    """The violation that is expected, if it was found, and those that are not."""
    every = (verdict,) if expect.first else (verdict, *verdict.others)
    return next((v for v in every if _is_wanted(expect, v)), None), [v for v in every if not _is_wanted(expect, v)]


def _is_wanted(expect: Expectation, v: Violated) -> bool:
    if v.trouble is not expect.trouble:
        return False
    return v.trouble is not Trouble.PROPERTY or v.property == expect.property


def _other_violations(expect: Expectation, wanted: Violated | None, others: list[Violated]) -> str:
    told = ", ".join(f"Violated({_told(v)})" for v in others)
    if wanted is None:
        return f"expected {show_expected(expect)}, found {told}"
    steps = length(wanted)
    more = [n for n in map(length, others) if n is not None]
    help_ = f"; `depth={steps}` leaves out what needs more steps" if steps and more and min(more) > steps else ""
    return f"expected {show_expected(expect)}, and found {told} beside it{help_}"


def _open(check: Check, verdict: Verdict, o: Overrides) -> str:
    """What was asked and is not known: the run did not judge a property of the check, or something other than the spec's
    own bound ended it."""
    left_out = verdict.coverage.not_judged
    if left_out and not _claims_no_more(check.expect):
        return f"{'; '.join(map(str, left_out))} (`properties=` leaves it to another check)"
    if isinstance(verdict, NoneSampled) and (o.depth, o.steps) != (None, None):
        return "on walks of a length that the command line set"
    asked = o.every or searched_on(check, o.engine or check.engine)
    if not isinstance(verdict, Violated) or not asked or verdict.ended is None or _bound_of_spec(verdict.ended, o):
        return ""
    return f"whether anything else is violated is not known: {verdict.ended}"


def _bound_of_spec(why: Ended, o: Overrides) -> bool:
    """Whether a run ended where the spec, or the engine of itself, wants it to."""
    match why.cause:
        case Cause.BOUND | Cause.FIRST:
            return True
        case Cause.STATES:
            return o.states is None
        case Cause.DEPTH:
            return o.depth is None
    return False


def _claims_no_more(expect: Expectation) -> bool:
    """Whether nothing is claimed of what the run did not judge."""
    return expect.kind is Kind.UNKNOWN or expect.first


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
    return _name(verdict.trouble, verdict.property)


def _name(trouble: Trouble, property_: str | None) -> str:
    return (property_ or "?") if trouble is Trouble.PROPERTY else trouble.name.lower()


def show_expected(expect: Expectation) -> str:
    """The expectation as the author wrote it."""
    said = list(_arguments(expect))
    return expect.kind.value + (f"({', '.join(said)})" if said else "")


def _arguments(expect: Expectation) -> Iterator[str]:
    form = FORMS[expect.kind]
    for name in form.in_order:
        yield str(expect.numbers[name]) if name in expect.numbers else _name(expect.trouble, expect.property)
    for name, what in form.by_name.items():
        if name in expect.numbers:
            yield f"{name}={expect.numbers[name]}"
        elif what is Said.LENGTHS and expect.witnesses:
            yield f"{name}={{{', '.join(f'{of}: {n}' for of, n in expect.witnesses.items())}}}"
        elif what is Said.FIRST and expect.first:
            yield f"{name}=True"
