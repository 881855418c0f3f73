-- agg-core for Murphi (Rumur): two chains, two heights, two siblings.
--
--     rumur --deadlock-detection off --set-capacity 2147483648 -o agg_core.c agg_core.m
--     gcc -std=c11 -O3 -march=native agg_core.c -o agg_core -lpthread -mcx16 && ./agg_core
const
  chains: 2;
  heights: 2;
type
  chain: 0..chains-1;
  height: 0..heights-1;
  sibling: 0..1;
  stage: 0..4;                      -- absent, built, pre-confirmed, proven, final
  name: 0..chains*heights*2;        -- a block as a number, the last one for "no block"
var
  at: array [chain] of array [height] of array [sibling] of record
    stage: stage;
    needs: name;
  end;

function chain_of(n: name): chain;
begin
  return n / (heights * 2);
end;

function reached(n: name): stage;
begin
  if n = chains * heights * 2 then return 4; end;
  return at[chain_of(n)][(n / 2) % heights][n % 2].stage;
end;

function below(c: chain; h: height; wanted: stage): boolean;
begin
  if h = 0 then return true; end;
  return at[c][h - 1][0].stage >= wanted | at[c][h - 1][1].stage >= wanted;
end;

startstate begin
  for c: chain do for h: height do for i: sibling do
    at[c][h][i].stage := 0;
    at[c][h][i].needs := chains * heights * 2;
  end; end; end;
end;

ruleset c: chain; h: height; i: sibling do
  ruleset d: name do
    rule "build"
      at[c][h][i].stage = 0 & below(c, h, 1) &
      (d = chains * heights * 2 | (chain_of(d) != c & reached(d) >= 1))
    ==> begin
      at[c][h][i].stage := 1;
      at[c][h][i].needs := d;
    end;
  end;
  rule "preconfirm"
    at[c][h][i].stage = 1 & at[c][h][1 - i].stage < 2 & reached(at[c][h][i].needs) >= 2
  ==> begin at[c][h][i].stage := 2; end;
  rule "prove"
    at[c][h][i].stage = 2 & reached(at[c][h][i].needs) >= 3
  ==> begin at[c][h][i].stage := 3; end;
  rule "finalize"
    at[c][h][i].stage = 3 & reached(at[c][h][i].needs) = 4 & below(c, h, 4)
  ==> begin at[c][h][i].stage := 4; end;
end;

invariant "safe"
  forall c: chain do forall h: height do forall i: sibling do
    at[c][h][i].stage = 4 -> (reached(at[c][h][i].needs) = 4 & at[c][h][1 - i].stage != 4)
  end end end;
