"""Archives that are good but for some bytes."""

from __future__ import annotations

import struct

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge import errors
from tests.sources import making
from tests.sources.making import Member
from tests.sources.place import Place

PLUGIN = (
    making.folder("plugin"),
    Member("plugin/manifest.toml", b"name = 'x'\n"),
    Member("plugin/src/a b-é.rs", b"1" * 7000),
)
LONG = f"plugin/{'a' * 200}/{'é' * 100}"
VALID = [
    *making.every_kind(*PLUGIN, Member(LONG, b"x" * 3000)).values(),
    making.tar(*(Member(f"plugin/{naming}", b"x", naming=naming) for naming in making.NAMINGS)),
    making.zipped(*(member._replace(method=0) for member in PLUGIN)),
]
NUMBERS = [0, 1, 0x7F, 0xFF, 0xFFFF, 1 << 31, (1 << 32) - 1]


@st.composite
def changed(draw: st.DrawFn) -> bytes:
    """An archive with bytes changed, cut out or put in; a tar's heads may fit their checksums again."""
    inside = draw(st.booleans())
    data = bytearray(draw(st.sampled_from(VALID[:1] + VALID[-2:-1] if inside else VALID)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(len(data) - 1, 0)))
        new = draw(
            st.one_of(st.binary(max_size=8), st.sampled_from(NUMBERS).map(lambda n: struct.pack("<L", n)))
        )
        data[at : at + draw(st.integers(0, 8) if not inside else st.just(len(new)))] = new
    if not inside:
        return bytes(data)
    for at in range(0, len(data) - 511, 512):
        block = bytes(data[at : at + 512])
        if block[257:262] == b"ustar":
            summed = sum(block[:148]) + sum(block[156:]) + 8 * ord(" ")
            data[at + 148 : at + 156] = b"%06o\0 " % summed
    return draw(st.sampled_from(list(making.COMPRESSORS.values())))(bytes(data))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(data=changed())
def test_whatever_is_changed_only_our_errors_come_out(data: bytes, place: Place) -> None:
    try:
        place.unpack(data)
    except errors.EdgeError as error:
        assert error.exit_code == 3
        assert error.message.isprintable()
