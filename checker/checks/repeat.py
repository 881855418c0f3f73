"""What is kept of a disagreement between compiled code and the evaluator, and does it happen again?

Rule of the module: the file has all that is needed, the compiled module too; running that is running what whoever made
the file wrote, so nobody does it who was not told to.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from pathlib import Path
from typing import Any, Final

from interlock import __version__
from interlock.checker.contract import Disagreement
from interlock.checker.diagnostics import mistake
from interlock.checker.ir.claims import Check, Spec
from interlock.checker.native.validation import repeat

_HEAD: Final = '{\n "disagreement": 1'  # how a file begins


def keep(problem: Disagreement, spec: Spec, check: Check, folder: Path) -> Path | None:
    """Write what repeats a disagreement, into the folder or else where temporary files go; None where neither takes it."""
    about = {"interlock": __version__, "spec": spec.path, "check": check.name, "message": str(problem)}
    text = json.dumps({"disagreement": 1, **about, **problem.data}, indent=1)
    name = f"interlock-disagreement-{hashlib.sha256(text.encode()).hexdigest()[:12]}.json"
    for place in (folder, Path(tempfile.gettempdir())):
        try:
            (place / name).write_text(text, encoding="utf-8")
        except OSError:
            continue
        return place / name
    return None


def is_one(file: Path) -> bool:
    """Whether a file was written by `keep`, by its first characters."""
    try:
        if not file.is_file():  # a pipe would be waited for
            return False
        with file.open(encoding="utf-8", errors="replace") as f:
            return f.read(len(_HEAD)) == _HEAD
    except OSError:
        return False


def again(file: Path) -> tuple[list[str], bool]:
    """Run the code in a file, and say what came of it; and whether it still says what it said.  Raises InputError T008."""
    try:
        data: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        found = repeat.repeat(data)
        where = f"{data['spec']}: {data['check']}, by Interlock {data['interlock']} on {', '.join(data['host'][3:5])}"
        told = [where, data["message"], f"the model's text says {data['means']}", f"the code said {data['said']}"]
    except (ValueError, KeyError, TypeError, AttributeError, RuntimeError) as problem:
        message = f"{file} does not have what repeats a disagreement: {problem}"
        raise mistake("T008", message, "take the file as `interlock check` wrote it") from None
    now = "the same" if found.still else str(found.now)
    plain = "the same" if found.plain == found.now else str(found.plain)
    fault = "Interlock's" if plain == "the same" else "the compiler's"
    told += [f"here and now it says {now}", f"the same code, not optimised and for any processor, says {plain}"]
    return [*told, f"so the fault is {fault}"], found.still
