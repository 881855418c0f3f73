/* agg-core for SPIN: one process that picks any enabled step.
 *
 *     spin -DCHAINS=2 -DHEIGHTS=2 -a agg_core.pml
 *     gcc -O3 -march=native -DSAFETY -DNOREDUCE -DMEMLIM=16000 -o pan pan.c && ./pan -m1000000 -w28 -E
 *
 * Block n (1..BLOCKS) is sibling (n-1)%2 at height (n-1)/2%HEIGHTS of chain (n-1)/(2*HEIGHTS); block 0 means
 * "no block", and a dependency on it never blocks.  Steps are written out for 6 or 8 blocks: constant
 * indices make the fastest code.
 */
#ifndef CHAINS
#define CHAINS 2
#endif
#ifndef HEIGHTS
#define HEIGHTS 2
#endif
#define BLOCKS (CHAINS * HEIGHTS * 2)

#define ABSENT 0
#define BUILT 1
#define PRECONFIRMED 2
#define PROVEN 3
#define FINAL 4

byte status[BLOCKS + 1];
byte needs[BLOCKS + 1];

#define REACHED(d) ((d) == 0 -> FINAL : status[d])
#define OTHER(n) ((n) % 2 -> (n) + 1 : (n) - 1)
#define CHAIN(n) (((n) - 1) / (2 * HEIGHTS))
#define LOW(n) ((((n) - 1) / 2) % HEIGHTS == 0)

/* One of the blocks below block n is `reached`; true at the lowest height. */
#define BELOW(n, reached) (LOW(n) || status[(LOW(n) -> 0 : (n) - 2)] reached \
                                  || status[(LOW(n) -> 0 : OTHER(n) - 2)] reached)

#define BUILD(n, d) \
  :: d_step { status[n] == ABSENT && BELOW(n, > ABSENT) && \
              (d == 0 || (CHAIN(d) != CHAIN(n) && status[d] > ABSENT)) -> \
              status[n] = BUILT; needs[n] = d }

#define BUILD_FEW(n) BUILD(n, 0) BUILD(n, 1) BUILD(n, 2) BUILD(n, 3) BUILD(n, 4) BUILD(n, 5) BUILD(n, 6)
#if BLOCKS == 8
#define BUILD_ANY(n) BUILD_FEW(n) BUILD(n, 7) BUILD(n, 8)
#else
#define BUILD_ANY(n) BUILD_FEW(n)
#endif

#define ADVANCE(n) \
  :: d_step { status[n] == BUILT && status[OTHER(n)] < PRECONFIRMED && REACHED(needs[n]) >= PRECONFIRMED -> \
              status[n] = PRECONFIRMED } \
  :: d_step { status[n] == PRECONFIRMED && REACHED(needs[n]) >= PROVEN -> status[n] = PROVEN } \
  :: d_step { status[n] == PROVEN && REACHED(needs[n]) == FINAL && BELOW(n, == FINAL) -> \
              status[n] = FINAL; \
              assert(REACHED(needs[n]) == FINAL && status[OTHER(n)] != FINAL) }

active proctype steps() {
  do
  BUILD_ANY(1) ADVANCE(1)
  BUILD_ANY(2) ADVANCE(2)
  BUILD_ANY(3) ADVANCE(3)
  BUILD_ANY(4) ADVANCE(4)
  BUILD_ANY(5) ADVANCE(5)
  BUILD_ANY(6) ADVANCE(6)
#if BLOCKS == 8
  BUILD_ANY(7) ADVANCE(7)
  BUILD_ANY(8) ADVANCE(8)
#endif
  od
}
