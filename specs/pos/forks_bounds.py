"""How much faulty weight breaks what: the smallest that does, against the exact bounds of the quorum.

Q = floor(2T/3) + 1.  Two conflicting quorums need 2Q - T of faulty weight, and an honest weight that splits; below that
everything holds, with pins and a signature that counts at once.  "One third" is a slogan: of six, three may be faulty.

| validators | quorum | halt from | conflict from | alone from |
|---|---|---|---|---|
| 4 | 3 | 2 | 2 | 3 |
| 5 | 4 | 2 | 3 | 4 |
| 6 | 5 | 2 | 4 | 5 |
| 7 | 5 | 3 | 3 | 5 |
"""

from typing import Final

from interlock import Holds, Violated, check
from interlock.model.pos import forks
from interlock.model.pos.anchors import Link, Signing
from interlock.model.pos.finality import (
    a_quorum_reported,
    backing,
    everything_is_final,
    heads_follow_milestones,
    milestones_agree,
    no_head_leaves_its_pin,
    one_exit_per_burn,
    one_history,
    ranges_link,
    the_coin_is_paid,
)

SAFETY: Final = (
    one_history,
    milestones_agree,
    a_quorum_reported,
    no_head_leaves_its_pin,
    heads_follow_milestones,
    ranges_link,
    one_exit_per_burn,
    backing,
)
WITNESSED: Final = (*SAFETY, everything_is_final, the_coin_is_paid)
BURNS: Final = {"BURNS": True}
FOUR: Final = {"BURNS": True, "HONEST": 2, "FAULTY_WEIGHT": 2}
FIVE: Final = {"BURNS": True, "HONEST": 2, "FAULTY_WEIGHT": 3}
SIX: Final = {"BURNS": True, "HONEST": 2, "FAULTY_WEIGHT": 4}
SEVEN: Final = {"BURNS": True, "HONEST": 4, "FAULTY_WEIGHT": 3}
ALONE: Final = {"BURNS": True, "HONEST": 2, "FAULTY_WEIGHT": 5}
ALONE_OF_FOUR: Final = {"BURNS": True, "HONEST": 1, "FAULTY_WEIGHT": 3}
ALONE_OF_SIX: Final = {"BURNS": True, "HONEST": 1, "FAULTY_WEIGHT": 5}

# Below the bound: no one faulty, up to the last weight that is safe.
check(
    "four, none faulty",
    forks,
    {**BURNS, "HONEST": 4, "FAULTY_WEIGHT": 0},
    properties=WITNESSED,
    expect=Holds(distinct=630, depth=7),
)
check(
    "four, one faulty: below every bound",
    forks,
    {**BURNS, "HONEST": 3, "FAULTY_WEIGHT": 1},
    properties=WITNESSED,
    expect=Holds(distinct=468, depth=6),
)
check(
    "five, two faulty: they can halt",
    forks,
    {**BURNS, "HONEST": 3, "FAULTY_WEIGHT": 2},
    properties=WITNESSED,
    expect=Holds(distinct=468, depth=6),
)
check(
    "six, one faulty: below every bound",
    forks,
    {**BURNS, "HONEST": 5, "FAULTY_WEIGHT": 1},
    properties=WITNESSED,
    expect=Holds(distinct=864, depth=8),
)
check(
    "six, two faulty: they can halt",
    forks,
    {**BURNS, "HONEST": 4, "FAULTY_WEIGHT": 2},
    properties=WITNESSED,
    expect=Holds(distinct=630, depth=7),
)
check(
    "six, three faulty: they can halt",
    forks,
    {**BURNS, "HONEST": 3, "FAULTY_WEIGHT": 3},
    properties=WITNESSED,
    expect=Holds(distinct=468, depth=6),
)
check(
    "seven, two faulty: below every bound",
    forks,
    {**BURNS, "HONEST": 5, "FAULTY_WEIGHT": 2},
    properties=WITNESSED,
    expect=Holds(distinct=2124, depth=7),
)

# At the bound, property by property.
check(
    "four, two faulty, S4", forks, FOUR, properties=(one_history,), expect=Violated(one_history, steps=3, distinct=876)
)
check(
    "four, two faulty, S5",
    forks,
    FOUR,
    properties=(milestones_agree,),
    expect=Violated(milestones_agree, steps=3, distinct=876),
)
check(
    "four, two faulty, S6",
    forks,
    FOUR,
    properties=(heads_follow_milestones,),
    expect=Violated(heads_follow_milestones, steps=4, distinct=876),
)
check(
    "four, two faulty, S19", forks, FOUR, properties=(ranges_link,), expect=Violated(ranges_link, steps=4, distinct=876)
)
check("four, two faulty, S12", forks, FOUR, properties=(backing,), expect=Violated(backing, steps=6, distinct=876))
check(
    "five, three faulty, S4",
    forks,
    FIVE,
    properties=(one_history,),
    expect=Violated(one_history, steps=3, distinct=876),
)
check(
    "five, three faulty, S5",
    forks,
    FIVE,
    properties=(milestones_agree,),
    expect=Violated(milestones_agree, steps=3, distinct=876),
)
check(
    "five, three faulty, S6",
    forks,
    FIVE,
    properties=(heads_follow_milestones,),
    expect=Violated(heads_follow_milestones, steps=4, distinct=876),
)
check(
    "five, three faulty, S19",
    forks,
    FIVE,
    properties=(ranges_link,),
    expect=Violated(ranges_link, steps=4, distinct=876),
)
check("five, three faulty, S12", forks, FIVE, properties=(backing,), expect=Violated(backing, steps=6, distinct=876))
check(
    "six, four faulty, S4", forks, SIX, properties=(one_history,), expect=Violated(one_history, steps=3, distinct=876)
)
check(
    "six, four faulty, S5",
    forks,
    SIX,
    properties=(milestones_agree,),
    expect=Violated(milestones_agree, steps=3, distinct=876),
)
check(
    "six, four faulty, S6",
    forks,
    SIX,
    properties=(heads_follow_milestones,),
    expect=Violated(heads_follow_milestones, steps=4, distinct=876),
)
check(
    "six, four faulty, S19", forks, SIX, properties=(ranges_link,), expect=Violated(ranges_link, steps=4, distinct=876)
)
check("six, four faulty, S12", forks, SIX, properties=(backing,), expect=Violated(backing, steps=6, distinct=876))
check(
    "seven, three faulty, S4",
    forks,
    SEVEN,
    properties=(one_history,),
    expect=Violated(one_history, steps=4, distinct=4020),
)
check(
    "seven, three faulty, S5",
    forks,
    SEVEN,
    properties=(milestones_agree,),
    expect=Violated(milestones_agree, steps=4, distinct=4020),
)
check(
    "seven, three faulty, S6",
    forks,
    SEVEN,
    properties=(heads_follow_milestones,),
    expect=Violated(heads_follow_milestones, steps=5, distinct=4020),
)
check(
    "seven, three faulty, S19",
    forks,
    SEVEN,
    properties=(ranges_link,),
    expect=Violated(ranges_link, steps=5, distinct=4020),
)
check("seven, three faulty, S12", forks, SEVEN, properties=(backing,), expect=Violated(backing, steps=7, distinct=4020))

