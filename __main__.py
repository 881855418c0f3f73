"""`python -m interlock` is `interlock`."""

from interlock.checker.command.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
