"""Values across the boundary: whatever bytes stand for them, they are taken, refused or end the call."""

from __future__ import annotations

import marshal
import struct
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from edge import Call, Limits, errors
from edge import _native as native
from edge._native import FORMAT
from tests.fuzz import plugins

LIMITS = Limits(fuel=100_000, crossing_bytes=64 << 10)
GETTERS = (
    *(
        "text",
        "text-utf16",
        "text-compact",
        "bytes",
        "integers",
        "texts",
        "floats",
        "flag",
        "letter",
        "letters",
    ),
    *("maybe", "outcome", "lists"),
)

# Pointers, lengths and discriminants that are nearly right, and some that are not.
words = st.one_of(
    st.integers(0, 64),
    st.integers(0, 16).map(lambda n: 8 * n),
    st.integers(65500, 65540),
    st.sampled_from([0xD800, 0x10FFFF, 0x110000, 2**31, 2**31 + 4, 2**32 - 1, 2**32 - 8]),
    st.integers(0, 2**32 - 1),
)
# A pointer and a length that fit, and whatever they lead to.
fitting = st.tuples(st.sampled_from([8, 16, 24]), st.integers(0, 3))
images = st.builds(
    lambda head, rest: struct.pack(f"<{len(head) + len(rest)}I", *head, *rest),
    fitting | st.tuples(words) | st.just(()),
    st.lists(words | st.integers(0, 3), max_size=40),
).filter(bool)


@given(st.sampled_from(GETTERS), images | st.binary(min_size=1, max_size=200))
def fuzz_from_the_guest(getter: str, image: bytes) -> None:
    with plugins.plugin("liar").instance(LIMITS) as instance:
        instance.call("put", image)
        try:
            value = instance.call(getter)
        except (errors.Trapped, errors.OverLimit):
            return
        # It is plain data, and what a host function could answer with.
        assert repr(marshal.loads(marshal.dumps(value, FORMAT))) == repr(value)


plain = st.recursive(
    st.one_of(
        *(st.none(), st.booleans(), st.integers(-(2**90), 2**90), st.floats(), st.binary(max_size=20)),
        st.text(max_size=20),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(st.text(max_size=8), inner, max_size=4),
    ),
    max_leaves=12,
)
fitting_params = st.integers(-1, 2**33) | st.binary(max_size=100)
encoded = (plain | fitting_params).map(lambda value: marshal.dumps((value,), FORMAT)) | st.binary(max_size=64)
damage: st.SearchStrategy[list[tuple[int, int]]] = st.just([]) | st.lists(
    st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=3
)


@st.composite
def crossings(draw: st.DrawFn) -> bytes:
    """Bytes that are, or once were, the encoding of plain data."""
    found = bytearray(draw(encoded))
    for place, byte in draw(damage):
        if found:
            found[place % len(found)] = byte
    return bytes(found)


@given(crossings(), st.sampled_from(["answer", "ask", "put"]))
def fuzz_to_the_guest(params: bytes, function: str) -> None:
    name = "liar" if function == "put" else "asker"
    with plugins.plugin(name).instance(LIMITS) as instance:
        native.start_call(instance.handle, function.encode(), params)
        check(Call(instance, name, function), (errors.ValueMismatch, errors.OverLimit))


@given(crossings())
def fuzz_answers_of_the_host(answer: bytes) -> None:
    with plugins.plugin("asker").instance(LIMITS) as instance:
        instance.start("ask", 1)
        assert native.step_call(instance.handle, instance.out) == native.STEP_HOST
        native.answer_call(instance.handle, answer)
        check(Call(instance, "asker", "ask"), (errors.ValueMismatch,))


def check(call: Call, refusals: tuple[type[Exception], ...]) -> None:
    """That a call comes to its end, or is refused for its values."""
    try:
        results = call.run()
    except refusals:
        return
    for value in results:
        assert isinstance(value, int)


texts = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.binary(max_size=2000), st.binary(max_size=200))
def fuzz_arguments(document: bytes, config: bytes) -> None:
    merged(document, config)


@given(
    st.recursive(
        st.none() | st.integers() | texts, lambda inner: st.lists(inner) | st.dictionaries(texts, inner)
    )
)
def fuzz_argument_documents(document: Any) -> None:
    import json

    text = json.dumps(document).encode()
    found = merged(text, b'{"a": 1}')
    assert (found is not None) == isinstance(document, dict)
    if found is not None:
        assert json.loads(found) == {**document, "__config": {"a": 1}}


@given(st.integers(0, 5000), st.sampled_from([b"[", b'{"a":', b'{"__config":[']))
def fuzz_deep_arguments(depth: int, opening: bytes) -> None:
    merged(b'{"a":' + opening * depth, b"")
    merged(b'{"a":' + b"[" * depth + b"]" * depth + b"}", b"")


def merged(document: bytes, config: bytes) -> bytes | None:
    """Arguments with a configuration, or nothing where they are refused."""
    try:
        return native.merge_arguments(document, config)
    except errors.ArgumentsError as error:
        assert error.message.isprintable()
        return None
