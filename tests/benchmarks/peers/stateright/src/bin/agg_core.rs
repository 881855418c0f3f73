//! agg-core for Stateright; a state is one word, as its fingerprint is.

use peers::{search, size};
use stateright::{Model, Property};

const CHAINS: usize = size(env!("CHAINS"));
const HEIGHTS: usize = size(env!("HEIGHTS"));
const PER_CHAIN: usize = 2 * HEIGHTS;
const BLOCKS: usize = CHAINS * PER_CHAIN;
const WIDTH: usize = 7;
const NONE: usize = 0; // otherwise a dependency is a block's number + 1

const ABSENT: u64 = 0;
const BUILT: u64 = 1;
const PRECONFIRMED: u64 = 2;
const PROVEN: u64 = 3;
const FINAL: u64 = 4;

/// Seven bits a block: status in the low three, dependency in the high four.
#[derive(Clone, Copy, Debug, Hash, PartialEq)]
struct State(u64);

impl State {
    fn status(self, block: usize) -> u64 {
        self.0 >> (WIDTH * block) & 7
    }

    fn dependency_is(self, block: usize, wanted: u64) -> bool {
        let needs = (self.0 >> (WIDTH * block + 3) & 15) as usize;
        needs == NONE || self.status(needs - 1) >= wanted
    }

    fn below_is(self, block: usize, wanted: u64) -> bool {
        let first = block & !1;
        block % PER_CHAIN < 2 || self.status(first - 2) >= wanted || self.status(first - 1) >= wanted
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    Build { block: u8, needs: u8 },
    Advance { block: u8 },
}

struct AggCore;

impl Model for AggCore {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        vec![State(0)]
    }

    fn actions(&self, state: &State, steps: &mut Vec<Step>) {
        for b in 0..BLOCKS {
            let block = b as u8;
            let enabled = match state.status(b) {
                ABSENT => {
                    if state.below_is(b, BUILT) {
                        steps.push(Step::Build { block, needs: NONE as u8 });
                        for d in 0..BLOCKS {
                            if d / PER_CHAIN != b / PER_CHAIN && state.status(d) >= BUILT {
                                steps.push(Step::Build { block, needs: d as u8 + 1 });
                            }
                        }
                    }
                    false
                }
                BUILT => state.status(b ^ 1) < PRECONFIRMED && state.dependency_is(b, PRECONFIRMED),
                PRECONFIRMED => state.dependency_is(b, PROVEN),
                PROVEN => state.dependency_is(b, FINAL) && state.below_is(b, FINAL),
                _ => false,
            };
            if enabled {
                steps.push(Step::Advance { block });
            }
        }
    }

    fn next_state(&self, state: &State, step: Step) -> Option<State> {
        Some(State(match step {
            Step::Build { block, needs } => state.0 + ((1 + ((needs as u64) << 3)) << (WIDTH * block as usize)),
            Step::Advance { block } => state.0 + (1 << (WIDTH * block as usize)),
        }))
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always("safe", |_, state: &State| {
            (0..BLOCKS).all(|b| {
                state.status(b) != FINAL || (state.dependency_is(b, FINAL) && state.status(b ^ 1) != FINAL)
            })
        })]
    }
}

fn main() {
    search(AggCore);
}
