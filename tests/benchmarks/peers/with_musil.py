"""Search a model with musil: `python with_musil.py WORKERS MODEL SIZE...`."""

import sys
import time

import musil
from python_models import MODELS


def main() -> None:
    """Search all states, and print the count."""
    workers, model, sizes = int(sys.argv[1]), sys.argv[2], [int(word) for word in sys.argv[3:]]
    made = MODELS[model](lambda name, effect: musil.Action(name, lambda _: True, effect), *sizes)
    # A list around the initial state, which is a tuple itself; a state without steps is no error.
    asked = musil.Model(
        [made.initial], actions_fn=made.offered, invariants={"safe": made.safe}, terminal=lambda _: True
    )
    start = time.perf_counter()
    found = musil.check(asked, max_states=10**9, workers=workers)
    print(f"distinct={found.states_explored} seconds={time.perf_counter() - start:.6f}")
    sys.exit(not found.ok or found.truncated)


if __name__ == "__main__":
    main()
