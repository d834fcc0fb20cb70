from __future__ import annotations

import hashlib
import os
import posix
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from edge import errors
from edge.sources.digest import check_digest, check_size, hex_of, with_digest
from tests.support.descriptors import descriptors

CONTENTS = bytes(range(256)) * 1000
DIGEST = hashlib.sha256(CONTENTS).hexdigest()


@pytest.fixture
def fd(tmp_path: Path) -> Iterator[int]:
    path = tmp_path / "file"
    path.write_bytes(CONTENTS)
    opened = os.open(path, os.O_RDONLY)
    yield opened
    os.close(opened)


def test_size(fd: int) -> None:
    check_size(fd, "file", len(CONTENTS))
    with pytest.raises(errors.BadPackage, match="file has 256000 bytes; the limit is 255999"):
        check_size(fd, "file", len(CONTENTS) - 1)


@pytest.mark.parametrize("digest", [DIGEST, DIGEST.upper()])
def test_digest_of_the_whole_file_wherever_it_was_read_to(fd: int, digest: str) -> None:
    os.lseek(fd, 5, os.SEEK_SET)
    check_digest(fd, "file", digest)
    assert os.lseek(fd, 0, os.SEEK_CUR) == 5


def test_another_digest(fd: int) -> None:
    other = hashlib.sha256(CONTENTS[:-1]).hexdigest()
    with pytest.raises(errors.Damaged, match=f"file has the digest {DIGEST}; expected {other}"):
        check_digest(fd, "file", other)
    assert os.lseek(fd, 0, os.SEEK_CUR) == 0


@pytest.mark.parametrize(
    "digest", ["", DIGEST[:-1], DIGEST + "0", DIGEST[:-1] + "g", " " + DIGEST[1:], "\u0660" * 64]
)
def test_what_is_no_digest(fd: int, digest: str) -> None:
    with pytest.raises(errors.UsageError, match="is not a SHA-256 digest"):
        check_digest(fd, "file", digest)


def test_a_file_that_only_its_owner_changes_is_read_where_it_is(fd: int, cache: Path) -> None:
    os.fchmod(fd, 0o644)
    assert with_digest(fd, "file", DIGEST, str(cache)) == fd


@pytest.mark.parametrize("mode", [0o664, 0o646])
def test_what_others_may_change_is_what_it_was_when_it_was_checked(
    fd: int, tmp_path: Path, cache: Path, mode: int
) -> None:
    os.fchmod(fd, mode)
    copy = with_digest(fd, "file", DIGEST, str(cache))
    (tmp_path / "file").write_bytes(b"changed")
    with os.fdopen(copy, "rb") as file:
        assert file.read() == CONTENTS
    assert list(cache.iterdir()) == []


def test_a_file_of_another_user_is_copied(fd: int, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = os.fstat(fd)
    somebody = os.geteuid() + 1
    there = SimpleNamespace(st_uid=somebody, st_mode=0o100600, st_size=facts.st_size)
    monkeypatch.setattr(posix, "fstat", lambda _: there)
    copy = with_digest(fd, "file", DIGEST, str(cache))
    os.close(copy)
    assert copy != fd


def test_what_is_appended_meanwhile_is_not_taken(
    fd: int, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = posix.pread
    more = [b"more"] * 3

    def growing(*given: Any) -> bytes:
        with (tmp_path / "file").open("ab") as file:
            file.write(more.pop() if more else b"")
        return read(*given)

    os.fchmod(fd, 0o666)
    monkeypatch.setattr(posix, "pread", growing)
    with os.fdopen(with_digest(fd, "file", DIGEST, str(cache)), "rb") as file:
        assert file.read() == CONTENTS


def test_of_what_others_may_change_another_digest_leaves_nothing(fd: int, cache: Path) -> None:
    os.fchmod(fd, 0o666)
    before = descriptors()
    with pytest.raises(errors.Damaged):
        with_digest(fd, "file", "0" * 64, str(cache))
    assert descriptors() == before
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize(
    "text",
    [
        DIGEST,
        f"{DIGEST}  file.edge",
        f"{DIGEST} *file.edge\n",
        f"\\{DIGEST}  with\\nline",
        f"SHA256 (a file.edge) = {DIGEST}",
        f"sha256:{DIGEST}",
        f"SHA256:{DIGEST}",
        f" {DIGEST}\n",
    ],
)
def test_a_digest_as_programs_print_it(text: str) -> None:
    assert hex_of(text) == DIGEST


@pytest.mark.parametrize("text", ["", "sha512:12", "12", "no digest"])
def test_what_is_no_digest_is_left_to_be_refused(text: str) -> None:
    assert len(hex_of(text)) != len(DIGEST)
