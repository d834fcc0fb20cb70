from __future__ import annotations

import enum
import marshal
import struct
from collections import OrderedDict
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge import errors
from edge.runtime import values

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(st.lists(plain).map(tuple))
def test_what_is_written_stays_within_the_subset_that_the_native_library_reads(
    value: tuple[Any, ...],
) -> None:
    decoded, rest = read(memoryview(values.encode(value)))
    assert decoded == value
    assert not rest


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        ((), "2800000000"),
        ((None, True, False), "28030000004e5446"),
        ((0, -1, 2**31 - 1), "2803000000690000000069ffffffff69ffffff7f"),
        ((2**31, -(2**40)), "28020000006c030000000000000002006cfdffffff000000000004"),
        ((1.5,), "280100000067000000000000f83f"),
        (("é", b"\0"), "28020000007502000000c3a9730100000000"),
        (([1],), "28010000005b010000006901000000"),
        (({"a": None},), "28010000007b7501000000614e30"),
    ],
)
def test_every_python_writes_the_same_bytes(value: tuple[Any, ...], encoded: str) -> None:
    assert values.encode(value).hex() == encoded
    assert marshal.loads(bytes.fromhex(encoded)) == value


def test_bytearrays_and_memoryviews_are_written_as_bytes() -> None:
    assert values.encode((bytearray(b"ab"), memoryview(b"ab"))) == values.encode((b"ab", b"ab"))


class Text(str):
    """What says something else of itself than it is."""

    __slots__ = ()

    def __str__(self) -> str:
        return "other"


class Color(enum.IntEnum):
    RED = 7


class Unit(str, enum.Enum):
    DEGREE = "degree"


class Point(NamedTuple):
    x: int
    y: Any


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Color.RED, 7),
        (Unit.DEGREE, "degree"),
        (Text("a"), "a"),
        (Point(1, [Color.RED]), (1, [7])),
        (OrderedDict(unit=Unit.DEGREE), {"unit": "degree"}),
        ([True, None, 1.5, b"b", bytearray(b"c"), Color.RED], [True, None, 1.5, b"b", b"c", 7]),
    ],
)
def test_subclasses_of_plain_types_cross_as_what_they_are_made_of(value: object, plain: object) -> None:
    assert marshal.loads(values.encode((value,))) == (plain,)


@pytest.mark.parametrize("value", [object(), print, [object()], Decimal(1)])
def test_what_is_no_plain_data_is_a_mismatch(value: object) -> None:
    with pytest.raises(errors.ValueMismatch, match="plain data"):
        values.encode((value,))


def test_a_list_that_holds_itself_is_a_mismatch() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(errors.ValueMismatch):
        values.encode((endless,))


def read(data: memoryview) -> tuple[Any, memoryview]:
    """The subset as native/src/values.rs describes it, in Python."""
    tag, rest = bytes(data[:1]), data[1:]
    if tag in b"NTF":
        return {b"N": None, b"T": True, b"F": False}[tag], rest
    if tag == b"i":
        return struct.unpack_from("<i", rest)[0], rest[4:]
    if tag == b"g":
        return struct.unpack_from("<d", rest)[0], rest[8:]
    if tag == b"{":
        return read_dict(rest)
    (count,) = struct.unpack_from("<i", rest)
    rest = rest[4:]
    if tag == b"l":
        digits = struct.unpack_from(f"<{abs(count)}H", rest)
        value = sum(digit << (15 * place) for place, digit in enumerate(digits))
        return (value if count > 0 else -value), rest[2 * abs(count) :]
    if tag in b"us":
        taken = bytes(rest[:count])
        return (taken.decode("utf-8", "surrogatepass") if tag == b"u" else taken), rest[count:]
    assert tag in b"[("
    items = []
    for _ in range(count):
        item, rest = read(rest)
        items.append(item)
    return (tuple(items) if tag == b"(" else items), rest


def read_dict(rest: memoryview) -> tuple[dict[Any, Any], memoryview]:
    found = {}
    while bytes(rest[:1]) != b"0":
        key, rest = read(rest)
        found[key], rest = read(rest)
    return found, rest[1:]
