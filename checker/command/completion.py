"""How does a shell complete `interlock`?  By a script that is made from the same parser as the command line."""

from __future__ import annotations

import argparse

import shtab


def script(parser: argparse.ArgumentParser, shell: str) -> str:
    """What `shell` has to read: commands, options and their choices; a path where an option or a command takes one."""
    _name_paths(parser)
    text: str = shtab.complete(parser, shell=shell)
    return text if text.endswith("\n") else text + "\n"


def _name_paths(parser: argparse.ArgumentParser) -> None:
    """Mark what takes a file or a folder, by what stands for it in the help."""
    kinds = {"PATH": shtab.FILE, "SPEC": shtab.FILE, "TRACE": shtab.FILE, "FILE": shtab.FILE, "DIR": shtab.DIRECTORY}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for sub in action.choices.values():
                _name_paths(sub)
        elif action.metavar in kinds:
            action.complete = kinds[action.metavar]  # type: ignore[attr-defined]
