"""Headers of components that nobody would write: they are taken or refused, and end no process of ours."""

from __future__ import annotations

import struct

import wasmtime
from hypothesis import given
from hypothesis import strategies as st

from edge import errors
from edge.dev import compiler

MAGIC = b"\0asm\r\0\1\0"

parts = st.sampled_from(["a", "b-c", "wasi", "zeroclaw", "A", "a1", "x" * 300]) | st.from_regex(
    "[a-z]{1,6}", fullmatch=True
)
marks = st.sampled_from(
    [":", "/", "@", "#", ".", "-", "", "[method]", "[static]", "[constructor]", "@0.1.0", "@1"]
)
names = st.lists(st.tuples(parts, marks), min_size=1, max_size=5).map(
    lambda pairs: "".join(part + mark for part, mark in pairs)
)
externs = st.sampled_from(
    [
        "(func)",
        '(func (param "a" string) (result u32))',
        "(instance)",
        '(instance (export "f" (func)))',
        '(instance (export "t" (type (sub resource))))',
        '(instance (export "a:b/c" (instance)))',
        "(component)",
        "(core module)",
        "(type (sub resource))",
    ]
)


def checked(wasm: bytes) -> None:
    """That it is a component, or refused as a file of somebody else's."""
    try:
        compiler.encode(wasm, "fuzzed")
    except errors.Refused as error:
        assert error.message.isprintable()


@given(
    st.lists(st.tuples(st.sampled_from(["import", "export-type"]), names, externs), min_size=1, max_size=4)
)
def fuzz_names(fields: list[tuple[str, str, str]]) -> None:
    """What is imported, at the top or by the type of a component, by any name."""
    text = "".join(
        f'(import "{name}" {extern})'
        if kind == "import"
        else f'(type (component (export "{name}" {extern})))'
        for kind, name, extern in fields
    )
    try:
        wasm = bytes(wasmtime.wat2wasm(f"(component {text})"))
    except wasmtime.WasmtimeError:
        return
    checked(wasm)


@given(st.lists(st.tuples(st.integers(0, 14), st.binary(max_size=40)), max_size=5))
def fuzz_sections(sections: list[tuple[int, bytes]]) -> None:
    """Sections of any kind with any bytes."""
    checked(MAGIC + b"".join(struct.pack("BB", kind, len(body)) + body for kind, body in sections))


@given(st.binary(max_size=24), st.booleans())
def fuzz_beginnings(junk: bytes, whole: bool) -> None:
    checked(MAGIC[: 8 if whole else 5] + junk)
