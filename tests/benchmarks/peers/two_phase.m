-- Two-phase commit for Murphi (Rumur).
--
--     rumur --deadlock-detection off --set-capacity 268435456 -o two_phase.c two_phase.m
--     gcc -std=c11 -O3 -march=native two_phase.c -o two_phase -lpthread -mcx16 && ./two_phase
const
  managers: 7;
type
  manager: 0..managers-1;
  vote: enum { working, prepared, committed, aborted };
  decision: enum { open, commit, abandon };
var
  votes: array [manager] of vote;
  sent: array [manager] of boolean;    -- `prepared`, to the transaction manager,
  heard: array [manager] of boolean;   -- and received by it
  decided: decision;                   -- and told to everyone in the same step

startstate begin
  for m: manager do
    votes[m] := working;
    sent[m] := false;
    heard[m] := false;
  end;
  decided := open;
end;

rule "decide to commit"
  decided = open & forall m: manager do heard[m] end
==> begin decided := commit; end;

rule "decide to abort"
  decided = open
==> begin decided := abandon; end;

ruleset m: manager do
  rule "hear prepared"
    decided = open & sent[m]
  ==> begin heard[m] := true; end;
  rule "prepare"
    votes[m] = working
  ==> begin votes[m] := prepared; sent[m] := true; end;
  rule "choose to abort"
    votes[m] = working
  ==> begin votes[m] := aborted; end;
  rule "obey commit"
    decided = commit
  ==> begin votes[m] := committed; end;
  rule "obey abort"
    decided = abandon
  ==> begin votes[m] := aborted; end;
end;

invariant "consistent"
  !((exists m: manager do votes[m] = committed end) & (exists m: manager do votes[m] = aborted end));