# From the quorum on the faulty decide alone, and a parent they sign is whatever they say.  Of four and of six one
# honest validator is left, so no two can differ; of seven there are two.
check(
    "four, three faulty, S4",
    forks,
    ALONE_OF_FOUR,
    properties=(one_history,),
    expect=Violated(one_history, steps=2, distinct=380),
)
check(
    "four, three faulty, S19",
    forks,
    ALONE_OF_FOUR,
    properties=(ranges_link,),
    expect=Violated(ranges_link, steps=2, distinct=380),
)
check(
    "four, three faulty, S12",
    forks,
    ALONE_OF_FOUR,
    properties=(backing,),
    expect=Violated(backing, steps=4, distinct=380),
)
check(
    "six, five faulty, S4",
    forks,
    ALONE_OF_SIX,
    properties=(one_history,),
    expect=Violated(one_history, steps=2, distinct=380),
)
check(
    "six, five faulty, S19",
    forks,
    ALONE_OF_SIX,
    properties=(ranges_link,),
    expect=Violated(ranges_link, steps=2, distinct=380),
)
check(
    "six, five faulty, S12", forks, ALONE_OF_SIX, properties=(backing,), expect=Violated(backing, steps=4, distinct=380)
)
check(
    "seven, five faulty, S4",
    forks,
    ALONE,
    properties=(one_history,),
    expect=Violated(one_history, steps=2, distinct=1520),
)
check(
    "seven, five faulty, S5",
    forks,
    ALONE,
    properties=(milestones_agree,),
    expect=Violated(milestones_agree, steps=2, distinct=1520),
)
check(
    "seven, five faulty, S6",
    forks,
    ALONE,
    properties=(heads_follow_milestones,),
    expect=Violated(heads_follow_milestones, steps=2, distinct=1520),
)
check(
    "seven, five faulty, S19",
    forks,
    ALONE,
    properties=(ranges_link,),
    expect=Violated(ranges_link, steps=2, distinct=1520),
)
check("seven, five faulty, S12", forks, ALONE, properties=(backing,), expect=Violated(backing, steps=4, distinct=1520))
check(
    "seven, five faulty, Ethereum compares the parent",
    forks,
    {**ALONE, "LINK": Link.ETHEREUM},
    properties=(ranges_link,),
    expect=Violated(ranges_link, steps=2, distinct=1520),
)

# Unequal weights: 1, 1, 1 and 3, with a quorum of five of six.
check(
    "the heavy one is honest",
    forks,
    {**BURNS, "HEAVIEST": 3},
    properties=WITNESSED,
    expect=Holds(distinct=378, depth=6),
)
check(
    "the heavy one is honest, two faulty",
    forks,
    {**BURNS, "HONEST": 2, "HEAVIEST": 3, "FAULTY_WEIGHT": 2},
    properties=WITNESSED,
    expect=Holds(distinct=252, depth=5),
)
check(
    "the heavy one is faulty",
    forks,
    {**BURNS, "FAULTY_WEIGHT": 3},
    properties=WITNESSED,
    expect=Holds(distinct=468, depth=6),
)
check(
    "the heavy one and another are faulty",
    forks,
    {**BURNS, "HONEST": 2, "FAULTY_WEIGHT": 4},
    properties=(one_history,),
    expect=Violated(one_history, steps=3, distinct=876),
)
# 3 and 1 honest against 3: at the bound of seven, and yet no conflict, since the honest weight does not split.
check(
    "an honest weight that does not split",
    forks,
    {**BURNS, "HONEST": 2, "HEAVIEST": 3, "FAULTY_WEIGHT": 3},
    properties=WITNESSED,
    expect=Holds(distinct=252, depth=5),
)
check(
    "an honest weight that does not split, signatures are data",
    forks,
    {"HONEST": 2, "HEAVIEST": 3, "FAULTY_WEIGHT": 3, "SIGNING": Signing.DATA},
    properties=(one_history,),
    expect=Violated(one_history, steps=4, distinct=736),
)
