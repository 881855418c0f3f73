"""What is in a spec or a model file?  It is recalled from an earlier run, or read.

Most of the front end is imported where a file is read: a spec that is recalled needs none of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from interlock.checker.frontend import kept, search
from interlock.checker.ir import claims as c
from interlock.checker.ir import nodes as n
from interlock.checker.places import LANGUAGE, PACKAGE, located


def load_spec(path: Path, models: Sequence[Path] = ()) -> c.Spec:
    """Read a spec file and the models it checks, which are looked for first in the folders `models`.

    Raises InputError with every mistake found.
    """
    path = located(path)
    with search.unchanging(models):
        recalled = kept.recall(path, models)
    if recalled is not None:
        return recalled
    with search.unchanging(models) as found:
        from interlock.checker.frontend.spec import SpecReader

        reader = SpecReader(path)
        return kept.remember(path, models, reader.read(), list(reader.sources.parsed), found)


def load_model(path: Path, constants: Mapping[str, n.Const] | None = None) -> n.Program:
    """Read a model file.  Raises InputError with every mistake found."""
    from interlock.checker.frontend.load import Loader, Sources

    loader = Loader(Sources(), constants or {})
    decls = loader.module(path, _dotted(path))
    loader.packages(path, _dotted(path))
    loader.raise_if_refused()
    return loader.program(decls)


def _dotted(path: Path) -> str:
    """The module name of a file: from the folder above its outermost package; of `interlock`, from that."""
    file = search.real(path)
    folder, parts = file.parent, [file.stem]
    while folder not in (PACKAGE, folder.parent) and (folder / "__init__.py").is_file():
        folder, parts = folder.parent, [folder.name, *parts]
    return ".".join([LANGUAGE, *parts] if folder == PACKAGE else parts)
