"""Can this file be read as Python text at all?

Rule of the module: every way a file can fail to be text or to parse ends in one diagnostic, and what
comes out is an `ast.Module` shallow enough that every later walk may recurse.  What is flat to its reader is deep in the
tree (`a + b + c`, `elif`): for that, Python is told to allow as much recursion as it takes.
"""

from __future__ import annotations

import ast
import errno
import io
import os
import sys
import tokenize
import warnings
from pathlib import Path

import attrs

from interlock.checker.diagnostics import Diagnostic, InputError, Span
from interlock.checker.places import located

MAX_BYTES = 1_000_000
MAX_DEPTH = 60
MAX_LINKS = 512  # of chains, on the way to any place
_FRAMES = 20  # calls that the deepest walk makes for one link


@attrs.frozen(eq=False)
class Source:
    """A file that parsed: its path as shown to the user, its text and its tree."""

    path: str
    text: str
    tree: ast.Module
    lines: list[str] = attrs.field(init=False)

    @lines.default
    def _split(self) -> list[str]:
        return self.text.split("\n")

    def span(self, node: ast.AST) -> Span:
        """Where a node stands; columns in characters (the parser counts UTF-8 bytes)."""
        line, end = getattr(node, "lineno", 1), getattr(node, "end_lineno", None)
        start = self._characters(line, getattr(node, "col_offset", 0))
        if end is None:
            return Span(self.path, line, start, line, start + 1)
        return Span(self.path, line, start, end, self._characters(end, getattr(node, "end_col_offset", 0) or 0))

    def _characters(self, line: int, offset: int) -> int:
        if line > len(self.lines) or self.lines[line - 1].isascii():
            return offset
        return len(self.lines[line - 1].encode()[:offset].decode(errors="replace"))


def read(path: Path) -> Source:
    """Read and parse one file, of Interlock's own by the name that is shown.  Raises InputError (L0xx) saying what to do."""
    shown = str(path)
    text = _text(located(path), shown)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text, filename=shown)
            deep, links = _deepest(tree)
            _allow(links)
            if deep is None:
                compile(text, shown, "exec", dont_inherit=True)  # finds what only the compiler refuses; runs nothing
    except SyntaxError as problem:
        raise _refuse(
            "L005", f"not Python: {problem.msg}", _syntax_span(shown, problem), "fix the syntax here"
        ) from None
    except (RecursionError, MemoryError):
        raise _too_deep(Span(shown, 1, 0, 1, 1)) from None
    except ValueError as problem:
        raise _refuse("L005", f"not Python: {problem}", Span(shown, 1, 0, 1, 1), "fix the syntax here") from None
    source = Source(shown, text, tree)
    if deep is not None:
        raise _too_deep(source.span(deep))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and not _encodable(node.value):
            raise _refuse("L005", "half a character in a string", source.span(node), "write the character itself")
    return source


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _text(path: Path, shown: str) -> str:
    at = Span(shown, 0, 0, 0, 0)
    if os.path.isdir(path):  # noqa: PTH112 - False, not an error, for a name too long
        raise _refuse("L002", f"{shown} is a folder, not a file", at, "name a .py file in it")
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise _refuse("L007", f"{shown} is no regular file", at, "name a .py file")
        if size > MAX_BYTES:
            help_ = f"a model or spec has at most {MAX_BYTES:,} bytes: split it, or name the right file"
            raise _refuse("L004", f"{shown} has {size:,} bytes", at, help_)
        data = path.read_bytes()
    except FileNotFoundError:
        raise _refuse("L001", f"there is no file {shown}", at, "check the path") from None
    except (OSError, ValueError) as problem:
        if getattr(problem, "errno", None) == errno.ELOOP:
            help_ = "make the link point to a .py file, or name that file"
            raise _refuse("L007", f"{shown} is a link that leads back to itself", at, help_) from None
        reason = getattr(problem, "strerror", None) or str(problem)
        raise _refuse("L007", f"{shown} cannot be read: {reason}", at, "check the path and its permissions") from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        help_ = "save the file as UTF-8"
        raise _refuse("L003", f"{shown} is not UTF-8 text (byte {problem.start})", at, help_) from None
    try:
        encoding = tokenize.detect_encoding(io.BytesIO(data).readline)[0]
    except SyntaxError:
        encoding = "unknown"
    if encoding not in {"utf-8", "utf-8-sig"}:
        help_ = "drop the line that names another encoding, and save the file as UTF-8"
        raise _refuse("L003", f"{shown} says it is not UTF-8 text", at, help_)
    if "\0" in text:
        raise _refuse("L003", f"{shown} has a NUL byte", at, "this is not a text file; name a .py file")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _syntax_span(shown: str, problem: SyntaxError) -> Span:
    line, column = problem.lineno or 1, max((problem.offset or 1) - 1, 0)
    end = problem.end_offset - 1 if problem.end_lineno == line and problem.end_offset else column + 1
    return Span(shown, line, column, line, max(end, column + 1))


def _refuse(code: str, message: str, span: Span, help_: str) -> InputError:
    return InputError([Diagnostic(code, message, span, help_)])


def _too_deep(span: Span) -> InputError:
    return _refuse(
        "L006",
        "nested too deeply",
        span,
        f"name parts of it: at most {MAX_DEPTH} levels are read, and chains (`a + b + c`, `elif`) of {MAX_LINKS} links",
    )


def _deepest(tree: ast.Module) -> tuple[ast.AST | None, int]:
    """The first node beyond what is read, found without recursion, and the most links on the way to any other."""
    stack: list[tuple[ast.AST, int, int]] = [(tree, 0, 0)]
    most = 0
    while stack:
        node, depth, links = stack.pop()
        if depth > MAX_DEPTH or links > MAX_LINKS:
            return (node if hasattr(node, "lineno") else tree), most
        most = max(most, links)
        next_link = _next_link(node)
        for child in ast.iter_child_nodes(node):
            flat = child is next_link
            stack.append((child, depth + (not flat), links + flat))
    return None, most


def _next_link(node: ast.AST) -> ast.AST | None:
    """The child that goes on with a chain: `a + b` in `a + b + c`, an `elif`, a second `else` of `x if a else y if b else z`."""
    match node:
        case (
            ast.BinOp(left=ast.BinOp() as link)
            | ast.IfExp(orelse=ast.IfExp() as link)
            | ast.If(orelse=[ast.If() as link])
        ):
            return link
    return None


def _allow(links: int) -> None:
    """Let every walk recurse along chains of so many links; what is not a chain is far below Python's own limit."""
    allow_recursion(1000 + _FRAMES * links)


def allow_recursion(calls: int) -> None:
    """Let Python make so many calls within one another, if it may not make more already."""
    sys.setrecursionlimit(max(sys.getrecursionlimit(), calls))
