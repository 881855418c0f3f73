------------------------------ MODULE AggCore ------------------------------
(* agg-core for TLC.  Block n (from 1) is sibling (n-1)%2 at height         *)
(* (n-1)\div 2 % Heights of its chain; dependency 0 means "none".  Blocks   *)
(* are numbers, not records: TLC looks those up without comparing fields.   *)
EXTENDS Naturals

CONSTANTS Chains, Heights

Blocks == 1..(2 * Heights * Chains)

VARIABLES stage, needs  \* stage 0..4: absent, built, pre-confirmed, proven, final

Start == /\ stage = [b \in Blocks |-> 0]
         /\ needs = [b \in Blocks |-> 0]

Chain(b) == (b - 1) \div (2 * Heights)
Lowest(b) == ((b - 1) \div 2) % Heights = 0
Sibling(b) == IF b % 2 = 1 THEN b + 1 ELSE b - 1

\* Guards that are disjunctions stand behind `TRUE =`: TLC would take each
\* disjunct for a step of its own, and look below the lowest block as well.
Below(b, n) == TRUE = (Lowest(b) \/ stage[b - 2] >= n \/ stage[Sibling(b) - 2] >= n)

DependencyIs(b, n) == TRUE = (needs[b] = 0 \/ stage[needs[b]] >= n)

Build(b, d) == /\ stage[b] = 0
               /\ TRUE = (d = 0 \/ (Chain(d) # Chain(b) /\ stage[d] >= 1))
               /\ Below(b, 1)
               /\ stage' = [stage EXCEPT ![b] = 1]
               /\ needs' = [needs EXCEPT ![b] = d]

Advance(b, n) == /\ DependencyIs(b, n)
                 /\ stage' = [stage EXCEPT ![b] = n]
                 /\ UNCHANGED needs

Preconfirm(b) == stage[b] = 1 /\ stage[Sibling(b)] < 2 /\ Advance(b, 2)
Prove(b) == stage[b] = 2 /\ Advance(b, 3)
Finalize(b) == stage[b] = 3 /\ Below(b, 4) /\ Advance(b, 4)

Next == \E b \in Blocks : \/ \E d \in {0} \cup Blocks : Build(b, d)
                          \/ Preconfirm(b)
                          \/ Prove(b)
                          \/ Finalize(b)

Safe == \A b \in Blocks : stage[b] = 4 => DependencyIs(b, 4) /\ stage[Sibling(b)] # 4
=============================================================================
