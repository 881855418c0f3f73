//! Two-phase commit for Stateright; sets of managers are masks.

use peers::{search, size};
use stateright::{Model, Property};

const MANAGERS: usize = size(env!("MANAGERS"));
const ALL: u16 = (1 << MANAGERS) - 1;

/// What the transaction manager decided, and told everyone in the same step.
#[derive(Clone, Copy, Debug, Hash, PartialEq)]
enum Decision {
    Open,
    Commit,
    Abort,
}

/// A manager in none of the first three sets is working.
#[derive(Clone, Copy, Debug, Hash, PartialEq)]
struct State {
    prepared: u16,
    committed: u16,
    aborted: u16,
    sent: u16,
    heard: u16,
    decision: Decision,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    DecideCommit,
    DecideAbort,
    HearPrepared(u8),
    Prepare(u8),
    ChooseToAbort(u8),
    Obey(u8),
}

struct TwoPhase;

impl Model for TwoPhase {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        vec![State { prepared: 0, committed: 0, aborted: 0, sent: 0, heard: 0, decision: Decision::Open }]
    }

    fn actions(&self, state: &State, steps: &mut Vec<Step>) {
        let open = state.decision == Decision::Open;
        if open {
            if state.heard == ALL {
                steps.push(Step::DecideCommit);
            }
            steps.push(Step::DecideAbort);
        }
        let busy = state.prepared | state.committed | state.aborted;
        for m in 0..MANAGERS as u8 {
            if open && state.sent >> m & 1 == 1 {
                steps.push(Step::HearPrepared(m));
            }
            if busy >> m & 1 == 0 {
                steps.push(Step::Prepare(m));
                steps.push(Step::ChooseToAbort(m));
            }
            if !open {
                steps.push(Step::Obey(m));
            }
        }
    }

    fn next_state(&self, state: &State, step: Step) -> Option<State> {
        let mut next = *state;
        match step {
            Step::DecideCommit => next.decision = Decision::Commit,
            Step::DecideAbort => next.decision = Decision::Abort,
            Step::HearPrepared(m) => next.heard |= 1 << m,
            Step::Prepare(m) => {
                next.prepared |= 1 << m;
                next.sent |= 1 << m;
            }
            Step::ChooseToAbort(m) => next.aborted |= 1 << m,
            Step::Obey(m) => {
                let others = !(1u16 << m);
                next.prepared &= others;
                if state.decision == Decision::Commit {
                    next.aborted &= others;
                    next.committed |= 1 << m;
                } else {
                    next.committed &= others;
                    next.aborted |= 1 << m;
                }
            }
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always("consistent", |_, state: &State| {
            state.committed == 0 || state.aborted == 0
        })]
    }
}

fn main() {
    search(TwoPhase);
}
