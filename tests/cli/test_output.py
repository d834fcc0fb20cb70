from __future__ import annotations

import os
import posix
import pty
import tracemalloc
import tty
from collections.abc import Iterator
from typing import Callable

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
    with pytest.raises(kind, match="The command completed"):
        output.answer("something")
    posix.close(fd)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], bytes]]:
    """A terminal in the place of standard output and error; answers with what it was given."""
    shown, ours = pty.openpty()
    tty.setraw(ours)
    monkeypatch.setattr(output, "STDOUT", ours)
    monkeypatch.setattr(output, "STDERR", ours)
    yield lambda: os.read(shown, 1 << 16)
    os.close(shown)
    os.close(ours)


ANSWER = "one\n\ttwo \x1b[2J\x9b31m\u202e\x7f\u200b é\r"


def test_a_terminal_gets_an_answer_that_it_does_not_obey(terminal: Callable[[], bytes]) -> None:
    output.answer(ANSWER)
    assert terminal() == b"one\n\ttwo \\x1b[2J\\x9b31m\\u202e\\x7f\\u200b \xc3\xa9\\r\n"
    output.document({"output": "\x7f\x9b\u202e"})
    assert terminal() == rb'{"output": "\u007f\u009b\u202e"}' + b"\n"
    output.say("edge: a\nb")
    assert terminal() == b"edge: a\\nb\n"


def test_no_line_of_a_plugin_passes_for_one_of_edge_at_a_terminal(terminal: Callable[[], bytes]) -> None:
    output.answer("edge: all is well\nits edge: stays\nedge: trust me", foreign=True)
    assert terminal() == b"| edge: all is well\nits edge: stays\n| edge: trust me\n"


def test_a_pipe_gets_every_byte_of_an_answer(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    for text in (ANSWER, "", "é" * 100_000):
        output.answer(text)
        assert capfdbinary.readouterr().out == f"{text}\n".encode()
    output.show("one\ntwo\x1b")
    assert capfdbinary.readouterr().out == b"one\\ntwo\\x1b\n"


def test_a_large_answer_is_not_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    with open("/dev/null", "wb") as nowhere:
        monkeypatch.setattr(output, "STDOUT", nowhere.fileno())
        answer = "\x1b" * 3_900_000
        output.document("")
        tracemalloc.start()
        output.answer(answer)
        output.document({"output": answer})
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < len(answer) // 4
