------------------------------ MODULE AggCore ------------------------------
(* agg-core for TLC: chains of blocks with two siblings a height, each     *)
(* naming at most one block of another chain as its dependency.            *)
EXTENDS Naturals

CONSTANTS Chains, Heights, Nothing

Blocks == [chain : 1..Chains, height : 1..Heights, sibling : {1, 2}]

VARIABLES stage, needs  \* stage 0..4: absent, built, pre-confirmed, proven, final

Start == /\ stage = [b \in Blocks |-> 0]
         /\ needs = [b \in Blocks |-> Nothing]

Sibling(b) == [b EXCEPT !.sibling = 3 - @]

Below(b, n) == b.height = 1 \/ \E i \in {1, 2} :
                 stage[[b EXCEPT !.height = @ - 1, !.sibling = i]] >= n

DependencyIs(b, n) == needs[b] = Nothing \/ stage[needs[b]] >= n

Build(b, d) == /\ stage[b] = 0
               /\ Below(b, 1)
               /\ d # Nothing => d.chain # b.chain /\ stage[d] >= 1
               /\ stage' = [stage EXCEPT ![b] = 1]
               /\ needs' = [needs EXCEPT ![b] = d]

Advance(b, n) == /\ stage[b] = n - 1
                 /\ DependencyIs(b, n)
                 /\ stage' = [stage EXCEPT ![b] = n]
                 /\ UNCHANGED needs

Preconfirm(b) == stage[Sibling(b)] < 2 /\ Advance(b, 2)
Prove(b) == Advance(b, 3)
Finalize(b) == Below(b, 4) /\ Advance(b, 4)

Next == \E b \in Blocks : \/ \E d \in Blocks \cup {Nothing} : Build(b, d)
                          \/ Preconfirm(b)
                          \/ Prove(b)
                          \/ Finalize(b)

Safe == \A b \in Blocks : stage[b] = 4 => DependencyIs(b, 4) /\ stage[Sibling(b)] # 4
=============================================================================
