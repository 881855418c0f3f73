"""What is final on Ethereum: dependencies, linearity, validity, stages, equivocation (AS1, AS3 to AS6, AS8).

The headline is AS8 as the AggLayer post, February 2024, needs it.
"""

from model.agglayer import layer_s
from model.agglayer.aggregation import ConfirmRule
from model.agglayer.chains import Direct, Ejection
from model.agglayer.headers import Block, Header, Mode, Stage, State, View, built, confirmed, needed_below, needs, other
from model.lang import FiniteSet, Holds, Violated, always, check, reachable, step


@always
def no_finalized_batch_depends_on_an_equivocated_root(s: State, h: Header, d: Header) -> bool:
    """AS8: what a final header relies on, at whatever distance, is final, and its sibling is not."""
    return not (h in s.final and d in needed_below(s, h)) or (d in s.final and other(d) not in s.final)


@always
def dependencies_are_final(s: State, h: Header) -> bool:
    """AS1: whatever a final header relies on is final and valid."""
    return h not in s.final or all(d in s.final and s.block[d] != Block.INVALID for d in needs(s, h))


@always
def one_history(s: State, h: Header) -> bool:
    """AS3: no two final siblings, and a final header extends a final one."""
    return h not in s.final or (other(h) not in s.final and all(p in s.final for p in needs(s, h) if p.chain == h.chain))


@always
def final_is_valid(s: State, h: Header) -> bool:
    """AS4: a final header stands for a valid block."""
    return h not in s.final or s.block[h] in (Block.VALID, Block.WITHHELD)


@always
def confirmation_is_closed(s: State, view: View, h: Header) -> bool:
    """AS5: in each view, all that a confirmed header relies on is confirmed or final."""
    return s.stage[view][h] != Stage.CONFIRMED or all(
        s.stage[view][d] == Stage.CONFIRMED or d in s.final for d in needs(s, h)
    )


@step
def stage_by_stage(old: State, new: State, view: View, h: Header) -> bool:
    """AS6: pre-confirmed, then confirmed, then final; only a direct settlement skips the AggLayer."""
    confirms = new.stage[view][h] == Stage.CONFIRMED and old.stage[view][h] == Stage.NONE
    finalizes = h in new.final and h not in old.final
    return not confirms and (not finalizes or confirmed(old, h) or (old.proof[h] and old.deps[h] <= old.final))


@always
def confirmed_wins(s: State, h: Header) -> bool:
    """AS6', which no one promised: Ethereum never has the sibling of a confirmed header."""
    return not (confirmed(s, h) and other(h) in s.final)


@reachable
def a_dependency_is_finalized(s: State, h: Header) -> bool:
    """A header with a dependency does become final."""
    return h in s.final and len(s.deps[h]) > 0


@reachable
def a_loser_has_a_dependent(s: State, h: Header, d: Header) -> bool:
    """Ethereum has taken one sibling, and an honest chain was built on the other."""
    return built(s, h) and d in s.deps[h] and other(d) in s.final and d not in s.final


check("two chains, mode 2", layer_s, faults={"equivocate", "invalid_block"}, properties=(dependencies_are_final,), expect=Holds())
