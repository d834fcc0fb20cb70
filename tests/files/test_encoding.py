"""Texts in UTF-16 are told from others, and what converts them."""

from __future__ import annotations

import codecs
import subprocess
from pathlib import Path

import pytest

from edge import errors
from edge.files import encoding

TEXT = '{"city": "Köln"}\n'


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"), "UTF-16"),
        (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), "UTF-16"),
        (codecs.BOM_UTF32_LE + TEXT.encode("utf-32-le"), "UTF-32"),
        (TEXT.encode("utf-16-le"), "UTF-16LE"),
        (TEXT.encode("utf-16-be"), "UTF-16BE"),
        (TEXT.encode(), ""),
        (codecs.BOM_UTF8 + TEXT.encode(), ""),
        # What a power cut leaves, and what is no text.
        (b"", ""),
        (bytes(64), ""),
        (b"\0asm\1\0\0\0", ""),
        (b"a\0", ""),
    ],
)
def test_the_encoding_is_told(content: bytes, name: str) -> None:
    assert encoding.foreign(content) == name


@pytest.mark.parametrize("code", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_the_remedy_converts_the_file(tmp_path: Path, code: str) -> None:
    path = tmp_path / "it's here.json"
    path.write_bytes(TEXT.encode(code))
    with pytest.raises(errors.ArgumentsError, match="not UTF-8") as caught:
        encoding.check(path.read_bytes(), str(path))
    for command in caught.value.remedy.split("`")[1::2]:
        subprocess.run(["/bin/sh", "-c", command], check=True)
    assert path.read_text() == TEXT
    assert encoding.check(path.read_bytes(), str(path)) == TEXT.encode()
