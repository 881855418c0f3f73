/* agg-core by hand: the speed that one thread can reach, and what the native engine is measured against.
 *
 * A state is one 64-bit word, seven bits a block: status in the low three, dependency in the high four
 * (0 for none, block number + 1 otherwise).  The visited set is an open-addressing table of whole states;
 * successors wait in a small batch while the memory they will touch is being fetched.  `order` holds the
 * states in the order they were found, so it is the queue, the frontier and the levels at once.
 *
 *     gcc -O3 -march=native -DCHAINS=2 -DHEIGHTS=2 agg_core.c -o agg_core && ./agg_core
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>

#ifndef CHAINS
#define CHAINS 2
#endif
#ifndef HEIGHTS
#define HEIGHTS 2
#endif
#ifndef TABLE_BITS
#define TABLE_BITS 26
#endif

enum { ABSENT, BUILT, PRECONFIRMED, PROVEN, FINAL };
enum { PER_CHAIN = 2 * HEIGHTS, BLOCKS = CHAINS * PER_CHAIN, WIDTH = 7, WAITING = 64 };
_Static_assert(BLOCKS * WIDTH < 64, "a state must fit in one word, and all ones must not be a state");

typedef uint64_t word;

static const word slots = (word)1 << TABLE_BITS;
static word *table, *order, found, transitions, waiting[WAITING];
static int waits;

static inline word slot_of(word state) {
  state ^= state >> 32;
  state *= 0xd6e8feb86659fd93u;
  state ^= state >> 32;
  state *= 0xd6e8feb86659fd93u;
  return (state ^ state >> 32) & (slots - 1);
}

static inline void settle(void) {
  for (int i = 0; i < waits; i++) {
    word key = waiting[i] + 1, at = slot_of(waiting[i]); /* 0 marks an empty slot */
    while (table[at] != 0 && table[at] != key) at = (at + 1) & (slots - 1);
    if (table[at] == 0) {
      table[at] = key;
      order[found++] = waiting[i];
    }
  }
  waits = 0;
}

static inline void reach(word state) {
  __builtin_prefetch(&table[slot_of(state)], 1);
  waiting[waits++] = state;
  if (waits == WAITING) settle();
}

static inline void step_to(word state) {
  transitions++;
  reach(state);
}

/* Takes every step from one state; says whether the state is safe. */
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

static word *room(word words) {
  void *memory = mmap(NULL, words * sizeof(word), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return NULL;
  madvise(memory, words * sizeof(word), MADV_HUGEPAGE);
  return memory;
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int main(void) {
  table = room(slots);
  order = room(slots);
  if (!table || !order) return 1;
  double start = now();
  word next = 0, unsafe = 0;
  int depth = 0;
  reach(0);
  settle();
  for (;;) {
    word level_end = found;
    for (; next < level_end; next++) unsafe += !expand(order[next]);
    settle();
    if (found == level_end) break;
    if (found > slots / 10 * 9) return 1; /* never a wrong count: the table is too small */
    depth++;
  }
  printf("distinct=%" PRIu64 " transitions=%" PRIu64 " depth=%d unsafe=%" PRIu64 " seconds=%.6f\n", found,
         transitions, depth, unsafe, now() - start);
  return unsafe != 0;
}
