from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge import errors
from edge.sources.digest import check_digest, check_size

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
    with pytest.raises(errors.BadPackage, match="file has 256000 bytes, and at most 255999 are taken"):
        check_size(fd, "file", len(CONTENTS) - 1)


@pytest.mark.parametrize("digest", [DIGEST, DIGEST.upper()])
def test_digest_of_the_whole_file_wherever_it_was_read_to(fd: int, digest: str) -> None:
    os.lseek(fd, 5, os.SEEK_SET)
    check_digest(fd, "file", digest)
    assert os.lseek(fd, 0, os.SEEK_CUR) == 5


def test_another_digest(fd: int) -> None:
    other = hashlib.sha256(CONTENTS[:-1]).hexdigest()
    with pytest.raises(errors.Damaged, match=f"file has the digest {DIGEST}, and {other} was asked for"):
        check_digest(fd, "file", other)
    assert os.lseek(fd, 0, os.SEEK_CUR) == 0


@pytest.mark.parametrize(
    "digest", ["", DIGEST[:-1], DIGEST + "0", DIGEST[:-1] + "g", " " + DIGEST[1:], "\u0660" * 64]
)
def test_what_is_no_digest(fd: int, digest: str) -> None:
    with pytest.raises(errors.UsageError, match="is no SHA-256 digest"):
        check_digest(fd, "file", digest)
