"""A command on the board: what goes in, what comes out, and what it leaves."""

from __future__ import annotations

import pytest

from cross.board import Board, BoardError

PYTHON = ("python3.11", "-I", "-S", "-c")


def test_output_is_exact_and_apart(board: Board) -> None:
    program = (
        "import sys; sys.stdout.buffer.write(bytes(range(256)));"
        r"sys.stderr.buffer.write(b'\r\n\0'); sys.exit(7)"
    )
    done = board.run([*PYTHON, program])
    assert (done.exit, done.stdout, done.stderr) == (7, bytes(range(256)), b"\r\n\0")


def test_much_output_survives(board: Board) -> None:
    done = board.run([*PYTHON, "for i in range(100_000): print(i)"])
    assert done.stdout.split() == [b"%d" % i for i in range(100_000)]


def test_input_arrives(board: Board) -> None:
    data = bytes(range(256)) * 2000
    assert board.run(["cat"], stdin=data).stdout == data


def test_arguments_and_environment_arrive(board: Board) -> None:
    done = board.run(["sh", "-c", 'printf "%s|" "$@" "$NAME"', "sh", "", "zwölf", "a b"], env={"NAME": "x=y"})
    assert done.stdout.decode() == "|zwölf|a b|x=y|"


def test_a_signal_is_128_and_its_number(board: Board) -> None:
    assert board.run(["sh", "-c", "kill -SEGV $$"]).exit == 128 + 11


@pytest.mark.parametrize(("command", "status"), [("no-such-program", 127), ("/etc/passwd", 126)])
def test_what_cannot_be_executed(board: Board, command: str, status: int) -> None:
    done = board.run([command])
    assert (done.exit, done.stdout) == (status, b"")
    assert command.encode() in done.stderr


def test_time_is_limited_and_output_kept(board: Board) -> None:
    done = board.run(["sh", "-c", "echo started; while :; do :; done"], timeout=0.5)
    assert (done.exit, done.timed_out, done.stdout) == (128 + 9, True, b"started\n")
    assert 500 <= done.virtual_ms < 510


def test_nothing_is_left_running(board: Board) -> None:
    board.run(["sh", "-c", "setsid sleep 1000 & sleep 1000 &"])
    assert b"sleep" not in board.run(["ps"]).stdout


def test_files_stay_from_one_command_to_the_next(board: Board) -> None:
    board.put("a file", b"\0\1\2")
    assert board.run(["cat", "a file"]).stdout == b"\0\1\2"


def test_a_file_that_cannot_be_written(board: Board) -> None:
    with pytest.raises(BoardError, match="nonexistent directory"):
        board.put("no/such/folder/file", b"")


def test_a_command_that_is_too_long(board: Board) -> None:
    with pytest.raises(BoardError, match="put larger input into a file"):
        board.run(["echo", "x" * 200_000])


def test_loopback_works(board: Board) -> None:
    served = (
        "import socket; s = socket.create_server(('127.0.0.1', 0));"
        "c = socket.create_connection(s.getsockname()); s.accept()[0].send(b'hello'); print(c.recv(5))"
    )
    assert board.run([*PYTHON, served]).stdout == b"b'hello'\n"
