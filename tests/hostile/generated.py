"""Hostile plugins whose text is too long to keep: one function each, with the attack and what must happen."""

from __future__ import annotations

from typing import Callable

LIFT = '(func (export "run") (canon lift (core func $i "run")))'
EMPTY = '(core module $m (func (export "run"))) (core instance $i (instantiate $m))'


def many_imports() -> str:
    """Imports ten thousand functions that nobody has. Must be refused before it is compiled."""
    functions = "".join(f'(export "function{n}" (func))' for n in range(10_000))
    return f'(component (import "no:where/everything@1.0.0" (instance {functions})) {EMPTY} {LIFT})'


def many_cases() -> str:
    """Passes lists of variants of ten thousand cases, each of which is looked for. Must be refused."""
    return _passing_variants(10_000)


def variants() -> str:
    """Passes lists of variants of as many cases as there may be. Must run out of time."""
    return _passing_variants(256)


def _passing_variants(cases: int) -> str:
    names = " ".join(f'(case "c{n}" u8)' for n in range(cases))
    return f"""
(component
  (import "edge:hostile/host@0.1.0" (instance $host
    (type $cases (variant {names}))
    (export "cases" (type $named (eq $cases)))
    (export "take" (func (param "value" (list $named))))))
  (core module $memory (memory (export "memory") 1))
  (core instance $memory (instantiate $memory))
  (core func $take (canon lower (func $host "take") (memory (core memory $memory "memory"))))
  (core module $m
    (import "host" "take" (func $take (param i32 i32)))
    (import "memory" "memory" (memory 1))
    (func (export "run")
      (memory.fill (i32.const 0) (i32.const 255) (i32.const 16000))
      (loop $again (call $take (i32.const 0) (i32.const 2000)) (br $again))))
  (core instance $i (instantiate $m
    (with "host" (instance (export "take" (func $take)))) (with "memory" (instance $memory))))
  {LIFT})"""


def long_import() -> str:
    """Imports a name of 1 MB. Must be refused in a message of readable length."""
    name = "x" * (1 << 20)
    return f'(component (import "no:where/{name}@1.0.0" (instance (export "f" (func)))) {EMPTY} {LIFT})'


def long_export() -> str:
    """Exports a function whose name has 90 kB, which the description must carry. Must answer all the same."""
    name = "x" * 90_000
    return f'(component {EMPTY} {LIFT} (func (export "{name}") (canon lift (core func $i "run"))))'


def many_memories() -> str:
    """Has a hundred small memories. Must go over the number of memories that a component may have."""
    return f"(component {_modules(100, '(memory 1)')} {EMPTY} {LIFT})"


def memories_in_sum() -> str:
    """Has ten memories, each within the memory limit, not so their sum. Must go over the memory limit."""
    return f"(component {_modules(10, '(memory 16)')} {EMPTY} {LIFT})"


def many_tables() -> str:
    """Has a thousand tables. Must go over the number of tables that a component may have."""
    return f"(component {_modules(40, '(table 10 funcref)' * 25)} {EMPTY} {LIFT})"


def many_globals() -> str:
    """Has sixty instances of fifty thousand globals, which no linear memory holds. Must go over a limit."""
    module = "(core module $part " + "(global (mut i64) (i64.const 0))" * 50_000 + ")"
    return f"(component {module} {'(core instance (instantiate $part))' * 60} {EMPTY} {LIFT})"


def many_instances() -> str:
    """Makes five hundred instances of one module. Must go over the number that a component may have."""
    instances = "(core instance (instantiate $m))" * 500
    return f"(component {EMPTY} {instances} {LIFT})"


def huge_frames() -> str:
    """Recurses with frames of a dozen pages each, past whatever page guards its end. Must trap."""
    names = range(6_000)
    keep = "".join(f"(local.set {n} (i64.load (i32.const {n})))" for n in names)
    use = "".join(f"(i64.store (i32.const {n}) (local.get {n}))" for n in names)
    body = f"(local {'i64 ' * len(names)}) {keep} (call $run) {use}"
    module = f'(core module $m (memory 1) (func $run (export "run") {body}))'
    return f"(component {module} (core instance $i (instantiate $m)) {LIFT})"


def deep_types() -> str:
    """Answers lists of lists, 5,000 deep, for which the host would need a stack. Must be refused."""
    return _nested_lists(5_000, "(i32.const 0)")


def deep_values() -> str:
    """Answers lists as deep as a component may nest them, each the only item of the next. Must answer."""
    return _nested_lists(90, "(i32.store (i32.const 4) (i32.const 1)) (i32.const 0)")


def _nested_lists(depth: int, answer: str) -> str:
    types = "(type $t0 u32)" + "".join(f"(type $t{n + 1} (list $t{n}))" for n in range(depth))
    run = f'(func (export "run") (result i32) {answer})'
    module = f'(core module $m (memory (export "memory") 1) {run}) (core instance $i (instantiate $m))'
    lift = '(canon lift (core func $i "run") (memory (core memory $i "memory")))'
    return f'(component {types} {module} (func (export "run") (result $t{depth}) {lift}))'


def _modules(count: int, contents: str) -> str:
    return f"(core module $part {contents})" + "(core instance (instantiate $part))" * count


GENERATED: dict[str, Callable[[], str | bytes]] = {
    make.__name__.replace("_", "-"): make
    for make in (
        *(many_imports, long_import, long_export, many_memories, memories_in_sum, many_tables, many_globals),
        *(many_instances, huge_frames, deep_types, deep_values, many_cases, variants),
    )
}
"""What makes a plugin, as text or assembled, by its name in expected.toml."""
