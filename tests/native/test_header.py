"""edge.h says what the Rust behind it is: the numbers, the structs and the functions, in both directions."""

from __future__ import annotations

import re

import pytest

from edge import _native as native
from edge._native import making
from tests.native import rust

HEADER = (rust.SOURCE.parent / "edge.h").read_text()
PLAIN = re.sub(r"/\*.*?\*/", "", HEADER, flags=re.DOTALL)
MODULES = rust.modules()
ABI = "\n".join(text for name, text in MODULES.items() if name[:1] == ("abi",))

ELSEWHERE = {
    "OK": (("status",), "OK"),
    "SEAL_BYTES": (("seal",), "SEAL_BYTES"),
    "COUNTED_PLUGINS": (("counters", "table"), "PLUGINS"),
    "COUNTED_HOLDERS": (("counters", "table"), "HOLDERS"),
    "COUNTED_NAME": (("counters", "table"), "NAME_BYTES"),
}
"""Constants that belong to another module than those of the ABI."""

NUMBERS = {
    "uint8_t": "u8",
    "int32_t": "i32",
    "uint32_t": "u32",
    "uint64_t": "u64",
    "size_t": "usize",
    "void": "",
}

NAMES = {"edge_instance": "Handle", "edge_step": "StepOut"}
"""Types that Rust does not call as C does: in Rust an instance and a step are what is behind them."""

DECLARED = re.compile(r"((?:const )?\w+)( ?\**)\s*(\w+)")


def in_rust(base: str, stars: str) -> str:
    """A type of C as Rust writes it."""
    name = base.removeprefix("const ")
    name = NUMBERS[name] if name in NUMBERS else rust_name(name)
    pointers = stars.strip()
    if not pointers:
        return name
    return f"*{'const' if base.startswith('const ') else 'mut'} " + "*mut " * (len(pointers) - 1) + name


def rust_name(name: str) -> str:
    return NAMES.get(name) or "".join(word.title() for word in name.split("_")[1:])


def declared(text: str) -> tuple[tuple[str, str], ...]:
    """Name and type, as Rust has them, of what is declared with commas or semicolons in between."""
    parts = [part.strip() for part in re.split("[,;]", text) if part.strip() not in ("", "void")]
    found = []
    for part in parts:
        match = DECLARED.fullmatch(part)
        assert match is not None, part
        base, stars, name = match.groups()
        found.append((name, in_rust(base, stars)))
    return tuple(found)


FUNCTIONS = {
    name: rust.Function(declared(params), in_rust(result, ""))
    for result, name, params in re.findall(r"^(\w+) (edge_\w+)\(([^)]*)\);", PLAIN, re.MULTILINE)
}
STRUCTS = {
    rust_name(name): list(declared(fields))
    for fields, name in re.findall(r"typedef struct \{([^}]*)\} (\w+);", PLAIN)
}
EXPORTED = rust.functions(ABI)


def test_numbers_are_those_of_rust() -> None:
    held = {
        name: number
        for name, number in rust.constants(ABI).items()
        if name.startswith(("STEP_", "COUNT_", "ABI_"))
    }
    for name, (module, own) in ELSEWHERE.items():
        held[name] = rust.constants(MODULES[module])[own]
    for variant, number in rust.variants(MODULES[("status",)]).items():
        held[re.sub(r"(?<!^)([A-Z])", r"_\1", variant).upper()] = number
    told = {name: int(number, 0) for name, number in re.findall(r"#define EDGE_(\w+) (\w+)", PLAIN)}
    assert told == held


def test_every_function_is_on_both_sides() -> None:
    assert sorted(FUNCTIONS) == sorted(EXPORTED)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_takes_what_the_header_says(name: str) -> None:
    assert FUNCTIONS[name] == EXPORTED[name]


def test_structs_have_the_same_fields_in_the_same_order() -> None:
    held = {}
    for text in MODULES.values():
        held.update(rust.structs(text))
    assert held == STRUCTS


def listed(function: str) -> set[str]:
    """The names that the header lists: `a dict of NAME (what of it), NAME and NAME.`"""
    before = HEADER[: HEADER.index(f" {function}(")]
    comment = " ".join(before[before.rindex("/*") :].replace("\n *", " ").split())
    match = re.search(r"a dict of ([^.]+)\.", re.sub(r"\([^)]*\)", "", comment))
    assert match is not None, comment
    return set(re.findall(r"\w+", match.group(1))) - {"and"}


def test_what_the_library_says_of_itself_is_listed() -> None:
    assert listed("edge_about") == set(native.about())


def test_what_is_said_of_a_component_is_listed() -> None:
    empty = b"\0asm\x0d\0\1\0"
    assert listed("edge_component_encode") == set(making.encode_component(empty, ""))
