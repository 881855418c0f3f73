"""Interlock: check cross-chain protocols written as plain typed Python.

Every face of it imports this package first (the command, `python -m interlock`, `interlock.stateful`, the pytest
plugin), so this is where a system is refused that has no locks, signals and descriptors of POSIX: in a sentence, with the exit
code of wrong input.
"""

import sys

if sys.platform == "win32":
    print("Interlock runs on Linux and macOS; on Windows use WSL", file=sys.stderr)
    raise SystemExit(2)
