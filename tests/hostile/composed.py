"""Hostile plugins made of components that pass values to each other, or that multiply."""

from __future__ import annotations

from itertools import product
from typing import Callable

import wasmtime

from tests.hostile.generated import EMPTY, LIFT

ENCODINGS = {"utf8": 1, "utf16": 2, "latin1+utf16": 1}
"""Of strings, with the bytes of a code unit at least."""

STRING_BYTES = 1 << 20
"""What one call passes on: eight such strings are in the memory limit of these attacks."""

LISTS = {
    "u8": 1,
    "u64": 8,
    "char": 4,
    "string": 8,
    "option-u8": 2,
    "list-u8": 8,
    "tuple-u8-u64": 16,
}
"""Types of items, with their size in memory."""

COMPONENT = b"\0asm\x0d\0\1\0"
COMPONENT_SECTION = b"\4"


def passing(ty: str, count: int, *, sent: str = "utf8", taken: str = "utf8", byte: int = 0) -> str:
    """One component passes a value to another, again and again: what is at 0, of that many units."""
    return f"""
(component
  (component $taker
    (core module $m (memory (export "memory") 96)
      (func (export "take") (param i32 i32))
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0)))
    (core instance $i (instantiate $m))
    (func (export "take") (param "value" {ty}) (canon lift (core func $i "take")
      (memory (core memory $i "memory")) (realloc (core func $i "realloc")) string-encoding={taken})))
  (component $giver
    (import "take" (func $take (param "value" {ty})))
    (core module $memory (memory (export "memory") 33))
    (core instance $memory (instantiate $memory))
    (core func $take (canon lower (func $take)
      (memory (core memory $memory "memory")) string-encoding={sent}))
    (core module $m
      (import "taker" "take" (func $take (param i32 i32)))
      (import "memory" "memory" (memory 33))
      (func (export "run")
        (memory.fill (i32.const 0) (i32.const {byte}) (i32.const {2 * STRING_BYTES}))
        (loop $again (call $take (i32.const 0) (i32.const {count})) (br $again))))
    (core instance $i (instantiate $m
      (with "taker" (instance (export "take" (func $take)))) (with "memory" (instance $memory))))
    {LIFT})
  (instance $taker (instantiate $taker))
  (instance $giver (instantiate $giver (with "take" (func $taker "take"))))
  (export "run" (func $giver "run")))"""


