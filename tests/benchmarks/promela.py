"""Any check of a spec as a model for SPIN: its scalar form, an instance of an action an option.

    python tests/benchmarks/promela.py specs/poe/proofs.py "V1 four batches" > pan.pml
    spin -a pan.pml && gcc -O3 -march=native -w -DSAFETY -DNOREDUCE -DMEMLIM=16000 -o pan pan.c && ./pan -m1000000 -w24 -E

Rule of the module: what Interlock compiles is what SPIN is given, with nothing left to it but the search.
Guards and updates are C functions over SPIN's own state vector, which GCC optimises with the rest of the verifier;
a guard leaves at its first conjunct that is false, and shares what its instance's update computes with nobody.
Invariants are judged once a state, when it is expanded.  There is one initial state, and no step is an error.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from interlock.checker.frontend import load_spec
from interlock.checker.ir import scalar as sc
from interlock.checker.ir.nodes import PropertyKind
from interlock.checker.ir.scalar import Leaf, Node, Op, ScalarAction, ScalarSystem
from interlock.checker.passes.scalarize import scalarize
from interlock.checker.semantics.leaves import bindings
from tests.native.systems import initial_states

_C = {Op.EQ: "==", Op.LT: "<", Op.LE: "<=", Op.ADD: "+", Op.SUB: "-", Op.MUL: "*", Op.AND: "&", Op.OR: "|"}
_DIVISION = """
static inline long div_floor(long a, long b) { return b ? a / b - (a % b != 0 && (a ^ b) < 0) : 0; }
static inline long mod_floor(long a, long b) { return b ? a - b * div_floor(a, b) : 0; }
"""
_BYTE, _SHORT = 1 << 8, 1 << 15


def load(spec: Path, check: str) -> ScalarSystem:
    """The system of a check."""
    (found,) = (c for c in load_spec(spec).checks if c.name == check)
    actions = found.program.allowed(found.faults)
    return scalarize(found.program, actions, found.properties, found.terminal, found.helpers)


def promela(system: ScalarSystem) -> str:
    """The model."""
    (initial,) = initial_states(system)
    functions: list[str] = []
    options: list[str] = []
    for number, (guards, updates) in enumerate(_instances(system)):
        functions += [_test(f"may{number}", guards), _update(f"step{number}", updates)]
        options.append(f"  :: d_step {{ c_expr {{ MAY{number} }} -> c_code {{ step{number}(); }} }}")
    invariants = [p.value for p in system.properties if p.kind is PropertyKind.ALWAYS]
    functions.append(_test("fine", invariants))
    declared = [
        f"{_kind(leaf)} s{i} = {value};" for i, (leaf, value) in enumerate(zip(system.leaves, initial, strict=True))
    ]
    return "\n".join([
        *declared, *(f"c_code {{ {text} }}" for text in (_DIVISION, *functions)), "active proctype steps() {", "  do",
        "  :: c_expr { !FINE } -> assert(false)", *options, "  od", "}", "",
    ])  # fmt: skip


def _kind(leaf: Leaf) -> str:
    if leaf.boolean:
        return "bool"
    return "byte" if leaf.lo >= 0 and leaf.hi < _BYTE else "short" if -_SHORT <= leaf.lo <= leaf.hi < _SHORT else "int"


def _instances(system: ScalarSystem) -> Iterator[tuple[list[Node], dict[int, Node]]]:
    """What each instance asks for and does, but for those that are never enabled."""
    for action in system.actions:
        for mapping in bindings(system, action, [*action.guards, *action.updates.values()]):
            guards, new = _substituted(action, mapping)
            if sc.FALSE not in guards:
                yield guards, {i: n for i, n in new.items() if not (n.op is Op.VAR and sc.var_of(n) == ("s", i))}


def _substituted(action: ScalarAction, mapping: Mapping[Node, Node]) -> tuple[list[Node], dict[int, Node]]:
    memo: dict[int, Node] = {}
    guards = [c for g in sc.substitute(action.guards, mapping, memo) for c in (g.src if g.op is Op.AND else (g,))]
    new = dict(zip(action.updates, sc.substitute(action.updates.values(), mapping, memo), strict=True))
    return [g for g in dict.fromkeys(guards) if g is not sc.TRUE], new


def _test(name: str, conjuncts: Sequence[Node]) -> str:
    """A function, and a macro that calls it: SPIN suspects a call in an expression of effects."""
    known: dict[int, str] = {}
    lines: list[str] = []
    for c in conjuncts:
        _compute([c], known, lines)
        lines.append(f"if (!{known[c.id]}) return 0;")
    return f"static int {name}(void) {{ {' '.join(lines)} return 1; }}\n\\#define {name.upper()} {name}()\n"


def _update(name: str, updates: Mapping[int, Node]) -> str:
    known: dict[int, str] = {}
    lines: list[str] = []
    _compute(updates.values(), known, lines)
    lines += [f"now.s{i} = {known[n.id]};" for i, n in updates.items()]
    return f"static void {name}(void) {{ {' '.join(lines)} }}"


def _compute(roots: Iterable[Node], known: dict[int, str], lines: list[str]) -> None:
    for n in sc.topological(roots):
        if n.id not in known:
            text = _expression(n, [known[c.id] for c in n.src])
            if n.op is Op.CONST:
                known[n.id] = text
            else:
                known[n.id] = f"v{n.id}"
                lines.append(f"long v{n.id} = {text};")


def _expression(n: Node, x: Sequence[str]) -> str:
    match n.op:
        case Op.CONST:
            return str(int(n.arg))  # type: ignore[call-overload]
        case Op.VAR:
            return f"now.s{sc.var_of(n)[1]}"
        case Op.NOT:
            return f"!{x[0]}"
        case Op.ITE:
            return f"{x[0]} ? {x[1]} : {x[2]}"
        case Op.DIV | Op.MOD:
            return f"{n.op.value}_floor({x[0]}, {x[1]})"
        case _:
            return f" {_C[n.op]} ".join(x)


if __name__ == "__main__":
    print(promela(load(Path(sys.argv[1]), sys.argv[2])))
