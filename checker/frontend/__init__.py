"""From source text to a typed program: read, resolve, type, lower.  The only code that sees `ast`."""

from interlock.checker.frontend.kept import was_read
from interlock.checker.frontend.loading import load_model, load_spec

__all__ = ["load_model", "load_spec", "was_read"]
