------------------------------ MODULE TwoPhase ------------------------------
(* Two-phase commit for TLC, with sets of managers for the messages that   *)
(* were ever sent, since there is one kind that a manager sends.            *)
EXTENDS Naturals

CONSTANT Managers

VARIABLES vote, decision, sent, heard

Start == /\ vote = [m \in 1..Managers |-> "working"]
         /\ decision = "open"
         /\ sent = {}
         /\ heard = {}

HearPrepared(m) == /\ decision = "open"
                   /\ m \in sent
                   /\ heard' = heard \cup {m}
                   /\ UNCHANGED <<vote, decision, sent>>

\* What is decided is told to everyone in the same step, so it stands for the message as well.
DecideCommit == /\ decision = "open"
                /\ heard = 1..Managers
                /\ decision' = "commit"
                /\ UNCHANGED <<vote, sent, heard>>

DecideAbort == /\ decision = "open"
               /\ decision' = "abort"
               /\ UNCHANGED <<vote, sent, heard>>

Prepare(m) == /\ vote[m] = "working"
              /\ vote' = [vote EXCEPT ![m] = "prepared"]
              /\ sent' = sent \cup {m}
              /\ UNCHANGED <<decision, heard>>

ChooseToAbort(m) == /\ vote[m] = "working"
                    /\ vote' = [vote EXCEPT ![m] = "abort"]
                    /\ UNCHANGED <<decision, sent, heard>>

Obey(m) == /\ decision # "open"
           /\ vote' = [vote EXCEPT ![m] = decision]
           /\ UNCHANGED <<decision, sent, heard>>

Next == \/ DecideCommit
        \/ DecideAbort
        \/ \E m \in 1..Managers : HearPrepared(m) \/ Prepare(m) \/ ChooseToAbort(m) \/ Obey(m)

Consistent == ~ \E one, other \in 1..Managers : vote[one] = "commit" /\ vote[other] = "abort"
=============================================================================
