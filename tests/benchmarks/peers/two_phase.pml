/* Two-phase commit for SPIN: one process that picks any enabled step.
 *
 *     spin -DMANAGERS=8 -a two_phase.pml
 *     gcc -O3 -march=native -DSAFETY -DNOREDUCE -DMEMLIM=16000 -o pan pan.c && ./pan -m1000000 -w24 -E
 *
 * Sets of managers are masks: a fifth faster here than an array of bytes each, where `unsigned s : 8` would be
 * slower than both.  The steps are written out for 7 to 9 managers.  A manager in none of the first three sets
 * is working.  With -DWIDE every message is addressed, as in `two_phase_wide_model.py`: for each kind and sender, the
 * mask of its receivers, where party number MANAGERS is the transaction manager.
 */
#ifndef MANAGERS
#define MANAGERS 7
#endif
#define ALL ((1 << MANAGERS) - 1)
#if MANAGERS > 8
#define SET short
#else
#define SET byte
#endif

SET prepared;
SET committed;
SET aborted;
SET heard;     /* the managers whose `prepared` was received */
bool commit;   /* what the transaction manager decided, and told everyone */
bool abandon;

#define BIT(i) (1 << i)
#ifdef WIDE
short receivers[3 * (MANAGERS + 1)];
#define OF_COMMIT receivers[2 * MANAGERS + 1]
#define OF_ABORT receivers[3 * MANAGERS + 2]
#define SENT(i) (receivers[i] & BIT(MANAGERS))
#define SEND(i) receivers[i] = receivers[i] | BIT(MANAGERS)
#define TELL_COMMIT commit = true; OF_COMMIT = ALL
#define TELL_ABORT abandon = true; OF_ABORT = ALL
#define TOLD_COMMIT(i) (OF_COMMIT & BIT(i))
#define TOLD_ABORT(i) (OF_ABORT & BIT(i))
#else
SET sent;      /* the managers that have sent `prepared` */
#define SENT(i) (sent & BIT(i))
#define SEND(i) sent = sent | BIT(i)
#define TELL_COMMIT commit = true
#define TELL_ABORT abandon = true
#define TOLD_COMMIT(i) commit
#define TOLD_ABORT(i) abandon
#endif
#define OPEN (!commit && !abandon)
#define CONSISTENT assert(!(committed && aborted))

#define MANAGER(i) \
  :: d_step { OPEN && SENT(i) -> heard = heard | BIT(i) } \
  :: d_step { !((prepared | committed | aborted) & BIT(i)) -> prepared = prepared | BIT(i); SEND(i) } \
  :: d_step { !((prepared | committed | aborted) & BIT(i)) -> aborted = aborted | BIT(i); CONSISTENT } \
  :: d_step { TOLD_COMMIT(i) -> prepared = prepared & ~BIT(i); aborted = aborted & ~BIT(i); \
              committed = committed | BIT(i); CONSISTENT } \
  :: d_step { TOLD_ABORT(i) -> prepared = prepared & ~BIT(i); committed = committed & ~BIT(i); \
              aborted = aborted | BIT(i); CONSISTENT }

active proctype steps() {
  do
  :: d_step { OPEN && heard == ALL -> TELL_COMMIT }
  :: d_step { OPEN -> TELL_ABORT }
  MANAGER(0) MANAGER(1) MANAGER(2) MANAGER(3) MANAGER(4) MANAGER(5) MANAGER(6)
#if MANAGERS > 7
  MANAGER(7)
#endif
#if MANAGERS > 8
  MANAGER(8)
#endif
  od
}
