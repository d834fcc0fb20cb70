from __future__ import annotations

import posix

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


@pytest.mark.parametrize(("stream", "kind"), [("/dev/full", errors.DiskFull), ("/dev/null", errors.IoFault)])
def test_where_only_the_answer_is_lost_that_is_said(
    monkeypatch: pytest.MonkeyPatch, stream: str, kind: type[errors.EdgeError]
) -> None:
    fd = posix.open(stream, posix.O_WRONLY if stream == "/dev/full" else posix.O_RDONLY)
    monkeypatch.setattr(output, "STDOUT", fd)
    with pytest.raises(kind, match="What the command does was done"):
        output.answer("something")
    posix.close(fd)
