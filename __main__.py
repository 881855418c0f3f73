"""`python -m interlock` is `interlock`."""

from interlock.checker.command.cli import process

if __name__ == "__main__":
    raise SystemExit(process())
