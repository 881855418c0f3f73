/* agg-core by hand: the speed that one thread can reach, and what the native engine is measured against.
 *
 * Seven bits a block: status in the low three, dependency in the high four (0 for none, block number + 1
 * otherwise).
 *
 *     gcc -O3 -march=native -DCHAINS=2 -DHEIGHTS=2 agg_core.c -o agg_core && ./agg_core
 */
#include "search.h"

#ifndef CHAINS
#define CHAINS 2
#endif
#ifndef HEIGHTS
#define HEIGHTS 2
#endif

enum { ABSENT, BUILT, PRECONFIRMED, PROVEN, FINAL };
enum { PER_CHAIN = 2 * HEIGHTS, BLOCKS = CHAINS * PER_CHAIN, WIDTH = 7 };
_Static_assert(BLOCKS * WIDTH < 64, "a state must fit in one word, and all ones must not be a state");

static const word initial = 0; /* every block absent */

static inline int expand(word state) {
  int status[BLOCKS + 1], needs[BLOCKS], safe = 1;
  status[BLOCKS] = FINAL; /* "no dependency" is as good as a final one */
  for (int b = 0; b < BLOCKS; b++) {
    int d = state >> (WIDTH * b + 3) & 15;
    status[b] = state >> (WIDTH * b) & 7;
    needs[b] = d ? d - 1 : BLOCKS;
  }
  for (int b = 0; b < BLOCKS; b++) {
    int lowest = b % PER_CHAIN < 2, first_below = (b & ~1) - 2, sibling = b ^ 1;
    int left = lowest ? FINAL : status[first_below], right = lowest ? FINAL : status[first_below + 1];
    word advanced = state + ((word)1 << (WIDTH * b));
    switch (status[b]) {
      case ABSENT:
        if (left == ABSENT && right == ABSENT) break;
        step_to(advanced);
        for (int d = 0; d < BLOCKS; d++)
          if (d / PER_CHAIN != b / PER_CHAIN && status[d] != ABSENT)
            step_to(advanced + ((word)(d + 1) << (WIDTH * b + 3)));
        break;
      case BUILT:
        if (status[sibling] < PRECONFIRMED && status[needs[b]] >= PRECONFIRMED) step_to(advanced);
        break;
      case PRECONFIRMED:
        if (status[needs[b]] >= PROVEN) step_to(advanced);
        break;
      case PROVEN:
        if (status[needs[b]] == FINAL && (left == FINAL || right == FINAL)) step_to(advanced);
        break;
      default:
        safe &= status[needs[b]] == FINAL && status[sibling] != FINAL;
    }
  }
  return safe;
}
