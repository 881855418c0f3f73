/* Two-phase commit by hand: the speed that one thread can reach.
 *
 * From the low bit: a bit a manager for each of prepared, committed, aborted (all zero: working), for the
 * messages `prepared` sent, and for those heard; then the transaction manager: committed, aborted.  It has sent what it
 * decided, so these two bits stand for its messages as well.
 *
 *     gcc -O3 -march=native -DMANAGERS=8 two_phase.c -o two_phase && ./two_phase
 */
#include "search.h"

#ifndef MANAGERS
#define MANAGERS 7
#endif

enum { COMMIT = 5 * MANAGERS, ABORT = COMMIT + 1 };
_Static_assert(ABORT < 63, "a state must fit in one word, and all ones must not be a state");

#define ALL (((word)1 << MANAGERS) - 1)

static const word initial = 0; /* everyone works, nothing was sent */

static inline int expand(word state) {
  word prepared = state & ALL, committed = state >> MANAGERS & ALL, aborted = state >> 2 * MANAGERS & ALL;
  word sent = state >> 3 * MANAGERS & ALL, heard = state >> 4 * MANAGERS & ALL;
  word working = ALL & ~(prepared | committed | aborted), one;
  if (!(state >> COMMIT)) {
    for (word rest = sent; rest; rest ^= one) {
      one = rest & -rest;
      step_to(state | one << 4 * MANAGERS);
    }
    if (heard == ALL) step_to(state | (word)1 << COMMIT);
    step_to(state | (word)1 << ABORT);
  }
  for (word rest = working; rest; rest ^= one) {
    one = rest & -rest;
    step_to(state | one | one << 3 * MANAGERS);
    step_to(state | one << 2 * MANAGERS);
  }
  for (int i = 0; i < MANAGERS; i++) {
    one = (word)1 << i;
    word without = state & ~(one | one << MANAGERS | one << 2 * MANAGERS);
    if (state >> COMMIT & 1) step_to(without | one << MANAGERS);
    if (state >> ABORT & 1) step_to(without | one << 2 * MANAGERS);
  }
  return !(committed && aborted);
}
