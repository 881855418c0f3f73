"""Search a model with minicheck: `python with_minicheck.py 1 MODEL SIZE...`."""

import sys
import time

import minicheck
from python_models import MODELS


def main() -> None:
    """Search all states, and print the count."""
    model, sizes = sys.argv[2], [int(word) for word in sys.argv[3:]]
    made = MODELS[model](lambda name, effect: (name, effect), *sizes)
    asked = minicheck.Protocol(
        name=model,
        candidate=False,
        fields=tuple(range(len(made.initial))),
        initial=made.initial,
        transitions=lambda s: [(name, effect(s)) for name, effect in made.offered(s)],
        invariants={"safe": lambda fields: made.safe(tuple(fields.values()))},
    )
    start = time.perf_counter()
    found = minicheck.check_safety(asked, max_states=10**9)
    print(f"distinct={found['reachable_states']} seconds={time.perf_counter() - start:.6f}")
    sys.exit(not found["exhaustive"] or not found["properties"]["safe"]["holds"])


if __name__ == "__main__":
    main()
