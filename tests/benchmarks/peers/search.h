/* Breadth-first search by hand, for models whose state is one 64-bit word.
 *
 * A model includes it, and defines `initial` and `expand` below; no state may be all ones.  The visited set is an open-addressing table of whole states; successors wait in
 * a small batch while the memory they will touch is being fetched.  `order` holds the states in the order
 * they were found, so it is the queue, the frontier and the levels at once.
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>

#ifndef TABLE_BITS
#define TABLE_BITS 26
#endif

enum { WAITING = 64 };
typedef uint64_t word;

static const word slots = (word)1 << TABLE_BITS;
static word *table, *order, found, transitions, waiting[WAITING];
static int waits;

/* The model's part: the state to start from, and every step from one state; `expand` says whether it is safe. */
static const word initial;
static inline int expand(word state);

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
  reach(initial);
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
