"""Values of every type of the contract, to the guest and back, and by way of the host."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge import Instance, Interface, Limits, Runtime, errors

ECHO = "edge:types/echo@0.1.0"
RELAY = "edge:types/relay@0.1.0"

text = st.text(st.characters(exclude_categories=["Cs"]))
points = st.fixed_dictionaries(
    {
        "x": st.integers(-(2**31), 2**31 - 1),
        "label": text,
        "weight": st.none() | st.floats(allow_nan=False),
    }
)
colours = st.sampled_from(["red", "green", "blue"])
attachments = st.fixed_dictionaries({"file-name": text, "data": st.binary(), "mime-type": st.none() | text})
flags = {
    "flags": ["read", "write", "run"],
    "many-flags": [
        *("health-check", "self-handle", "self-addressed-mention", "drop-self-message", "start-typing"),
        *("stop-typing", "supports-draft-updates", "supports-multi-message-streaming"),
        *("multi-message-delay-ms", "send-draft", "update-draft", "update-draft-progress", "finalize-draft"),
        *("cancel-draft", "add-reaction", "remove-reaction", "pin-message", "unpin-message"),
        *("redact-message", "request-approval", "request-choice", "supports-free-form-ask"),
    ],
}


def optional(*names: str) -> dict[str, st.SearchStrategy[Any]]:
    return {name: st.none() | text for name in names}


def some_of(names: list[str]) -> st.SearchStrategy[list[str]]:
    return st.sets(st.sampled_from(names)).map(lambda chosen: [name for name in names if name in chosen])


TYPES: dict[str, st.SearchStrategy[Any]] = {
    "bool": st.booleans(),
    "u8": st.integers(0, 2**8 - 1),
    "u16": st.integers(0, 2**16 - 1),
    "u32": st.integers(0, 2**32 - 1),
    "u64": st.integers(0, 2**64 - 1),
    "s8": st.integers(-(2**7), 2**7 - 1),
    "s16": st.integers(-(2**15), 2**15 - 1),
    "s32": st.integers(-(2**31), 2**31 - 1),
    "s64": st.integers(-(2**63), 2**63 - 1),
    "f32": st.floats(width=32, allow_nan=False),
    "f64": st.floats(allow_nan=False),
    "char": st.characters(exclude_categories=["Cs"]),
    "string": text,
    "bytes": st.binary(),
    "strings": st.lists(text),
    "points": st.lists(points),
    "option": st.none() | st.integers(0, 2**32 - 1),
    "nested-option": st.none() | st.tuples(st.just("some"), st.none() | text),
    "result": st.tuples(st.just("ok"), st.none()) | st.tuples(st.just("err"), text),
    "result-option": st.tuples(st.just("ok"), st.none() | text) | st.tuples(st.just("err"), text),
    "bare-result": st.sampled_from([("ok", None), ("err", None)]),
    "tuple": st.tuples(st.integers(0, 255), text, st.floats(allow_nan=False)),
    "record": points,
    "enum": colours,
    "variant": st.just(("empty", None))
    | st.tuples(st.just("circle"), st.floats(allow_nan=False))
    | st.tuples(st.just("labelled"), st.tuples(text, colours))
    | st.tuples(st.just("polygon"), st.lists(points)),
    "flags": some_of(flags["flags"]),
    "many-flags": some_of(flags["many-flags"]),
    "send-message": st.fixed_dictionaries(
        {
            "content": text,
            "recipient": text,
            "attachments": st.lists(attachments, max_size=3),
            **optional("subject", "thread-ts", "in-reply-to"),
        }
    ),
    "inbound-message": st.fixed_dictionaries(
        {
            **dict.fromkeys(("id", "sender", "reply-target", "content", "channel"), text),
            "timestamp": st.integers(0, 2**64 - 1),
            "attachments": st.lists(attachments, max_size=3),
            **optional("channel-alias", "thread-ts", "interruption-scope-id", "subject"),
        }
    ),
}


def echo(_: object, value: Any) -> tuple[Any]:
    return (value,)


HOST = Interface(ECHO, {"nothing": lambda _: (), **{f"echo-{name}": echo for name in TYPES}})


@pytest.fixture(scope="module")
def guest(artifact: Callable[[str], Path]) -> Iterator[Instance]:
    plugin = Runtime().load(str(artifact("types")), interfaces=[HOST])
    with plugin.instance(Limits(host_calls=2**20)) as instance:
        yield instance


@pytest.mark.parametrize("name", TYPES)
@pytest.mark.parametrize("way", [f"{ECHO}#echo-", f"{RELAY}#relay-"], ids=["there", "through the host"])
def test_a_value_comes_back_as_it_went(guest: Instance, way: str, name: str) -> None:
    @given(TYPES[name])
    def check(value: Any) -> None:
        assert guest.call(f"{way}{name}", value) == value

    check()


def test_a_function_without_results_answers_none(guest: Instance) -> None:
    assert guest.call(f"{ECHO}#nothing") is None
    assert guest.call(f"{RELAY}#nothing") is None


def test_a_function_of_the_world_is_called_by_its_bare_name(guest: Instance) -> None:
    assert guest.call("join", ["a", "b"], "-") == "a-b"


def test_what_stands_for_another_type_is_taken(guest: Instance) -> None:
    assert guest.call(f"{ECHO}#echo-bytes", bytearray(b"ab")) == b"ab"
    assert guest.call(f"{ECHO}#echo-strings", ("a", "b")) == ["a", "b"]
    assert guest.call(f"{ECHO}#echo-f64", 2) == 2.0
    assert guest.call(f"{ECHO}#echo-record", {"label": "a", "x": 1}) == {"x": 1, "label": "a", "weight": None}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("u8", 256),
        ("u8", -1),
        ("u64", 2**64),
        ("s8", 128),
        ("bool", 1),
        ("u32", 1.0),
        ("string", b"a"),
        ("string", "\ud800"),
        ("bytes", "a"),
        ("char", "ab"),
        ("enum", "mauve"),
        ("flags", ["read", "fly"]),
        ("record", {"x": 1}),
        ("record", {"x": 1, "label": "a", "colour": "red"}),
        ("variant", ("circle", None)),
        ("variant", "empty"),
        ("tuple", (1, "a")),
        ("nested-option", "a"),
        ("result", ("ok", 1)),
        ("strings", None),
    ],
)
def test_a_value_of_another_type_is_a_mismatch_and_the_instance_lives(
    guest: Instance, name: str, value: object
) -> None:
    with pytest.raises(errors.ValueMismatch, match="value 1"):
        guest.call(f"{ECHO}#echo-{name}", value)
    assert guest.call(f"{ECHO}#echo-u8", 7) == 7


def test_too_many_or_too_few_values_are_a_mismatch(guest: Instance) -> None:
    for values in ((), (1, 2)):
        with pytest.raises(errors.ValueMismatch):
            guest.call(f"{ECHO}#echo-u8", *values)


def test_a_host_function_is_asked_as_often_as_the_guest_asks(guest: Instance) -> None:
    assert guest.call(f"{RELAY}#repeat", 1000) == sum(range(1000))
    assert guest.stats.host_calls == 1000
