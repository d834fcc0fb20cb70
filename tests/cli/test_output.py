from __future__ import annotations

import pytest

from edge import errors
from edge.cli import output


def test_a_document_is_one_line_of_utf_8(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    output.document({"place": "Zürich\n"})
    assert capfdbinary.readouterr().out == '{"place": "Zürich\\n"}\n'.encode()


def test_a_file_name_that_is_not_utf_8_can_be_shown(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    output.document("\udcff")
    assert capfdbinary.readouterr().out == b'"\\udcff"\n'


def test_a_full_disk_shows_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with open("/dev/full", "wb") as full:
        monkeypatch.setattr(output, "STDOUT", full.fileno())
        with pytest.raises(errors.DiskFull, match="standard output"):
            output.answer("something")
