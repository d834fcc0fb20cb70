"""Names in archives that must not be taken: each kind, at each place of a path, in each encoding."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge import errors
from tests.sources import making
from tests.sources.making import Member
from tests.sources.place import Place

MANIFEST = Member("plugin/manifest.toml", b"name = 'x'\n")

TEXTS = (
    "..",
    ".",
    "",
    "...",
    "a.",
    "a ",
    " ",
    "C:",
    "c:x",
    "a:b",
    "..\\..",
    "a\\b",
    "a\0b",
    "..\0",
    "a\nb",
    "a\tb",
    "\x1b[2J",
    "\x7f",
    "\x85",
    "%2e%2e",
    "%2E%2e",
    "..%2f",
    "%2F",
    "%5C",
    "%5c..",
    "%252e%252e",
    "%u002e",
    "%00",
    "\u2025",
    "\uff0e\uff0e",
    "a\uff0f..\uff0fb",
    "\uff3cb",
    "C\uff1a",
    "a\u202eb",
    "a\u200bb",
    "a\u2028b",
    "x" * 256,
    "é" * 128,
)
BYTES = (
    b"\xc0\xae\xc0\xae",  # overlong dots and slashes
    b"..\xc0\xaf..",
    b"\xe0\x80\xaf",
    b"\xf0\x80\x80\xaf",
    b"\xff",
    b"a\x80",
    b"\xc3",  # cut off
    b"\xed\xa0\x80",  # a surrogate
    b"\xf5\x80\x80\x80",  # beyond Unicode
)
PLACES = (b"%s", b"%s/x", b"plugin/%s/x", b"plugin/%s", b"plugin/a/%s/b/c")
WHOLE = (
    b"/etc/edge-attack",
    b"//host/share/x",
    b"\\\\host\\share\\x",
    b"C:\\x",
    b"C:/x",
    b"../around/neighbour",
    b"../../above/x",
    b"plugin/../../neighbour",
    b"plugin/" + b"../" * 40 + b"tmp/edge-attack",
    b"/".join([b"a"] * 17),
    b"a" * 5000,
    b"other/",
    b"./",
    b"./.",
    b"./..",
    b"./../x",
    b"././../../x",
    b".//x",
    b".//etc/edge-attack",
    b"./plugin/./x",
    b"./plugin/../../x",
    b"./C:/x",
    b"./%2e%2e/x",
    b"./.../x",
    "\u2024/x".encode(),
    "./\u2024/x".encode(),
    b"./" + b"/".join([b"a"] * 17),
)
HARMLESS = (b"", b"./x")
NAMES = sorted(
    {place % making.encoded(bad) for bad in (*TEXTS, *BYTES) for place in PLACES} - set(HARMLESS) | set(WHOLE)
)


def attacks(name: bytes) -> list[bytes]:
    """The archives in which a member has that name, in one of the ways there are for it."""
    # A tar's head ends a name at its first NUL, for every reader.
    namings = ("pax", "global") if b"\0" in name else making.NAMINGS
    made = [making.tar(MANIFEST, Member(name, b"x", naming=naming)) for naming in namings]
    if len(name) < 1 << 16:
        made += [making.zipped(MANIFEST, Member(name, b"x", flags=flags)) for flags in (0x800, 0)]
    return made


def test_there_are_enough() -> None:
    assert len(NAMES) > 200


@pytest.mark.parametrize("name", NAMES)
def test_name(name: bytes, place: Place) -> None:
    for archive in attacks(name):
        # zipfile itself finds that a name is not UTF-8.
        with pytest.raises((errors.BadPackage, errors.Damaged)) as refused:
            place.unpack(archive)
        assert refused.value.message.isprintable()
        assert ", member " in refused.value.message or "'utf-8' codec" in refused.value.message
    assert not Path("/etc/edge-attack").exists()
    assert not Path("/tmp/edge-attack").exists()


def test_the_member_is_named(place: Place) -> None:
    with pytest.raises(
        errors.BadPackage, match=r"^sent, member '\.\./\.\./x': its name has the part '\.\.'\. "
    ) as it:
        place.unpack(making.tar(Member("../../x")))
    assert it.value.remedy


PAIRS = (
    ("plugin/A", "plugin/a"),
    ("plugin/é", "plugin/e\u0301"),
    ("plugin/É", "plugin/e\u0301"),
    ("plugin/\ufb01", "plugin/fi"),
    ("plugin/ß", "plugin/SS"),
    ("plugin/\u212a", "plugin/k"),
    ("plugin/a/x", "plugin/A/y"),
    ("Plugin/x", "plugin/y"),
    ("plugin/x", "plugin/x"),
    ("plugin/x/y", "plugin/x/y"),
    ("plugin/x", "plugin/x/y"),
    ("plugin/x/y", "plugin/x"),
    ("plugin/x", "plugin/X/y"),
    ("plugin/MANIFEST.toml", "plugin/manifest.toml"),
    ("plugin/x", "./plugin/x"),
    ("./plugin/x", "././plugin/x"),
    ("./plugin/x", "plugin/X"),
    ("./plugin/x/y", "plugin/x"),
)


@pytest.mark.parametrize("pair", PAIRS)
def test_names_that_do_not_go_together(pair: tuple[str, str], place: Place) -> None:
    members = [Member(name, b"x") for name in pair]
    for archive in (making.tar(*members), making.zipped(*members)):
        with pytest.raises(errors.BadPackage, match=", member "):
            place.unpack(archive)


def test_the_folder_that_all_is_in_is_named_once(place: Place) -> None:
    members = (making.folder("."), making.folder("./."), Member("manifest.toml"))
    for archive in (making.tar(*members), making.zipped(*members)):
        with pytest.raises(errors.BadPackage, match="it occurs twice"):
            place.unpack(archive)


@pytest.mark.parametrize("others", [["plugin/x/"], ["plugin/x"], ["plugin/X/"], ["plugin/x/y", "plugin/x"]])
def test_folders_that_do_not_go_together(others: list[str], place: Place) -> None:
    members = [
        making.folder("plugin/x"),
        *(making.folder(o[:-1]) if o.endswith("/") else Member(o) for o in others),
    ]
    for order in (members, members[::-1]):
        for archive in (making.tar(*order), making.zipped(*order)):
            with pytest.raises(errors.BadPackage, match=", member "):
                place.unpack(archive)


def test_two_heads_that_name_a_member_differently(place: Place) -> None:
    member = making.long_name(b"plugin/b") + making.pax((b"path", b"plugin/a")) + making.head(b"c", 0, b"0")
    with pytest.raises(errors.BadPackage, match="a second name, 'plugin/a'"):
        place.unpack(member + bytes(1024))


@pytest.mark.parametrize("system", [making.DOS, making.NTFS])
def test_on_windows_a_backslash_separates(place: Place, system: int) -> None:
    archive = making.zipped(
        Member("plugin\\", kind=making.FOLDER, method=0, folder_bit=True, system=system),
        Member("plugin\\manifest.toml", b"name = 'x'\n", system=system),
        Member("plugin\\data\\x", b"x", flags=0, system=system),
    )
    assert place.unpack(archive).folder.endswith("/plugin")
    assert (place.into / "plugin/data/x").read_bytes() == b"x"


@pytest.mark.parametrize(
    "name",
    [
        "..\\x",
        "plugin\\..\\..\\x",
        "\\x",
        "\\\\host\\share\\x",
        "C:\\x",
        "a\\\\b",
        "a\\.\\b",
        "a\\b ",
        "plugin\\manifest.toml",
        "plugin\\a/b",
        "plugin/..\\x",
        "%5c..\\x",
        "\uff0e\uff0e\\x",
    ],
)
def test_what_is_refused_with_slashes_is_with_backslashes(place: Place, name: str) -> None:
    with pytest.raises(errors.BadPackage, match=", member "):
        place.unpack(making.zipped(MANIFEST, Member(name, b"x", system=making.DOS)))


@pytest.mark.parametrize(
    ("raw", "system", "name"),
    [
        (b"plugin/caf\x82", making.DOS, "plugin/caf\xe9"),
        (b"plugin\\caf\x82", making.NTFS, "plugin/caf\xe9"),
        ("plugin/caf\xe9".encode(), making.UNIX, "plugin/caf\xe9"),
    ],
)
def test_a_name_that_is_not_said_to_be_utf_8(place: Place, raw: bytes, system: int, name: str) -> None:
    assert place.unpack(making.zipped(MANIFEST, Member(raw, b"x", flags=0, system=system)))
    assert (place.into / name).read_bytes() == b"x"


@pytest.mark.parametrize(
    ("raw", "system", "why"),
    [
        ("plugin/caf\xe9".encode(), making.DOS, "could be UTF-8 or cp437"),
        (b"plugin/caf\x82", making.UNIX, "is not valid UTF-8"),
        (b"..\x5c\x82", making.DOS, "has the part"),
    ],
)
def test_a_name_that_may_be_two_is_refused(place: Place, raw: bytes, system: int, why: str) -> None:
    with pytest.raises(errors.BadPackage, match=why):
        place.unpack(making.zipped(MANIFEST, Member(raw, b"x", flags=0, system=system)))
