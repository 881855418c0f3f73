"""`python -m checker` is `interlock`."""

from checker.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
