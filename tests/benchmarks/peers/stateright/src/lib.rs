//! How a model is searched by Stateright: what both models share.

use stateright::{Checker, Model};
use std::hash::Hash;
use std::time::Instant;

/// A number given to the compiler, so that sizes are constants in the code.
pub const fn size(text: &str) -> usize {
    let digits = text.as_bytes();
    let (mut value, mut at) = (0, 0);
    while at < digits.len() {
        value = value * 10 + (digits[at] - b'0') as usize;
        at += 1;
    }
    value
}

/// Searches all states on as many threads as the command line says, and prints the counts.  Depth first is twice as
/// fast here as breadth first, which keeps the path to every waiting state.
pub fn search<M>(model: M)
where
    M: Model + Send + Sync + 'static,
    M::State: Clone + std::fmt::Debug + Hash + PartialEq + Send + Sync + 'static,
    M::Action: Clone + std::fmt::Debug + PartialEq + Send + Sync + 'static,
{
    let threads = std::env::args().nth(1).map_or(1, |text| size(&text));
    let start = Instant::now();
    let checker = model.checker().threads(threads).spawn_dfs().join();
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "distinct={} transitions={} violated={} seconds={seconds:.6}",
        checker.unique_state_count(),
        checker.state_count() - 1,
        checker.discoveries().len(),
    );
}
