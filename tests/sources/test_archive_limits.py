"""What archives must not make a device do: fill its disk or its memory, or go on for ever."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tracemalloc

import pytest

from edge import errors
from edge.sources.streams import MAX_BYTES
from tests.sources import making
from tests.sources.making import Member
from tests.sources.place import Unpack

MB = 1 << 20
MANIFEST = Member("plugin/manifest.toml", b"name = 'x'\n")


@pytest.mark.parametrize(("count", "fits"), [(4095, True), (4096, False)])
def test_members(count: int, fits: bool, unpack: Unpack) -> None:
    # The folder is one of them.
    members = [MANIFEST._replace(name="p/manifest.toml"), *(Member(f"p/{n}") for n in range(count - 1))]
    for archive in (making.tar(*members), making.zipped(*members)):
        if fits:
            assert unpack(archive).folder
            continue
        with pytest.raises(errors.BadPackage, match="more than 4096 members"):
            unpack(archive)


def test_folders_that_are_only_parts_of_names_count(unpack: Unpack) -> None:
    members = [Member(f"{n}/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p") for n in range(300)]
    for archive in (making.tar(*members), making.zipped(*members)):
        with pytest.raises(errors.BadPackage, match="more than 4096 members"):
            unpack(archive)


def test_a_zip_with_a_directory_out_of_all_proportion(unpack: Unpack) -> None:
    with pytest.raises(errors.BadPackage, match="its directory is longer"):
        unpack(making.zipped(*(Member(f"{n:0500}", method=0) for n in range(4000))))


def test_as_much_as_is_allowed(unpack: Unpack) -> None:
    half = bytes(MAX_BYTES // 2)
    for archive in (
        making.tar(Member("a", half), Member("b.edge", half)),
        making.zipped(Member("a", half), Member("b.edge", half)),
    ):
        assert unpack(archive).package


@pytest.mark.parametrize("kind", [*making.COMPRESSORS, "zip"])
def test_a_byte_more(kind: str, unpack: Unpack) -> None:
    half = bytes(MAX_BYTES // 2)
    archive = making.every_kind(Member("a.edge", half), Member("b", half), Member("c", b"x"))[kind]
    with pytest.raises(errors.BadPackage, match="member 'c': the archive unpacks to more than 50 MB"):
        unpack(archive)


def bombs() -> dict[str, bytes]:
    zeros = bytes(MAX_BYTES)
    big = making.tar(Member("a", zeros * 2))
    short = making.tar(Member("a", size=1 << 40), end=b"") + zeros * 2
    behind = making.tar(Member("a.edge")) + zeros * 2
    return {
        "gz": gzip.compress(big),
        "xz": lzma.compress(big, preset=1),
        "bz2": bz2.compress(big),
        "declared": gzip.compress(short),
        "behind the end": gzip.compress(behind),
        "in parts": gzip.compress(big[:512]) + gzip.compress(zeros[:MB]) * 100,
        "zip": making.zipped(Member("a", zeros + b"x")),
        "zip, in many files": making.zipped(*(Member(str(n), zeros[:MB]) for n in range(60))),
        "empty parts": gzip.compress(big[:512]) + gzip.compress(b"") * 100_000,
    }


BOMBS = bombs()


@pytest.mark.parametrize("bomb", BOMBS)
def test_bomb(bomb: str, unpack: Unpack) -> None:
    assert len(BOMBS[bomb]) < 4 * MB
    tracemalloc.start()
    try:
        with pytest.raises(errors.BadPackage):
            unpack(BOMBS[bomb])
        assert tracemalloc.get_traced_memory()[1] < 16 * MB
    finally:
        tracemalloc.stop()


def test_a_zip_that_says_less_than_it_holds(unpack: Unpack) -> None:
    with pytest.raises(errors.Damaged):
        unpack(making.zipped(Member("a.edge", bytes(MB), size=1)))


def test_a_zip_that_says_more_than_it_holds(unpack: Unpack) -> None:
    with pytest.raises(errors.Damaged):
        unpack(making.zipped(Member("a.edge", b"x", size=1 << 31)))


HEADS = {
    "a pax head": making.head(b"p", 10 * MB, b"x") + bytes(10 * MB),
    "a long name": making.long_name(b"a" * 10 * MB),
    "many heads": making.long_name(b"a") * 20_000,
    "a head of all members": making.head(b"p", 10 * MB, b"g") + bytes(10 * MB),
    "a negative one": making.head(b"p", -512, b"L") + bytes(10 * MB),
    "a map of holes": making.pax((b"GNU.sparse.major", b"1"), (b"GNU.sparse.minor", b"0"))
    + making.head(b"a", 10 * MB, b"0")
    + b"99999999\n"
    + b"1" * 10 * MB,
    "a negative size": making.head(b"a", -1, b"0"),
}


@pytest.mark.parametrize("head", HEADS)
def test_heads_of_a_tar(head: str, unpack: Unpack) -> None:
    with pytest.raises((errors.BadPackage, errors.Damaged)):
        unpack(gzip.compress(HEADS[head] + making.tar(MANIFEST)))


@pytest.mark.parametrize(
    "fields", [{b"GNU.sparse.major": b"1", b"GNU.sparse.minor": b"0"}, {b"GNU.sparse.map": b"0,1"}]
)
def test_sparse_files(fields: dict[bytes, bytes], unpack: Unpack) -> None:
    # A reader that takes "nothing more" for "nothing yet" would never come to an end.
    sparse = making.pax(*fields.items()) + making.head(b"a.edge", 512, b"0")
    for archive in (sparse + b"1\n0\n1", sparse + b"1\n0\n1\n".ljust(512, b"\0") + bytes(1024)):
        with pytest.raises((errors.BadPackage, errors.Damaged)):
            unpack(archive)