def _string(sent: str, taken: str) -> Callable[[], str]:
    # Two spaces as UTF-8 are one dagger as UTF-16, which Latin-1 lacks and which takes three bytes of UTF-8.
    return lambda: passing("string", STRING_BYTES // ENCODINGS[sent], sent=sent, taken=taken, byte=0x20)


def _list(item: str, size: int) -> Callable[[], str]:
    ty = {"option-u8": "(option u8)", "list-u8": "(list u8)", "tuple-u8-u64": "(tuple u8 u64)"}.get(
        item, item
    )
    return lambda: passing(f"(list {ty})", STRING_BYTES // size)


def nested_instances(times: int) -> str:
    """Instances in instances in instances, each level so many times: a million from two kilobytes."""
    inner = "(component)"
    for _ in range(3):
        nested = inner.replace("(component", "(component $inner", 1)
        inner = f"(component {nested} {'(instance (instantiate $inner))' * times})"
    return inner[:-1] + f"{EMPTY} {LIFT})"


def nested_components(depth: int) -> bytes:
    """Components in one another, as deep as that."""
    nested = COMPONENT
    for _ in range(depth):
        nested = COMPONENT + COMPONENT_SECTION + _leb128(len(nested)) + nested
    shell = bytes(wasmtime.wat2wasm(f"(component {EMPTY} {LIFT})"))
    return shell + COMPONENT_SECTION + _leb128(len(nested)) + nested


def many_references() -> str:
    """Sixty instances of a module whose forty thousand functions others can refer to."""
    functions = "".join(f"(func $f{n})" for n in range(40_000))
    listed = " ".join(f"$f{n}" for n in range(40_000))
    module = f"(core module $part {functions} (elem declare func {listed}))"
    return f"(component {module} {'(core instance (instantiate $part))' * 60} {EMPTY} {LIFT})"


def many_crossings() -> str:
    """Lowers a function eleven thousand times, in a hundred instances of one component."""
    lowers = "(core func (canon lower (func $f)))" * 110
    inner = f'(component $c (import "f" (func $f)) {lowers})'
    instances = '(instance (instantiate $c (with "f" (func $f))))' * 100
    return f'(component {EMPTY} (func $f (canon lift (core func $i "run"))) {inner} {instances} {LIFT})'


def foreign_component() -> str:
    """Instantiates a component that it is given: what that multiplies can't be counted."""
    inner = '(component $c (import "x" (component $x)) (instance (instantiate $x)))'
    given = '(component $x) (instance (instantiate $c (with "x" (component $x))))'
    return f"(component {EMPTY} {inner} {given} {LIFT})"


def lowered_realloc() -> str:
    """Allocates by a function of another component, where no size would be charged."""
    giver = """(component $giver
      (core module $m (func (export "f") (param i32 i32 i32 i32) (result i32) (i32.const 0)))
      (core instance $i (instantiate $m))
      (func (export "f") (param "a" u32) (param "b" u32) (param "c" u32) (param "d" u32) (result u32)
        (canon lift (core func $i "f"))))
    (instance $giver (instantiate $giver))"""
    taker = """(core module $m (memory (export "memory") 1) (func (export "run") (param i32 i32)))
    (core instance $i (instantiate $m))
    (core func $realloc (canon lower (func $giver "f")))
    (core instance $bundle (export "realloc" (func $realloc)))
    (func (export "run") (param "text" string) (canon lift (core func $i "run")
      (memory (core memory $i "memory")) (realloc (core func $bundle "realloc"))))"""
    return f"(component {giver} {taker})"


def passed_on_realloc() -> str:
    """As `passing`, but the allocator is one that a module without code of its own passes on."""
    return passing("string", STRING_BYTES, taken="utf16").replace(
        """(core instance $i (instantiate $m))
    (func (export "take")""",
        """(core instance $own (instantiate $m))
    (core module $shim (import "own" "realloc" (func (param i32 i32 i32 i32) (result i32)))
      (export "again" (func 0)))
    (core instance $shim (instantiate $shim (with "own" (instance $own))))
    (core instance $i (export "take" (func $own "take")) (export "memory" (memory $own "memory"))
      (export "realloc" (func $shim "again")))
    (func (export "take")""",
    )


def long_poll(count: int) -> str:
    """Polls a list of that many handles, all of one timer that is ready, again and again."""
    return f"""
(component
  (import "wasi:io/poll@0.2.6" (instance $poll
    (export "pollable" (type $pollable (sub resource)))
    (export "poll" (func (param "in" (list (borrow $pollable))) (result (list u32))))))
  (alias export $poll "pollable" (type $pollable))
  (import "wasi:clocks/monotonic-clock@0.2.6" (instance $clock
    (alias outer 1 $pollable (type $outer))
    (export "pollable" (type $p (eq $outer)))
    (export "subscribe-duration" (func (param "when" u64) (result (own $p))))))
  (core module $lib (memory (export "memory") 16)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 524288)))
  (core instance $lib (instantiate $lib))
  (core func $subscribe (canon lower (func $clock "subscribe-duration")))
  (core func $wait (canon lower (func $poll "poll") (memory (core memory $lib "memory"))
    (realloc (core func $lib "realloc"))))
  (core module $m
    (import "wasi" "subscribe" (func $subscribe (param i64) (result i32)))
    (import "wasi" "poll" (func $poll (param i32 i32 i32)))
    (import "lib" "memory" (memory 16))
    (func (export "run") (local $handle i32) (local $at i32)
      (local.set $handle (call $subscribe (i64.const 0)))
      (loop $fill
        (i32.store (local.get $at) (local.get $handle))
        (local.set $at (i32.add (local.get $at) (i32.const 4)))
        (br_if $fill (i32.lt_u (local.get $at) (i32.const {4 * count}))))
      (loop $again (call $poll (i32.const 0) (i32.const {count}) (i32.const 500000)) (br $again))))
  (core instance $i (instantiate $m (with "lib" (instance $lib)) (with "wasi" (instance
    (export "subscribe" (func $subscribe)) (export "poll" (func $wait))))))
  {LIFT})"""


def long_question() -> str:
    """Imports a function of WASI with a parameter it does not have, and passes a megabyte each time."""
    return f"""
(component
  (import "wasi:cli/environment@0.2.6" (instance $cli
    (export "get-arguments" (func (param "text" string) (result (list string))))))
  (core module $lib (memory (export "memory") 33)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0)))
  (core instance $lib (instantiate $lib))
  (core func $ask (canon lower (func $cli "get-arguments") (memory (core memory $lib "memory"))
    (realloc (core func $lib "realloc"))))
  (core module $m
    (import "wasi" "ask" (func $ask (param i32 i32 i32)))
    (func (export "run")
      (loop $again (call $ask (i32.const 16) (i32.const {STRING_BYTES}) (i32.const 0)) (br $again))))
  (core instance $i (instantiate $m (with "wasi" (instance (export "ask" (func $ask))))))
  {LIFT})"""


COMPOSED: dict[str, Callable[[], str | bytes]] = {
    **{f"pass-{sent}-as-{taken}": _string(sent, taken) for sent, taken in product(ENCODINGS, repeat=2)},
    **{f"pass-list-of-{item}": _list(item, size) for item, size in LISTS.items()},
    "pass-by-a-realloc-passed-on": passed_on_realloc,
    "poll-a-long-list": lambda: long_poll(60_000),
    "poll-a-list-for-ever": lambda: long_poll(1_000),
    "long-question": long_question,
    "nested-instances": lambda: nested_instances(100),
    "nested-components": lambda: nested_components(20_000),
    "deepest-components": lambda: nested_components(62),
    "many-references": many_references,
    "many-crossings": many_crossings,
    "foreign-component": foreign_component,
    "lowered-realloc": lowered_realloc,
}


def _leb128(number: int) -> bytes:
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + _leb128(rest) if rest else bytes([low])
